"""Says where the first wrong value is."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .errors import SimulationError
from .harness import Run


@dataclass(frozen=True)
class Mismatch:
    """The first value that differs, in order of vectors, then elements.

    Members
    -------
    vector: index of the vector.
    element: index within the vector, as in the expected array.
    name: what the caller calls that element, or the index.
    expected, got: the two values.
    wrong: how many values differ in all, of ``total``.
    cycle: when the beat with that value was delivered; None if not known.
    """

    vector: int
    element: tuple[int, ...]
    name: str
    expected: int
    got: int
    wrong: int
    total: int
    cycle: int | None = None

    def __str__(self) -> str:
        when = "" if self.cycle is None else f" in cycle {self.cycle}"
        return (f"vector {self.vector}, {self.name}: expected {self.expected}, got {self.got}{when}"
                f" ({self.wrong} of {self.total} values differ)")


def compare(expected: NDArray[np.integer], got: NDArray[np.integer], names: Sequence[str] | None = None,
            cycles: NDArray[np.int64] | None = None) -> Mismatch | None:
    """Return the first difference of two arrays of shape (vectors, ...), None if they are equal.

    Parameters
    ----------
    names: one per element of a vector, flattened in C order; the index is used where there are none.
    cycles: the delivery cycle of each vector's beats, shape (vectors,) or (vectors, beats per vector).

    Raises `SimulationError` if the shapes differ.
    """
    if expected.shape != got.shape:
        raise SimulationError(f"expected values of shape {expected.shape}, got {got.shape}")
    wrong = np.argwhere(expected != got)
    if len(wrong) == 0:
        return None
    vector, *rest = (int(index) for index in wrong[0])
    element = tuple(rest)
    flat = int(np.ravel_multi_index(element, expected.shape[1:])) if element else 0
    name = names[flat] if names is not None else f"element {', '.join(map(str, element))}" if element else "value"
    return Mismatch(vector, element, name, int(expected[tuple(wrong[0])]), int(got[tuple(wrong[0])]), len(wrong),
                    expected.size, _cycle(vector, flat, expected, cycles))


def check(expected: NDArray[np.integer], got: NDArray[np.integer], names: Sequence[str] | None = None,
          run: Run | None = None) -> None:
    """Raise `SimulationError` with the first difference, if there is one.

    ``run`` adds its cycle, where the number of beats is a multiple of the number of vectors.
    """
    cycles = None
    if run is not None and len(expected) and len(run.delivered) % len(expected) == 0:
        cycles = run.delivered.reshape(len(expected), -1)
    found = compare(expected, got, names, cycles)
    if found is not None:
        raise SimulationError(str(found))


def _cycle(vector: int, flat: int, expected: NDArray[np.integer], cycles: NDArray[np.int64] | None) -> int | None:
    if cycles is None:
        return None
    rows = cycles.reshape(len(expected), -1)
    per_vector = max(1, expected.size // len(expected))
    return int(rows[vector, min(flat * rows.shape[1] // per_vector, rows.shape[1] - 1)])
