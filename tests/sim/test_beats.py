import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnfpga.sim.beats import pack, pack_ints, unpack, unpack_ints, words


@given(st.integers(1, 63), st.integers(1, 9), st.integers(0, 5), st.booleans(), st.integers(0, 2**32 - 1))
def test_fields_come_back(width: int, lanes: int, count: int, signed: bool, seed: int) -> None:
    low, high = (-(1 << (width - 1)), 1 << (width - 1)) if signed else (0, 1 << min(width, 62))
    values = np.random.default_rng(seed).integers(low, high, (count, lanes))
    beats = pack(values, width)
    assert beats.dtype == np.uint32
    assert beats.shape == (count, words(width * lanes))
    np.testing.assert_array_equal(unpack(beats, width, lanes, signed=signed), values)
    flat = [sum((int(v) & ((1 << width) - 1)) << (width * n) for n, v in enumerate(row)) for row in values]
    np.testing.assert_array_equal(beats, pack_ints(flat, width * lanes))


@given(st.integers(1, 400), st.lists(st.integers(0), max_size=5))
def test_python_integers_come_back(width: int, raw: list[int]) -> None:
    values = [value & ((1 << width) - 1) for value in raw]
    assert unpack_ints(pack_ints(values, width), width) == values
    negative = [value - (1 << width) if value >> (width - 1) else value for value in values]
    assert unpack_ints(pack_ints(negative, width), width, signed=True) == negative


def test_64_bits() -> None:
    values = np.array([[-(2**63), 2**63 - 1, -1]])
    np.testing.assert_array_equal(unpack(pack(values, 64), 64, 3, signed=True), values)
    assert unpack_ints(pack(np.array([[2**64 - 1]], np.uint64), 64), 64) == [2**64 - 1]


def test_arguments_are_checked() -> None:
    with pytest.raises(ValueError, match=r"^Values must fit 4 bits, not be 0 to 16$"):
        pack([[0, 16]], 4)
    with pytest.raises(ValueError, match=r"^Width must be 1 to 64, not 0$"):
        pack([[0]], 0)
    with pytest.raises(ValueError, match=r"^Values must be integers of shape \(n, lanes\), not int64 of shape "):
        pack(np.zeros((1, 1, 1), np.int64), 4)
    with pytest.raises(ValueError, match=r"^Beats of 40 bits must have shape \(n, 2\), not \(3, 1\)$"):
        unpack(np.zeros((3, 1), np.uint32), 40)
    with pytest.raises(ValueError, match=r"^Values must fit 3 bits, not be -5$"):
        pack_ints([-5], 3)
