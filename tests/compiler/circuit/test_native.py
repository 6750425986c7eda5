from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("llvmlite")

from nnfpga.compiler.circuit.native import Array, native, scratch
from nnfpga.compiler.circuit.sharing import read
from nnfpga.compiler.circuit.sharing.search import optimise
from nnfpga.compiler.circuit.sharing.state import Graph, empty

SMALL = st.integers(-50, 50)
PRIMES = (2, 3, 5, 7, 11)


@dataclass
class Bag:
    count: int
    items: Array


def operators(a: int, b: int) -> int:
    s = b & 7
    return (a << s) + (a >> s) * 3 - (a & b | a ^ 5) + (-b if not a else 2) + (a <= b) + (a != b) * 4 + (0 < a < b) * 8


def numbers(a: int, b: int) -> int:
    return abs(a) + 100 * min(a, b, 3) - max(a, b) + a.bit_length() * 1000 + b.bit_count() * 10000


def branches(a: int, b: int) -> int:
    n = 0
    if (a > 10 and b != 0) or a == b:
        n = 1
    elif a < -10:
        n = 2
        if b > 3:
            return 50
    while n < 20:
        n += 3
        if n == b:
            break
        if n & 1:
            continue
        n += 1
    return n


def loops(a: int, b: int) -> int:
    i = -7
    n = 0
    for i in range(a):
        for j in range(i, b, 3):
            n += j if j != 4 else 100
    for k in range(b, a, -2):
        if k == 9:
            break
        n = n * 3 & 0xFFFF
    return n + i


def factorial(n: int) -> int:
    return n * factorial(n - 1) if n > 0 else 1


def calls(a: int, b: int) -> int:
    held = scratch(5)
    for i in range(5):
        held[i] = a * PRIMES[i]
    x, y = held[b & 3], held[0]
    x, y = y, x
    return factorial(abs(a) & 15) + x * 3 - y


def fill(bag: Bag, a: int) -> None:
    bag.items[bag.count] += a
    bag.items[bag.count + 1], bag.count = bag.count, bag.count + a


def divide(a: int, b: int) -> int:
    return a // b


def unknown(a: int) -> int:
    return a + len(PRIMES)


@pytest.mark.parametrize("function", [operators, numbers, branches, loops, calls])
@given(a=SMALL, b=SMALL)
def test_as_python(function: Any, a: int, b: int) -> None:
    assert native(function)(a, b) == function(a, b)


def bag_of(items: Any) -> Bag:
    return Bag(1, items)


def test_objects() -> None:
    bag = bag_of(np.arange(5))
    assert native(fill)(bag, 2) == 0
    assert bag.count == 3
    assert list(bag.items) == [0, 3, 1, 3, 4]


def test_refusals() -> None:
    with pytest.raises(TypeError, match=r"^divide: a // b is not in the language of"):
        native(divide)
    with pytest.raises(TypeError, match=r"^unknown: len\(PRIMES\) is not in the language of"):
        native(unknown)
    with pytest.raises(TypeError, match="contiguous of int64, not float64"):
        native(fill)(bag_of(np.zeros(4)), 1)


def counting(a: int, b: int) -> int:
    total = 0
    while a >= b:
        b += 7
        total += b
    return total


def test_a_loop_that_only_counts() -> None:
    """LLVM may make a formula of it, with a division that nothing provides: refused, never run."""
    try:
        compiled = native(counting)
    except TypeError as error:
        refusal = str(error)
    else:
        refusal = "counting: a loop that only counts must be written as a formula"
        assert compiled(1000, 3) == counting(1000, 3)
    assert refusal == "counting: a loop that only counts must be written as a formula"


@pytest.mark.parametrize("seed", range(4))
def test_sharing_as_python(seed: int) -> None:
    """The whole search, decision by decision: every array ends with the same contents."""
    rng = np.random.default_rng(seed)
    matrix = rng.integers(-400, 400, (4, 3)) * (rng.random((4, 3)) < 0.8)
    entries = matrix.reshape(-1)
    digits = sum((3 * abs(w) ^ abs(w)).bit_count() for w in entries.tolist())

    def start(lists: bool) -> Graph:
        g = empty(4, np.array([1, 15, 200]), 0, digits, 3, seed, 2)
        return Graph(**{k: v.tolist() if lists and isinstance(v, np.ndarray) else v for k, v in vars(g).items()})

    compiled, plain = start(False), start(True)
    for effort in (30, 10**6, 3000, 0):  # sharing begins, ends, then there is search, then the depth
        native(optimise)(compiled, entries, effort, 6, 8, 300)
        optimise(plain, entries.tolist(), effort, 6, 8, 300)
    for f in fields(Graph):
        assert np.array_equal(getattr(compiled, f.name), getattr(plain, f.name)), f.name
    assert plain.failed == 0
    assert read(compiled) == read(plain)
