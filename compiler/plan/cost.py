"""What a choice costs, with the error of the estimate."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

from ..device import Device
from ..graph import Graph, Layer
from .implementations import Implementation
from .products import Product, allot

__all__ = ["Cost", "CostModel", "Estimate"]


@dataclass(frozen=True)
class Estimate:
    """A number and its relative error: the truth is expected within ``value * (1 +- error)``."""

    value: float
    error: float = 0.0

    def __add__(self, other: Estimate) -> Estimate:
        total = self.value + other.value
        return Estimate(total, (self.value * self.error + other.value * other.error) / total if total else 0.0)


NOTHING = Estimate(0.0)


@dataclass(frozen=True)
class Cost:
    """LUTs, flip-flops, block RAMs, multipliers; cycles from one sample to the next and through the layer.

    ``carry``: how many of the LUTs stand on carry chains, where that is known. ``products``: what the chip's multiplier
    blocks could take; ``lut`` counts them as logic until `with_blocks` gives them their blocks (``dsp``).
    """

    lut: Estimate = NOTHING
    ff: Estimate = NOTHING
    bram: Estimate = NOTHING
    dsp: Estimate = NOTHING
    interval: Estimate = NOTHING
    latency: Estimate = NOTHING
    carry: Estimate = NOTHING
    products: tuple[Product, ...] = ()

    def __add__(self, other: Cost) -> Cost:
        interval = max(self.interval, other.interval, key=lambda e: e.value)
        latency = self.latency + other.latency
        sums = self.lut + other.lut, self.ff + other.ff, self.bram + other.bram, self.dsp + other.dsp
        return Cost(*sums, interval, latency, self.carry + other.carry, self.products + other.products)

    def with_blocks(self, device: Device) -> Cost:
        """With as many of the products in the device's multiplier blocks as there are."""
        taken = [*zip(self.products, allot(self.products, device), strict=True)]
        used = sum(n * p.blocks(device) for p, n in taken)
        saved = sum(n * p.luts for p, n in taken)
        lut = replace(self.lut, value=max(self.lut.value - saved, 0.0))
        return replace(self, lut=lut, dsp=self.dsp + Estimate(used), products=())


class CostModel(Protocol):
    """Handed to the planner by whoever knows the hardware."""

    def __call__(self, graph: Graph, layer: Layer, choice: Implementation, device: Device) -> Cost: ...
