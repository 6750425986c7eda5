"""Signed-digit forms with the fewest digits, and the patterns of two digits in them.

A coefficient is an integer, not a string of digits: a pattern ``u + sign * 2^d * w`` stands in ``a u + b w`` wherever
it can be taken out of *some* forms of ``a`` and ``b`` with the fewest digits. (All minimal forms: Park and Kang 2001,
for single constants.)
"""

from __future__ import annotations

from ..native import Array, scratch

__all__ = ["digits", "log2", "match", "match_self", "patterns", "patterns_self", "shifted"]

SMALL = 1024  # the forms of coefficients below this are kept


def digits(c: int) -> int:
    """Non-zero digits of the canonical form (the bits of ``3 c xor c``)."""
    c = abs(c)
    return (3 * c ^ c).bit_count()


def minimal_forms(largest: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Of each integer below ``largest``: the signed powers that some form with the fewest digits holds."""
    first, powers = [0], list[int]()
    for c in range(largest):
        for e in range(c.bit_length() + 1):
            powers += [s << e for s in (1, -1) if digits(c - (s << e)) < digits(c)]
        first.append(len(powers))
    return tuple(first), tuple(powers)


FIRST, POWERS = minimal_forms(SMALL)


def log2(c: int) -> int:
    """The position of the highest bit."""
    return c.bit_length() - 1


def shifted(k: int, d: int) -> int:
    """``k * 2^d``, which must be whole."""
    return k << d if d >= 0 else k >> -d


def forms(c: int, out: Array) -> int:
    """Write the signed powers that some minimal form of ``c`` holds; their number."""
    a = abs(c)
    n = 0
    if a < SMALL:
        for i in range(FIRST[a], FIRST[a + 1]):
            out[n] = POWERS[i] if c > 0 else -POWERS[i]
            n += 1
        return n
    p = 1
    while p <= 2 * a:
        for sign in range(-1, 2, 2):
            if digits(c - sign * p) < digits(a):
                out[n] = sign * p
                n += 1
        p <<= 1
    return n


def choices(c: int) -> int:
    """How many signed powers the minimal forms of ``c`` hold; 0 for large ones, whose forms are not compared."""
    c = abs(c)
    return FIRST[c + 1] - FIRST[c] if c < SMALL else 0


def match(a: int, b: int, d: int, sign: int) -> int:
    """The k of most digits so that ``k u + sign k 2^d w`` can be taken out of minimal forms of ``a u + b w``.

    Where there is a choice, what is left has the most forms.
    """
    k = 0
    powers = scratch(128)
    while a != 0 and b != 0:
        best, most = 0, -1
        for i in range(forms(a, powers)):
            p = powers[i]
            if not 0 <= log2(p) + d < 60:
                continue
            q = sign * shifted(p, d)
            if digits(b - q) < digits(b) and choices(a - p) + choices(b - q) > most:
                best, most = p, choices(a - p) + choices(b - q)
        if most < 0:
            break
        a -= best
        b -= sign * shifted(best, d)
        k += best
    return k


def match_self(a: int, d: int, sign: int) -> int:
    """The same for ``k (1 + sign 2^d) u`` in ``a u``."""
    k = 0
    powers = scratch(128)
    found = 1
    while found:
        found = 0
        for i in range(forms(a, powers)):
            p = powers[i]
            if log2(p) + d < 60 and digits(a - p - sign * (p << d)) == digits(a) - 2:
                a -= p + sign * (p << d)
                k += p
                found = 1
                break
    return k


def patterns(a: int, b: int, out: Array, at: int) -> int:
    """Write ``code << 8 | places`` of each pattern of the terms ``a u + b w`` from ``at`` on; their number.

    Codes rise; a code is ``(d + 64) << 1 | (sign < 0)``.
    """
    powers_a, powers_b = scratch(128), scratch(128)
    nb = forms(b, powers_b)
    n = 0
    for i in range(forms(a, powers_a)):
        for j in range(nb):
            p, q = powers_a[i], powers_b[j]
            code = (log2(q) - log2(p) + 64) << 1 | ((p ^ q) < 0)
            place = at
            while place < at + n and out[place] >> 8 < code:
                place += 1
            if place < at + n and out[place] >> 8 == code:
                out[place] |= 255
                continue
            for k in range(at + n, place, -1):
                out[k] = out[k - 1]
            out[place] = code << 8 | 1
            n += 1
    for place in range(at, at + n):
        if out[place] & 255 == 255:
            code = out[place] >> 8
            out[place] = code << 8 | digits(match(a, b, (code >> 1) - 64, 1 - 2 * (code & 1)))
    return n


def patterns_self(a: int, out: Array, at: int) -> int:
    """The same of a single term ``a u``."""
    n = 0
    if abs(a) & (abs(a) - 1) == 0:
        return n
    for d in range(1, log2(a) + 2):
        for negative in range(2):
            k = match_self(a, d, 1 - 2 * negative)
            if k != 0:
                out[at + n] = ((d + 64) << 1 | negative) << 8 | digits(k)
                n += 1
    return n
