"""Which way to write distances is taken: what is judged to be near the best one is done, and the smaller one wins."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numpy as np
import pytest

from nnfpga.compiler.device import GENERIC
from nnfpga.compiler.errors import CompileError
from nnfpga.forms import smallest
from nnfpga.max_error import ErrorFound, Task
from nnfpga.progress import silent

GOOD = ErrorFound(0.1, 0.05, 7)


class Stub:
    """A task whose graphs are what they take; without an end the error is not kept."""

    def __init__(self, rough: float | None, end: float | None) -> None:
        self.rough, self.end, self.searched = rough, end, False

    def roughly(self, units: Any) -> float | None:
        return self.rough

    def found(self, units: Any, progress: Callable[[str], None]) -> tuple[float, ErrorFound]:
        self.searched = True
        if self.end is None:
            raise CompileError("option max-error: 0.1 cannot be kept")
        return self.end, GOOD


def price(graph: float | None, device: Any) -> float:
    return np.inf if graph is None else graph


@pytest.mark.parametrize(
    ("tasks", "place", "taken", "searched"),
    [
        ([(100, 70), (200, 60)], 0, ("70 LUTs", "roughly 200 LUTs"), [True, False]),
        ([(200, 60), (100, 70)], 1, ("roughly 200 LUTs", "70 LUTs"), [False, True]),
        ([(100, 70), (109, 60)], 1, ("70 LUTs", "60 LUTs"), [True, True]),
        ([(100, None), (109, 60)], 1, ("the error is not kept", "60 LUTs"), [True, True]),
        ([(None, 1), (500, 60)], 1, ("roughly inf LUTs", "60 LUTs"), [False, True]),
        ([(100, None), (200, 60)], 1, ("the error is not kept", "60 LUTs"), [True, True]),
    ],
)
def test_the_smaller_one_is_taken(
    tasks: list[tuple[float | None, float | None]], place: int, taken: tuple[str, ...], searched: list[bool],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr("nnfpga.forms.luts", price)
    monkeypatch.setattr("nnfpga.forms.rough_units", lambda device: None)
    stubs = [Stub(*task) for task in tasks]
    found = smallest(cast("list[Task]", stubs), lambda target: None, GENERIC, silent)
    assert (found.place, found.graph, found.error, found.taken) == (place, tasks[place][1], GOOD, taken)
    assert [stub.searched for stub in stubs] == searched


def test_where_no_form_keeps_the_error_the_compile_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nnfpga.forms.luts", price)
    monkeypatch.setattr("nnfpga.forms.rough_units", lambda device: None)
    with pytest.raises(CompileError, match="cannot be kept"):
        smallest(cast("list[Task]", [Stub(3, None), Stub(300, None)]), lambda target: None, GENERIC, silent)


def test_a_single_form_is_not_judged() -> None:
    (stub,) = stubs = [Stub(3, 2)]
    assert smallest(cast("list[Task]", stubs), lambda target: None, GENERIC, silent).taken == ()
    assert stub.searched
