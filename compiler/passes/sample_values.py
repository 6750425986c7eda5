"""Values of every tensor on calibration samples, as many as choosing a scale needs."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..real import RealGraph, Reals

__all__ = ["sample_values", "spread"]

KEPT = 1 << 19  # values of a tensor
HELD = 1 << 23  # values of all tensors at once
SEEN = 1 << 27  # values of all tensors in all: of large networks fewer samples are taken


def sample_values(graph: RealGraph, x: npt.ArrayLike) -> dict[str, Reals]:
    """Rows of (values, channels) of every tensor: all of them, or some drawn evenly from all samples.

    Large networks see fewer samples, spread over all. Of a tensor that is not kept whole, the first two rows are each
    channel's least and greatest value.
    """
    each = max(1, sum(int(np.prod(shape)) for shape in graph.shapes.values()))
    samples = spread(np.asarray(x, dtype=np.float64), SEEN // each)
    count = max(1, HELD // each)
    drawn: dict[str, list[Reals]] = {}
    ends: dict[str, Reals] = {}
    for start in range(0, len(samples), count):
        part = samples[start : start + count]
        for name, values in graph.evaluate(part).items():
            rows = values.reshape(-1, graph.shapes[name][-1] if graph.shapes[name] else 1)
            per_sample = len(rows) // len(part)
            wanted = KEPT // rows.shape[1] * len(part) // len(samples)
            if per_sample * len(samples) * rows.shape[1] > KEPT:
                least, most = ends.get(name, (rows[0], rows[0]))
                ends[name] = np.stack([np.minimum(least, rows.min(axis=0)), np.maximum(most, rows.max(axis=0))])
                rows = rows[np.random.default_rng(start).integers(0, len(rows), max(1, wanted))]
            drawn.setdefault(name, []).append(rows.copy())
    return {name: np.concatenate([*([ends[name]] if name in ends else []), *parts]) for name, parts in drawn.items()}


def spread(samples: Reals, most: int) -> Reals:
    """At most so many samples (at least one), evenly spaced, as data may be sorted."""
    count = min(len(samples), max(1, most))
    return samples[np.arange(count) * len(samples) // count]
