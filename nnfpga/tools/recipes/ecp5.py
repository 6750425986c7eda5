"""ECP5: two bits of a sum are one CCU2C, which takes the place of two LUT4; its ends stay open (``ecp5_sums.v``)."""

from .recipe import Recipe, Request, blocks


def command(request: Request) -> str:
    """``synth_ecp5`` with its options."""
    return " ".join(
        [
            "synth_ecp5 -nodsp",
            *([] if request.flatten else ["-noflatten"]),
            *request.options,
            f"-top {request.top}",
        ]
    )


def commands(request: Request) -> list[str]:
    """Sums become chains before Yosys splits them where a constant ends the carry, and maps them with tied ends.

    Unrolled logic is mapped as it is written, for area: abc9 builds the full adders of a popcount anew, for delay and
    with the multiplexers between LUTs (layer 2 of bnn_d: 2,292 LUT4 and 33 s instead of 1,256 and 10 s).
    """
    sums = [f"{command(request)} -run begin:map_ffram", "techmap -autoproc -map ecp5_sums.v a:nnfpga_sum", "opt_clean"]
    if not (request.quick or request.area):
        return [*sums, f"{command(request)} -run map_ffram:check"]
    return [
        *sums,
        f"{command(request)} -run map_ffram:map_luts",
        "abc -lut 4 -script +strash;if,-a",
        "clean",
        f"{command(request)} -run map_cells:check",
    ]


ECP5 = Recipe(
    family="ecp5",
    command=command,
    commands=commands,
    luts={"LUT4": 1, "CCU2C": 2, "TRELLIS_DPR16X4": 6},
    ffs=("TRELLIS_FF",),
    carries=("CCU2C",),
    rams=("DP16KD", "PDPW16KD"),
    dsps=("MULT18X18D",),
    blocks=blocks("+/lattice/dsp_map_18x18.v", (18, 18), "$__MUL18X18"),
    files=("ecp5_sums.v",),
)
