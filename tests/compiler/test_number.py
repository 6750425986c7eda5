from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnfpga.compiler.number import Number, Wire

LOW = st.integers(-(2**40), 2**40)


@st.composite
def lattices(draw: st.DrawFn) -> Number:
    low, step, count = draw(LOW), draw(st.integers(1, 300)), draw(st.integers(0, 200))
    return Number.of(low, low + step * count, step)


def values(n: Number) -> np.ndarray:
    return np.arange(int(n.low), int(n.high) + 1, max(int(n.step), 1))


@given(lattices())
def test_wire_gives_back_every_value(n: Number) -> None:
    v, wire = values(n), n.wire
    words = wire.encode(v)
    assert (words >= 0).all()
    assert (words < 1 << wire.width).all()
    assert np.array_equal(wire.decode(words), v)


@given(lattices())
def test_wire_wastes_no_bit(n: Number) -> None:
    wire, words = n.wire, n.wire.encode(values(n))
    assert wire.width <= (max(abs(int(n.low)), abs(int(n.high)))).bit_length() + 1
    if wire.width > 1:  # some word does not fit in a bit less
        half = 1 << (wire.width - 1)
        signed = np.where(words >= half, words - 2 * half, words) if wire.signed else words
        narrow = (-(half // 2), half // 2 - 1) if wire.signed else (0, half - 1)
        assert (signed < narrow[0]).any() or (signed > narrow[1]).any()


@pytest.mark.parametrize(
    ("number", "wire"),
    [
        (Number.of(-1, 1, 2), Wire(1, 1, 1, True)),
        (Number.of(7, 7), Wire(7, 0, 0, False)),
        (Number.of(0, 0), Wire(0, 0, 0, False)),
        (Number.of(-128, 127), Wire(0, 0, 8, True)),
        (Number.of(0, 255), Wire(0, 0, 8, False)),
        (Number.of(0, 24, 8), Wire(0, 3, 2, False)),
        (Number.of(-8, 8, 8), Wire(0, 3, 2, True)),
        (Number.of(3, 11, 4), Wire(3, 2, 2, False)),
        (Number.of(0, 6, 3), Wire(0, 0, 3, False)),
    ],
)
def test_wires(number: Number, wire: Wire) -> None:
    assert number.wire == wire


@given(st.lists(lattices(), min_size=1, max_size=4))
def test_union_holds_all(parts: list[Number]) -> None:
    n = Number.of([int(p.low) for p in parts], [int(p.high) for p in parts], [max(int(p.step), 1) for p in parts])
    one = n.union()
    for p in parts:
        assert one.holds(values(p)[:, None])
    assert int(one.low) == min(int(p.low) for p in parts)
    assert int(one.high) == max(int(p.high) for p in parts)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (Number.of(-1, 1, 2), "[-1..1:2]"),
        (Number.of(5, 5), "[5]"),
        (Number.bits(8, signed=True), "[-128..127]"),
        (Number.bits(4, signed=False), "[0..15]"),
        (Number.of([0, -4], [3, 4], [1, 8]), "[-4..4] per element"),
    ],
)
def test_text(number: Number, text: str) -> None:
    assert str(number) == text


def test_holds() -> None:
    n = Number.of([0, -3], [4, 3], [2, 6])
    assert n.holds(np.array([[0, -3], [4, 3]]))
    assert not n.holds(np.array([[1, -3]]))
    assert not n.holds(np.array([[0, 4]]))
    assert n.max_abs == 4


@pytest.mark.parametrize(("low", "high", "step"), [(0, 5, 2), (0, 4, 0), (0, 4, -2)])
def test_bad_step(low: int, high: int, step: int) -> None:
    with pytest.raises(ValueError, match=r"^Number must have a positive step from low to high, not "):
        Number.of(low, high, step)


def test_bad_order() -> None:
    with pytest.raises(ValueError, match=r"^Number must have low <= high, not "):
        Number.of(3, 2)


def test_beyond_int64() -> None:
    n = Number.of(-(2**80), 2**80, 2**70)
    assert n.wire == Wire(0, 70, 12, True)
    assert n.wire.decode(n.wire.encode(np.array([2**80, -(2**80)], dtype=object))).tolist() == [2**80, -(2**80)]
