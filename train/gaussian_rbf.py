"""Gaussian radial-basis units."""

from __future__ import annotations

import torch
from torch import Tensor, nn

__all__ = ["GaussianRBF"]

ROUNDS = 50  # of k-means at most
LEAST_WIDTH = 1e-3


class GaussianRBF(nn.Module):
    """``y[k] = exp(-sum_i ((x[i] - centres[k, i]) / widths[k, i])^2 / 2)`` for ``x`` of shape (batch, inputs).

    ``per_dimension`` gives each unit a width for every input, else it has one for all. The ONNX file has ``Sub``,
    ``Mul``, ``ReduceSum`` and ``Exp`` alone.

    Members
    -------
    centres: (units, inputs).
    log_widths: natural logarithms of the widths, (units, inputs) or (units, 1); so a width stays positive.
    """

    def __init__(self, inputs: int, units: int, *, per_dimension: bool = False) -> None:
        super().__init__()
        self.centres = nn.Parameter(torch.rand(units, inputs) * 2 - 1)
        self.log_widths = nn.Parameter(torch.zeros(units, inputs if per_dimension else 1))

    @torch.no_grad()
    def start(self, x: Tensor) -> None:
        """Put the centres where samples are, by k-means, and the widths to the mean distance of each one's samples.

        The first centres are drawn as in k-means++ (D. Arthur and S. Vassilvitskii, SODA 2007), with torch's random
        numbers. ``x`` has shape (samples, inputs).
        """
        if x.ndim != 2 or x.shape[1] != self.centres.shape[1] or len(x) < len(self.centres):
            units, inputs = self.centres.shape
            raise ValueError(f"x must have shape (at least {units}, {inputs}), not {tuple(x.shape)}")
        centres = k_means(x, len(self.centres))
        nearest = torch.cdist(x, centres).argmin(dim=1)
        spread = x.std(dim=0).clamp(min=LEAST_WIDTH)
        for k, centre in enumerate(centres):
            own = x[nearest == k]
            width = (own - centre).square().mean(dim=0).sqrt() if len(own) > 1 else spread
            width = width if self.log_widths.shape[1] > 1 else width.square().sum().sqrt()
            self.log_widths[k] = width.clamp(min=LEAST_WIDTH).log()
        self.centres.copy_(centres)

    def forward(self, x: Tensor) -> Tensor:
        """The units' values, (batch, units)."""
        apart = x.unsqueeze(1) - self.centres
        return torch.exp(-(apart * apart * (0.5 * torch.exp(-2 * self.log_widths))).sum(dim=2))


def k_means(x: Tensor, count: int) -> Tensor:
    """The means of so many clusters, (count, inputs); the best that Lloyd's iteration finds from one start."""
    centres = x[torch.randint(len(x), (1,))]
    while len(centres) < count:
        far = torch.cdist(x, centres).min(dim=1).values.square()
        chosen = torch.multinomial(far if far.sum() > 0 else torch.ones(len(x)), 1)
        centres = torch.cat([centres, x[chosen]])
    for _ in range(ROUNDS):
        nearest = torch.cdist(x, centres).argmin(dim=1)
        moved = torch.stack([x[nearest == k].mean(dim=0) if (nearest == k).any() else centres[k] for k in range(count)])
        if torch.equal(moved, centres):
            break
        centres = moved
    return centres
