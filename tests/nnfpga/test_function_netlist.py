"""The mapped cells of function units are proven by SAT to give the function, for each family."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from nnfpga.compiler.functions.blocks import Blocks, in_blocks
from nnfpga.compiler.functions.choose import Candidate, Effort, candidates
from nnfpga.compiler.functions.memory import Memory, in_memory
from nnfpga.compiler.functions.normal import normalised
from nnfpga.compiler.functions.problem import problems
from nnfpga.compiler.functions.segments import circuit_of, shapes
from nnfpga.compiler.functions.smooth import plain_table
from nnfpga.compiler.functions.target import Target
from nnfpga.function_ram import block_rams
from nnfpga.tools.errors import ToolError
from nnfpga.tools.recipes import Family
from nnfpga.units import FABRICS, mapped

QUICK = Effort(starts=3, first=1000, kept=1, longer=3000, last=3000)
X = np.arange(-64, 64)


def unit_of(family: Family) -> Candidate:
    """A sigmoid within a hundredth: tables, carry chains, and inverters for its symmetry."""
    y = 128 / (1 + np.exp(-X / 16))
    target = Target(7, True, np.ceil(y - 1.28).astype(np.int64), np.floor(y + 1.28).astype(np.int64))
    return candidates([target], FABRICS[family], QUICK, 1, lambda _: None)[0]


def gold(values: list[int]) -> str:
    """Verilog of a table: for each bit of the result a constant, of which the input is the index."""
    order = np.argsort(X & 127)
    width = max(values).bit_length()
    columns = [sum((values[i] >> b & 1) << n for n, i in enumerate(order.tolist())) for b in range(width)]
    bits = [f"wire [127:0] t{b} = 128'h{column:x}; assign y[{b}] = t{b}[x];" for b, column in enumerate(columns)]
    return "\n".join([f"module gold(input [6:0] x, output [{width - 1}:0] y);", *bits, "endmodule\n"])


@pytest.mark.parametrize("family", FABRICS)
def test_cells_give_a_polynomial(family: Family, prove: Callable[[Family, str, Path], None], tmp_path: Path) -> None:
    y = 16 * np.sqrt(X + 64)
    target = Target(7, False, np.ceil(y - 1).astype(np.int64), np.floor(y + 1).astype(np.int64))
    (problem, *_), stages = problems(target), 3
    parabola = next(p for p in shapes(normalised(problem, stages), stages, FABRICS[family]) if p.bends)
    circuit = circuit_of(target, parabola, plain_table)
    assert circuit is not None
    values = circuit.evaluate(target.codes.reshape(-1, 1))[:, 0]
    assert target.holds(values)
    mapped(circuit, family, tmp_path, lambda _: None)
    (tmp_path / "gold.v").write_text(gold(np.roll(values, 64).tolist()))
    prove(family, "unit", tmp_path)


@pytest.mark.parametrize("family", ["ice40", "ecp5"])
def test_rams_and_multipliers_become_cells(family: Family, tmp_path: Path) -> None:
    x = np.arange(1 << 11)
    y = 60000 * np.exp(-x / 800)
    target = Target(11, False, np.ceil(y - 4).astype(np.int64), np.floor(y + 4).astype(np.int64))
    blocks = Blocks(partial(block_rams, family), 1, 1)
    found = in_blocks([target], FABRICS[family], blocks, plain_table)
    used: list[tuple[bool, bool]] = []
    for n, c in enumerate(found):
        circuit = c.circuit if c.address is None else in_memory(c.circuit, c.address)
        resources, _ = mapped(circuit, family, tmp_path / str(n), lambda _: None, c.dsp)
        assert (resources["bram"] > 0, resources["dsp"] > 0) == (c.address is not None, c.dsp)
        used.append((c.address is not None, c.dsp))
        if n == 0:
            assert isinstance(circuit, Memory)
            assert resources["bram"] == block_rams(family, len(circuit.words).bit_length() - 1, circuit.width)
    assert used == [(True, False), (False, True), (True, False), (True, True)]


@pytest.mark.parametrize("family", FABRICS)
def test_cells_give_the_function(family: Family, prove: Callable[[Family, str, Path], None], tmp_path: Path) -> None:
    unit = unit_of(family)
    circuit = unit.circuit
    values = circuit.evaluate(X.reshape(-1, 1))[:, 0]
    assert np.abs(values / 128 - 1 / (1 + np.exp(-X / 16))).max() <= 0.01
    resources, _ = mapped(circuit, family, tmp_path, lambda _: None)
    assert resources["lut"] == pytest.approx(unit.luts, abs=2)  # on ECP5 a carry cell has two
    assert resources["carry"] > 0
    (tmp_path / "gold.v").write_text(gold(values.tolist()))
    prove(family, "unit", tmp_path)
    values[77] ^= 1
    (tmp_path / "gold.v").write_text(gold(values.tolist()))
    with pytest.raises(ToolError, match="proof did fail"):
        prove(family, "unit", tmp_path)
