"""Layers whose weights are sines of angles, and the rectified sine."""

from __future__ import annotations

from math import log2, pi

import torch
from torch import Tensor, nn

__all__ = ["RectifiedSine", "SineLinear"]


class SineLinear(nn.Module):
    """``y = gain * x @ sin(angles).T + bias`` for ``x`` of shape (batch, inputs).

    ``gain`` is the power of two next to ``sqrt(2 / inputs)``, so that angles use their whole quarter turns and a
    circuit shifts. The ONNX file has ``Sin`` on the angles, ``MatMul``, ``Mul`` and ``Add``.

    Members
    -------
    angles: (outputs, inputs), in radians.
    bias: (outputs,).
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.gain = 2.0 ** round(log2((2 / inputs) ** 0.5))
        self.angles = nn.Parameter((torch.rand(outputs, inputs) - 0.5) * pi)
        self.bias = nn.Parameter(torch.zeros(outputs))

    def forward(self, x: Tensor) -> Tensor:
        """The sums, (batch, outputs)."""
        return x @ torch.sin(self.angles).T * self.gain + self.bias


class RectifiedSine(nn.Module):
    """``sin(min(max(x, 0), pi / 2))``: 0 for negative numbers, from there the first quarter of a sine, then 1."""

    def forward(self, x: Tensor) -> Tensor:
        """Element by element."""
        return torch.sin(x.clamp(0, pi / 2))
