"""A matrix of sines with and without multipliers.

    python benchmarks/sine.py [--families ice40,ecp5,xc7] [--bits 8,7,6,5] [--folds 1x1,4x4]

``examples/sine-digits``, 64-32-10, weights and activations are sines. Its first matrix alone, folded (``pe`` outputs by
``simd`` inputs a cycle, weights in memory), as products of values and as cosines of angles, without multiplier blocks,
mapped by both variants of this compiler's recipe; the smaller one is shown. Of B bits, weights and activations of a
product have B each; of B bits to a full turn, a weight's angle uses B - 1 and an activation's B - 2. LUTs as Yosys
counts them, and as estimated; accuracy of the whole network in this form on the 360 held-out samples.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from amaranth.back import rtlil

from nnfpga.boards.devices import HX1K, LFE5U_25F, XC7A35T
from nnfpga.compiler.device import Device
from nnfpga.compiler.graph import Graph
from nnfpga.compiler.layers.dense import Dense
from nnfpga.compiler.layers.sines import Sines
from nnfpga.compiler.plan import Folded, Implementation, Plan, Turns
from nnfpga.model import Model, accuracy, read_model
from nnfpga.options import Options
from nnfpga.rtl import costs
from nnfpga.rtl.network import Network
from nnfpga.tools.recipes import Family
from nnfpga.tools.yosys import synthesise

EXAMPLE = Path(__file__).parents[1] / "examples" / "sine-digits"
CHIPS: dict[Family, Device] = {"ice40": HX1K, "ecp5": LFE5U_25F, "xc7": XC7A35T}


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--families", default=",".join(CHIPS))
    parser.add_argument("--bits", default="8,7,6,5")
    parser.add_argument("--folds", default="1x1,4x4", help="pe x simd")
    options = parser.parse_args()
    print(f"float accuracy: {accuracy(read(HX1K, 8, angles=False))['float']['accuracy']:.2%}\n")
    print(
        "| family | pe x simd | bits | form | LUT | estimated | carry | FF | block RAM | to 8-bit products | accuracy |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    for family, device in CHIPS.items():
        if family not in options.families.split(","):
            continue
        models = {
            (bits, form): read(device, bits, form == "angles")
            for bits in map(int, options.bits.split(","))
            for form in ("products", "angles")
        }
        for fold in options.folds.split(","):
            pe, simd = map(int, fold.split("x"))
            first: int | None = None
            for (bits, form), model in models.items():
                found, estimate = mapped(model.graph, family, pe, simd)
                first = first or found["lut"]
                right = accuracy(model)["fixed"]["accuracy"]
                print(
                    f"| {family} | {fold} | {bits} | {form} | {found['lut']} | {estimate:.0f} | {found['carry']} "
                    f"| {found['ff']} | {found['bram']} | {found['lut'] / first:.2f} | {right:.2%} |",
                    flush=True,
                )
    return 0


def read(device: Device, bits: int, angles: bool) -> Model:
    """The integer model of the example in one form."""
    options = Options(bits=bits, output="class")
    return read_model(EXAMPLE / "model.onnx", EXAMPLE / "data.npz", options, device, angles=angles)


def mapped(graph: Graph, family: Family, pe: int, simd: int) -> tuple[dict[str, int], float]:
    """What the first matrix takes, and its estimated LUTs."""
    layer = next(layer for layer in graph.layers if isinstance(layer, Dense | Sines))
    choice: Implementation = Folded(pe, simd) if isinstance(layer, Dense) else Turns(pe, simd)
    device = CHIPS[family]
    alone = Graph((graph.tensors[layer.inputs[0]],), (layer,), (layer.name,))
    network = Network(alone, Plan(device.name, 50.0, {layer.name: choice}), device)
    text = rtlil.convert(network, name="layer", emit_src=False)
    with tempfile.TemporaryDirectory() as work:
        ways = [synthesise(text, family, "layer", Path(work, f"{area}"), area=area).resources for area in (False, True)]
    return min(ways, key=lambda r: r["lut"]), costs(alone, layer, choice, device).lut.value


if __name__ == "__main__":
    sys.exit(main())
