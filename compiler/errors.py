"""The one error that a user of the compiler meets."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["CompileError", "Problem", "printable"]


@dataclass(frozen=True)
class Problem:
    """One thing that cannot be done: where it is, what is wrong, and what the user can do about it."""

    where: str
    what: str
    remedy: str

    def __str__(self) -> str:
        return printable(f"{self.where}: {self.what}; {self.remedy}")


def printable(text: str) -> str:
    """One line: names of a file may hold line ends and control codes."""
    return text if text.isprintable() else "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


class CompileError(Exception):
    """Everything that stops a compile, all of it at once.

    ``problems`` holds one :class:`Problem` per offender; a plain sentence is accepted where there is just one.
    """

    def __init__(self, problems: Iterable[Problem] | str) -> None:
        self.problems: tuple[Problem, ...] = () if isinstance(problems, str) else tuple(problems)
        super().__init__(problems if isinstance(problems, str) else "\n".join(map(str, self.problems)))
