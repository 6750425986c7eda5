from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from nnfpga.compiler.weights import Weights, detect
from nnfpga.compiler.weights.bipolar import Bipolar
from nnfpga.compiler.weights.block_circulant import BlockCirculant
from nnfpga.compiler.weights.dense import Dense
from nnfpga.compiler.weights.power_of_two import PowerOfTwo

MATRICES = arrays(np.int64, array_shapes(min_dims=2, max_dims=2, max_side=8), elements=st.integers(-130, 130))
POWERS = st.sampled_from([0, 1, -1, 2, -2, 4, 64, -64])


@given(MATRICES)
def test_every_structure_gives_back_its_matrix(matrix: np.ndarray) -> None:
    for cls in Weights.__subclasses__():
        found = cls.find(matrix)
        assert found is None or np.array_equal(found.to_dense(), matrix), cls
    best = detect(matrix)
    assert np.array_equal(best.to_dense(), matrix)
    assert best.shape == matrix.shape
    assert best.bits == min(w.bits for cls in Weights.__subclasses__() if (w := cls.find(matrix)) is not None)


@given(arrays(np.int64, (4, 6), elements=POWERS))
def test_powers_of_two(matrix: np.ndarray) -> None:
    found = PowerOfTwo.find(matrix)
    assert found is not None
    assert np.array_equal(found.to_dense(), matrix)


@given(st.integers(1, 3), st.integers(1, 3), st.integers(2, 4), st.data())
def test_block_circulant(p: int, q: int, b: int, data: st.DataObject) -> None:
    columns = data.draw(arrays(np.int64, (p, q, b), elements=st.integers(-9, 9)))
    matrix = np.array([[columns[i // b, j // b, (i - j) % b] for j in range(q * b)] for i in range(p * b)])
    made = BlockCirculant(columns)
    assert np.array_equal(made.to_dense(), matrix)
    found = BlockCirculant.find(matrix)
    assert found is not None
    assert found.columns.shape[2] >= b
    assert np.array_equal(found.to_dense(), matrix)


@pytest.mark.parametrize(
    ("matrix", "kind", "text", "bits"),
    [
        ([[1, -1], [-1, -1]], Bipolar, "bipolar", 4),
        ([[3, -3, 3], [5, 5, -5]], Bipolar, "bipolar", 6),
        ([[1, 2, 3], [3, 1, 2], [2, 3, 1]], BlockCirculant, "blockcirculant(b=3)", 6),
        ([[1, -8, 64], [-16, 4, 2]], PowerOfTwo, "poweroftwo", 24),
        ([[1, 2, 3], [3, 1, 4]], Dense, "dense", 18),
        ([[5, -7], [6, 0]], Dense, "dense", 16),
    ],
)
def test_detection(matrix: list[list[int]], kind: type[Weights], text: str, bits: int) -> None:
    found = detect(np.array(matrix))
    assert type(found) is kind
    assert str(found) == text
    assert found.bits == bits


@pytest.mark.parametrize(
    ("matrix", "kind"),
    [
        ([[1, 0], [1, 1]], Bipolar),
        ([[1, 2], [1, 1]], Bipolar),
        ([[1, 3]], PowerOfTwo),
        ([[1, 2], [1, 1]], BlockCirculant),
        ([[1, 2, 3], [3, 1, 2]], BlockCirculant),
    ],
)
def test_almost(matrix: list[list[int]], kind: type[Weights]) -> None:
    assert kind.find(np.array(matrix)) is None


def test_wide_weights() -> None:
    matrix = np.array([[2**70, -3], [5, 1]], dtype=object)
    assert detect(matrix).to_dense().tolist() == matrix.tolist()
