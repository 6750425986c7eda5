"""The stages with the fewest register bits, by minimum cuts.

A value has copies in registers from its stage to the last stage that reads it: bits times the difference. That is the
minimum-area retiming with shared registers of Leiserson and Saxe (1991), the dual of a minimum-cost flow, and an
L-natural convex function of the stages. So it is minimised by steepest ascent (Murota, "Discrete convex analysis",
2003): from the earliest stages, move that set of values one stage later which saves most, until none saves anything.
The set is a closure of maximum weight, found by a minimum cut; there are no more steps than stages (Murota and Shioura,
"Exact bounds for steepest descent algorithms of L-convex function minimization", 2014).
"""

from __future__ import annotations

import numpy as np

from ..native import native
from .cut import Network, cut
from .stages import Delays, Int64, conflicts

__all__ = ["fewest_registers"]


def fewest_registers(delays: Delays, period: int, stage: Int64, stages: int, bits: Int64) -> Int64:
    """The stage of each value that takes the fewest register bits in so many stages.

    ``stage`` holds the earliest ones. Inputs, which read nothing, stay in the first stage.
    """
    n = len(delays)
    if stages == 1 or n == 0:
        return stage
    fixed = np.diff(delays.start) == 0
    readers = np.diff(delays.readers_start)
    at_end = np.zeros(n, dtype=bool)
    at_end[delays.outputs] = True
    # nodes of the flow: source, sink, values, and for each value with readers the stage of its last one
    source, sink, value, last = 0, 1, 2 + np.arange(n), np.full(n, -1)
    shared = np.flatnonzero((readers > 0) & ~at_end)
    last[shared] = 2 + n + np.arange(len(shared))
    nodes = 2 + n + len(shared)
    weight = np.zeros(nodes, np.int64)
    weight[value] = np.where((readers > 0) | at_end, bits, 0)
    weight[last[shared]] = -bits[shared]

    by = np.repeat(np.arange(n), np.diff(delays.start))
    earlier, later = conflicts(delays, period)
    counted = last[delays.operands] >= 0
    operands = delays.operands[counted]
    fills = np.arange(nodes)
    tails = np.concatenate([value[delays.operands], value[earlier], value[by[counted]], fills[2:]])
    heads = np.concatenate([value[by], value[later], last[operands], np.full(nodes - 2, sink)])
    into = np.arange(2, nodes)
    network = Network.of(nodes, np.concatenate([tails, np.full(nodes - 2, source)]), np.concatenate([heads, into]))
    never = np.int64(1) << 40
    stage = stage.copy()
    while True:
        end = np.zeros(n, np.int64)
        np.maximum.at(end, delays.operands, stage[by])
        free = ~fixed & (stage < stages - 1)
        out = np.where(weight < 0, -weight, 0)
        out[value] += np.where(free, 0, never)
        network.set(
            np.concatenate(
                [
                    np.where(stage[delays.operands] == stage[by], never, 0),
                    np.where(stage[earlier] + 1 == stage[later], never, 0),
                    np.where(stage[by[counted]] == end[operands], never, 0),
                    out[2:],
                    np.where(weight > 0, weight, 0)[2:],
                ]
            )
        )
        native(cut)(network)
        up = network.source_side[value]
        if not up.any():
            return stage
        stage += up
