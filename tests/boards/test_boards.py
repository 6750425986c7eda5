from __future__ import annotations

import subprocess
import sys

import pytest

from nnfpga import boards
from nnfpga.boards.board import platform_factory
from nnfpga.boards.devices import DEVICES, HX1K, LFE5U_25F, UP5K
from nnfpga.compiler.device import GENERIC
from nnfpga.compiler.errors import CompileError

KNOWN = "icebreaker, icestick, ulx3s-12f, ulx3s-25f, ulx3s-45f, ulx3s-85f"


def test_names() -> None:
    assert ", ".join(boards.names()) == KNOWN
    assert boards.find("ULX3S-85F").device.name == "lfe5u-85f"
    assert boards.find_device("UP5K") is UP5K
    assert boards.find_device("generic") is GENERIC


def test_unknown_board() -> None:
    with pytest.raises(CompileError) as error:
        boards.find("icebraker")
    assert str(error.value) == (
        f"board 'icebraker': no board of that name is known; did you mean 'icebreaker'? known: {KNOWN}"
    )
    with pytest.raises(CompileError) as error:
        boards.find("zzz")
    assert str(error.value) == f"board 'zzz': no board of that name is known; known: {KNOWN}"


def test_unknown_device() -> None:
    with pytest.raises(CompileError) as error:
        boards.find_device("lfe5u-25")
    assert str(error.value) == (
        "device 'lfe5u-25': no device of that name is known; did you mean 'lfe5u-25f'? "
        "known: hx1k, up5k, lfe5u-12f, lfe5u-25f, lfe5u-45f, lfe5u-85f, generic"
    )


@pytest.mark.parametrize("device", DEVICES, ids=lambda device: device.name)
def test_devices_are_sane(device: boards.Device) -> None:
    assert device.name == device.name.lower()
    assert device.family in ("ice40", "ecp5")
    assert device.luts == device.ffs > 1000
    assert device.bram_bits == {"ice40": 4096, "ecp5": 18432}[device.family]
    assert 16 <= device.brams <= 208
    timing = device.timing
    assert 0 < timing.carry_ns < timing.lut_ns < timing.ram_ns
    assert device.limited
    assert not GENERIC.limited


@pytest.mark.parametrize(
    ("device", "width", "measured_ns"),
    [
        (HX1K, 8, 2.74),
        (HX1K, 24, 5.15),
        (UP5K, 8, 6.98),
        (UP5K, 24, 12.54),
        (LFE5U_25F, 8, 2.80),
        (LFE5U_25F, 24, 3.39),
    ],
)
def test_adder_estimate_is_close(device: boards.Device, width: int, measured_ns: float) -> None:
    """Measured by nextpnr 0.11 on a registered adder (docs/boards.md)."""
    timing = device.timing
    estimate = timing.overhead_ns + timing.lut_ns + timing.carry_ns * width
    assert measured_ns <= estimate * 1.02
    assert estimate <= measured_ns * 1.2


@pytest.mark.parametrize("name", boards.names())
def test_boards_are_sane(name: str) -> None:
    board = boards.find(name)
    assert board.name == name
    assert board.divisor * board.baud == board.oscillator_mhz * 1e6, "the baud rate is exact"
    platform = board.platform()
    assert platform.default_clk == board.oscillator
    assert platform.default_clk_frequency == board.oscillator_mhz * 1e6
    assert platform.device.lower() in (board.device.name, f"ice40{board.device.name}")


def test_missing_package() -> None:
    with pytest.raises(CompileError) as error:
        platform_factory("ulx3s_no_such_module", "X")()
    assert str(error.value) == (
        "board ulx3s_no_such_module: the package amaranth-boards is not installed; run: pip install nnfpga[ecp5]"
    )


def test_finding_and_talking_need_no_amaranth() -> None:
    script = "import sys, nnfpga.boards.host; assert not {'amaranth', 'amaranth_boards', 'serial'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", script], check=True)
