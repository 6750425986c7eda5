"""Whatever a user gives wrongly: one exact sentence per offender, exit status 2, no traceback, nothing written."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import ArrayLike
from onnx import helper, numpy_helper

Run = Callable[..., tuple[int, str, str]]
Fails = Callable[[Iterable[object]], list[str]]

NOT_ONNX = "{}: is not an ONNX model or is cut short; export or download it again"
NOT_NPZ = "{}: is no .npz file; save one with numpy.savez(file, x=samples, y=labels)"
BOARDS = "icebreaker, icestick, ulx3s-12f, ulx3s-25f, ulx3s-45f, ulx3s-85f"
DEVICES = "hx1k, up5k, lfe5u-12f, lfe5u-25f, lfe5u-45f, lfe5u-85f, generic"
NAMES = (
    "bits, board, calibration, clock, curve_error, device, dsp, emit, input_format, input_range, layers, max_drop, "
    "max_error, output, plan, samples, seed, target, verify_seconds"
)
SAVE = "save one with numpy.savez(file, x=samples, y=labels)"


@pytest.fixture
def fails(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fails:
    """Run a command that must fail in an otherwise empty folder; its sentences."""
    monkeypatch.chdir(tmp_path)

    def command(arguments: Iterable[object]) -> list[str]:
        before = sorted(tmp_path.iterdir())
        status, out, err = run(*arguments)
        assert (status, out) == (2, "")
        assert sorted(tmp_path.iterdir()) == before, "something was left behind"
        lines = err.splitlines()
        assert all(line.startswith("nnfpga: error: ") for line in lines), err
        return [line.removeprefix("nnfpga: error: ") for line in lines]

    return command


def command(model: object, *more: object) -> list[object]:
    return ["compile", model, "-q", "-o", "out", *more]


def node_model(path: Path, nodes: list[onnx.NodeProto], **weights: ArrayLike) -> str:
    """A file with the input ``x`` of (n, 6) and the output ``y``; its name."""
    tensors = [numpy_helper.from_array(np.asarray(w, dtype=np.float32), name) for name, w in weights.items()]
    values = [helper.make_tensor_value_info(n, onnx.TensorProto.FLOAT, ["n", s]) for n, s in (("x", 6), ("y", None))]
    graph = helper.make_graph(nodes, "g", values[:1], values[1:], tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)
    path.write_bytes(model.SerializeToString())
    return path.name


# --- models


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "m.onnx: cannot be read (No such file or directory); give the path of an ONNX file"),
        (b"", NOT_ONNX.format("m.onnx")),
        (b"no model\n", NOT_ONNX.format("m.onnx")),
        (bytes(range(256)) * 8, NOT_ONNX.format("m.onnx")),
    ],
    ids=["missing", "empty file", "text", "bytes"],
)
def test_files_that_are_no_models(fails: Fails, content: bytes | None, sentence: str) -> None:
    if content is not None:
        Path("m.onnx").write_bytes(content)
    assert fails(command("m.onnx")) == [sentence]
    assert fails(["check", "m.onnx"]) == [sentence]


def test_a_folder_is_no_model(fails: Fails) -> None:
    assert fails(command(".")) == [".: cannot be read (Is a directory); give the path of an ONNX file"]


def test_a_model_cut_anywhere(fails: Fails, mlp: Path) -> None:
    whole = mlp.read_bytes()
    for end in range(0, len(whole), 3):
        Path("cut.onnx").write_bytes(whole[:end])
        assert fails(["check", "cut.onnx"]) == [NOT_ONNX.format("cut.onnx")], end


def test_a_graph_without_nodes(fails: Fails) -> None:
    name = node_model(Path("m.onnx"), [])
    assert fails(command(name)) == ["m.onnx: the graph has no nodes; export a trained network"]


def test_a_graph_without_a_computation(fails: Fails) -> None:
    name = node_model(Path("m.onnx"), [helper.make_node("Identity", ["x"], ["y"])])
    sentence = "the graph: nothing is left to compute; give a network with layers"
    assert fails(command(name, "--input-range", "0,1")) == [sentence]


def test_weights_that_are_not_finite(fails: Fails) -> None:
    a, b = np.ones((6, 3)), np.ones(3)
    a[0, 0], a[1, 1], b[2] = np.nan, np.inf, -np.inf
    nodes = [helper.make_node("MatMul", ["x", "w"], ["h"]), helper.make_node("Add", ["h", "b"], ["y"])]
    assert fails(command(node_model(Path("m.onnx"), nodes, w=a, b=b))) == [
        "weight 'w': 2 of its 18 values are NaN or infinite; train again or repair the file",
        "weight 'b': 1 of its 3 values are NaN or infinite; train again or repair the file",
    ]


def test_every_unknown_operator_is_named(fails: Fails) -> None:
    nodes = [
        helper.make_node("LSTM", ["x"], ["a"], name="first"),
        helper.make_node("MatMul", ["a", "w"], ["b"]),
        helper.make_node("GRU", ["x"], ["c"]),
        helper.make_node("Magic", ["c"], ["y"], domain="my.own"),
    ]
    name = node_model(Path("m.onnx"), nodes, w=np.ones((6, 3)))
    others = "export other operators; 'nnfpga check --operators' lists them"
    expected = [
        f"LSTM 'first' (node 0): operator LSTM is not supported; {others}",
        f"GRU 'c' (node 2): operator GRU is not supported; {others}",
        "Magic 'y' (node 3): operator Magic of domain my.own is not supported; export it as operators of ONNX; "
        "'nnfpga check --operators' lists those",
    ]
    assert fails(command(name)) == expected


def test_a_matrix_that_does_not_fit(fails: Fails) -> None:
    name = node_model(Path("m.onnx"), [helper.make_node("MatMul", ["x", "w"], ["y"])], w=np.ones((5, 3)))
    sentence = "MatMul 'y' (node 0): a matrix of shape (5, 3) does not fit an input of shape (6,); flatten first"
    assert fails(command(name)) == [sentence]


# --- data


def test_neither_data_nor_a_range(fails: Fails, mlp: Path) -> None:
    assert fails(command(mlp)) == [
        "no data: the input's range is not known; give --data FILE.npz, or state it with --input-range LOW,HIGH or "
        "--input-format ufixed<8,0>"
    ]


GOOD = np.linspace(0, 1, 60).reshape(10, 6)
SPOILT = np.where(GOOD == 0, np.nan, GOOD)


@pytest.mark.parametrize(
    ("arrays", "sentence"),
    [
        ({"x": GOOD[:, :5]}, "a sample of 'x' has shape 5, the model wants 6; reshape the data"),
        ({"x": GOOD[:, None, :4]}, "a sample of 'x' has shape 1x4, the model wants 6; reshape the data"),
        ({"x": GOOD[:, 0]}, "a sample of 'x' has shape 1, the model wants 6; reshape the data"),
        ({"z": GOOD}, f"holds no array 'x'; {SAVE}"),
        ({"x": GOOD[:0]}, "'x' holds no samples; give at least one"),
        ({"x": GOOD.astype(str)}, "'x' holds <U32, not numbers; save numbers"),
        ({"x": SPOILT}, "'x' holds NaN or infinite values; clean the data"),
        ({"x": GOOD, "y": np.zeros(9)}, "'y' holds 9 labels for 10 samples; give one per sample"),
        ({"x": GOOD, "y": 3}, "'y' holds one label for 10 samples; give one per sample"),
        ({"x": GOOD, "y": SPOILT[:, 0]}, "'y' holds NaN or infinite values; clean the data"),
        ({"x": GOOD, "x_test": SPOILT}, "'x_test' holds NaN or infinite values; clean the data"),
        ({"x": GOOD, "x_test": GOOD, "y_test": [1]}, "'y_test' holds 1 labels for 10 samples; give one per sample"),
    ],
)
def test_arrays_that_do_not_serve(fails: Fails, mlp: Path, arrays: dict[str, ArrayLike], sentence: str) -> None:
    save: Any = np.savez
    save("d.npz", **{name: np.asarray(a) for name, a in arrays.items()})
    assert fails(command(mlp, "--data", "d.npz")) == [f"d.npz: {sentence}"]


def test_files_that_are_no_data(fails: Fails, mlp: Path) -> None:
    np.savez_compressed("whole.npz", x=np.random.default_rng(0).random((100, 6)))
    whole = Path("whole.npz").read_bytes()
    spoilt = whole[:100] + bytes(200) + whole[300:]
    for content in (b"", b"text", whole[: len(whole) // 2], spoilt):
        Path("d.npz").write_bytes(content)
        assert fails(command(mlp, "--data", "d.npz")) == [NOT_NPZ.format("d.npz")]
    np.savez("d.npz", x=np.array([{}], dtype=object), allow_pickle=True)
    assert fails(command(mlp, "--data", "d.npz")) == [NOT_NPZ.format("d.npz")]
    Path("d.npz").unlink()
    sentence = "d.npz: cannot be read (No such file or directory); give a .npz file"
    assert fails(command(mlp, "--data", "d.npz")) == [sentence]


# --- boards and options


def test_unknown_boards_and_devices(fails: Fails, mlp: Path) -> None:
    for option, name, hint, known in (
        ("board", "icebraker", "did you mean 'icebreaker'? ", BOARDS),
        ("board", "zzz", "", BOARDS),
        ("device", "hx2k", "did you mean 'hx1k'? ", DEVICES),
    ):
        sentence = f"{option} '{name}': no {option} of that name is known; {hint}known: {known}"
        assert fails(command(mlp, f"--{option}", name)) == [sentence]


def test_a_network_too_large_for_the_board(fails: Fails) -> None:
    w = np.random.default_rng(0).normal(size=(6, 2048))
    name = node_model(Path("m.onnx"), [helper.make_node("MatMul", ["x", "w"], ["y"])], w=w)
    (sentence,) = fails(command(name, "--board", "icestick", "--input-range", "0,1"))
    pattern = (
        r"the network is too large for hx1k: its smallest form needs about \d+ of 1280 LUTs and \d+ of 16 block RAMs "
        r"\(plans use at most 80% of the LUTs\); choose a larger board or fewer bits"
    )
    assert re.fullmatch(pattern, sentence)


@pytest.mark.parametrize(
    ("options", "sentences"),
    [
        ("--board icestick --device hx1k", ["device: a board has its own device; give a board or a device"]),
        ("--bits 1", ["bits: 1 is out of range; choose 2 to 16"]),
        ("--bits 17", ["bits: 17 is out of range; choose 2 to 16"]),
        ("--emit fpga", ["emit: 'fpga' is not known; choose model, rtl, netlist, bitstream"]),
        ("--emit bitstream", ["emit: a bitstream needs a board; add --board"]),
        ("--emit bitstream --device hx1k", ["emit: a bitstream needs a board; add --board"]),
        ("--emit netlist", ["emit: a netlist needs a chip; add --board or --device"]),
        ("--target speed", ["target: 'speed' is not known; choose latency, throughput, area"]),
        ("--output logits", ["output: 'logits' is not known; choose auto, class, scores"]),
        ("--clock 0", ["clock: 0.0 MHz is out of range; give up to 1000 MHz"]),
        ("--clock nan", ["clock: nan MHz is out of range; give up to 1000 MHz"]),
        ("--samples 0", ["samples: 0 is too few; give at least 1"]),
        ("--verify-seconds -1", ["verify-seconds: -1 is too few; give 0 or more"]),
        ("--verify-seconds inf", ["verify-seconds: inf is no end; give a number of seconds"]),
        ("--seed -1", ["seed: -1 is out of range; choose 0 to 2147483647"]),
        ("--seed 2147483648", ["seed: 2147483648 is out of range; choose 0 to 2147483647"]),
        (
            "--input-format fixed<8",
            ["input-format: 'fixed<8' is not known; write fixed<W,I>, ufixed<W,I>, INT8 or UINT8"],
        ),
        (
            "--input-format ufixed<99,1>",
            ["input-format: 'ufixed<99,1>' must have 1 to 64 bits; choose a width in that range"],
        ),
        ("--input-range 1,0", ["input-range: 1 to 0 is empty; give LOW,HIGH with LOW < HIGH"]),
        ("--input-range -1,-1", ["input-range: -1 to -1 is empty; give LOW,HIGH with LOW < HIGH"]),
        ("--input-range 0,inf", ["input-range: 0 to inf is not finite; give LOW,HIGH with LOW < HIGH"]),
        (
            "--input-range 1",
            ["input-range: '1' is not a pair LOW,HIGH of numbers; give a pair LOW,HIGH of numbers"],
        ),
        (
            "--bits 99 --target speed",
            [
                "bits: 99 is out of range; choose 2 to 16",
                "target: 'speed' is not known; choose latency, throughput, area",
            ],
        ),
    ],
)
def test_options_that_cannot_be(fails: Fails, mlp: Path, options: str, sentences: list[str]) -> None:
    assert fails(command(mlp, *options.split())) == [f"option {s}" for s in sentences]


def test_the_grammar_of_the_command_line(fails: Fails, mlp: Path) -> None:
    see = "see 'nnfpga compile --help'"
    assert fails(command(mlp, "--bits", "x")) == [f"argument --bits: invalid int value: 'x'; {see}"]
    assert fails(["compile"]) == [f"the following arguments are required: model; {see}"]
    assert fails(["compile", mlp, "--frob"]) == ["unrecognized arguments: --frob; see 'nnfpga --help'"]


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        (None, ["c.yaml: cannot be read (No such file or directory); give a YAML file"]),
        ("- 1\n", ["c.yaml: holds no choices; write lines like 'bits: 8'"]),
        ("", ["c.yaml: holds no choices; write lines like 'bits: 8'"]),
        ("{bits: [\n", ["c.yaml: is not YAML; write lines like 'bits: 8'"]),
        (
            "bitz: 8\nfoo: 1\n",
            [f"option {name}: is not known; choose from {NAMES}" for name in ("bitz", "foo")],
        ),
        (
            "bits: 8.5\nclock: fast\n",
            [
                "option bits: 8.5 is not a whole number; give a whole number",
                "option clock: 'fast' is not a number; give a number",
            ],
        ),
        (
            "model: m.onnx\nprogress: yes\n",
            [f"option {n}: is not known; choose from {NAMES}" for n in ("model", "progress")],
        ),
        ("board: 5\n", ["option board: 5 is not a text; give a text"]),
        ("data: 5\n", ["data: int holds no samples; give a file, an array or a mapping with 'x'"]),
    ],
)
def test_configurations_that_cannot_be(fails: Fails, mlp: Path, text: str | None, sentences: list[str]) -> None:
    if text is not None:
        Path("c.yaml").write_text(text)
    assert fails(command(mlp, "--config", "c.yaml")) == sentences


HEAD = "device: generic\nclock_mhz: 50\nlayers:\n"


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        (None, ["p.yaml: cannot be read (No such file or directory); give a plan.yaml"]),
        (b"\xff\xfe", ["p.yaml: is no plan; give a plan.yaml"]),
        (b"hello", ["plan: the file is no plan; write one with compile and edit it"]),
        (b"", ["plan: the file is no plan; write one with compile and edit it"]),
        (
            b"device: generic\nclock_mhz: 0\nlayers: {}",
            ["plan: a clock of 0 MHz is out of range; give up to 1000 MHz"],
        ),
        (
            (HEAD + " fc0: {magic: {}}\n").encode(),
            [
                "plan: {'magic': {}} is no implementation; write one of folded, lanes, turns, unrolled with its "
                "parameters"
            ],
        ),
        (
            (HEAD + " fc0: {folded: {pe: 3, simd: 1}}\n other: {unrolled: {}}\n").encode(),
            [
                "plan, layer 'relu0_q': has no choice; add it",
                "plan, layer 'fc1': has no choice; add it",
                "plan, layer 'fc1_2_q': has no choice; add it",
                "plan, layer 'fc1_2_class': has no choice; add it",
                "plan, layer 'other': is not in the model; remove it",
                "plan, layer 'fc0': 3 lanes do not divide the 8 elements of 'fc0'; choose a divisor of 8",
            ],
        ),
    ],
)
def test_plans_that_cannot_be(fails: Fails, mlp: Path, text: bytes | None, sentences: list[str]) -> None:
    if text is not None:
        Path("p.yaml").write_bytes(text)
    assert fails(command(mlp, "--input-range", "0,1", "--plan", "p.yaml")) == sentences


# --- folders of results


@pytest.mark.parametrize("name", ["report", "flash", "sim"])
def test_folders_that_hold_no_result(fails: Fails, name: str) -> None:
    sentence = "none/report.json: cannot be read (No such file or directory); give a folder that 'nnfpga compile' wrote"
    assert fails([name, "none"]) == [sentence]
    Path("other").mkdir()
    for text in ("no report", "[]", "{}"):
        Path("other/report.json").write_text(text)
        sentence = "other/report.json: is no report; give a folder that 'nnfpga compile' wrote"
        assert fails([name, "other"]) == [sentence]
