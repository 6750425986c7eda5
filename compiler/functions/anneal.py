"""The inner loop of the search, for machine code (``circuit/native``): random changes of a network that keep it right.

Of one LUT it is found out by simulation for which patterns it must be 1 and for which 0, everything behind it being
what it is: these are the patterns where the other value makes an output word leave its interval. Then the LUT may have
any operands that tell the two sets apart. So the freedom of all outputs together is used, not that of single bits: the
intervals are a Boolean relation. Changes that save LUTs are kept, others with a probability that falls
(simulated annealing; S. Kirkpatrick et al., "Optimization by simulated annealing", Science 220, 1983).
"""

from __future__ import annotations

from ..circuit.native import scratch
from .changes import change, random_below
from .net import STEPS, Net, cares, compute, follow, right, total_price

__all__ = ["anneal"]


def anneal(net: Net, moves: int) -> int:
    """Change the network ``moves`` times. Returns whether all its outputs are inside their intervals."""
    ones = scratch(1024)
    zeros = scratch(1024)
    saved = scratch(8)
    for s in range(net.inputs + net.gates):
        net.mark[s] = 0
    for gate in range(net.gates):
        compute(net, gate, 0)
    net.price = total_price(net)
    for _ in range(moves):
        gate = random_below(net, net.gates)
        if net.kind[gate] or not net.readers[net.inputs + gate]:
            continue
        cares(net, gate, ones, zeros)
        first = gate * net.most
        used = net.used[gate]
        table = net.table[gate]
        for j in range(used):
            saved[j] = net.operand[first + j]
        done = change(net, gate, ones, zeros)
        if done:
            price = total_price(net)
            if random_below(net, 65536) < net.chance[min(max(price - net.price, 0), STEPS - 1)]:
                net.price = price
                compute(net, gate, 0)
                follow(net, gate, 0)
                continue
        net.used[gate] = used
        net.table[gate] = table
        for j in range(used):
            net.operand[first + j] = saved[j]
        if done:
            total_price(net)
    for s in range(net.inputs + net.gates):
        net.mark[s] = 0
    wrong = 0
    for w in range(net.words):
        wrong |= right(net, 0, w) ^ -1
    return 0 if wrong else 1
