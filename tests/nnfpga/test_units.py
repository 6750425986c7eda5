"""Units for the functions of networks: smaller than tables once mapped, found once, and exact in the design."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from nnfpga import units
from nnfpga.boards.devices import LFE5U_25F
from nnfpga.compiler.circuit.ir import Circuit, Lookup
from nnfpga.compiler.device import GENERIC
from nnfpga.compiler.exact import fractions
from nnfpga.compiler.functions.choose import Effort, candidates, plain
from nnfpga.compiler.functions.target import Target
from nnfpga.compiler.graph import Graph, Tensor
from nnfpga.compiler.layers.scalar import Scalar
from nnfpga.compiler.number import Number
from nnfpga.compiler.plan import Plan, Unrolled
from nnfpga.compiler.scalar.pieces import Line, Pieces
from nnfpga.rtl.island import Island
from nnfpga.rtl.network import Network
from nnfpga.rtl.rtlil import to_rtlil
from nnfpga.units import FABRICS, NetworkUnits, mapped

QUICK = Effort(starts=4, first=1000, kept=1, longer=3000, last=6000)
X = np.arange(-32, 32)
SIGMOID = np.rint(31 / (1 + np.exp(-X / 8))).astype(np.int64)


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NNFPGA_CACHE", str(tmp_path / "cache"))


def silent(_: str) -> None:
    """Tell nobody."""


@pytest.mark.slow
def test_beyond_tables_lines_in_segments_are_tried_too(tmp_path: Path) -> None:
    x = np.arange(-4096, 4096)
    y = np.rint(2047 / (1 + np.exp(-x / 512))).astype(np.int64)
    target = Target.of(-4096, np.maximum(y - 1, 0), np.minimum(y + 1, 2047))
    unit = NetworkUnits("ecp5", silent, QUICK)(target)
    assert unit is not None
    assert target.holds(unit.evaluate(x.reshape(-1, 1))[:, 0])
    (bits,) = candidates([target], FABRICS["ecp5"], QUICK, 1, silent)[:1]
    assert mapped(unit, "ecp5", tmp_path / "unit", silent)[0]["lut"] < 0.9 * (bits.luts or 0)


def test_a_unit_is_smaller_found_once_and_made_again_where_its_file_is_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = Target.of(-32, SIGMOID, SIGMOID)
    unit = NetworkUnits("ecp5", silent, QUICK)(target)
    assert unit is not None
    assert (unit.evaluate(X.reshape(-1, 1))[:, 0] == SIGMOID).all()
    luts = {
        name: mapped(circuit, "ecp5", tmp_path / name, silent)[0]["lut"]
        for name, circuit in (("unit", unit), ("table", plain(target).circuit))
    }
    assert luts["unit"] <= 0.9 * luts["table"]
    (file,) = (tmp_path / "cache" / "functions").glob("*.units.json")
    file.write_text(file.read_text().replace("table=1", "table=2"))
    again = NetworkUnits("ecp5", silent, QUICK)
    assert str(again(target)) == str(unit)
    assert [*map(str, again.found.values())] == [str(unit)]

    def never(*_: object) -> list[object]:
        raise AssertionError("it is in the cache")

    monkeypatch.setattr(units, "candidates", never)
    assert str(NetworkUnits("ecp5", silent, QUICK)(target)) == str(unit)


def test_what_a_table_does_as_well_stays_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """That is remembered, too; what fits one LUT for each bit is not even looked for."""
    target = Target.of(-32, SIGMOID, SIGMOID)
    monkeypatch.setattr(units, "mapped", lambda *_: ({"lut": 7}, ""))
    assert NetworkUnits("ecp5", silent, QUICK)(target) is None
    monkeypatch.setattr(units, "candidates", None)
    assert NetworkUnits("ecp5", silent, QUICK)(target) is None
    assert NetworkUnits("ecp5", silent, QUICK)(Target.of(0, X[:16], X[:16])) is None


def test_devices() -> None:
    assert NetworkUnits.of(GENERIC, silent) is None
    found = NetworkUnits.of(LFE5U_25F, silent)
    assert found is not None
    assert found.family == "ecp5"


def test_unrolled_scalars_of_a_network_get_units() -> None:
    """All elements share one; the circuit has the graph's values."""
    x = Tensor("x", (3,), Number.of(-32, 31), fractions([1]), fractions([0]))
    pieces = Pieces.of(-32, 31, [Line(v, 0, y, 0) for v, y in zip(X.tolist(), SIGMOID.tolist(), strict=True)])
    graph = Graph((x,), (Scalar("y", ("x",), (pieces,), fractions([1])),), ("y",))
    found = NetworkUnits("ecp5", silent, QUICK)
    plan = Plan(LFE5U_25F.name, 25.0, {"y": Unrolled()})
    with_units, without = (circuit_of(Network(graph, plan, LFE5U_25F, u)) for u in (found, None))
    assert len(found.found) == 1
    assert not any(isinstance(node, Lookup) for node in with_units.nodes)
    assert sum(isinstance(node, Lookup) for node in without.nodes) == 3
    values = np.random.default_rng(1).integers(-32, 32, (200, 3))
    assert (with_units.evaluate(values) == graph.evaluate(values)["y"]).all()


def circuit_of(network: Network) -> Circuit:
    """The circuit of a network of one island, which is made into hardware, too."""
    (stage,) = network.stages
    assert isinstance(stage.unit, Island)
    to_rtlil(network, "top")
    return stage.unit.circuit
