"""A network of LUTs for machine code (``circuit/native``): its values, what is allowed behind a LUT, and its price."""

from __future__ import annotations

from dataclasses import dataclass

from ..circuit.native import Array, scratch

__all__ = ["A_CARRY", "LUT_PRICE", "MOST_WORDS", "STEPS", "Net", "cares", "compute", "follow", "right", "total_price"]

LUT_PRICE = 1024
STEPS = 2048  # rises of the price for which a probability is tabulated
MOST_WORDS = 1024
NO_LUT = 1
INVERTER = 1
FIRST = 2  # operands of the lowest bit of a sum
A_SUM = 1
A_CARRY = 2


@dataclass
class Net:
    """A network whose gates have places for ``most`` operands; values are bits of patterns, 64 in a word.

    ``value`` has two parts: the network as it is, and what differs with the gate in question inverted. ``chance[d]`` of
    65536 is the probability of a change that raises the price by ``d``.
    """

    most: int
    words: int
    inputs: int  # the constant among them
    gates: int
    outputs: int
    absorbs: int
    fixed: int
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
    level: Array  # how many sums a signal depends on, one behind the other: what a sum adds must not depend on it
    mark: Array  # what the gate in question changes
    twin: Array  # of a carry the sum of the same bit, or -1
    wanted: Array  # what sums and outputs read
    readers: Array  # twice the gates that read a signal; a carry counts with its sum


def compute(net: Net, gate: int, part: int) -> int:
    """The values of a gate in one of the two parts. Returns 0 where they are those that the network has."""
    place = scratch(8)
    words = net.words
    size = (net.inputs + net.gates) * words
    table = net.table[gate]
    at = (net.inputs + gate) * words
    for j in range(6):
        place[j] = 0  # the constant's values
    for j in range(net.used[gate]):
        s = net.operand[gate * net.most + j]
        place[j] = s * words + (size if net.mark[s] and part else 0)
    changed = 0
    to = at + part * size
    if net.used[gate] <= 4:
        for w in range(words):
            x = select_4(net, table, place, w)
            changed |= x ^ net.value[at + w]
            net.value[to + w] = x
        return changed
    for w in range(words):
        e = net.value[place[4] + w]
        x = mux(select_4(net, table, place, w), select_4(net, table >> 16, place, w), e)
        y = mux(select_4(net, table >> 32, place, w), select_4(net, table >> 48, place, w), e)
        x = mux(x, y, net.value[place[5] + w])
        changed |= x ^ net.value[at + w]
        net.value[to + w] = x
    return changed


def select_4(net: Net, table: int, place: Array, w: int) -> int:
    """A word of the function of the first four operands that is in a table's lowest 16 bits."""
    a = net.value[place[0] + w]
    b = net.value[place[1] + w]
    c = net.value[place[2] + w]
    low = mux(select_2(table, a, b), select_2(table >> 4, a, b), c)
    return mux(low, mux(select_2(table >> 8, a, b), select_2(table >> 12, a, b), c), net.value[place[3] + w])


def select_2(table: int, a: int, b: int) -> int:
    """The function of two operands that is in a table's lowest 4 bits."""
    low = mux(-(table & 1), -(table >> 1 & 1), a)
    return mux(low, mux(-(table >> 2 & 1), -(table >> 3 & 1), a), b)


def mux(zero: int, one: int, s: int) -> int:
    """Bits of one word, or of the other one where those of ``s`` are 1."""
    return zero ^ ((zero ^ one) & s)


def right(net: Net, part: int, w: int) -> int:
    """The patterns of a word whose outputs are inside their intervals."""
    words = net.words
    size = (net.inputs + net.gates) * words
    above = -1
    below = -1
    for p in range(net.outputs):
        s = net.output[p]
        y = net.value[s * words + w + (size if net.mark[s] and part else 0)]
        low = net.low[p * words + w]
        high = net.high[p * words + w]
        above = (y & (low ^ -1)) | ((y ^ low ^ -1) & above)
        below = ((y ^ -1) & high) | ((y ^ high ^ -1) & below)
    return above & below


def follow(net: Net, gate: int, part: int) -> int:
    """Compute what changes behind a gate, and mark it: in the network (``part`` 0), or with the gate inverted (1)."""
    for s in range(net.inputs + net.gates):
        net.mark[s] = 0
    net.mark[net.inputs + gate] = 1
    for later in range(gate + 1, net.gates):
        if net.readers[net.inputs + later]:
            hit = 0
            for j in range(net.used[later]):
                hit |= net.mark[net.operand[later * net.most + j]]
            if hit:
                net.mark[net.inputs + later] = compute(net, later, part) != 0
    return 0


def cares(net: Net, gate: int, ones: Array, zeros: Array) -> int:
    """Where a gate must be 1 and where 0: where it is, and inverted would be wrong."""
    size = (net.inputs + net.gates) * net.words
    at = (net.inputs + gate) * net.words
    for w in range(net.words):
        net.value[size + at + w] = net.value[at + w] ^ -1
    follow(net, gate, 1)
    for w in range(net.words):
        wrong = right(net, 1, w) ^ -1
        ones[w] = net.value[at + w] & wrong
        zeros[w] = wrong & (net.value[at + w] ^ -1)
    return 0


def total_price(net: Net) -> int:
    """What the gates that are needed cost: LUTs, sums without the LUT that goes into them, a little per operand."""
    for s in range(net.inputs + net.gates):
        net.readers[s] = 0
        net.wanted[s] = 0
    for p in range(net.outputs):
        net.readers[net.output[p]] += 2
        net.wanted[net.output[p]] = 1
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
                if net.kind[gate]:
                    net.wanted[s] = 1
            total += net.used[gate] * net.pin_price
            if takes_lut(net, gate):
                total += LUT_PRICE
    for gate in range(net.gates):
        if net.kind[gate] and net.readers[net.inputs + gate]:
            twin = net.twin[gate]
            alone = twin < 0 or net.readers[net.inputs + twin] == 0
            if net.kind[gate] == A_SUM or (alone and (net.absorbs or net.fixed)):
                total += sum_price(net, gate)
            if net.fixed and net.kind[gate] == A_CARRY and net.used[gate] == FIRST:
                total += LUT_PRICE
    return total


def takes_lut(net: Net, gate: int) -> int:
    """Whether a gate is a LUT: an inverter goes into LUTs that read it, but not into sums and outputs."""
    if net.kind[gate]:
        return 0
    if net.used[gate] == NO_LUT:
        return net.table[gate] & 3 == INVERTER and net.wanted[net.inputs + gate] != 0
    return net.used[gate] > NO_LUT


def sum_price(net: Net, gate: int) -> int:
    """What a bit of a sum costs; see `Fabric` for what it absorbs."""
    if net.fixed:
        return LUT_PRICE
    first = gate * net.most
    if nothing(net, net.operand[first]) or nothing(net, net.operand[first + 1]):
        return 0
    for j in range(2 if net.absorbs else 0):
        s = net.operand[first + j]
        m = s - net.inputs
        own = m >= 0 and net.readers[s] <= 3 and takes_lut(net, m)
        if own and (net.used[m] < net.most or reads(net, m, source(net, net.operand[first + 1 - j]))):
            return 0
    return LUT_PRICE


def nothing(net: Net, s: int) -> int:
    """Whether a signal is 0."""
    m = s - net.inputs
    return s == 0 or (m >= 0 and net.kind[m] == 0 and net.used[m] == 0 and net.table[m] & 1 == 0)


def source(net: Net, s: int) -> int:
    """A signal, or what it is a buffer of."""
    m = s - net.inputs
    if m >= 0 and net.kind[m] == 0 and net.used[m] == NO_LUT and net.table[m] & 3 != INVERTER:
        return net.operand[m * net.most]
    return s


def reads(net: Net, gate: int, s: int) -> int:
    """Whether a gate reads a signal."""
    for j in range(net.used[gate]):
        if net.operand[gate * net.most + j] == s:
            return 1
    return 0
