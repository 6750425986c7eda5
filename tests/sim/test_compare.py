import numpy as np
import pytest

from nnfpga.sim.compare import check, compare
from nnfpga.sim.errors import SimulationError
from nnfpga.sim.harness import Run


def test_equal_arrays() -> None:
    assert compare(np.arange(6).reshape(2, 3), np.arange(6).reshape(2, 3)) is None


def test_the_first_difference_is_told() -> None:
    expected = np.arange(12).reshape(3, 4)
    got = expected.copy()
    got[1, 2] = -1
    got[2, 0] = -2
    found = compare(expected, got, ["a", "b", "c", "d"], np.array([10, 20, 30]))
    assert str(found) == "vector 1, c: expected 6, got -1 in cycle 20 (2 of 12 values differ)"
    run = Run(np.zeros((6, 1), np.uint32), np.arange(3), np.arange(6) * 5)
    with pytest.raises(SimulationError, match=r"^vector 1, element 2: expected 6, got -1 in cycle 15 "):
        check(expected, got, run=run)


def test_shapes_must_agree() -> None:
    with pytest.raises(SimulationError, match=r"^expected values of shape \(2,\), got \(3,\)$"):
        compare(np.zeros(2, int), np.zeros(3, int))
