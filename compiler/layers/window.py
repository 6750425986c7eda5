"""Window: the geometry that convolutions and pooling share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..real import Shape

__all__ = ["Window"]

CHUNK = 1 << 21  # elements of all patches that are held at once


@dataclass(frozen=True)
class Window:
    """A window that moves over the spatial axes of a channel-last tensor.

    Each field has one entry per spatial axis. ``before`` and ``after`` are positions of padding; a window in which
    dilation leaves gaps has taps ``dilation`` positions apart.
    """

    kernel: tuple[int, ...]
    strides: tuple[int, ...]
    before: tuple[int, ...]
    after: tuple[int, ...]
    dilations: tuple[int, ...]

    @property
    def rank(self) -> int:
        """The number of spatial axes."""
        return len(self.kernel)

    @property
    def taps(self) -> int:
        """Positions that one window reads."""
        return int(np.prod(self.kernel))

    @property
    def padded(self) -> bool:
        """Whether there is padding."""
        return any(self.before) or any(self.after)

    @property
    def extent(self) -> tuple[int, ...]:
        """Positions from the first to the last tap."""
        return tuple((k - 1) * d + 1 for k, d in zip(self.kernel, self.dilations, strict=True))

    def positions(self, spatial: Shape) -> Shape:
        """How many places the window has on each axis."""
        sizes = zip(spatial, self.before, self.after, self.extent, self.strides, strict=True)
        return tuple((n + b + a - e) // s + 1 for n, b, a, e, s in sizes)

    def result(self, shape: Shape, channels: int) -> Shape:
        """The result's shape for an input of ``shape`` = (*spatial, channels).

        Raises
        ------
        ValueError
            where the window is larger than the padded input.
        """
        out = self.positions(shape[:-1])
        if len(shape) != self.rank + 1 or min(out) < 1:
            raise ValueError(f"the input must be at least {self.extent} in its spatial axes, not {shape}")
        return (*out, channels)

    def patches(self, x: npt.NDArray[Any], fill: Any) -> npt.NDArray[Any]:
        """The windows' elements: (samples, *spatial, channels) to a view (samples, *positions, *kernel, channels)."""
        if self.padded:
            sizes = zip(x.shape[1:-1], self.before, self.after, strict=True)
            wide = np.full((len(x), *(n + b + a for n, b, a in sizes), x.shape[-1]), fill, dtype=x.dtype)
            inside = (slice(b, b + n) for n, b in zip(x.shape[1:-1], self.before, strict=True))
            wide[(slice(None), *inside)] = x
            x = wide
        axes = tuple(range(1, self.rank + 1))
        view = np.lib.stride_tricks.sliding_window_view(x, self.extent, axis=axes)  # (..., channels, *extent)
        steps = (slice(None), *(slice(None, None, s) for s in self.strides), slice(None))
        view = view[(*steps, *(slice(None, None, d) for d in self.dilations))]
        return np.moveaxis(view, self.rank + 1, -1)

    def batches(self, x: npt.NDArray[Any]) -> Iterator[npt.NDArray[Any]]:
        """The samples in parts whose patches fit in the processor's caches."""
        each = int(np.prod(self.positions(x.shape[1:-1]))) * self.taps * x.shape[-1]
        count = max(1, CHUNK // max(each, 1))
        for start in range(0, max(len(x), 1), count):
            yield x[start : start + count]

    def __str__(self) -> str:
        def per_axis(values: tuple[int, ...]) -> str:
            return "x".join(map(str, values))

        parts = [per_axis(self.kernel)]
        if any(s != 1 for s in self.strides):
            parts.append(f"stride {per_axis(self.strides)}")
        if self.padded:
            parts.append(f"pads {per_axis(self.before)}..{per_axis(self.after)}")
        if any(d != 1 for d in self.dilations):
            parts.append(f"dilation {per_axis(self.dilations)}")
        return ", ".join(parts)
