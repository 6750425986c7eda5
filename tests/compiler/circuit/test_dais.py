"""Circuits in da4ml's form: there and back, and, where da4ml is installed, what its interpreter makes of them."""

from __future__ import annotations

import json
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nnfpga.compiler.circuit.dais import Program, read_dais, write_dais
from nnfpga.compiler.circuit.ir import Add, Builder, Constant, Lookup
from nnfpga.compiler.exact import Ints
from nnfpga.compiler.number import Number

from .samples import random_circuit, random_inputs

DA4ML = pytest.mark.skipif(find_spec("da4ml") is None, reason="da4ml is not installed")


def op(a: int, b: int, code: int, data: int, low: float, high: float, step: float = 1) -> list[Any]:
    """An operation of a program."""
    return [a, b, code, data, [low, high, step], 0.0, 0.0]


def program(count: int, operations: list[list[Any]], outputs: list[int], **changes: Any) -> str:
    """A program whose outputs are values of operations."""
    n = len(outputs)
    parts = {"inputs": [0] * count, "outputs": outputs, "shifts": [0] * n, "negative": [False] * n, **changes}
    tables = [parts.pop("tables")] if "tables" in parts else []
    return json.dumps([[count, n], *parts.values(), operations, -1, -1, *tables])


def in_reals(p: Program, x: Ints) -> Ints:
    """What a program gives for integers, as real numbers."""
    return p.circuit.evaluate(x) * 2.0 ** np.array(p.outputs)


def test_form() -> None:
    builder = Builder((Number.of(-3, 4),))
    (a,) = builder.start()
    text = write_dais(builder.finish([builder.add(Add(a, a, 3, 0, subtract=True))]))
    assert json.loads(text) == [
        [1, 1],
        [0],
        [3],
        [0],
        [False],
        [op(0, -1, -1, 0, -3, 4), op(-1, -1, 5, 0, 0, 0), op(1, 0, 0, 3, -24, 32), op(2, 0, 1, 0, -28, 35)],
        -1,
        -1,
    ]


@given(st.integers(0, 2**32))
def test_there_and_back(seed: int) -> None:
    rng = np.random.default_rng(seed)
    circuit = random_circuit(rng)
    x = random_inputs(rng, circuit, 50)
    back = read_dais(write_dais(circuit))
    assert (in_reals(back, x) == circuit.evaluate(x)).all()
    assert len(back.inputs) == len(circuit.inputs)


def test_fixed_point() -> None:
    operations = [
        op(0, -1, -1, 0, -2, 1.75, 0.25),  # 0: x, in quarters
        op(1, -1, -1, 0, 0, 6, 2),  # 1: y, in twos
        op(0, 1, 0, -1, -2, 4.75, 0.25),  # 2: x + y / 2
        op(2, -1, 3, 0, -1, 0.5, 0.5),  # 3: of it two bits with a sign, in halves: wraps
        op(2, -1, -2, 0, 0, 1, 1),  # 4: one bit of relu(-it), whole
        op(2, -1, 4, 3, 1, 7.75, 1),  # 5: it and three
        op(0, 1, -6, 0 | 1 << 32, -12, 1.75, 0.25),  # 6: x where it is negative, else -2 y
        op(0, 1, 7, 0, -12, 10.5, 0.5),  # 7: x y
    ]
    p = read_dais(program(2, operations, [2, 3, 4, 5, 6, 7, -1], inputs=[1, 0], negative=[False] * 5 + [True] * 2))
    assert p.inputs == (-3, 1)
    x, y = (a.reshape(-1) for a in np.meshgrid(np.arange(-8, 8), np.arange(4)))
    a, b = x / 4, y * 2.0
    s = a + b / 2
    expected = [
        s, (np.floor(s * 2) + 2) % 4 / 2 - 1, np.floor(np.maximum(-s, 0)) % 2, s + 3, np.where(a < 0, a, -2 * b),
        -a * b, 0 * a,
    ]  # fmt: skip
    assert (in_reals(p, np.stack([x, y], axis=1)) == np.stack(expected, axis=1)).all()


def test_a_table() -> None:
    spec = {"hash": "", "out_qint": {"min": -0.5, "max": 1, "step": 0.5}, "inp_width": 2}
    operations = [op(0, -1, -1, 0, -1, 1, 1), op(0, -1, 8, 0, -0.5, 1, 0.5)]
    p = read_dais(program(1, operations, [1], tables=[{"spec": spec, "table": [2, -1, 1]}]))
    assert in_reals(p, np.array([[-1], [0], [1]])).tolist() == [[1], [-0.5], [0.5]]


def test_what_dais_does_not_have_is_named() -> None:
    builder = Builder((Number.of(0, 1),))
    (a,) = builder.start()
    wide = builder.add(Add(a, builder.add(Constant(3)), 60))
    table = builder.add(Lookup(a, 0, (0, 2**31)))
    with pytest.raises(ValueError, match=r"^%2 = add .*: a value is beyond 2\^52.*; %3 = lookup .*: its table has"):
        write_dais(builder.finish([table, wide]))

    operations = [op(0, -1, -1, 0, 0, 3), op(0, -1, 9, 0, -4, 3), op(0, -1, -1, 0, 0, 7), op(0, -1, 3, 0, 0, 3, 3)]
    with pytest.raises(ValueError, match="in two formats") as error:
        read_dais(program(1, operations, [1]))
    assert str(error.value) == (
        "operation 1 (code 9): a circuit has no such node; operation 2 (code -1): input 0 is read in two formats; "
        "operation 3 (code 3): the step 3 is no power of two"
    )


@DA4ML
@given(st.integers(0, 2**32))
@settings(deadline=None, max_examples=60)
def test_the_peers_interpreter_gives_the_same(tmp_path_factory: pytest.TempPathFactory, seed: int) -> None:
    peers = import_module("da4ml.types")
    rng = np.random.default_rng(seed)
    circuit = random_circuit(rng)
    path: Path = tmp_path_factory.mktemp("dais") / "circuit.json"
    path.write_text(write_dais(circuit))
    x = random_inputs(rng, circuit, 40)
    peer = peers.CombLogic.load(path)
    assert (peer.predict(x.astype(np.float64)) == circuit.evaluate(x)).all()


@DA4ML
@pytest.mark.parametrize("seed", range(3))
def test_the_peers_solution_is_read(tmp_path: Path, seed: int) -> None:
    solve = import_module("da4ml.cmvm").solve
    rng = np.random.default_rng(seed)
    for number, stage in enumerate(solve(rng.integers(-128, 128, (8, 6)).astype(np.float32)).solutions):
        path = tmp_path / f"{number}.json"
        stage.save(path)
        p = read_dais(path.read_text())
        x = random_inputs(rng, p.circuit, 100)
        y = in_reals(p, x)
        assert y.any()
        assert (stage.predict(x.astype(np.float64) * 2.0 ** np.array(p.inputs)) == y).all()
