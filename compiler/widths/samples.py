"""Samples on which widths are compared with the float network, and how much accuracy they are sure to keep."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
import numpy.typing as npt

from ..real import Reals

__all__ = ["Drop", "Samples", "classes"]

CONFIDENCE = 1.645  # standard deviations that 95 % of a normal distribution stay below
NEAR = 0.1  # of the mean margin: samples that are closer to a decision count alike


@dataclass(frozen=True)
class Drop:
    """Points of accuracy (percent) that are lost on some samples, and the bound of what is lost on others like them."""

    points: float
    bound: float


@dataclass(frozen=True, eq=False)
class Samples:
    """Inputs, the float network's scores (samples, classes), and the right classes: labels, or those of float."""

    x: Reals
    scores: Reals
    truth: npt.NDArray[np.int64]

    def part(self, chosen: npt.NDArray[np.int64] | slice) -> Samples:
        """Some of the samples."""
        return Samples(self.x[chosen], self.scores[chosen], self.truth[chosen])

    def drop(self, scores: Reals) -> Drop:
        """What other scores lose against float's.

        The bound holds with 95 % confidence: samples that only one of both decides right are counted (McNemar), one
        more is assumed, and their difference is taken as normal.
        """
        before, after = classes(self.scores) == self.truth, classes(scores) == self.truth
        lost, won = int((before & ~after).sum()), int((after & ~before).sum())
        scale = 100 / len(self.truth)
        return Drop((lost - won) * scale, (lost - won + CONFIDENCE * sqrt(lost + won + 1)) * scale)

    def error(self, scores: Reals) -> float:
        """How far scores are from float's: squared, relative to the best class, and to what would change the class."""
        best = classes(self.scores)
        if scores.shape[1] == 1:
            margin, off = np.abs(self.scores[:, 0]), scores - self.scores
        else:
            ranked = np.sort(self.scores, axis=1)
            margin = ranked[:, -1] - ranked[:, -2]
            rows = np.arange(len(best))
            off = (scores - scores[rows, best][:, None]) - (self.scores - self.scores[rows, best][:, None])
        near = margin + NEAR * float(margin.mean()) + np.finfo(float).tiny
        return float((np.square(off).sum(axis=1) / np.square(near)).mean())


def classes(scores: Reals) -> npt.NDArray[np.int64]:
    """Class indices: of the greatest score, or of the sign where one score tells two classes apart."""
    return (scores[:, 0] > 0).astype(np.int64) if scores.shape[1] == 1 else scores.argmax(axis=1)
