"""From a file to the integer graph: import, calibration, accuracy."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from nnfpga.compiler.errors import CompileError
from nnfpga.compiler.formats import describe
from nnfpga.compiler.frontend import ModelProto, predict_float
from nnfpga.model import Reals, accuracy, indices, read_model, spread
from nnfpga.options import Options


def test_every_input_is_on_its_lattice_and_every_tensor_in_its_range(mlp: Path, data: Path) -> None:
    model = read_model(mlp, data, Options())
    low, high = int(model.source.number.low.min()), int(model.source.number.high.max())
    rng = np.random.default_rng(0)
    for x in (rng.integers(low, high + 1, (500, 6)), np.full((1, 6), low), np.full((1, 6), high)):
        for name, values in model.graph.evaluate(x, keep=True).items():
            assert model.graph.tensors[name].number.holds(values), name


def test_fixed_point_comes_near_the_float_model(mlp: Path, data: Path) -> None:
    errors: list[float] = []
    for bits in (4, 8, 12):
        model = read_model(mlp, data, Options(bits=bits))
        errors.append(accuracy(model)["fixed"]["max_abs_error"])
    assert errors[0] > 4 * errors[1] > 16 * errors[2] > 0


def test_accuracy_is_counted_on_the_held_out_part(mlp: Path) -> None:
    x = np.random.default_rng(0).random((100, 6))
    model = read_model(mlp, {"x": x}, Options())
    assert model.data is not None
    truth = predict_float(model.onnx, model.scores, x).argmax(axis=1)
    wrong = (truth[:10] + np.arange(10) % 2) % 4
    held_out = {"x": x, "y": truth, "x_test": x[:10], "y_test": wrong}
    result = accuracy(read_model(mlp, held_out, Options(bits=12)))
    assert result["float"]["accuracy"] == 0.5
    assert result["fixed"]["agreement"] == 1.0
    assert result["fixed"]["accuracy"] == 0.5


def test_nothing_is_measured_without_data(mlp: Path) -> None:
    model = read_model(mlp, None, Options(input_range=(-1.0, 1.0)))
    assert accuracy(model) == {}
    assert model.notes == ("no data: formats cover all inputs in -1 .. 1, which is wider than data would need",)


def test_proven_ranges_hold_for_every_input(mlp: Path) -> None:
    """Where formats come from proven ranges nothing saturates: the error is that of rounding alone."""
    model = read_model(mlp, None, Options(input_range=(-2.0, 2.0), bits=12, output="scores"))
    x = np.random.default_rng(0).uniform(-2, 2, (500, 6))
    integers = model.graph.evaluate(model.quantise(x))[model.graph.outputs[0]]
    error = np.abs(model.result.real(integers) - predict_float(model.onnx, model.scores, x)).max()
    assert error < 0.01


@pytest.mark.parametrize(
    ("options", "described"),
    [
        ({"input_range": (0.0, 1.0)}, "ufixed<8,1>"),
        ({"input_range": (-1.0, 1.0)}, "fixed<8,2>"),
        ({"input_format": "ufixed<8,0>"}, "ufixed<8,0>"),
        ({"input_format": "fixed<5,2>", "input_range": (-1.0, 1.0)}, "fixed<5,2>"),
        ({"input_format": "INT4"}, "fixed<4,4>"),
    ],
)
def test_the_input_format_without_data(mlp: Path, options: dict[str, object], described: str) -> None:
    assert describe(read_model(mlp, None, Options().updated(options)).source) == described


def test_data_on_a_narrow_lattice_keeps_it(mlp: Path) -> None:
    x = np.random.default_rng(0).integers(0, 16, (50, 6))
    assert describe(read_model(mlp, x, Options()).source) == "ufixed<4,4>"
    assert describe(read_model(mlp, x / 16, Options()).source) == "ufixed<4,0>"
    assert describe(read_model(mlp, x, Options(input_format="ufixed<6,4>")).source) == "ufixed<6,4>"


def test_the_host_rounds_half_up_and_saturates(mlp: Path) -> None:
    model = read_model(mlp, None, Options(input_format="fixed<4,2>"))
    x = np.array([[0.125, -0.125, 0.124, 9.0, -9.0, 0.375]])
    assert model.quantise(x).tolist() == [[1, 0, 0, 7, -8, 2]]


def test_an_import_that_differs_is_noticed(mlp: Path, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def shifted(model: ModelProto, names: Sequence[str], x: Reals, literal: bool) -> dict[str, Reals]:
        return {name: predict_float(model, name, x) + 0.01 for name in names}

    monkeypatch.setattr("nnfpga.fidelity.predict_outputs", shifted)
    with pytest.raises(
        CompileError, match=r"^the import of 'fc1' differs from ONNX Runtime by 0\.0\d+: a bug of nnfpga"
    ):
        read_model(mlp, data, Options())


def test_labels_as_indices() -> None:
    def found(y: object, labels: tuple[int | str, ...] | None = None) -> list[int] | None:
        result = indices(None if y is None else np.array(y), labels)
        return None if result is None else result.tolist()

    assert found([1, 2]) == [1, 2]
    assert found([[1.0], [2.0]]) == [1, 2]
    assert found(["b", "a", "z"], ("a", "b")) == [1, 0, -1]
    assert found([7, 5], (5, 7)) == [1, 0]
    for none in (None, [0.5, 1.0], [[1, 0], [0, 1]], ["a"]):
        assert found(none) is None


def test_calibration_sees_all_of_sorted_samples() -> None:
    chosen = spread(10_000, 2000)
    assert len(chosen) == 2000
    assert (np.diff(chosen) == 5).all()
    assert spread(7, 2000).tolist() == list(range(7))
    assert spread(3, 2).tolist() == [0, 1]
