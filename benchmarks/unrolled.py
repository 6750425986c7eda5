"""Unrolled circuits against da4ml.

    python benchmarks/unrolled.py all [--results FOLDER]
    python benchmarks/unrolled.py adders [SIZE ...]
    python benchmarks/unrolled.py networks [CASE ...] [--ours | --peer] [--family ecp5 xc7 ice40] [--recipe ours stock]
    python benchmarks/unrolled.py routed [CASE ...] [--ours | --peer] [--seeds 1 2 3] [--clock MHZ] [--router router1]

``all``: the three others, one after the other, all families; some hours on two cores, most of them nextpnr's.

``adders``: random 8-bit matrices of the same seeds: adders, bits of adders, depth, CPU seconds. Both tools run once
before, on a small matrix; da4ml with its default options (no limit of depth, every decomposition searched).

``networks``: each network from the same integer graph through both tools, pipelined (ours for ``--clock``, da4ml with
``hard_dc=2`` and latency cut-off 3, or ``--cutoff``), then through this compiler's synthesis recipe and through Yosys'
stock command: LUT sites as nextpnr packs them (ECP5, iCE40), LUTs and carry cells (xc7), flip-flops, cycles, seconds
and memory; ``split``: LUTs of xc7 for which a slice takes two (``comparison/slices.py``).

``routed``: the same circuits between scan registers, placed and routed for an LFE5U-85F speed grade 6, median of the
seeds; what is not routed in ``--limit`` processor seconds counts as nothing. The wrapper's LUT sites are measured apart
and taken off.

Both end with the ratios of ours to da4ml, and their geometric means.

``--results FOLDER`` keeps what was measured, one JSON file each, and skips what is there; remove a file to measure it
again. da4ml (``pip install .[bench]``) is left out with a sentence where it is not installed. ``NNFPGA_DATA`` names
the folder of shared models, see tests/conftest.py.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from comparison import adders, ours, peer
from comparison.cases import CASES
from comparison.made import Made, alone
from comparison.ratios import size_ratios, speed_ratios
from comparison.routing import Setting, prepare, route
from comparison.slices import split_luts
from comparison.synthesis import PACKERS, THROUGH, counted, rtlil_of, sites

from nnfpga.boards.devices import LFE5U_85F
from nnfpga.tools.recipes import Family

NETWORKS = [name for name in CASES if name not in ("m16", "m32")]
ROUTED = ["mlp_a", "bnn_d", "m16"]

Row = dict[str, Any]


class Bench:
    """Measures, and keeps what it measured."""

    def __init__(self, options: argparse.Namespace, work: Path) -> None:
        self.options, self.work = options, work
        self.results: Path | None = options.results
        self.ready: dict[str, Made] = {}
        if self.results is not None:
            self.results.mkdir(parents=True, exist_ok=True)

    def named(self, tool: str, case: str, family: Family = "ecp5") -> str:
        """A circuit's name; ours is another one for families that have a device of their own."""
        if tool == "da4ml":
            return f"{case}-da4ml" + (f"-{self.options.cutoff:g}" if self.options.cutoff != peer.CUTOFF else "")
        return f"{case}-{tool}" + (f"-{family}" if family in ours.DEVICES else "")

    def kept(self, name: str, measure: Callable[[], Row]) -> Row:
        """The row of a name: read, or measured and written."""
        file = None if self.results is None else self.results / f"{name}.json"
        if file is not None and file.exists():
            return json.loads(file.read_text())
        row = measure()
        if file is not None:
            file.write_text(json.dumps(row, indent=1) + "\n")
        return row

    def made(self, tool: str, case: str, family: Family = "ecp5") -> tuple[Made, Path]:
        """A tool's circuit of a case, made once; ours for a chip of the family."""
        name = self.named(tool, case, family)
        folder = self.work / name
        folder.mkdir(exist_ok=True)
        if name not in self.ready:
            make = (
                partial(ours.make, device=ours.DEVICES.get(family, LFE5U_85F))
                if tool == "ours"
                else partial(peer.make, cutoff=self.options.cutoff)
            )
            self.ready[name] = alone(make, case, self.options.clock, folder)
        return self.ready[name], folder

    def network(self, tool: str, case: str, family: Family) -> Row:
        """Adders, depth, cycles, and what making it took."""

        def measure() -> Row:
            made, _ = self.made(tool, case, family)
            row = asdict(made)
            del row["hdl"]
            return row

        return self.kept(self.named(tool, case, family), measure)

    def synthesised(self, tool: str, case: str, recipe: str, family: Family) -> Row:
        """Cells, and LUT sites where nextpnr packs the family."""

        def measure() -> Row:
            made, folder = self.made(tool, case, family)
            work = folder / f"{recipe}-{family}"
            row = counted(THROUGH[recipe](rtlil_of(made, folder), family, "circuit", work), family)
            if family == "xc7":
                return {**row, "split": split_luts(work / "netlist.json", "circuit")}
            return {**row, "sites": sites(family, work, self.options.pack_limit)} if family in PACKERS else row

        circuit = self.named(tool, case)
        return self.kept(f"{circuit}-{recipe}-{family}", measure)

    def routed(self, tool: str, case: str, recipe: str) -> Row:
        """MHz, latency and LUT sites of the routed circuit; each seed is kept by itself."""
        o = self.options
        how = Setting(o.router, o.freq, tuple(o.nextpnr), o.limit)
        name = f"{self.named(tool, case)}-{recipe}-wrapped" + (f"-{o.clock:g}" if tool == "ours" else "")
        work = self.work / name

        def prepared() -> Row:
            made, folder = self.made(tool, case)
            row = prepare(rtlil_of(made, folder), made.inputs, made.outputs, THROUGH[recipe], work)
            return {**row, "cycles": made.cycles, "clock": o.clock}

        def seeded(seed: int) -> Row:
            if not (work / "netlist.json").exists():
                prepared()
            return {**asdict(route(seed, how, work)), "setting": asdict(how)}

        row = self.kept(name, prepared)
        each = [self.kept(f"{name}-{o.router}-{o.freq:g}-seed{seed}", partial(seeded, seed)) for seed in o.seeds]
        mhz = median(r["mhz"] for r in each)
        latency = 1000 * row["cycles"] / mhz if mhz else None
        return {
            **row, "mhz": [r["mhz"] for r in each], "seconds": [r["cpu_seconds"] for r in each], "median_mhz": mhz,
            "latency_ns": latency, "latency_times_sites": latency and latency * row["own_sites"],
        }  # fmt: skip


def tools_of(options: argparse.Namespace) -> list[str]:
    """The tools that are asked for and there."""
    if options.ours:
        return ["ours"]
    if not peer.installed():
        print("da4ml is not installed: only this compiler is measured (pip install .[bench])", file=sys.stderr)
        return ["ours"]
    return ["da4ml"] if options.peer else ["ours", "da4ml"]


def networks(bench: Bench) -> None:
    """Print the table of networks."""
    o = bench.options
    print("| network | tool | adders | depth | cycles | CPU s | wall s | MiB | recipe | family | LUT | carry cells "
          "| FF | LUT sites | split |")  # fmt: skip
    print("|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|")
    own: dict[str, dict[str, Row]] = {family: {} for family in o.family}
    peers: dict[str, dict[tuple[str, str], Row]] = {family: {} for family in o.family}
    for case in o.cases or NETWORKS:
        for tool in tools_of(o):
            for family in o.family:
                made = bench.network(tool, case, family)
                for recipe in o.recipe or (["ours"] if tool == "ours" else ["stock", "ours"]):
                    row = bench.synthesised(tool, case, recipe, family)
                    if tool == "da4ml":
                        peers[family][case, recipe] = row
                    elif recipe == "ours":
                        own[family][case] = row
                    print(
                        f"| {case} | {tool} | {made['adders']} | {made['depth']} | {made['cycles']} "
                        f"| {made['cpu_seconds']:.1f} | {made['wall_seconds']:.1f} | {made['peak_mib']:.0f} | {recipe} "
                        f"| {family} | {row['lut']} | {row['carry']} | {row['ff']} | {row.get('sites') or ''} "
                        f"| {row.get('split', '')} |",
                        flush=True,
                    )
    for family in o.family:
        size_ratios(family, own[family], peers[family])


def routed(bench: Bench) -> None:
    """Print the table of routed circuits."""
    o = bench.options
    print("| circuit | tool | recipe | cycles | LUT sites | FF | MHz per seed | median | latency ns "
          "| latency x sites | CPU s |")  # fmt: skip
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    own: dict[str, Row] = {}
    peers: dict[tuple[str, str], Row] = {}
    for case in o.cases or ROUTED:
        for tool in tools_of(o):
            for recipe in o.recipe or (["ours"] if tool == "ours" else ["stock", "ours"]):
                r = bench.routed(tool, case, recipe)
                if tool == "da4ml":
                    peers[case, recipe] = r
                elif recipe == "ours":
                    own[case] = r
                each = ", ".join(f"{mhz:.1f}" if mhz else "not routed" for mhz in r["mhz"])
                latency = f"{r['latency_ns']:.1f}" if r["latency_ns"] else "none"
                both = f"{r['latency_times_sites']:.0f}" if r["latency_ns"] else "none"
                times = ", ".join(f"{s:.0f}" for s in r["seconds"])
                print(
                    f"| {case} | {tool} | {recipe} | {r['cycles']} | {r['own_sites']} | {r['ff']} | {each} "
                    f"| {r['median_mhz']:.1f} | {latency} | {both} | {times} |",
                    flush=True,
                )
    speed_ratios(own, peers)


def main() -> int:
    """Run one part of the comparison."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", choices=["all", "adders", "networks", "routed"])
    parser.add_argument("cases", nargs="*", metavar="CASE", help=f"{', '.join(CASES)}; or sizes of matrices")
    parser.add_argument("--ours", action="store_true", help="only this compiler")
    parser.add_argument("--peer", action="store_true", help="only da4ml")
    parser.add_argument("--family", nargs="+", default=["ecp5", "xc7", "ice40"], choices=["ecp5", "xc7", "ice40"])
    parser.add_argument("--recipe", nargs="+", choices=[*THROUGH], help="default: ours; for da4ml both")
    parser.add_argument("--clock", type=float, default=100.0, help="MHz that ours is pipelined for")
    parser.add_argument("--cutoff", type=float, default=peer.CUTOFF, help="latency of da4ml's stages")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--router", default="router1")
    parser.add_argument("--freq", type=float, default=200.0, help="MHz that nextpnr aims at")
    parser.add_argument("--nextpnr", nargs="+", default=[], help="more options of nextpnr-ecp5")
    parser.add_argument("--limit", type=float, default=900.0, help="processor seconds for one routing")
    parser.add_argument("--pack-limit", type=float, default=900.0, help="seconds for packing; LUTs are counted beyond")
    parser.add_argument("--results", type=Path)
    parser.add_argument("--work", type=Path, help="keep netlists and logs here")
    options = parser.parse_args()
    if options.part == "all" and options.cases:
        parser.error("all takes no cases")
    if options.part in ("all", "adders"):
        adders.table([int(n) for n in options.cases])
    with tempfile.TemporaryDirectory(prefix="nnfpga-bench-") as folder:
        work = options.work or Path(folder)
        work.mkdir(parents=True, exist_ok=True)
        bench = Bench(options, work)
        if options.part in ("all", "networks"):
            networks(bench)
        if options.part in ("all", "routed"):
            routed(bench)
    return 0


if __name__ == "__main__":
    sys.exit(main())
