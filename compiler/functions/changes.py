"""Random changes of a LUT that keep its network right, for machine code (``circuit/native``).

A LUT may have any operands that tell the patterns where it must be 1 from those where it must be 0.
"""

from __future__ import annotations

from ..circuit.native import Array, scratch
from .net import A_CARRY, Net

__all__ = ["change", "random_below"]


def random_below(net: Net, bound: int) -> int:
    """A pseudo-random number (xorshift: G. Marsaglia, 2003)."""
    x = net.random
    x ^= x << 13
    x ^= (x >> 7) & 0x1FFFFFFFFFFFFFF
    x ^= x << 17
    net.random = x
    return ((x >> 20) & 0xFFFFFFFF) * bound >> 32


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
    pairs = scratch(256)
    before = net.inputs + gate
    place = random_below(net, net.used[gate])
    at = gate * net.most + place
    start = random_below(net, before)
    count = told_apart(net, gate, place, ones, zeros, pairs)
    for i in range(before):
        s = start + i if start + i < before else start + i - before
        new = s and s != net.operand[at] and usable(net, gate, s) and tells(net, s, pairs, count)
        if new and fits(net, gate, place, s, ones, zeros):
            net.operand[at] = s
            return refit(net, gate, ones, zeros)
    return 0


def told_apart(net: Net, gate: int, place: int, ones: Array, zeros: Array, pairs: Array) -> int:
    """Pairs of patterns, as a word and a bit of it each, that only the operand in one place can tell apart. Returns
    their number; most other signals fail at the first few."""
    found = scratch(64)
    cell = scratch(32)
    half = 1 << net.used[gate] - 1
    for t in range(2 * half):
        found[t] = 0
    for w in range(net.words):
        cells(net, gate, place, w, cell)
        for t in range(half):
            one = cell[t] & ones[w]
            zero = cell[t] & zeros[w]
            if one and not found[2 * t]:
                found[2 * t] = 1
                pairs[4 * t] = w
                pairs[4 * t + 1] = one & -one
            if zero and not found[2 * t + 1]:
                found[2 * t + 1] = 1
                pairs[4 * t + 2] = w
                pairs[4 * t + 3] = zero & -zero
    count = 0
    for t in range(half):
        if found[2 * t] and found[2 * t + 1]:
            for j in range(4):
                pairs[4 * count + j] = pairs[4 * t + j]
            count += 1
    return count


def tells(net: Net, s: int, pairs: Array, count: int) -> int:
    """Whether a signal differs in each pair of patterns."""
    at = s * net.words
    for n in range(count):
        one = (net.value[at + pairs[4 * n]] & pairs[4 * n + 1]) != 0
        zero = (net.value[at + pairs[4 * n + 2]] & pairs[4 * n + 3]) != 0
        if one == zero:
            return 0
    return 1


def cells(net: Net, gate: int, left_out: int, w: int, cell: Array) -> int:
    """For each word of a gate's operands, but for one of them, its patterns; returns how many there are."""
    cell[0] = -1
    count = 1
    for j in range(net.used[gate]):
        if j != left_out:
            y = net.value[net.operand[gate * net.most + j] * net.words + w]
            for t in range(count):
                cell[count + t] = cell[t] & y
                cell[t] = cell[t] & (y ^ -1)
            count += count
    return count


def read_more(net: Net, gate: int, ones: Array, zeros: Array) -> int:
    """Read one signal more."""
    s = random_below(net, net.inputs + gate)
    if s == 0 or net.used[gate] == net.most or not usable(net, gate, s):
        return 0
    net.operand[gate * net.most + net.used[gate]] = s
    net.used[gate] += 1
    return refit(net, gate, ones, zeros)


def usable(net: Net, gate: int, s: int) -> int:
    """Whether a gate can read a signal that is there anyway: carries only go to sums, and what a sum adds must not
    depend on it."""
    if s < net.inputs:
        return 1
    if net.kind[s - net.inputs] == A_CARRY or net.level[s] > net.level[net.inputs + gate]:
        return 0
    return net.readers[s] != 0


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
    half = 1 << net.used[gate] - 1
    for t in range(4 * half):
        side[t] = 0
    for w in range(net.words):
        x = net.value[s * net.words + w]
        cells(net, gate, place, w, cell)
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


def refit(net: Net, gate: int, ones: Array, zeros: Array) -> int:
    """Give a gate a table for its operands; entries that are free stay or turn. 0 where there is none."""
    must = scratch(128)
    cell = scratch(64)
    entries = 1 << net.used[gate]
    for t in range(2 * entries):
        must[t] = 0
    for w in range(net.words):
        cells(net, gate, net.most, w, cell)
        clash = 0
        for t in range(entries):
            must[t] |= cell[t] & zeros[w]
            must[entries + t] |= cell[t] & ones[w]
        for t in range(entries):
            clash |= must[t] != 0 and must[entries + t] != 0
        if clash:
            return 0
    table = 0
    for t in range(entries):
        if must[entries + t]:
            table |= 1 << t
        elif not must[t]:
            if random_below(net, 4) == 0:
                table |= random_below(net, 2) << t
            else:
                table |= (net.table[gate] >> t & 1) << t
    net.table[gate] = table
    return 1
