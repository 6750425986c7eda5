"""From the real-valued network to the integer graph: one pure function per file, in this order."""

from __future__ import annotations

from collections.abc import Callable

from ..graph import Graph
from ..real import RealGraph
from .absorb_weights import absorb_weights
from .by_angles import by_angles
from .choose_functions import choose_functions
from .collapse import collapse
from .compose_scalars import compose_scalars
from .correct_bias import correct_bias
from .cut_input import cut_input
from .distances import USUAL, Ways, distances, forms_of
from .drop_identities import drop_identities
from .drop_requantize import drop_requantize
from .drop_softmax import drop_softmax
from .ends import Entry, entry, split_exit
from .equalise import equalise
from .few_digits import few_digits
from .fix_constants import fix_constants
from .fold_affine import fold_affine
from .fold_layout import fold_layout
from .hoist_monotone import hoist_monotone
from .levels import mark_levels, mark_weights, roundings
from .loosen import Loosened, loosen
from .lower import lower
from .merge_neurons import merge_neurons
from .narrow_quantizers import narrow_quantizers
from .quantize import Calibration, Width, quantize
from .sample_values import sample_values
from .scale_at_host import scale_at_host
from .square_roots import square_roots
from .turn_input import turn_input

__all__ = [
    "INTEGER", "REAL", "Calibration", "Entry", "Loosened", "Ways", "Width", "by_angles", "choose_functions",
    "cut_input", "drop_softmax", "entry", "few_digits", "forms_of", "loosen", "lower", "optimise", "quantize",
    "sample_values", "scale_at_host", "simplify", "split_exit", "to_fixed_point", "within",
]  # fmt: skip

REAL: tuple[Callable[[RealGraph], RealGraph], ...] = (
    fold_layout, turn_input, roundings, hoist_monotone, narrow_quantizers, mark_levels, mark_weights,
    fold_affine, collapse, fix_constants, merge_neurons, fold_affine, drop_requantize, absorb_weights,
)  # fmt: skip
"""Before quantisation, behind `distances`: nothing here changes the network's real function."""

INTEGER: tuple[Callable[[Graph], Graph], ...] = (drop_identities, compose_scalars)
"""After lowering: nothing here changes an integer that leaves the network."""


def simplify(graph: RealGraph, ways: Ways = USUAL) -> RealGraph:
    """All real-valued passes in order; ``ways`` say how distances are written."""
    graph = distances(square_roots(graph), ways)
    for step in REAL:
        graph = step(graph)
    return graph


def within(graph: RealGraph, low: float, high: float) -> RealGraph:
    """The same function on inputs in ``low .. high``, without the neurons that are constant there."""
    return fold_affine(merge_neurons(fix_constants(graph, graph.bounds(low, high))))


def to_fixed_point(graph: RealGraph, calibration: Calibration) -> RealGraph:
    """All passes of post-training quantisation in order."""
    if calibration.angles:
        graph = by_angles(graph, calibration.values)
    graph, calibration = equalise(graph, calibration)
    quantised = quantize(graph, calibration)
    return quantised if calibration.samples is None else correct_bias(graph, quantised, calibration.samples)


def optimise(graph: Graph) -> Graph:
    """All integer passes in order."""
    for step in INTEGER:
        graph = step(graph)
        graph.verify()
    return graph
