"""Steps with their times: recorded for the report, told to the user as they start."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field

__all__ = ["Steps"]


def silent(_: str) -> None:
    """Tell nobody."""


@dataclass
class Steps:
    """Seconds per step; ``tell`` gets a line when a step starts or has news."""

    tell: Callable[[str], None] = silent
    seconds: dict[str, float] = field(default_factory=dict[str, float])

    @contextmanager
    def step(self, name: str, text: str) -> Generator[None]:
        """Time a step under ``name``; say ``text`` at its start."""
        self.tell(text)
        start = time.monotonic()
        try:
            yield
        finally:
            self.seconds[name] = round(self.seconds.get(name, 0.0) + time.monotonic() - start, 3)
