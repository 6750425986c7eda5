"""Every operator of one variable between two matrices against ONNX Runtime, and the refusals."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from nnfpga.compiler.errors import CompileError
from nnfpga.compiler.exact import fractions
from nnfpga.compiler.frontend import import_model, predict_float
from nnfpga.compiler.graph import Tensor
from nnfpga.compiler.layers.scalar import Apply, Quantize
from nnfpga.compiler.number import Number
from nnfpga.compiler.passes import Calibration, lower, optimise, quantize
from nnfpga.compiler.real import RealGraph, RealInput
from nnfpga.compiler.scalar.curves import Log
from nnfpga.compiler.scalar.quantizer import Quantizer

RNG = np.random.default_rng(7)
FIRST, SECOND = (RNG.uniform(-1, 1, (6, 6)).astype(np.float32) for _ in range(2))
POSITIVE = ("Log", "Sqrt", "Reciprocal")


def model(op: str, opset: int = 21, positive: bool = False, more: tuple[Any, ...] = (), **attributes: Any) -> Any:
    """Gemm, the operator, Gemm, on vectors of 6; ``positive`` keeps the operator's input above 0.5."""
    constants = {"w": np.abs(FIRST) if positive else FIRST, "c": np.full(6, 0.5 if positive else 0.1, np.float32)}
    constants |= {"v": SECOND, "d": np.linspace(-1, 1, 6, dtype=np.float32)}
    constants |= {f"p{i}": np.asarray(a, np.float32) for i, a in enumerate(more)}
    nodes = [
        helper.make_node("Gemm", ["x", "w", "c"], ["a"], name="first"),
        helper.make_node(op, ["a", *(f"p{i}" for i in range(len(more)))], ["b"], name="it", **attributes),
        helper.make_node("Gemm", ["b", "v", "d"], ["y"], name="second"),
    ]
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 6])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 6])],
        [numpy_helper.from_array(a, k) for k, a in constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=10)


def row(op: str, opset: int = 21, more: tuple[Any, ...] = (), **attributes: Any) -> Any:
    values = "-".join(str(v) for v in (*(np.shape(m) or float(m) for m in more), *attributes.values()))
    return pytest.param(op, opset, more, attributes, id=f"{op}-{values}")


ROWS = [
    row("Neg"),
    row("Abs"),
    row("Sign"),
    row("PRelu", more=(0.25,)),
    row("PRelu", more=(np.linspace(-1, 1, 6),)),
    row("PRelu", more=(np.linspace(-1, 1, 6)[None],)),
    row("ThresholdedRelu"),
    row("ThresholdedRelu", alpha=-0.3),
    row("HardSigmoid"),
    row("HardSigmoid", alpha=0.3, beta=0.4),
    row("HardSwish"),
    row("Elu"),
    row("Elu", alpha=0.4),
    row("Elu", alpha=-0.4),
    row("Celu"),
    row("Celu", alpha=0.7),
    row("Selu"),
    row("Selu", alpha=1.2, gamma=0.9),
    row("Softplus"),
    row("Softsign"),
    row("Erf"),
    row("Gelu"),
    row("Gelu", approximate="tanh"),
    row("Mish"),
    row("Exp"),
    row("Log"),
    row("Sqrt"),
    row("Reciprocal"),
    row("Sin"),
    row("Cos"),
    row("Floor"),
    row("Ceil"),
    row("Round"),
    *(row("Pow", more=(e,)) for e in (2.0, 3.0, 0.0, 1.0)),
    row("Pow", more=([2.0] * 6,)),
    row("Pow", more=(np.arange(6),)),
]


def agree(proto: onnx.ModelProto, x: np.ndarray) -> None:
    graph = import_model(proto).graph
    ours = graph.evaluate(x)[graph.outputs[0]]
    theirs = predict_float(proto, "y", x)
    assert ours.shape == theirs.shape
    assert np.abs(ours - theirs).max() < 2e-5 * max(1, np.abs(theirs).max())


@pytest.mark.parametrize(("op", "opset", "more", "attributes"), ROWS)
def test_against_onnx_runtime(op: str, opset: int, more: tuple[Any, ...], attributes: dict[str, Any]) -> None:
    positive = op in POSITIVE
    x = np.random.default_rng(1).uniform(0 if positive else -2, 2, (32, 6)).astype(np.float32)
    agree(model(op, opset, positive, more, **attributes), x)


@pytest.mark.parametrize("exponent", [0.5, -0.5, 1.5, -1.0, -2.0, 0.3])
def test_powers_of_positive_numbers(exponent: float) -> None:
    x = np.random.default_rng(2).uniform(0, 2, (32, 6)).astype(np.float32)
    agree(model("Pow", positive=True, more=(exponent,)), x)


def test_swish_means_x_times_sigmoid() -> None:
    """Against the formula: the operator is newer than some versions of ONNX Runtime."""
    x = np.random.default_rng(3).uniform(-2, 2, (8, 6)).astype(np.float32)
    for alpha in (1.0, 1.5, 0.0):
        graph = import_model(model("Swish", opset=24, alpha=alpha)).graph
        a = x @ FIRST.astype(np.float64) + np.float32(0.1)
        b = a / (1 + np.exp(-np.float64(np.float32(alpha)) * a))
        expected = b @ SECOND.astype(np.float64) + np.linspace(-1, 1, 6, dtype=np.float32)
        assert graph.evaluate(x)[graph.outputs[0]] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("op", "more", "attributes", "text"),
    [
        ("PRelu", (np.ones(5),), {}, "a constant of shape (5,) does not fit (6,); check the shapes"),
        ("Celu", (), {"alpha": -1.0}, "its alpha -1 is not positive; give a positive alpha"),
        ("Gelu", (), {"approximate": "fast"}, "its approximation 'fast' is not known; use 'none' or 'tanh'"),
        ("Pow", (65,), {}, "its exponent 65 is beyond 64; use a smaller exponent"),
        ("PRelu", (), {}, "its input 2 is missing; check the model with onnx.checker"),
    ],
)
def test_refusals(op: str, more: tuple[Any, ...], attributes: dict[str, Any], text: str) -> None:
    with pytest.raises(CompileError) as caught:
        import_model(model(op, more=more, **attributes))
    assert str(caught.value) == f"{op} 'it' (node 1): {text}"


@pytest.mark.parametrize(
    ("op", "domain"),
    [("Log", "> 0"), ("Sqrt", ">= 0"), ("Reciprocal", "other than 0")],
)
def test_inputs_outside_the_domain(op: str, domain: str) -> None:
    graph = import_model(model(op)).graph
    with pytest.raises(CompileError) as caught:
        graph.bounds(-1.0, 1.0)
    assert str(caught.value).startswith(f"{op} 'it' (node 1): its input can lie in ")
    assert str(caught.value).endswith(f", and {op} takes only numbers {domain}; put a Clip in front of it")
    with pytest.raises(CompileError) as caught:
        graph.ops[2].evaluate(np.zeros((1, 6)) if op == "Reciprocal" else np.full((1, 6), -9.0))
    value = 0 if op == "Reciprocal" else -9
    assert str(caught.value) == (
        f"{op} 'it' (node 1): its input can be {value}, and {op} takes only numbers {domain}; put a Clip in front of it"
    )


def test_integers_outside_the_domain() -> None:
    """What a quantiser's chain says: its own node, the function, the values and the remedy."""
    number = Number.of(0, 7, 1)
    source = Tensor("x", (6,), number, fractions([0.5]), fractions([0]))
    quantise = Quantize("q", ("x",), Quantizer(fractions([1]), -9, 9), node="Log 'it' (node 1)")
    with pytest.raises(CompileError) as caught:
        quantise.chain(source, (Log(),))
    assert str(caught.value) == (
        "Log 'it' (node 1): its function has an input of Log that can lie in 0 .. 3.5, and Log takes only numbers > 0; "
        "put a Clip in front of it"
    )


def test_bounds_of_an_operator_that_turns() -> None:
    op = import_model(model("Gelu")).graph.ops[2]
    assert isinstance(op, Apply)
    least, most = op.bounds(np.array([-3.0, 0.5]), np.array([0.0, 1.0]))
    assert least == pytest.approx([-0.16997120747990369, 0.34573123063700656])
    assert most == pytest.approx([0.0, 0.8413447460685429])


def test_a_constant_to_the_power_of_a_tensor() -> None:
    proto = model("Pow", more=(2.5,))
    node = proto.graph.node[1]
    node.input[:] = ["p0", "a"]
    agree(proto, np.random.default_rng(4).uniform(-2, 2, (32, 6)).astype(np.float32))


@pytest.mark.parametrize(("op", "sign"), [("Log", 1), ("Reciprocal", 1), ("Reciprocal", -1)])
def test_formats_leave_out_what_a_function_cannot_take(op: str, sign: int) -> None:
    """The samples stay away from zero, and so does the format."""
    graph = import_model(model(op, positive=True)).graph
    graph = RealGraph((RealInput("a", (6,)),), tuple(o for o in graph.ops if o.name == "b"), ("b",))
    graph = graph.replace([replace(graph.ops[0], inputs=("a",))])
    x = sign * np.random.default_rng(5).uniform(0.1, 2, (200, 6))
    values = graph.evaluate(x)
    whole = optimise(lower(quantize(graph, Calibration(values, 8))))
    number = whole.inputs[0].number
    assert (int(number.low) if sign > 0 else int(number.high)) == sign
    integers = np.rint(x / whole.inputs[0].scale.astype(np.float64)).astype(np.int64)
    y = whole.tensors["b_q"].real(whole.evaluate(integers)["b_q"])
    assert np.abs(y - values["b"]).max() < 0.05 * np.abs(values["b"]).max()
