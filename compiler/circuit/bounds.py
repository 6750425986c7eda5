"""What is proven about every value of a circuit: intervals, and of sums their exact ends.

An interval of ``7 x = 8 x - x`` counts ``x`` twice. A sum is therefore written out over the values that are no sums
(inputs, clamped values, ...): its ends are then those of each term, which is exact where the terms are independent
(affine arithmetic: Comba, Stolfi 1993).
"""

from __future__ import annotations

from collections.abc import Sequence

from .add3 import Add3
from .evaluate import last_readers
from .nodes import Add, Constant, Node, Shift
from .values import Range, Value

__all__ = ["proven"]

Form = dict[Value, int]
"""Values to coefficients; the constant term stands at -1."""

ONE: Value = -1
MOST_TERMS = 1024


def proven(nodes: Sequence[Node]) -> list[Range]:
    """The range of every value."""
    ranges: list[Range] = []
    forms: dict[Value, Form] = {}
    last = last_readers([node.reads for node in nodes], ())
    for i, node in enumerate(nodes):
        r = node.range(*(ranges[v] for v in node.reads))
        form = form_of(node, forms)
        if form is None or len(form) > MOST_TERMS:
            form = {i: 1}
        else:
            r = meet(r, ends(form, ranges))
        ranges.append(r)
        forms[i] = form
        for v in {*node.reads}:
            if last[v] == i:
                del forms[v]
    return ranges


def form_of(node: Node, forms: dict[Value, Form]) -> Form | None:
    """A sum written out, None for what is no sum."""
    match node:
        case Add(a, b, a_shift, b_shift, subtract):
            return sum_of(((a, a_shift, False), (b, b_shift, subtract)), forms)
        case Add3():
            return sum_of(node.terms, forms)
        case Shift(a, right) if right <= 0:
            return {v: c << -right for v, c in forms[a].items()}
        case Constant(value):
            return {ONE: value} if value else {}
        case _:
            return None


def sum_of(terms: Sequence[tuple[Value, int, bool]], forms: dict[Value, Form]) -> Form:
    """Terms (value, shift, whether it is subtracted) written out."""
    form: Form = {}
    for value, shift, minus in terms:
        for v, c in forms[value].items():
            form[v] = form.get(v, 0) + ((-c if minus else c) << shift)
    return {v: c for v, c in form.items() if c}


def ends(form: Form, ranges: Sequence[Range]) -> Range:
    """What a written out sum can be."""
    low = high = form.get(ONE, 0)
    bits = low  # or-ed: the lowest one is the lowest bit of any term
    for v, c in form.items():
        if v == ONE:
            continue
        r = ranges[v]
        low += c * (r.low if c > 0 else r.high)
        high += c * (r.high if c > 0 else r.low)
        bits |= c << r.zeros
    return Range.around(low) if low == high else Range(low, high, Range.around(bits).zeros)


def meet(a: Range, b: Range) -> Range:
    """What lies in both ranges."""
    low, high = max(a.low, b.low), min(a.high, b.high)
    return Range.around(low) if low == high else Range(low, high, max(a.zeros, b.zeros))
