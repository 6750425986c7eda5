"""Squared distances to centres, however the file spells them: sums of functions of one element, or shared squares.

``sum_i w_i (x_i - c_i)^2`` comes as ``Sub``, ``Mul`` or ``Pow`` and ``ReduceSum``, as ``ReduceSumSquare``, or expanded
to ``x^2 - 2 x c + c^2`` with matrices. All are quadratic without mixed terms in the elements of one tensor, and so is
what matrices, sums, constants and layouts make of them: its coefficients are computed, and it is written anew.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import reduce
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ..layers.dense import Linear
from ..layers.join import Concatenate, Sum
from ..layers.product import RealProduct
from ..layers.rearrange import RealRearrange
from ..layers.reduction import ReduceSum
from ..layers.scalar import Apply
from ..scalar.functions import Affine
from ..scalar.rational import IntegerPow, PerChannel, Quadratic
from .given import given

if TYPE_CHECKING:
    from ..real import Op, RealGraph, Reals, Shape

__all__ = ["USUAL", "Ways", "distances", "forms_of"]

MOST_COEFFICIENTS = 1 << 22
MOST_FUNCTIONS = 6
"""Of one input element each. Beyond, the squares of the inputs are shared: one square and two weights cost less."""
MOST_PRODUCTS = 8
"""Elements whose squares are made at once."""
ROUNDING = 1e-9  # of the terms: below, a constant is what float left of one


@dataclass(frozen=True, eq=False)
class Quadratics:
    """Elements ``y_e = constant_e + sum_i square[e, i] x_i^2 + slope[e, i] x_i`` of a tensor; i counts in C order."""

    square: Reals
    slope: Reals
    constant: Reals

    @staticmethod
    def identity(size: int) -> Quadratics:
        """The tensor itself."""
        return Quadratics(np.zeros((size, size)), np.eye(size), np.zeros(size))

    def mapped(self, matrix: Reals) -> Quadratics:
        """Sums of the elements."""
        return Quadratics(matrix @ self.square, matrix @ self.slope, matrix @ self.constant)

    def scaled(self, factor: Reals | np.float64) -> Quadratics:
        """Each element times a factor."""
        column = np.reshape(factor, (-1, 1))
        return Quadratics(column * self.square, column * self.slope, factor * self.constant)

    def plus(self, other: Quadratics) -> Quadratics:
        """The sums with other elements."""
        return Quadratics(self.square + other.square, self.slope + other.slope, self.constant + other.constant)

    def chosen(self, index: npt.NDArray[np.int64]) -> Quadratics:
        """Some of the elements."""
        return Quadratics(self.square[index], self.slope[index], self.constant[index])

    def squared(self) -> Quadratics | None:
        """Each element's square; None where that has mixed terms or higher powers."""
        if self.square.any() or (np.count_nonzero(self.slope, axis=1) > 1).any():
            return None
        slope, constant = self.slope, self.constant
        return Quadratics(slope**2, 2 * slope * constant[:, None], constant**2)

    @property
    def is_distance(self) -> bool:
        """Whether there are squares around centres; those around zero are shared as they are."""
        return bool(self.square.any()) and bool(self.slope.any())


Forms = dict[str, Quadratics]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Ways:
    """How many terms are functions of one element each, and how many shared squares are products."""

    functions: int = MOST_FUNCTIONS
    products: int = MOST_PRODUCTS


USUAL = Ways()


def distances(graph: RealGraph, ways: Ways = USUAL) -> RealGraph:
    """The same function (in float64) with every sum of squares of a tensor's elements written in one of two ways.

    Few terms become a function of one element each, and a sum. Many become a matrix on the elements and their squares.
    What a file quantised stays as it is.
    """
    known = given(graph)
    roots = dict.fromkeys(
        root for op in graph.ops if is_square(op) and (root := root_of(graph, op.inputs[0])) not in known
    )
    for root in roots:
        graph = rewritten(graph, root, ways)
    return graph


def is_square(op: Op) -> bool:
    """Whether an operation squares its input."""
    if isinstance(op, Apply):
        return op.function == IntegerPow(2)
    return isinstance(op, RealProduct) and op.inputs[0] == op.inputs[1]


def root_of(graph: RealGraph, name: str) -> str:
    """The tensor of whose elements a tensor is an affine function each."""
    while (op := graph.makers.get(name)) is not None and (
        isinstance(op, RealRearrange) or (isinstance(op, Apply) and isinstance(op.function, Affine))
    ):
        name = op.inputs[0]
    return name


def rewritten(graph: RealGraph, root: str, ways: Ways) -> RealGraph:
    """The graph with the last quadratic functions of a tensor written anew."""
    size = int(np.prod(graph.shapes[root]))
    forms: Forms = {root: Quadratics.identity(size)} if size**2 <= MOST_COEFFICIENTS else {}
    for op in graph.ops:
        if op.name != root and {*op.inputs} <= {*forms}:
            elements = int(np.prod(graph.shapes[op.name]))
            form = form_of(op, graph.shapes, forms) if elements * size <= MOST_COEFFICIENTS else None
            if form is not None:
                forms[op.name] = form
    wanted = {
        name: form
        for name, form in forms.items()
        if form.is_distance
        and (name in graph.outputs or any(r.name not in forms for r in graph.readers(name)))
        and not is_square(graph.makers[name])
    }
    wanted = {name: form for name, form in wanted.items() if not follows(graph, name, wanted)}
    if not wanted:
        return graph
    ops: list[Op] = []
    for op in graph.ops:
        form = wanted.get(op.name)
        ops += [op] if form is None else written(op, root, graph.shapes[op.name], form, ways)
    return without_unread(graph.replace(ops))


def follows(graph: RealGraph, name: str, wanted: Collection[str]) -> bool:
    """Whether a tensor is a layout or an affine function of one that is written anew anyway."""
    while isinstance(op := graph.makers[name], Apply | RealRearrange) and op.inputs[0] in graph.makers:
        name = op.inputs[0]
        if name in wanted:
            return True
    return False


def form_of(op: Op, shapes: Mapping[str, Shape], forms: Forms) -> Quadratics | None:
    """The coefficients of an operation's elements from those of what it reads; None where it has none."""
    first, shape = forms[op.inputs[0]], shapes[op.inputs[0]]
    match op:
        case RealProduct() | Apply() if is_square(op):
            return first.squared()
        case RealRearrange():
            return first.chosen(op.index.reshape(-1))
        case Apply(function=Affine() as affine):
            slope, intercept = (
                np.broadcast_to(v.astype(np.float64), shape).reshape(-1) for v in (affine.slope, affine.intercept)
            )
            moved = first.scaled(slope)
            return replace(moved, constant=moved.constant + intercept)
        case Linear(scale=None):
            rows = np.eye(int(np.prod(shape[:-1])))
            return first.mapped(np.kron(rows, op.weight).astype(np.float64))
        case ReduceSum():
            index = np.arange(int(np.prod(shape))).reshape(shape)
            index = np.moveaxis(index, op.axes, range(len(op.axes))).reshape(
                int(np.prod([shape[a] for a in op.axes])), -1
            )
            matrix = np.zeros((index.shape[1], index.size))
            matrix[np.arange(index.shape[1]), index] = 1 / op.divisor
            return first.mapped(matrix)
        case Sum():
            terms = [forms[name].scaled(np.float64(sign)) for sign, name in zip(op.signs, op.inputs, strict=True)]
            return reduce(Quadratics.plus, terms)
        case _:
            return None


def written(op: Op, root: str, shape: Shape, form: Quadratics, ways: Ways) -> list[Op]:
    """Operations that compute the quadratic functions of a tensor; the last one has the name of ``op``."""
    used = (form.square != 0) | (form.slope != 0)
    few = used.sum() <= ways.functions
    centre = np.divide(form.slope, -2 * form.square, out=np.zeros_like(form.slope), where=form.square != 0)
    sign, constant = 1.0, form.constant
    if few:
        if (form.square <= 0).all():
            sign, form = -1.0, form.scaled(np.float64(-1))  # functions that are never negative need no sign
        ops, least = by_functions(op, root, form, used, centre)
        terms = np.abs(constant) + np.abs(least).sum(axis=1)
        constant = constant + sign * least.sum(axis=1)
        constant = np.where(np.abs(constant) <= ROUNDING * terms, 0.0, constant)
    else:
        ops = by_shared_squares(op, root, form, used, float(np.abs(centre).max()), ways.products)
    if sign < 0 or constant.any():
        uniform = constant[:1] if (constant == constant[0]).all() else constant
        affine = Affine(np.full(1, sign), uniform)
        ops.append(Apply(f"{op.name}_sum", (ops[-1].name,), affine, node=op.node))
    last = RealRearrange(op.name, (ops[-1].name,), np.arange(len(constant)).reshape(shape), node=op.node)
    return [*ops, last]


def by_functions(op: Op, root: str, form: Quadratics, used: Flags, centre: Reals) -> tuple[list[Op], Reals]:
    """A function of one element each, which is 0 at its centre, and their sums; what these functions leave out."""
    rows = len(form.constant)
    index = np.argsort(~used, axis=1, kind="stable")[:, : int(used.sum(axis=1).max())]
    least = np.where(used, -form.square * centre**2, 0.0)
    functions = tuple(
        Quadratic(float(form.square[e, i]), float(form.slope[e, i]), -float(least[e, i]))
        for e, row in enumerate(index.tolist())
        for i in row
    )
    chosen = RealRearrange(f"{op.name}_of", (root,), index.reshape(-1), node=op.node)
    applied = Apply(f"{op.name}_functions", (chosen.name,), PerChannel(functions), node=op.node)
    shaped = RealRearrange(f"{op.name}_rows", (applied.name,), np.arange(index.size).reshape(rows, -1), node=op.node)
    summed = ReduceSum(f"{op.name}_sums", (shaped.name,), (1,), node=op.node)
    flat = RealRearrange(f"{op.name}_flat", (summed.name,), np.arange(rows), node=op.node)
    return [chosen, applied, shaped, summed, flat], least


def by_shared_squares(op: Op, root: str, form: Quadratics, used: Flags, reach: float, most_products: int) -> list[Op]:
    """A matrix on the elements beside their squares.

    The squares of few elements are products. Those of many are functions, one after the other where that is wanted, and
    scaled to about the range of the elements.
    """
    index = np.flatnonzero(used.any(axis=0))
    slope, square = form.slope[:, index], form.square[:, index]
    if len(index) <= most_products:
        chosen = RealRearrange(f"{op.name}_of", (root,), index, node=op.node)
        squares = RealProduct(f"{op.name}_squares", (chosen.name, chosen.name), node=op.node)
        both = Concatenate(f"{op.name}_both", (chosen.name, squares.name), node=op.node)
        weight = np.concatenate([slope, square], axis=1)
        return [chosen, squares, both, Linear(f"{op.name}_product", (both.name,), weight, node=op.node)]
    unit = 2.0 ** np.rint(np.log2(reach)) if reach else 1.0
    # each element and its square side by side: where elements come one by one, nothing has to be kept for later
    functions = (Quadratic(0.0, 1.0, 0.0), Quadratic(1 / unit, 0.0, 0.0)) * len(index)
    weight = np.stack([slope, unit * square], axis=2).reshape(len(slope), -1)
    chosen = RealRearrange(f"{op.name}_of", (root,), np.repeat(index, 2), node=op.node)
    applied = Apply(f"{op.name}_functions", (chosen.name,), PerChannel(functions), node=op.node)
    return [chosen, applied, Linear(f"{op.name}_product", (applied.name,), weight, node=op.node)]


def without_unread(graph: RealGraph) -> RealGraph:
    """The graph without what no output needs."""
    read = {*graph.outputs}
    for op in reversed(graph.ops):
        if op.name in read:
            read.update(op.inputs)
    return graph.replace([op for op in graph.ops if op.name in read])


def forms_of(graph: RealGraph) -> list[str]:
    """How the sums of squares are written that are made of functions, in words."""
    found: list[str] = []
    for op in graph.ops:
        if isinstance(op, Apply) and isinstance(f := op.function, PerChannel):
            squares = [one for one in f.functions if isinstance(one, Quadratic) and one.square]
            shared = any(isinstance(reader, Linear) for reader in graph.readers(op.name))
            what = "squares that all sums share" if shared else "functions of one element each"
            found += [f"{len(squares)} {what}"] if squares else []
    return found
