"""Xilinx, for LUT counts that can be compared with the literature: 7 series (LUT6, CARRY4) and Spartan 3 (LUT4, MUXCY).

No pads and clock buffers: the network alone is counted. A shift register in a LUT (SRL) and a distributed RAM count as
the LUTs that they take, a LUT with two outputs as one, an inverter too.

On 7 series the sum of three words that a module holds by itself (attribute ``nnfpga_ternary``) is one carry chain with
one LUT per bit (``xilinx_ternary.v``). A slice has one way out for the second output of such a LUT and the sum beside
it, so a packer keeps to that LUT where the sum goes to a flip-flop, and may take a second one elsewhere.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

from .recipe import Family, Recipe, Request

_LUTS = {"INV": 1} | {f"LUT{n}": 1 for n in range(1, 7)}
_SHIFT = {"SRL16": 1, "SRL16E": 1, "SRLC16E": 1, "SRLC32E": 1}


def _command(family: Family) -> Callable[[Request], str]:
    def command(request: Request) -> str:
        """``synth_xilinx`` with its options."""
        return " ".join(
            [
                f"synth_xilinx -family {family} -noiopad -noclkbuf",
                *([] if request.dsp else ["-nodsp"]),
                *(["-flatten"] if request.flatten else []),
                *request.options,
                f"-top {request.top}",
            ]
        )

    return command


def _commands(family: Family, request: Request) -> list[str]:
    """All steps but the check; for area the step ``map_luts`` of ``synth_xilinx`` without abc9.

    Spartan 3 without its wide multiplexers: abc9 takes them for free and builds products of twice the LUTs with them.
    """
    if family == "xc3s":
        request = replace(request, options=("-nowidelut", *request.options))
    command = _command(family)(request)
    if not request.area:
        return [f"{command} -run begin:check"]
    luts = 4 if family == "xc3s" else 6
    return [
        f"{command} -run begin:map_luts",
        "opt_expr -mux_undef -noclkinv",
        f"abc -lut {luts} -script +if,-a",
        "clean",
        f"techmap -map +/xilinx/lut_map.v -map +/xilinx/cells_map.v -D LUT_WIDTH={luts}",
        "opt_lut_ins -tech xilinx",
        f"{command} -run finalize:check",
    ]


def _recipe(
    family: Family,
    carries: tuple[str, ...],
    more: Mapping[str, int],
    rams: tuple[str, ...],
    sums: tuple[str, ...] = (),
    files: tuple[str, ...] = (),
) -> Recipe:
    return Recipe(
        family=family,
        command=_command(family),
        commands=lambda request: _commands(family, request),
        luts={**_LUTS, **_SHIFT, **more},
        ffs=("FD",),
        carries=carries,
        rams=rams,
        dsps=("DSP48", "MULT18X18"),
        files=files,
        sums=sums,
    )


_TERNARY = (
    "select -set ternary a:nnfpga_ternary %m",
    "wreduce @ternary",
    "opt_clean",
    "alumacc @ternary",
    "techmap -map xilinx_ternary.v @ternary t:$macc_v2 %i",
    "maccmap -unmap @ternary t:$macc_v2 %i",
    "opt_clean",
)
"""A module of one sum alone: Yosys merges its additions into one cell, without those of other sums."""

XC7 = _recipe(
    "xc7",
    ("CARRY4",),
    {"LUT6_2": 1, "RAM32M": 4, "RAM64M": 4, "RAM32X1D": 2, "RAM64X1D": 2, "RAM128X1D": 4},
    ("RAMB18", "RAMB36"),
    _TERNARY,
    ("xilinx_ternary.v",),
)
XC3S = _recipe("xc3s", ("MUXCY",), {"RAM16X1S": 1, "RAM16X1D": 2}, ("RAMB16",))
