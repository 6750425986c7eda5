"""Samples and labels: from files, arrays and mappings."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from nnfpga.compiler.errors import CompileError
from nnfpga.data import load_data

X = np.arange(24.0).reshape(4, 6)


def test_every_source_gives_the_same(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=X)
    np.savez_compressed(tmp_path / "b.npz", x=X)
    np.save(tmp_path / "c.npy", X)
    for source in (X, {"x": X}, tmp_path / "a.npz", str(tmp_path / "b.npz"), tmp_path / "c.npy"):
        data = load_data(source, (6,))
        assert np.array_equal(data.x, X)
        assert data.x.dtype == np.float64
        assert data.x_test is data.x
        assert data.y is data.y_test is None


def test_samples_take_the_shape_of_the_model() -> None:
    assert load_data(X, (1, 2, 3)).x.shape == (4, 1, 2, 3)
    assert load_data(X.reshape(4, 2, 3), (6,)).x.shape == (4, 6)
    assert load_data(X[:, 0], (1,)).x.shape == (4, 1)


@pytest.mark.parametrize("kind", [np.float32, np.uint8, np.int64, np.bool_])
def test_numbers_of_any_kind(kind: type) -> None:
    assert np.array_equal(load_data(X.astype(kind), (6,)).x, X.astype(kind).astype(np.float64))


def test_a_held_out_part() -> None:
    y = np.arange(4)
    data = load_data({"x": X, "y": y, "x_test": X[:2], "y_test": y[:2]}, (6,))
    assert len(data.x) == 4
    assert len(data.x_test) == 2
    assert data.y_test is not None
    assert np.array_equal(data.y_test, [0, 1])
    assert load_data({"x": X, "y": y, "x_test": X[:2]}, (6,)).y_test is None


def test_labels_may_be_text() -> None:
    y = load_data({"x": X, "y": np.array(["a", "b", "c", "d"])}, (6,)).y
    assert y is not None
    assert y.tolist() == ["a", "b", "c", "d"]


def test_errors_name_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez(path, z=X)
    with pytest.raises(CompileError) as caught:
        load_data(path, (6,))
    assert str(caught.value).startswith(f"{path}: holds no array 'x'; ")
