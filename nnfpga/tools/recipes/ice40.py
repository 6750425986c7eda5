"""iCE40: a bit of a sum is one cell, LUT and carry; the packer needs no help at the ends."""

from .recipe import Recipe, Request, blocks


def command(request: Request) -> str:
    """``synth_ice40`` with its options."""
    return " ".join(
        [
            "synth_ice40 -abc9",
            *(["-spram"] if request.spram else []),
            *([] if request.flatten else ["-noflatten"]),
            *request.options,
            f"-top {request.top}",
        ]
    )


def commands(request: Request) -> list[str]:
    """All but the last step, which gives each cell a name that is longer than its logic."""
    if not request.area:
        return [f"{command(request)} -run begin:check"]
    return [
        f"{command(request)} -run begin:map_luts",
        "abc -lut 4 -script +if,-a",
        "ice40_wrapcarry -unwrap",
        "techmap -map +/ice40/ff_map.v",
        "clean",
        "opt_lut -tech ice40",
        f"{command(request)} -run map_cells:check",
    ]


ICE40 = Recipe(
    family="ice40",
    command=command,
    commands=commands,
    luts={"SB_LUT4": 1},
    ffs=("SB_DFF",),
    carries=("SB_CARRY",),
    rams=("SB_RAM40",),
    dsps=("SB_MAC16",),
    blocks=blocks("+/ice40/dsp_map.v", (16, 16), "$__MUL16X16", pack="ice40_dsp"),
)
