"""Makes networks smaller: rounds of annealing with the gates in a new random order after each."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

import numpy as np

from ..circuit.native import native
from ..exact import Ints
from .anneal import anneal
from .net import MOST_WORDS, STEPS, Net
from .network import Bits, Fabric, Gate, Kind, Network
from .problem import Problem

__all__ = ["HOT", "MAX_INPUTS", "improve"]

MAX_INPUTS = (MOST_WORDS * 64).bit_length() - 1
ROUNDS = 50
LEAST, MOST = 500, 5000  # changes in a round
PIN_PRICE = 24
HOT, COLD = 200.0, 8.0  # temperatures, where a LUT's price is 1024


def improve(problem: Problem, network: Network, fabric: Fabric, changes: int, seed: int, hot: float = HOT) -> Network:
    """The cheapest network met in so many changes of one that solves the problem; the same for the same arguments.

    Raises
    ------
    ValueError
        where the network does not solve the problem, or its input words are wider than ``MAX_INPUTS``.
    """
    if problem.inputs > MAX_INPUTS or not problem.holds(network):
        raise ValueError(f"network must solve a problem of at most {MAX_INPUTS} input bits")
    order = Random(seed)
    low, high = bounds_of(problem)
    given = np.concatenate([packed(bits) for bits in (np.zeros(1 << problem.inputs, np.bool_), *problem.patterns)])
    now = best = network.tidied(order)
    if changes == 0:
        return network
    each = min(max(changes // ROUNDS, LEAST), MOST)
    rounds = max(changes // each, 1)
    for i in range(rounds):
        if not now.gates:
            break
        loose = now.loosened()
        net = net_of(loose, given, low, high, fabric, hot * (COLD / hot) ** (i / rounds), order.getrandbits(62) | 1)
        if not native(anneal)(net, each):
            raise AssertionError("a change made the network wrong")
        now = read(net, loose).tidied(order)
        if now.price(fabric) <= best.price(fabric):
            best = now
    return best


def net_of(network: Network, given: Ints, low: Any, high: Any, fabric: Fabric, heat: float, seed: int) -> Net:
    """A network as arrays, ``given`` being the values of the signals before the gates."""
    gates, most = len(network.gates), fabric.inputs
    words = len(given) // network.inputs
    operands: Any = np.zeros((gates, most), dtype=np.int64)
    for row, gate in zip(operands, network.gates, strict=True):
        row[: len(gate.operands)] = gate.operands
    value: Any = np.zeros(2 * (network.inputs + gates) * words, dtype=np.int64)
    value[: len(given)] = given
    sums = {gate.operands: n for n, gate in enumerate(network.gates) if gate.kind == Kind.SUM}
    signals: Any = np.zeros((3, network.inputs + gates), dtype=np.int64)
    return Net(
        most, words, network.inputs, gates, len(network.outputs), fabric.absorbs, fabric.fixed, PIN_PRICE, seed, 0,
        operand=operands.reshape(-1),
        used=array([len(gate.operands) for gate in network.gates]),
        table=array([signed(gate.table) for gate in network.gates]),
        kind=array([gate.kind for gate in network.gates]),
        value=value,
        output=array(network.outputs),
        low=low,
        high=high,
        chance=chances(heat),
        level=array(levels(network)),
        mark=signals[0],
        twin=array([sums.get(gate.operands, -1) for gate in network.gates]),
        wanted=signals[1],
        readers=signals[2],
    )  # fmt: skip


def chances(heat: float) -> Any:
    """How likely a change is kept that makes the price greater by so much, of 65536."""
    return (65536 * np.exp(-np.arange(STEPS) / heat)).astype(np.int64)


def levels(network: Network) -> list[int]:
    """How many sums each signal depends on, one behind the other; all bits of a sum have the same number."""
    carries = {s for s, gate in enumerate(network.gates, network.inputs) if gate.kind == Kind.CARRY}
    chain: dict[tuple[int, ...], tuple[int, ...]] = {}  # of the operands of a bit those of the lowest one
    at = {s: gate.operands for s, gate in enumerate(network.gates, network.inputs)}
    for gate in network.gates:
        if gate.kind != Kind.LUT:
            below = gate.operands[2:]
            chain[gate.operands] = chain[at[below[0]]] if below and below[0] in carries else gate.operands
    found = [0] * (network.inputs + len(network.gates))
    of_chain = dict.fromkeys(chain.values(), 0)
    while True:
        for s, gate in enumerate(network.gates, network.inputs):
            if gate.kind == Kind.LUT:
                found[s] = max((found[o] for o in gate.operands), default=0)
            else:
                lowest = chain[gate.operands]
                of_chain[lowest] = max(of_chain[lowest], 1 + max(found[o] for o in gate.operands[:2]))
        before = list(found)
        for s, gate in enumerate(network.gates, network.inputs):
            if gate.kind != Kind.LUT:
                found[s] = of_chain[chain[gate.operands]]
        if before == found:
            return found


def read(net: Net, network: Network) -> Network:
    """The network with the gates that the arrays hold."""
    gates: list[Gate] = []
    for n, gate in enumerate(network.gates):
        used = int(net.used[n])
        operands = tuple(int(s) for s in net.operand[n * net.most : n * net.most + used])
        gates.append(Gate(operands, int(net.table[n]) & (1 << (1 << used)) - 1, Kind(gate.kind)))
    return Network(network.inputs, tuple(gates), network.outputs)


def array(values: Sequence[int]) -> Any:
    """Integers for machine code."""
    return np.array(values, dtype=np.int64)


def signed(table: int) -> int:
    """A table of 64 entries as a signed integer."""
    return table - (1 << 64) if table >> 63 else table


def packed(bits: Bits, fill: bool = False) -> Ints:
    """Bits of patterns, 64 in a word, ``fill`` where there are no patterns."""
    whole = np.full(-(-len(bits) // 64) * 64, fill)
    whole[: len(bits)] = bits
    return np.packbits(whole, bitorder="little").view(np.int64)


def bounds_of(problem: Problem) -> tuple[Ints, Ints]:
    """The bits of least and greatest output words; where there are no patterns, every output is allowed."""
    bits = range(problem.outputs)
    low = [packed((problem.low >> p & 1).astype(np.bool_)) for p in bits]
    high = [packed((problem.high >> p & 1).astype(np.bool_), True) for p in bits]
    return np.concatenate(low), np.concatenate(high)
