"""ECP5 cell models against NumPy: every width, write mode, reset and output register that Yosys makes, both ports."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from nnfpga.sim.beats import pack_ints, unpack_ints
from nnfpga.sim.harness import Verilog, simulate
from nnfpga.sim.icarus_engine import IcarusEngine
from nnfpga.tools.errors import ToolError
from nnfpga.tools.find import find

MODELS = Path(__file__).parents[2] / "sim" / "cells" / "ecp5_models.v"
ADDRESS_LOW = {1: 0, 2: 1, 4: 2, 9: 3, 18: 4, 36: 5}
# One port's pins in a beat, lowest first: name, bits.
PINS = (("AD", 14), ("DI", 18), ("CE", 1), ("OCE", 1), ("WE", 1), ("RST", 1))
PORT_BITS = sum(bits for _, bits in PINS)


@dataclass(frozen=True)
class Mode:
    width_a: int
    width_b: int
    write_a: str = "NORMAL"
    write_b: str = "NORMAL"
    register: str = "NOREG"
    reset: str = "SYNC"


MODES = [
    *(
        Mode(width, width, write, write)
        for width, write in zip(
            (1, 2, 4, 9, 18),
            ("NORMAL", "WRITETHROUGH", "READBEFOREWRITE", "WRITETHROUGH", "READBEFOREWRITE"),
            strict=True,
        )
    ),
    Mode(9, 18, "READBEFOREWRITE", "NORMAL"),
    Mode(1, 9),
    Mode(18, 4, "WRITETHROUGH", "READBEFOREWRITE"),
    Mode(36, 36),
    Mode(36, 9),
    Mode(36, 18),
    Mode(36, 1),
    Mode(18, 18, "WRITETHROUGH", "NORMAL", "OUTREG"),
    Mode(36, 36, register="OUTREG"),
]


@pytest.fixture(autouse=True)
def icarus() -> None:
    try:
        find("iverilog")
        find("vvp")
    except ToolError as error:
        pytest.skip(str(error))


class Reference:
    """The memory as 1024 rows of 18 bits; one port at a time, both read before either writes."""

    def __init__(self, mode: Mode, init: list[int]) -> None:
        self.mode = mode
        self.rows = list(init)
        self.first, self.second = [0, 0], [0, 0]

    def place(self, width: int, address: int) -> tuple[int, int]:
        """Row and lowest bit of a field."""
        if width == 36:
            return (address >> 5) * 2, 0
        if width == 18:
            return address >> 4, 0
        half, within = address >> 3 & 1, address & 7
        return address >> 4, half * 9 + (0 if width == 9 else within & ~(width - 1))

    def load(self, width: int, address: int) -> int:
        row, low = self.place(width, address)
        both = self.rows[row] | (self.rows[row + 1] << 18 if width == 36 else 0)
        return both >> low & (1 << width) - 1

    def store(self, width: int, address: int, value: int) -> None:
        row, low = self.place(width, address)
        mask = (1 << width) - 1
        if width == 36:
            self.rows[row : row + 2] = [value & 0x3FFFF, value >> 18]
        else:
            self.rows[row] = self.rows[row] & ~(mask << low) | value << low

    def cycle(self, pins: list[dict[str, int]]) -> None:
        mode = self.mode
        writes: list[tuple[int, int, int]] = []
        following = list(self.first)
        for n, (width, write) in enumerate(((mode.width_a, mode.write_a), (mode.width_b, mode.write_b))):
            pin = pins[n]
            old = self.load(width, pin["AD"])
            data = (pin["DI"] | (pins[1 - n]["DI"] << 18 if width == 36 else 0)) & (1 << width) - 1
            new = data
            if width >= 18:
                mask = sum(0x1FF << 9 * k for k in range(width // 9) if pin["AD"] >> k & 1)
                new = old & ~mask | data & mask
            if pin["RST"]:
                following[n] = 0
            elif pin["CE"]:
                if pin["WE"]:
                    writes.append((width, pin["AD"], new))
                    following[n] = {"NORMAL": self.first[n], "WRITETHROUGH": new, "READBEFOREWRITE": old}[write]
                else:
                    following[n] = old
            if pin["RST"]:
                self.second[n] = 0
            elif pin["OCE"]:
                self.second[n] = self.first[n]
        for write_ in writes:
            self.store(*write_)
        self.first = following

    def outputs(self) -> int:
        """DOA in the lower 18 bits, DOB above; the 36-bit reading port takes both."""
        a, b = self.second if self.mode.register == "OUTREG" else self.first
        if self.mode.width_b == 36:
            return b
        return (a & 0x3FFFF) | b << 18


def wrapper(mode: Mode, init: list[int]) -> str:
    """The block RAM as a stream component that takes a beat of pins in every cycle."""
    values = ", ".join(
        f".INITVAL_{n:02X}(320'h{sum(v << 20 * k for k, v in enumerate(init[16 * n : 16 * n + 16])):x})"
        for n in range(64)
    )
    links: list[str] = []
    low = 0
    for side in "AB":
        for name, bits in PINS:
            pins = [f"{name}{side}{k}" for k in range(bits)] if bits > 1 else [f"{name}{side}"]
            links += [f".{pin}(i__payload[{low + k}])" for k, pin in enumerate(pins)]
            low += bits
        links += [f".CLK{side}(clk)", *(f".CS{side}{k}(1'b0)" for k in range(3))]
        links += [f".DO{side}{k}(o__payload[{18 * 'AB'.index(side) + k}])" for k in range(18)]
    return f"""module dut(clk, i__payload, i__valid, i__ready, o__payload, o__valid, o__ready);
  input clk, i__valid, o__ready; input [{low - 1}:0] i__payload;
  output i__ready; output reg o__valid; output [35:0] o__payload;
  assign i__ready = 1'b1;
  initial o__valid = 0;
  always @(posedge clk) o__valid <= i__valid;
  DP16KD #(.DATA_WIDTH_A({mode.width_a}), .DATA_WIDTH_B({mode.width_b}), .WRITEMODE_A("{mode.write_a}"),
    .WRITEMODE_B("{mode.write_b}"), .REGMODE_A("{mode.register}"), .REGMODE_B("{mode.register}"),
    .RESETMODE("{mode.reset}"), {values}) ram ({", ".join(links)});
endmodule
"""


def stimulus(mode: Mode, count: int, rng: np.random.Generator) -> list[list[dict[str, int]]]:
    """Random pins on few rows; only one port writes in a cycle, and a 36-bit port is the only one to write."""
    made: list[list[dict[str, int]]] = []
    for _ in range(count):
        pair = [
            {
                "AD": int(rng.integers(128)),
                "DI": int(rng.integers(1 << 18)),
                "CE": int(rng.random() < 0.8),
                "OCE": int(rng.random() < 0.7),
                "WE": int(rng.random() < 0.5),
                "RST": int(rng.random() < 0.05),
            }
            for _ in range(2)
        ]
        if mode.width_a == 36 or pair[0]["WE"]:
            pair[1]["WE"] = 0
        made.append(pair)
    return made


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: "-".join(map(str, vars(mode).values())))
def test_block_ram(mode: Mode, tmp_path: Path) -> None:
    rng = np.random.default_rng(mode.width_a * 64 + mode.width_b)
    init = [int(v) for v in rng.integers(1 << 18, size=1024)]
    cycles = stimulus(mode, 400, rng)
    reference, expected, beats = Reference(mode, init), list[int](), list[int]()
    for pair in cycles:
        reference.cycle(pair)
        expected.append(reference.outputs())
        beat = low = 0
        for pins in pair:
            for name, bits in PINS:
                beat |= pins[name] << low
                low += bits
        beats.append(beat)
    source = Verilog(MODELS.read_text() + wrapper(mode, init), "dut", 2 * PORT_BITS, 36)
    run = simulate(source, pack_ints(beats, 2 * PORT_BITS), len(beats), engine=IcarusEngine(), work=tmp_path)
    got = unpack_ints(run.outputs, 36)
    # A port that only writes (36 bits at A) shows nothing that anybody reads.
    mask = 0xFFFFC0000 if mode.width_a == 36 and mode.width_b != 36 else 0xFFFFFFFFF
    assert [value & mask for value in got] == [value & mask for value in expected]


@pytest.mark.parametrize(("signed_a", "signed_b"), [(0, 0), (0, 1), (1, 0), (1, 1)])
def test_multiplier(signed_a: int, signed_b: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(7)
    ends = np.array([0, 1, 0x1FFFF, 0x20000, 0x3FFFF])
    a: NDArray[np.int64] = np.concatenate([np.repeat(ends, 5), rng.integers(1 << 18, size=200)])
    b: NDArray[np.int64] = np.concatenate([np.tile(ends, 5), rng.integers(1 << 18, size=200)])
    pins = ", ".join(f".{name}{k}(i__payload[{k + 18 * n}])" for n, name in enumerate("AB") for k in range(18))
    outs = ", ".join(f".P{k}(o__payload[{k}])" for k in range(36))
    text = f"""module dut(i__payload, i__valid, i__ready, o__payload, o__valid, o__ready);
  input i__valid, o__ready; input [35:0] i__payload; output i__ready, o__valid; output [35:0] o__payload;
  assign i__ready = o__ready; assign o__valid = i__valid;
  MULT18X18D mult ({pins}, .SIGNEDA(1'b{signed_a}), .SIGNEDB(1'b{signed_b}), .SOURCEA(1'b0), .SOURCEB(1'b0), {outs});
endmodule
"""
    beats = pack_ints([int(x) | int(y) << 18 for x, y in zip(a, b, strict=True)], 36)
    run = simulate(
        Verilog(MODELS.read_text() + text, "dut", 36, 36), beats, len(beats), engine=IcarusEngine(), work=tmp_path
    )
    wide = [x - ((x >> 17 & 1) << 18) * s for x, s in ((a, signed_a), (b, signed_b))]
    assert unpack_ints(run.outputs, 36) == [int(p) & (1 << 36) - 1 for p in wide[0] * wide[1]]


@pytest.mark.parametrize(
    ("clock", "enable"), [("WCK", "WRE"), ("WCK", "INV"), ("WCK", "1"), ("WCK", "0"), ("INV", "WRE")]
)
def test_distributed_memory(clock: str, enable: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    start = rng.integers(16, size=16).tolist()
    init = "".join(f"{v:x}" for v in reversed(start))
    text = f"""module dut(clk, rst, i__payload, i__valid, i__ready, o__payload, o__valid, o__ready);
  input clk, rst, i__valid, o__ready; input [12:0] i__payload;
  output i__ready, o__valid; output [3:0] o__payload;
  wire write = {"~" if enable == "INV" else ""}(i__payload[12] & i__valid & i__ready);
  assign i__ready = o__ready; assign o__valid = i__valid;
  TRELLIS_DPR16X4 #(.WCKMUX("{clock}"), .WREMUX("{enable}"), .INITVAL(64'h{init})) memory (
    .DI(i__payload[3:0]), .WAD(i__payload[7:4]), .RAD(i__payload[11:8]), .WRE(write),
    .WCK({"~" if clock == "INV" else ""}clk), .DO(o__payload));
endmodule
"""
    beats = rng.integers(1 << 13, size=400)
    words, expected = list(start), list[int]()
    if enable == "1":  # it writes in every cycle, the zeros before the first beat too
        beats |= 1 << 12
        words[0] = 0
    for beat in map(int, beats):
        expected.append(words[beat >> 8 & 15])
        if beat >> 12 and enable != "0":
            words[beat >> 4 & 15] = beat & 15
    run = simulate(
        Verilog(MODELS.read_text() + text, "dut", 13, 4),
        pack_ints(beats.tolist(), 13),
        len(beats),
        engine=IcarusEngine(),
        work=tmp_path,
    )
    assert unpack_ints(run.outputs, 4) == expected
