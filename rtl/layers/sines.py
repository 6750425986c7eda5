"""Folded matrix of sines: cosines of sums and differences of angles in the place of products."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from amaranth.hdl import Cat, Module, Signal, Value, signed
from amaranth.lib import wiring

from nnfpga.compiler.device import Device
from nnfpga.compiler.exact import Ints
from nnfpga.compiler.graph import Graph
from nnfpga.compiler.layers.sines import Sines, Waves
from nnfpga.compiler.number import Number
from nnfpga.compiler.plan import Cost, Estimate, Product, Turns

from .._build import Site, hardware
from ..beat import Edge, decode, fit
from ..circuit_cost import circuit_cost
from ..logic import emit
from ..memories import ram_count, rom_count
from .dense import FoldedMatrix

__all__ = ["FoldedSines"]


class FoldedSines(FoldedMatrix):
    """A constant matrix of sines times a vector of sines, ``pe * simd`` products a cycle.

    A product is ``even(k - a) + odd(k + a - n)``, inverted where the weight's angle is negative: two small functions
    and three additions. Everything else, and the timing, is that of :class:`FoldedMatrix`.

    Parameters
    ----------
    angles
        of the weights, (outputs, inputs)
    waves
        both functions
    i_edge, o_edge
        the streams; their lanes are ``simd`` and ``pe``
    """

    def __init__(self, angles: Ints, waves: Waves, i_edge: Edge, o_edge: Edge) -> None:
        self.waves = waves
        super().__init__(angles, i_edge, o_edge)

    @property
    def products(self) -> list[Product]:
        """None."""
        return []

    @cached_property
    def weight_width(self) -> int:
        """The step and the sign."""
        return self.waves.bits + 1

    @property
    def coded(self) -> Ints:
        """Words of the steps, without the sign and then the sign."""
        return np.where(self.weights < 0, ~self.weights + self.waves.steps, self.weights)

    def product(self, m: Module, w: Value, x: Value, name: str) -> Value:
        """See :class:`nnfpga.compiler.layers.sines.Sines`."""
        bits = self.waves.bits
        k, sign, a = w[:bits], w[bits], decode(x, self.i_edge.wire)
        both = Signal(signed(product_width(self.waves)), name=f"both_{name}")
        if self.waves.product is not None:
            (whole,) = emit(m, self.waves.product, [Cat(fit(a, bits), k)], f"whole_{name}")
            m.d.comb += both.eq(whole)
            return (both.as_unsigned() ^ sign.replicate(len(both))).as_signed()
        apart, joint = Signal(signed(bits + 1), name=f"apart_{name}"), Signal(bits + 1, name=f"joint_{name}")
        m.d.comb += [apart.eq(k - a), joint.eq(k + a)]
        below = Cat(joint[:bits], ~joint[bits]).as_signed()  # less a quarter turn
        (even,) = emit(m, self.waves.logic[0], [apart], f"even_{name}")
        (odd,) = emit(m, self.waves.logic[1], [below], f"odd_{name}")
        m.d.comb += both.eq(even + odd)
        return (both.as_unsigned() ^ sign.replicate(len(both))).as_signed()


def product_width(waves: Waves) -> int:
    """Bits of a signed product."""
    return Number.of(int(min(waves.products.min(), -1)), int(waves.products.max())).wire.width


def cost(graph: Graph, layer: Sines, choice: Turns, device: Device) -> Cost:
    """Estimate: the two functions as counted, additions, accumulators, control; see docs/hardware.md for its error."""
    x, y = graph.tensors[layer.inputs[0]].number.union().wire, graph.tensors[layer.name].number.union().wire
    outputs, inputs = layer.angles.shape
    passes, beats, units = outputs // choice.pe, inputs // choice.simd, choice.pe * choice.simd
    one, steps, width = layer.waves.product, layer.waves.bits + 1, product_width(layer.waves)
    logic = sum(circuit_cost(c, device).lut.value for c in (layer.waves.logic if one is None else [one]))
    product = logic + width + (2 * (steps + 1) + width if one is None else 0)
    accumulator = y.width * (1.2 if choice.simd == 1 else 2.0) * choice.pe
    address = np.log2(max(passes * beats, 2)) * 2 + np.log2(4 * beats) * 4
    rams = rom_count(passes * beats, units * steps, device) + ram_count(
        2 * beats, choice.simd * max(x.width, 1), device
    )
    return Cost(
        Estimate(units * product + accumulator + address + 12, 0.25),
        Estimate(units * (steps + x.width) + accumulator + address, 0.4),
        Estimate(rams, 0.2),
        interval=Estimate(passes * beats),
        latency=Estimate(passes * beats + beats + 4),
    )


@hardware(Sines, Turns, cost)
def turns(site: Site) -> wiring.Component:
    """The folded unit of a matrix of sines."""
    assert isinstance(site.layer, Sines)
    return FoldedSines(site.layer.angles, site.layer.waves, site.i, site.o)
