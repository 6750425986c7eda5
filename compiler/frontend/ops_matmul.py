"""Matrix products of a tensor and a constant, on either side: a dense layer, or a convolution of one tap."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

import numpy as np

from ..exact import fractions
from ..layers.convolution import Convolve
from ..layers.dense import Linear
from ..layers.window import Window
from .lattice import OfSines, OnLattice, row_units
from .layout import arrange, as_batch
from .operands import constant, finite, refuse
from .ops import affine
from .ops_join import Add
from .tensors import MOST_ELEMENTS
from .value import Array, Ref, Val

if TYPE_CHECKING:
    from .importer import Importer

MOST_PRODUCTS = 1 << 30  # of constants, a few seconds

POINT = Window((1,), (1,), (0,), (0,), (1,))


def MatMul(b: Importer, a: Val, w: Val) -> Val:
    """One operand is a constant, of any number of axes; rows of a tensor are kept apart where they are samples."""
    if isinstance(a, np.ndarray) and isinstance(w, np.ndarray):
        if a.size * (w.shape[-1] if w.ndim > 1 else 1) > MOST_PRODUCTS:
            raise refuse(b, f"its constants take more than {MOST_PRODUCTS} multiplications", "use a smaller network")
        return np.asarray(a @ w)
    if isinstance(a, Ref) and isinstance(w, Ref):
        raise refuse(b, "both operands depend on the input", "multiply by a constant matrix")
    if isinstance(a, Ref):
        return product(b, a, constant(b, w, "second operand"))
    assert isinstance(w, Ref)
    left = constant(b, a, "first operand")
    if w.batched and w.rank < 3:
        raise refuse(b, "it adds up the samples of a batch", "keep the samples of a batch apart")
    turned = w if len(w.shape) < 2 else arrange(b, w, lambda t: t.swapaxes(-1, -2))
    y = product(b, turned, left if left.ndim < 2 else left.swapaxes(-1, -2))
    return y if left.ndim < 2 or len(w.shape) < 2 else arrange(b, y, lambda t: t.swapaxes(-1, -2))


def product(b: Importer, x: Ref, right: Array) -> Ref:
    """``x @ right``: rows of ``x`` times a matrix, or times one for each entry of the axes in front."""
    weight = right[:, None] if right.ndim == 1 else right
    if x.batched and weight.ndim == x.rank > 2 and len(weight) == 1:
        weight = weight[0]
    unlike = f"a matrix of shape {right.shape} does not fit an input of shape {x.shape}"
    if 0 in weight.shape:
        raise refuse(b, f"its matrix of shape {right.shape} is empty", "leave the node out")
    if not x.shape or weight.ndim < 2 or weight.shape[-2] != x.shape[-1]:
        raise refuse(b, unlike, "flatten first")
    if x.batched and weight.ndim > max(x.rank - 1, 2):
        raise refuse(b, f"{unlike} for each sample of a batch", "keep the samples of a batch apart")
    *leading, rows, inputs = (1,) * (2 - len(x.shape)) + x.shape
    own, outputs = weight.shape[:-2], weight.shape[-1]
    try:
        front = np.broadcast_shapes(tuple(leading), own)
    except ValueError:
        raise refuse(b, unlike, "check the shapes") from None
    groups = prod(front) if prod(own) > 1 else 1
    if prod(front) * max(rows * inputs, rows * outputs, groups // prod(front) * inputs * outputs) > MOST_ELEMENTS:
        raise refuse(b, "its broadcast operands are too large", "use a smaller network")
    kept = (*front, *((rows,) if len(x.shape) > 1 else ()), *((outputs,) if right.ndim > 1 else ()))

    def grouped(t: Array) -> Array:
        whole = np.broadcast_to(t.reshape(*leading, rows, inputs), (*front, rows, inputs))
        each = whole.reshape(groups, -1, inputs)
        return each.swapaxes(0, 1).reshape(-1, groups * inputs)

    def separate(t: Array) -> Array:
        return t.reshape(-1, groups, outputs).swapaxes(0, 1).reshape(kept)

    matrices = np.broadcast_to(weight, (*(front if groups > 1 else own), inputs, outputs), subok=True)
    rows_of_weights = matrices.swapaxes(-1, -2).reshape(-1, inputs)
    if x.shape == (inputs,) and kept == (outputs,):
        return linear(b, x, rows_of_weights)
    return as_batch(b, arrange(b, linear(b, arrange(b, x, grouped), rows_of_weights, groups), separate))


def linear(b: Importer, x: Ref, weight: Array, groups: int = 1) -> Ref:
    """A matrix (outputs, inputs / groups) times a vector, or times each row of a tensor (rows, inputs)."""
    on_lattice, sines = isinstance(weight, OnLattice), isinstance(weight, OfSines)
    weight = finite(b, np.asarray(weight, dtype=np.float64), "weight matrix")
    units = row_units(weight) if on_lattice else None
    if on_lattice and units is None:
        raise refuse(b, "its weights have codes of more than 16 bits", "quantise the weights to 16 bits or fewer")
    if len(x.shape) == 1:
        return b.emit(Linear, x, weight, scale=units, sines=sines)
    if x.shape[0] == groups == 1:
        row = b.emit(Linear, arrange(b, x, np.ravel), weight, scale=units, sines=sines)
        return arrange(b, row, lambda t: t[None])
    return b.emit(Convolve, x, weight[:, None, :], POINT, groups, scale=units)


def Gemm(
    b: Importer,
    a: Val,
    w: Val,
    c: Val | None = None,
    *,
    alpha: float = 1.0,
    beta: float = 1.0,
    transA: int = 0,
    transB: int = 0,
    broadcast: int = 1,
) -> Val:
    """One factor is a constant; a transposed tensor must not be a batch of samples."""
    y = MatMul(b, transposed(b, a, transA), transposed(b, w, transB))
    if alpha != 1:
        y = scaled(b, y, alpha)
    if c is None:
        return y
    return Add(b, y, c if beta == 1 else scaled(b, c, beta))


def transposed(b: Importer, x: Val, flag: int) -> Val:
    """A factor of a Gemm, a matrix or, where the file says so, a transposed one."""
    if len(x.onnx_shape if isinstance(x, Ref) else np.shape(constant(b, x, "factor"))) != 2:
        raise refuse(b, "its factors must be matrices", "flatten first")
    if not flag or not isinstance(x, Ref):
        return np.asanyarray(x).T if flag else x
    if x.batched:
        raise refuse(b, "a transposed factor mixes the samples of a batch", "keep the samples of a batch apart")
    return arrange(b, x, np.transpose)


def scaled(b: Importer, x: Val, factor: float) -> Val:
    """A tensor or a constant times an attribute."""
    if isinstance(x, Ref):
        return affine(b, x, float(factor), 0.0)
    array = constant(b, x, "bias")
    return array * fractions(factor) if array.dtype == object else factor * array.astype(np.float64)
