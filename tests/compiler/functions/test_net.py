"""What the machine code of the search finds out about a LUT, against the network evaluated with the LUT inverted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from nnfpga.compiler.circuit.native import native
from nnfpga.compiler.functions.choose import starts
from nnfpga.compiler.functions.net import Net, cares, compute, total_price
from nnfpga.compiler.functions.network import Fabric, Kind, Network
from nnfpga.compiler.functions.search import bounds_of, net_of, packed
from nnfpga.compiler.functions.target import Target

X = np.arange(-64, 64)
Y = np.rint(100 * np.exp(-((X / 25) ** 2))).astype(np.int64)


def prepared(net: Net) -> int:
    """Compute the values and readers of all gates."""
    for s in range(net.inputs + net.gates):
        net.mark[s] = 0
    for gate in range(net.gates):
        compute(net, gate, 0)
    return total_price(net)


def with_inverted(network: Network, n: int) -> Network:
    """The network with one of its LUTs inverted."""
    gate = network.gates[n]
    other = gate._replace(table=gate.table ^ (1 << (1 << len(gate.operands))) - 1)
    return replace(network, gates=(*network.gates[:n], other, *network.gates[n + 1 :]))


@pytest.mark.parametrize("fabric", [Fabric(4), Fabric(6), Fabric(4, absorbs=False, fixed=True)])
def test_a_lut_must_be_what_it_is_where_its_inverse_would_be_wrong(fabric: Fabric) -> None:
    for start in starts(Target(7, True, Y - 1, Y + 1), fabric):
        problem, network = start.problem, start.network.loosened()
        given = [packed(bits) for bits in (np.zeros(1 << problem.inputs, np.bool_), *problem.patterns)]
        net = net_of(network, np.concatenate(given), *bounds_of(problem), fabric, 10.0, 1)
        native(prepared)(net)
        used = {s for gate in network.gates for s in gate.operands} | {*network.outputs}
        for n, gate in enumerate(network.gates):
            if gate.kind != Kind.LUT or network.inputs + n not in used:
                continue
            ones, zeros = np.zeros(net.words, np.int64), np.zeros(net.words, np.int64)
            native(cares)(net, n, ones, zeros)
            words = with_inverted(network, n).evaluate(problem.patterns)
            wrong = packed((words < problem.low) | (words > problem.high))
            at = (network.inputs + n) * net.words
            value = np.asarray(net.value)[at : at + net.words]
            assert (ones == value & wrong).all()
            assert (zeros == ~value & wrong).all()
