"""Products of two variables, and those of them that go into the chip's multiplier blocks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from amaranth.hdl import Module, Signal, Value

from nnfpga.compiler.circuit.ir import Circuit, Multiply
from nnfpga.compiler.device import Device
from nnfpga.compiler.plan import Product, allot

__all__ = ["Multiplies", "block", "blocks_of", "give_blocks", "multiplications", "products_of"]

BLOCK = "nnfpga_block"
"""Attribute of the wire of a product that goes into a multiplier block, for the recipes of ``nnfpga.tools``."""


@runtime_checkable
class Multiplies(Protocol):
    """A unit that multiplies variables.

    Members
    -------
    products: its products; of each kind the first ``in_blocks`` go into multiplier blocks.
    """

    in_blocks: Sequence[int]

    @property
    def products(self) -> Sequence[Product]: ...


def blocks_of(unit: Multiplies, device: Device) -> int:
    """How many multiplier blocks a unit has."""
    return sum(n * p.blocks(device) for n, p in zip(unit.in_blocks, unit.products, strict=True))


def give_blocks(units: Sequence[Multiplies], device: Device) -> int:
    """Say to units which of their products go into the device's multiplier blocks; how many blocks these are."""
    products = [p for unit in units for p in unit.products]
    taken = allot(products, device)
    for unit in units:
        unit.in_blocks, taken = taken[: len(unit.products)], taken[len(unit.products) :]
    return sum(blocks_of(unit, device) for unit in units)


def block(m: Module, product: Value, name: str) -> Value:
    """A product that goes into a multiplier block."""
    made = Signal(product.shape(), name=name, attrs={BLOCK: 1})
    m.d.comb += made.eq(product)
    return made


def multiplications(circuit: Circuit) -> list[int]:
    """The values of a circuit that are products of variables."""
    return [v for v, node in enumerate(circuit.nodes) if isinstance(node, Multiply)]


def products_of(circuit: Circuit) -> list[Product]:
    """The products at `multiplications`."""
    factors = ([circuit.ranges[x] for x in circuit.nodes[v].reads] for v in multiplications(circuit))
    return [Product.of((a.width, a.signed), (b.width, b.signed)) for a, b in factors]
