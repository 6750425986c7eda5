"""Sums of three words, which a chip with 6-input LUTs makes on one carry chain."""

from __future__ import annotations

from collections.abc import Sequence

from amaranth.hdl import Cat, Const, Module, Signal, Value

from nnfpga.compiler.circuit.ternary_wires import TernarySum

from .beat import fit

__all__ = ["TERNARY", "ternary_sum"]

TERNARY = "nnfpga_ternary"
"""Attribute of such a sum, which is a module by itself, for the recipes of ``nnfpga.tools``."""


def ternary_sum(m: Module, s: TernarySum, words: Sequence[Value], name: str) -> Value:
    """The word of a sum from its unsigned words.

    A word of ``n`` bits that stands inverted is subtracted, and the ``2^n - 1`` that it then lacks are in the constant.
    """
    total = Signal(s.width, name=name)
    chain = Signal(s.width, name="chain", attrs={TERNARY: 1})  # not a port, which would mark the module outside too
    value: Value = Const(0, s.width)
    constant = s.constant
    for addend, word in sorted(zip(s.addends, words, strict=True), key=lambda pair: pair[0].inverted):
        placed = fit(Cat(Const(0, addend.at), word), s.width)
        if addend.inverted:
            constant += (1 << len(word)) - 1 << addend.at
        value = (value - placed if addend.inverted else value + placed)[: s.width]
    m.submodules[name] = inner = Module()
    inner.d.comb += chain.eq(value + Const(constant & (1 << s.width) - 1, s.width))
    inner.d.comb += total.eq(chain)
    return total
