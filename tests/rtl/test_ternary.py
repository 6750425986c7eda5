"""Sums of three words: the same integers from RTL, and from the cells of a chip with 6-input LUTs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from amaranth.back import rtlil
from amaranth.hdl import Module, Signal, Value

from nnfpga.compiler.circuit.ir import Add3, Builder, Circuit, Clamp, Range, Shift
from nnfpga.compiler.circuit.wiring import wires_of
from nnfpga.compiler.number import Number
from nnfpga.rtl.logic import emit, shape_of
from nnfpga.tools.errors import ToolError
from nnfpga.tools.yosys import synthesise, yosys

PROVE = """
read_rtlil gold.il
hierarchy -top circuit
proc
flatten
opt_clean
rename circuit gold
design -stash gold
read_verilog -defer +/xilinx/cells_sim.v
read_verilog -overwrite netlist.v
hierarchy -top circuit
proc
flatten
opt_clean
rename circuit gate
design -stash gate
design -copy-from gold gold
design -copy-from gate gate
miter -equiv -flatten -make_outputs gold gate miter
sat -verify -prove trigger 0 -show-ports miter
"""


def sums(seed: int, count: int = 12) -> Circuit:
    """Sums of three narrow words with all shifts and signs, of inputs and of one another; bits of some are read."""
    rng = np.random.default_rng(seed)
    builder = Builder((Number.of(0, 5), Number.of(-4, 3), Number.of(-1, 1, 2), Number.of(3, 11, 4)))
    values = builder.start()
    while len(values) < 4 + count:
        a, b, c = (int(v) for v in rng.choice(values[-6:], 3))
        i, j, k = (int(v) for v in rng.integers(0, 4, 3))
        node = Add3(a, b, c, i, j, k, bool(rng.integers(2)), bool(rng.integers(2)))
        if node.range(*(builder.ranges[v] for v in node.reads)).width <= 11:
            values.append(builder.add(node))
        elif builder.ranges[values[-1]].width > 5:
            values.append(builder.add(Clamp(values[-1], -6, 9)))
    return builder.finish([*values[-5:], builder.add(Shift(values[-1], 2))])


def logic(circuit: Circuit) -> tuple[Module, list[Signal], list[Signal]]:
    """A circuit's module with its inputs and outputs."""
    m = Module()
    inputs = [Signal(shape_of(Range.of(n)), name=f"x{i}") for i, n in enumerate(circuit.inputs)]
    results = [Signal(shape_of(circuit.ranges[o]), name=f"y{i}") for i, o in enumerate(circuit.outputs)]
    given: list[Value] = [*inputs]
    m.d.comb += [y.eq(v) for y, v in zip(results, emit(m, circuit, given, "v"), strict=True)]
    return m, inputs, results


@pytest.mark.parametrize("seed", range(12))
def test_logic_is_the_sum(harness: Any, seed: int) -> None:
    circuit = sums(seed, 25)
    m, inputs, results = logic(circuit)
    rng = np.random.default_rng(seed)
    x = np.stack([n.low + n.step * rng.integers(0, (n.high - n.low) // n.step + 1, 40) for n in circuit.inputs], axis=1)
    harness.check_logic(m, inputs, results, x, circuit.evaluate(x))


@pytest.mark.parametrize("seed", range(2))
def test_cells_are_the_sum(seed: int, tmp_path: Path) -> None:
    circuit = sums(seed)
    m, inputs, results = logic(circuit)
    text = rtlil.convert(m, ports=[*inputs, *results], name="circuit", emit_src=False)
    (tmp_path / "gold.il").write_text(text)
    (tmp_path / "prove.ys").write_text(PROVE)
    made = synthesise(text, "xc7", "circuit", tmp_path, quick=True)
    of_three = sum(s.positions for s in wires_of(circuit).ternary.values() if len(s.addends) == 3)
    assert made.cells["LUT6_2"] > 0.8 * of_three
    yosys("script prove.ys", tmp_path, "prove.log")
    netlist = made.verilog_path.read_text()
    made.verilog_path.write_text(netlist.replace("64'h96699669", "64'h96699668"))
    with pytest.raises(ToolError, match="proof did fail"):
        yosys("script prove.ys", tmp_path, "prove.log")
