"""Lattice Nexus (CrossLink-NX, Certus-NX): two bits of a sum are one CCU2, which takes the place of two LUT4."""

from .recipe import Recipe, Request


def command(request: Request) -> str:
    """``synth_nexus`` with its options; pads belong to the chip, not to the network."""
    return " ".join(
        [
            "synth_nexus -noiopad",
            *([] if request.dsp else ["-nodsp"]),
            *([] if request.flatten else ["-noflatten"]),
            *request.options,
            f"-top {request.top}",
        ]
    )


def commands(request: Request) -> list[str]:
    """All steps but the check."""
    return [f"{command(request)} -run begin:check"]


NEXUS = Recipe(
    family="nexus",
    command=command,
    commands=commands,
    luts={"LUT4": 1, "INV": 1, "WIDEFN9": 2, "CCU2": 2, "DPR16X4": 6},
    ffs=("FD1",),
    carries=("CCU2",),
    rams=("PDP16K", "DP16K", "PDPSC16K", "SP16K", "FIFO16K", "SP512K", "DPSC512K", "PDPSC512K"),
    dsps=("MULT",),
)
