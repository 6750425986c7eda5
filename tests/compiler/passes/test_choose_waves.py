"""Functions of angles with their logic: how far they are off, and that the circuits have their values."""

from __future__ import annotations

import numpy as np
import pytest

from nnfpga.compiler.circuit.ir import Circuit
from nnfpga.compiler.functions.choose import Effort, candidates
from nnfpga.compiler.functions.lookups import Units
from nnfpga.compiler.functions.network import Fabric
from nnfpga.compiler.functions.target import Target
from nnfpga.compiler.layers.sines import Waves
from nnfpga.compiler.passes.choose_waves import choose_waves

QUICK = Effort(starts=2, first=200, kept=1, longer=300, last=300)


def quick(target: Target) -> Circuit | None:
    """The best unit of a short search."""
    return candidates([target], Fabric(4, absorbs=False), QUICK, 1, lambda _: None)[0].circuit


def nothing(_: Target) -> Circuit | None:
    """As if tables were better."""
    return None


def wanted(waves: Waves) -> np.ndarray:
    """The real products of all angles, (n, n)."""
    steps = np.arange(waves.steps) * waves.step
    return 2 * waves.amplitude * np.outer(np.sin(steps + waves.step / 2), np.sin(steps))


@pytest.mark.parametrize("units", [quick, nothing])
@pytest.mark.parametrize(("bits", "amplitude"), [(4, 8.0), (5, 20.4)])
def test_both_functions_are_a_unit_off_at_most(bits: int, amplitude: float, units: Units) -> None:
    plain = Waves.of(bits, amplitude)
    made = choose_waves(plain, units)
    for values, circuit, (low, high) in zip((made.even, made.odd), made.circuits, plain.within(1.0), strict=True):
        assert ((low <= values) & (values <= high)).all()
        codes = np.arange(-made.steps, made.steps).reshape(-1, 1)
        assert circuit.evaluate(codes)[:, 0].tolist() == list(values)
    assert made.product is None
    assert np.abs(made.products + 0.5 - wanted(made)).max() <= 2
    if units is nothing:
        assert (made.even, made.odd) == (plain.even, plain.odd)


@pytest.mark.parametrize("units", [quick, nothing])
@pytest.mark.parametrize(("bits", "amplitude"), [(1, 1.0), (3, 4.0), (3, 5.1)])
def test_small_products_are_the_nearest(bits: int, amplitude: float, units: Units) -> None:
    made = choose_waves(Waves.of(bits, amplitude), units)
    assert made.product is not None
    assert np.abs(made.products - wanted(made)).max() <= 0.5 + 1e-9
    assert not made.products[:, 0].any()  # no angle, nothing
