"""The inner loop of the search, for machine code (``circuit/native``): random changes of a network that keep it right.

Of one LUT it is found out by simulation for which patterns it must be 1 and for which 0, everything behind it being
what it is: these are the patterns where the other value makes an output word leave its interval. Then the LUT may have
any operands that tell the two sets apart. So the freedom of all outputs together is used, not that of single bits: the
intervals are a Boolean relation. Changes that save LUTs are kept, others with a probability that falls
(simulated annealing; S. Kirkpatrick et al., "Optimization by simulated annealing", Science 220, 1983).
"""

from __future__ import annotations

from dataclasses import dataclass

from ..circuit.native import Array, scratch

__all__ = ["LUT_PRICE", "MOST_WORDS", "STEPS", "Net", "anneal"]

LUT_PRICE = 1024
STEPS = 2048  # rises of the price for which a probability is tabulated
MOST_WORDS = 1024
NO_LUT = 1
A_SUM = 1
A_CARRY = 2


@dataclass
class Net:
    """A network whose gates have places for ``most`` operands; values are bits of patterns, 64 in a word.

    ``value`` has three parts: the network as it is, and with the gate in question 0 and 1. ``chance[d]`` of 65536 is
    the probability of a change that raises the price by ``d``.
    """

    most: int
    words: int
    inputs: int  # the constant among them
    gates: int
    outputs: int
    absorbs: int
    pin_price: int
    random: int
    price: int
    operand: Array
    used: Array
    table: Array
    kind: Array
    value: Array
    output: Array
    low: Array
    high: Array
    chance: Array
    late: Array  # what depends on sums
    mark: Array  # what is behind the gate in question
    readers: Array  # twice the gates that read a signal; a carry counts with its sum


def random_below(net: Net, bound: int) -> int:
    """A pseudo-random number (xorshift: G. Marsaglia, 2003)."""
    x = net.random
    x ^= x << 13
    x ^= (x >> 7) & 0x1FFFFFFFFFFFFFF
    x ^= x << 17
    net.random = x
    return ((x >> 20) & 0xFFFFFFFF) * bound >> 32


def compute(net: Net, gate: int, part: int) -> int:
    """The values of a gate in one of the three parts."""
    cell = scratch(64)
    place = scratch(8)
    words = net.words
    size = (net.inputs + net.gates) * words
    first = gate * net.most
    used = net.used[gate]
    table = net.table[gate]
    to = part * size + (net.inputs + gate) * words
    for j in range(used):
        s = net.operand[first + j]
        place[j] = s * words + (part * size if net.mark[s] and part else 0)
    if used == 0:
        for w in range(words):
            net.value[to + w] = -(table & 1)
        return 0
    for w in range(words):
        x = net.value[place[0] + w]
        cells = 1 << used - 1
        for t in range(cells):
            a = -(table >> 2 * t & 1)
            b = -(table >> 2 * t + 1 & 1)
            cell[t] = a ^ ((a ^ b) & x)
        for j in range(1, used):
            x = net.value[place[j] + w]
            cells = cells >> 1
            for t in range(cells):
                cell[t] = cell[2 * t] ^ ((cell[2 * t] ^ cell[2 * t + 1]) & x)
        net.value[to + w] = cell[0]
    return 0


def right(net: Net, part: int, w: int) -> int:
    """The patterns of a word whose outputs are inside their intervals."""
    words = net.words
    size = (net.inputs + net.gates) * words
    above = -1
    below = -1
    for p in range(net.outputs):
        s = net.output[p]
        y = net.value[s * words + w + (part * size if net.mark[s] and part else 0)]
        low = net.low[p * words + w]
        high = net.high[p * words + w]
        above = (y & (low ^ -1)) | ((y ^ low ^ -1) & above)
        below = ((y ^ -1) & high) | ((y ^ high ^ -1) & below)
    return above & below


def total_price(net: Net) -> int:
    """What the gates that are needed cost: LUTs, sums without the LUT that goes into them, a little per operand."""
    for s in range(net.inputs + net.gates):
        net.readers[s] = 0
    for p in range(net.outputs):
        net.readers[net.output[p]] += 2
    total = 0
    for back in range(net.gates):
        gate = net.gates - 1 - back
        if net.readers[net.inputs + gate]:
            for j in range(net.used[gate]):
                s = net.operand[gate * net.most + j]
                if net.kind[gate] == A_CARRY:
                    net.readers[s] = max(net.readers[s], 1)
                else:
                    net.readers[s] += 2
            total += net.used[gate] * net.pin_price
            if net.kind[gate] == 0 and net.used[gate] > NO_LUT:
                total += LUT_PRICE
    for gate in range(net.gates):
        if net.kind[gate] == A_SUM and net.readers[net.inputs + gate]:
            total += sum_price(net, gate)
    return total


def sum_price(net: Net, gate: int) -> int:
    """What a bit of a sum costs: nothing where one operand is constant; see `Fabric` for what it absorbs."""
    first = gate * net.most
    if net.operand[first] == 0 or net.operand[first + 1] == 0:
        return 0
    if net.absorbs:
        for j in range(2):
            s = net.operand[first + j]
            m = s - net.inputs
            if m >= 0 and net.readers[s] <= 3 and net.kind[m] == 0 and NO_LUT < net.used[m] < net.most:
                return 0
    return LUT_PRICE


def refit(net: Net, gate: int, ones: Array, zeros: Array) -> int:
    """Give a gate a table for its operands; entries that are free stay or turn. 0 where there is none."""
    first = gate * net.most
    table = 0
    for t in range(1 << net.used[gate]):
        one = 0
        zero = 0
        for w in range(net.words):
            m = -1
            for j in range(net.used[gate]):
                x = net.value[net.operand[first + j] * net.words + w]
                m &= x if t >> j & 1 else x ^ -1
            one |= m & ones[w]
            zero |= m & zeros[w]
        if one:
            if zero:
                return 0
            table |= 1 << t
        elif not zero:
            if random_below(net, 4) == 0:
                table |= random_below(net, 2) << t
            else:
                table |= (net.table[gate] >> t & 1) << t
    net.table[gate] = table
    return 1


def follow(net: Net, gate: int, parts: int) -> int:
    """Mark what is behind a gate, and compute it: as the network is (``parts`` 0), or for the gate 0 and 1."""
    for s in range(net.inputs + net.gates):
        net.mark[s] = 0
    net.mark[net.inputs + gate] = 1
    for later in range(gate + 1, net.gates):
        hit = 0
        for j in range(net.used[later]):
            hit |= net.mark[net.operand[later * net.most + j]]
        if hit:
            net.mark[net.inputs + later] = 1
            if parts:
                compute(net, later, 1)
                compute(net, later, 2)
            else:
                compute(net, later, 0)
    return 0


def cares(net: Net, gate: int, ones: Array, zeros: Array) -> int:
    """Where a gate must be 1 and where 0."""
    size = (net.inputs + net.gates) * net.words
    at = (net.inputs + gate) * net.words
    for w in range(net.words):
        net.value[size + at + w] = 0
        net.value[2 * size + at + w] = -1
    follow(net, gate, 1)
    for w in range(net.words):
        ones[w] = right(net, 1, w) ^ -1
        zeros[w] = right(net, 2, w) ^ -1
    return 0


def separates(net: Net, s: int, ones: Array, zeros: Array) -> int:
    """Whether a signal or its inverse can be the gate."""
    same = 1
    other = 1
    for w in range(net.words):
        x = net.value[s * net.words + w]
        if (ones[w] & (x ^ -1)) | (zeros[w] & x):
            same = 0
        if (ones[w] & x) | (zeros[w] & (x ^ -1)):
            other = 0
        if not same and not other:
            return 0
    return 1


def fits(net: Net, gate: int, place: int, s: int, ones: Array, zeros: Array) -> int:
    """Whether there is a table for the gate's operands with signal ``s`` in one place."""
    side = scratch(128)
    cell = scratch(32)
    words = net.words
    half = 1 << net.used[gate] - 1
    for t in range(4 * half):
        side[t] = 0
    for w in range(words):
        x = net.value[s * words + w]
        cell[0] = -1
        count = 1
        for j in range(net.used[gate]):
            if j != place:
                y = net.value[net.operand[gate * net.most + j] * words + w]
                for t in range(count):
                    cell[count + t] = cell[t] & y
                    cell[t] = cell[t] & (y ^ -1)
                count += count
        for t in range(half):
            one = cell[t] & ones[w]
            zero = cell[t] & zeros[w]
            side[4 * t] |= x & one
            side[4 * t + 1] |= x & zero
            side[4 * t + 2] |= (x ^ -1) & one
            side[4 * t + 3] |= (x ^ -1) & zero
            if (side[4 * t] and side[4 * t + 1]) or (side[4 * t + 2] and side[4 * t + 3]):
                return 0
    return 1


def usable(net: Net, gate: int, s: int) -> int:
    """Whether a gate can read a signal that is there anyway: carries only go to sums, and what a sum adds must not
    depend on it."""
    if s < net.inputs:
        return 1
    if net.kind[s - net.inputs] == A_CARRY or (net.late[s] and not net.late[net.inputs + gate]):
        return 0
    return net.readers[s] != 0


def become_signal(net: Net, gate: int, ones: Array, zeros: Array) -> int:
    """Make the gate a copy of an earlier signal or of its inverse."""
    before = net.inputs + gate
    start = random_below(net, before)
    for i in range(before):
        s = start + i if start + i < before else start + i - before
        if usable(net, gate, s) and separates(net, s, ones, zeros):
            net.used[gate] = 1
            net.operand[gate * net.most] = s
            return refit(net, gate, ones, zeros)
    return 0


def swallow(net: Net, gate: int, ones: Array, zeros: Array) -> int:
    """Put the operands of an operand in its place."""
    used = net.used[gate]
    if used == 0:
        return 0
    first = gate * net.most
    place = random_below(net, used)
    inner = net.operand[first + place] - net.inputs
    if inner < 0 or net.kind[inner]:
        return 0
    used -= 1
    net.operand[first + place] = net.operand[first + used]
    for i in range(net.used[inner]):
        s = net.operand[inner * net.most + i]
        there = 0
        for j in range(used):
            if net.operand[first + j] == s:
                there = 1
        if not there:
            if used == net.most:
                return 0
            net.operand[first + used] = s
            used += 1
    net.used[gate] = used
    return refit(net, gate, ones, zeros)


def leave_out(net: Net, gate: int, ones: Array, zeros: Array) -> int:
    """Do without one operand."""
    used = net.used[gate]
    if used == 0:
        return 0
    first = gate * net.most
    place = random_below(net, used)
    s = net.operand[first + place]
    net.operand[first + place] = net.operand[first + used - 1]
    net.used[gate] = used - 1
    if refit(net, gate, ones, zeros):
        return 1
    net.operand[first + place] = s
    net.used[gate] = used
    return 0


def replace_one(net: Net, gate: int, ones: Array, zeros: Array) -> int:
    """Read another signal in one place."""
    if net.used[gate] == 0:
        return 0
    before = net.inputs + gate
    place = random_below(net, net.used[gate])
    at = gate * net.most + place
    start = random_below(net, before)
    for i in range(before):
        s = start + i if start + i < before else start + i - before
        if s and s != net.operand[at] and usable(net, gate, s) and fits(net, gate, place, s, ones, zeros):
            net.operand[at] = s
            return refit(net, gate, ones, zeros)
    return 0


def read_more(net: Net, gate: int, ones: Array, zeros: Array) -> int:
    """Read one signal more."""
    s = random_below(net, net.inputs + gate)
    if s == 0 or net.used[gate] == net.most or not usable(net, gate, s):
        return 0
    net.operand[gate * net.most + net.used[gate]] = s
    net.used[gate] += 1
    return refit(net, gate, ones, zeros)


def change(net: Net, gate: int, ones: Array, zeros: Array) -> int:
    """Try a random change of a gate; 0 where it is none."""
    which = random_below(net, 16)
    if which == 0:
        return become_signal(net, gate, ones, zeros)
    if which == 1:
        return swallow(net, gate, ones, zeros)
    if which < 5:
        return read_more(net, gate, ones, zeros)
    if which < 8 and leave_out(net, gate, ones, zeros):
        return 1
    return replace_one(net, gate, ones, zeros)


def anneal(net: Net, moves: int) -> int:
    """Change the network ``moves`` times. Returns whether all its outputs are inside their intervals."""
    ones = scratch(1024)
    zeros = scratch(1024)
    saved = scratch(8)
    for s in range(net.inputs + net.gates):
        net.mark[s] = 0
    for gate in range(net.gates):
        compute(net, gate, 0)
        late = net.kind[gate]
        for j in range(net.used[gate]):
            late |= net.late[net.operand[gate * net.most + j]]
        net.late[net.inputs + gate] = late
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
