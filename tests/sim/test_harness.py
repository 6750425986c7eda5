"""Engines against NumPy and against each other, and designs at fault."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from amaranth.hdl import Module, Signal, signed, unsigned
from amaranth.lib import data, stream, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out
from numpy.typing import NDArray

from nnfpga.sim.amaranth_engine import AmaranthEngine
from nnfpga.sim.beats import pack, unpack
from nnfpga.sim.compare import check
from nnfpga.sim.errors import SimulationError
from nnfpga.sim.harness import Engine, simulate
from nnfpga.sim.icarus_engine import IcarusEngine
from nnfpga.sim.mutate import mutants, mutate
from nnfpga.sim.verilator_engine import VerilatorEngine
from nnfpga.sim.verilog import Verilog, to_verilog
from nnfpga.tools.errors import ToolError
from nnfpga.tools.find import find

NEEDS: dict[type, tuple[str, ...]] = {
    AmaranthEngine: (),
    IcarusEngine: ("iverilog", "vvp"),
    VerilatorEngine: ("verilator", "g++"),
}


@pytest.fixture(params=[AmaranthEngine, IcarusEngine, VerilatorEngine])
def engine(request: pytest.FixtureRequest) -> Engine:
    for name in NEEDS[request.param]:
        try:
            find(name)
        except ToolError as error:
            pytest.skip(str(error))
    return request.param()


def ports(component: wiring.Component) -> Any:
    """The component without a type: its ports are made at run time."""
    return component


class Adder(wiring.Component):
    """A register that adds a constant to each lane."""

    def __init__(self, lanes: int, width: int) -> None:
        self.lanes = lanes
        shape = data.ArrayLayout(signed(width), lanes)
        super().__init__({"i": In(stream.Signature(shape)), "o": Out(stream.Signature(shape))})

    def elaborate(self, platform: Any) -> Module:
        m, me = Module(), ports(self)
        i, o = me.i, me.o
        m.d.comb += i.ready.eq(~o.valid | o.ready)
        with m.If(i.ready):
            m.d.sync += o.valid.eq(i.valid)
            for n in range(self.lanes):
                m.d.sync += o.payload[n].eq(i.payload[n] + n + 1)
        return m

    def expect(self, x: NDArray[np.int64], width: int) -> NDArray[np.int64]:
        half = 1 << (width - 1)
        return (x + np.arange(1, self.lanes + 1) + half) % (2 * half) - half


class Mac(wiring.Component):
    """Multiplies by words of a ROM in turn and accumulates; one result for each input."""

    def __init__(self, rom: Sequence[int]) -> None:
        self.rom = list(rom)
        super().__init__({"i": In(stream.Signature(signed(8))), "o": Out(stream.Signature(signed(24)))})

    def elaborate(self, platform: Any) -> Module:
        m, me = Module(), ports(self)
        i, o = me.i, me.o
        m.submodules.rom = rom = Memory(shape=signed(6), depth=len(self.rom), init=self.rom)
        port = rom.read_port()
        x, valid, total = Signal(signed(8)), Signal(), Signal(signed(24))
        address, go = Signal(range(len(self.rom))), Signal()
        result = Signal(signed(24))
        m.d.comb += [
            go.eq(~o.valid | o.ready),
            i.ready.eq(go),
            port.addr.eq(address),
            port.en.eq(go & i.valid),
            result.eq(total + port.data * x),
        ]
        with m.If(go):
            m.d.sync += [valid.eq(i.valid), o.valid.eq(valid), o.payload.eq(result)]
            with m.If(i.valid):
                m.d.sync += [x.eq(i.payload), address.eq(address + 1)]
            with m.If(valid):
                m.d.sync += total.eq(result)
        return m


class Faulty(wiring.Component):
    """``fickle`` changes a beat that waits, ``dead`` never takes one, ``eager`` gives two for one."""

    def __init__(self, fault: str) -> None:
        self.fault = fault
        super().__init__({"i": In(stream.Signature(unsigned(8))), "o": Out(stream.Signature(unsigned(8)))})

    def elaborate(self, platform: Any) -> Module:
        m, me = Module(), ports(self)
        i, o = me.i, me.o
        count = Signal(8)
        m.d.sync += count.eq(count + 1)
        if self.fault == "fickle":
            m.d.comb += [i.ready.eq(o.ready), o.valid.eq(1), o.payload.eq(count)]
        elif self.fault == "eager":
            again = Signal()
            m.d.comb += [i.ready.eq(o.ready & ~again), o.valid.eq(i.valid | again), o.payload.eq(7)]
            with m.If(o.valid & o.ready):
                m.d.sync += again.eq(~again)
        return m


def values(lanes: int, width: int, count: int = 200) -> NDArray[np.int64]:
    return np.random.default_rng(3).integers(-(1 << (width - 1)), 1 << (width - 1), (count, lanes))


@pytest.mark.parametrize(("lanes", "width"), [(1, 5), (4, 8), (32, 10)])
def test_every_engine_gives_the_same_values_and_cycles(engine: Engine, lanes: int, width: int, tmp_path: Path) -> None:
    x = values(lanes, width)
    for stall_in, stall_out in ((0.0, 0.0), (0.4, 0.3)):
        design = Adder(lanes, width)
        run = simulate(
            design,
            pack(x, width),
            len(x),
            engine=engine,
            stall_in=stall_in,
            stall_out=stall_out,
            seed=5,
            work=tmp_path / "engine",
        )
        check(design.expect(x, width), unpack(run.outputs, width, lanes, signed=True), run=run)
        reference = simulate(
            Adder(lanes, width),
            pack(x, width),
            len(x),
            engine=AmaranthEngine(),
            stall_in=stall_in,
            stall_out=stall_out,
            seed=5,
            work=tmp_path / "reference",
        )
        np.testing.assert_array_equal(run.accepted, reference.accepted)
        np.testing.assert_array_equal(run.delivered, reference.delivered)
        if stall_in == 0:
            np.testing.assert_array_equal(run.delivered, np.arange(1, len(x) + 1))


def test_memories(engine: Engine, tmp_path: Path) -> None:
    rom = [int(v) for v in np.random.default_rng(1).integers(-32, 32, 64)]
    x = values(1, 8)
    run = simulate(Mac(rom), pack(x, 8), len(x), engine=engine, stall_in=0.2, stall_out=0.2, work=tmp_path)
    expected = np.cumsum(x[:, 0] * np.resize(rom, len(x)))
    check(expected, unpack(run.outputs, 24, signed=True)[:, 0], run=run)


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        (
            "fickle",
            r"^the design broke the stream protocol in cycle \d+: o.valid fell or o.payload changed before o.ready",
        ),
        (
            "dead",
            r"^the design stands still: by cycle 300 it accepted 0 of 20 beats and delivered 0 of 20, and nothing"
            r" moved for 300 cycles$",
        ),
        ("eager", r"^the design delivered more than 20 beats: one too many in cycle \d+$"),
    ],
)
def test_designs_at_fault(engine: Engine, fault: str, text: str, tmp_path: Path) -> None:
    with pytest.raises(SimulationError, match=text):
        simulate(
            Faulty(fault),
            pack([[n] for n in range(20)], 8),
            20,
            engine=engine,
            stall_out=0.3,
            timeout_cycles=300,
            work=tmp_path,
        )


def test_undefined_bits_are_seen(tmp_path: Path) -> None:
    if not all(map(_present, ("iverilog", "vvp"))):
        pytest.skip("iverilog was not found: install Icarus Verilog (Debian: apt install iverilog)")
    text = """module dut(clk, i__payload, i__valid, i__ready, o__payload, o__valid, o__ready);
  input clk, i__payload, i__valid, o__ready; output i__ready, o__valid; output reg o__payload;
  assign i__ready = o__ready; assign o__valid = i__valid;
endmodule
"""
    with pytest.raises(SimulationError, match=r"^the design delivered undefined bits in output beat 0, cycle 0$"):
        simulate(Verilog(text, "dut", 1, 1), pack([[1]], 1), 1, engine=IcarusEngine(), work=tmp_path)


def test_mutated_hardware_and_mutated_values_are_noticed(tmp_path: Path) -> None:
    if not all(map(_present, ("iverilog", "vvp"))):
        pytest.skip("iverilog was not found: install Icarus Verilog (Debian: apt install iverilog)")
    design, x = Adder(4, 8), values(4, 8)
    expected = design.expect(x, 8)
    verilog = to_verilog(design, tmp_path / "verilog")
    assert mutants(verilog.text) > 3

    def outputs(source: Verilog) -> NDArray[np.int64]:
        run = simulate(
            source,
            pack(x, 8),
            len(x),
            engine=IcarusEngine(),
            stall_in=0.2,
            stall_out=0.2,
            timeout_cycles=200,
            work=tmp_path / "icarus",
        )
        return unpack(run.outputs, 8, 4, signed=True)

    check(expected, outputs(verilog))
    wrong = expected.copy()
    wrong[17, 2] ^= 1
    with pytest.raises(SimulationError, match=r"^vector 17, element 2: expected "):
        check(wrong, outputs(verilog))
    for seed in range(5):
        with pytest.raises(SimulationError):
            check(expected, outputs(Verilog(mutate(verilog.text, seed), "dut", 32, 32)))


def test_arguments_are_checked(tmp_path: Path) -> None:
    beats = pack([[1]], 8)
    with pytest.raises(ValueError, match=r"^stall_out must be a probability below 1, not 1.0$"):
        simulate(Faulty("dead"), beats, 1, engine=AmaranthEngine(), stall_out=1.0, work=tmp_path)
    with pytest.raises(ValueError, match=r"^Input beats of 40 bits must have shape \(n, 2\), not \(1, 1\)$"):
        simulate(Adder(4, 10), beats, 1, engine=AmaranthEngine(), work=tmp_path)


def _present(name: str) -> bool:
    try:
        find(name)
    except ToolError:
        return False
    return True
