"""Gowin GW1N: a bit of a sum is one ALU cell, which takes the place of a LUT4."""

from .recipe import Recipe, Request


def command(request: Request) -> str:
    """``synth_gowin`` with its options; pads belong to the chip, not to the network."""
    return " ".join(
        [
            "synth_gowin -noiopads",
            *([] if request.dsp else ["-nodsp"]),
            *([] if request.flatten else ["-noflatten"]),
            *request.options,
            f"-top {request.top}",
        ]
    )


def commands(request: Request) -> list[str]:
    """All steps but the check."""
    return [f"{command(request)} -run begin:check"]


GOWIN = Recipe(
    family="gowin",
    command=command,
    commands=commands,
    luts={"LUT1": 1, "LUT2": 1, "LUT3": 1, "LUT4": 1, "ALU": 1, "RAM16S4": 4, "RAM16SDP4": 4},
    ffs=("DFF",),
    carries=("ALU",),
    rams=("SP", "SPX9", "SDP", "DP"),
    dsps=("MULT",),
)
