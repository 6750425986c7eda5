"""Memories of folded units become what their estimates say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from nnfpga.boards.devices import LFE5U_25F, UP5K
from nnfpga.compiler.device import Device
from nnfpga.compiler.exact import fractions
from nnfpga.compiler.graph import Tensor
from nnfpga.compiler.number import Number
from nnfpga.rtl.beat import Edge
from nnfpga.rtl.layers.dense import FoldedMatrix
from nnfpga.rtl.memories import ram_count, rom_count
from nnfpga.rtl.rtlil import to_rtlil
from nnfpga.tools.errors import ToolError
from nnfpga.tools.find import find
from nnfpga.tools.recipes import Family
from nnfpga.tools.yosys import synthesise


@pytest.mark.parametrize(("family", "device"), [("ice40", UP5K), ("ecp5", LFE5U_25F)])
def test_block_rams_are_those_of_the_estimate(family: Family, device: Device, tmp_path: Path) -> None:
    """24 words of 72 bits for the weights, 8 of 32 for the vector: synthesis alone takes LUTs for one of them."""
    try:
        find("yosys")
    except ToolError as error:
        pytest.skip(str(error))
    weights = np.random.default_rng(0).integers(-4, 4, (36, 16))
    x = Tensor("x", (16,), Number.of(-128, 127), fractions([1]), fractions([0]))
    y = Tensor("y", (36,), Number.of(-(1 << 13), (1 << 13) - 1), fractions([1]), fractions([0]))
    unit = FoldedMatrix(weights, Edge.of(x, 4), Edge.of(y, 6))
    made = synthesise(to_rtlil(unit, "unit"), family, "unit", tmp_path, dsp=True, options=device.synthesis)
    assert made.resources["bram"] == rom_count(24, 72, device) + ram_count(8, 32, device)
