"""What the search works on: rows of terms, the count of each pattern in them, and a journal of changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ...exact import Ints
from ..native import Array

__all__ = ["DEEP", "KNOWN", "OVERHEAD", "SCRATCH", "Graph", "empty"]

BUCKETS = 1 << 10
KNOWN = 300  # the patterns of coefficients below this are kept
SCRATCH = 1 << 12
DEEP = 60  # a depth without limit
OVERHEAD = 2  # bits that an adder costs beside those it computes


@dataclass
class Graph:
    """Rows of terms: first those of the outputs, then one for each value that is not an input.

    A term stands in a slot: ``coefficient`` times ``value`` in row ``row``, linked by ``next`` and ``previous`` to the
    other terms that read the same value. A row is ``length`` slots from ``start`` on, in a block of ``room``.
    """

    value: Array
    coefficient: Array
    next: Array
    previous: Array
    row: Array
    slots: int  # used
    slots_room: int
    start: Array
    length: Array
    room: Array
    head: Array  # of each value: the first slot that reads it
    free: Array  # blocks of slots, by the logarithm of their size
    free_value: int
    inputs: int
    outputs: int
    own: int  # values that the start has
    values: int
    values_room: int
    magnitude: Array  # of each value: its greatest minus its least
    # how often each pattern stands: a hash table, lists of patterns with the same count, and changes on their way there
    table: Array
    mask: int
    used: int
    listed: Array
    follower: Array
    listed_room: int
    nodes: int
    free_node: int
    bucket: Array  # of each rank of what is saved: the first in its list
    noise: int
    highest: int
    pending: Array  # patterns that came to stand twice
    waiting: int
    changed: Array
    by: Array
    changes: int
    # the patterns of pairs of coefficients
    memo: Array
    lists: Array
    lists_room: int
    lists_end: int
    # of costs: each row's, the terms of one row, and the rows that changed since ``time`` with what they cost now
    cost: int
    row_cost: Array
    level: Array  # of each value: adders on its longest way from an input
    depth: int  # most levels of an output
    sizes: Array
    lows: Array
    sizes_room: int
    time: int
    stamp: Array
    touched: Array
    touches: int
    new_cost: Array
    # of the search
    ready: int  # no pattern stands twice
    work: Array
    work_room: int
    emptied: int
    journal: Array  # four entries for each change: its kind and three numbers
    journal_room: int
    written: int
    logging: int
    random: int
    effort: int
    failed: int  # an array was too small


def empty(outputs: int, magnitudes: Ints, own: int, count: int, depth: int, seed: int, scale: int) -> Graph:
    """A graph for rows with ``count`` digits in all and ``own`` values to start with.

    ``scale`` multiplies the sizes that are estimates.
    """
    inputs = len(magnitudes)

    def zeros(size: int) -> Any:
        return np.zeros(size, np.int64)

    values = inputs + own + count + 64
    magnitude = zeros(values)
    magnitude[:inputs] = magnitudes
    slots = 8 * scale * count + 4096
    table = 1 << (scale * count * (4 + min(inputs, outputs) // 8)).bit_length()
    terms = 2048 * scale * (2 * inputs + count // outputs) + 4 * SCRATCH
    journal = scale << 18
    return Graph(
        value=zeros(slots),
        coefficient=zeros(slots),
        next=zeros(slots),
        previous=zeros(slots),
        row=zeros(slots),
        slots=0,
        slots_room=slots,
        start=zeros(outputs + values),
        length=zeros(outputs + values),
        room=zeros(outputs + values),
        head=zeros(values) - 1,
        free=zeros(64) - 1,
        free_value=-1,
        inputs=inputs,
        outputs=outputs,
        own=own,
        values=inputs,
        values_room=values,
        magnitude=magnitude,
        table=zeros(table),
        mask=table - 1,
        used=0,
        listed=zeros(table),
        follower=zeros(table),
        listed_room=table,
        nodes=0,
        free_node=-1,
        bucket=zeros(BUCKETS) - 1,
        noise=0,
        highest=0,
        pending=zeros(table),
        waiting=0,
        changed=zeros(terms),
        by=zeros(terms),
        changes=0,
        memo=zeros(4 * KNOWN * KNOWN),
        lists=zeros(terms),
        lists_room=terms,
        lists_end=2 * SCRATCH,
        cost=0,
        row_cost=zeros(outputs + values),
        level=zeros(values),
        depth=depth,
        sizes=zeros(count + 64),
        lows=zeros(count + 64),
        sizes_room=count + 64,
        time=1,
        stamp=zeros(outputs + values),
        touched=zeros(outputs + values),
        touches=0,
        new_cost=zeros(outputs + values),
        ready=0,
        work=zeros(2 * (outputs + values)),
        work_room=2 * (outputs + values),
        emptied=0,
        journal=zeros(4 * journal),
        journal_room=journal,
        written=0,
        logging=0,
        random=2463534242 ^ (seed & 0xFFFF) << 8,
        effort=0,
        failed=0,
    )
