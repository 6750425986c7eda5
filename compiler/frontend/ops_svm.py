"""Support vector machines of the domain ai.onnx.ml: with their usual kernel they are networks of Gaussian units."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..layers.arg_max import RealArgMax
from ..layers.product import RealProduct
from ..scalar import curves
from ..scalar import functions as f
from .layout import joined
from .operands import finite, refuse
from .ops import affine, unary
from .ops_join import Add
from .ops_matmul import linear
from .ops_unary import power_of
from .value import Array, Ref, Val

if TYPE_CHECKING:
    from .importer import Importer


DOMAINS = ("ai.onnx.ml",)
PLAIN = "only plain sums of kernels are supported"


def SVMRegressor(
    b: Importer,
    x: Val,
    *,
    coefficients: list[float],
    support_vectors: list[float],
    rho: list[float],
    kernel_params: list[float],
    kernel_type: str = "LINEAR",
    n_supports: int = 0,
    one_class: int = 0,
    post_transform: str = "NONE",
) -> Val:
    """Support vectors with any kernel; no detection of outliers."""
    if one_class or post_transform != "NONE" or n_supports <= 0 or len(coefficients) != n_supports:
        raise refuse(b, PLAIN, "export a regressor with support vectors")
    if len(rho) != 1:
        raise refuse(b, f"it has {len(rho)} offsets", "export the model again")
    units = kernels(b, x, vectors(b, support_vectors, n_supports), kernel_type, kernel_params)
    return affine(b, linear(b, units, np.array([coefficients])), 1.0, float(rho[0]))


def SVMClassifier(
    b: Importer,
    x: Val,
    *,
    coefficients: list[float],
    support_vectors: list[float],
    vectors_per_class: list[int],
    rho: list[float],
    kernel_params: list[float],
    kernel_type: str = "LINEAR",
    classlabels_ints: list[int] | None = None,
    classlabels_strings: list[str] | None = None,
    prob_a: list[float] | None = None,
    prob_b: list[float] | None = None,
    post_transform: str = "NONE",
) -> tuple[Val, Val]:
    """Support vectors with any kernel, two classes: the class, and the decision with both signs."""
    labels = classlabels_ints or classlabels_strings or []
    if len(vectors_per_class) != 2:
        what = f"it tells {len(vectors_per_class)} classes apart by votes"
        raise refuse(b, what, "train one for two classes, or a regressor for each class")
    if prob_a or prob_b or post_transform != "NONE":
        raise refuse(b, "its probabilities are not supported", "train with probability=False")
    if len(labels) != 2 or len(rho) != 1 or sum(vectors_per_class) != len(coefficients):
        raise refuse(b, PLAIN, "export a classifier with support vectors")
    units = kernels(b, x, vectors(b, support_vectors, len(coefficients)), kernel_type, kernel_params)
    signs = np.array([-1.0, 1.0])
    scores = affine(b, linear(b, units, np.outer(signs, coefficients)), 1.0, signs * rho[0])
    b.labels = (labels[1], labels[0])  # a positive decision, the second score, is for the first class
    b.names[scores.name] = b.results[1] if len(b.results) > 1 else ""
    return b.emit(RealArgMax, scores), scores


def vectors(b: Importer, values: list[float], count: int) -> Array:
    """The support vectors as rows."""
    if count <= 0 or len(values) % count or not values:
        raise refuse(b, f"{len(values)} numbers are no {count} support vectors", "export the model again")
    return finite(b, np.array(values).reshape(count, -1), "support vectors")


def kernels(b: Importer, x: Val, centres: Array, kind: str, parameters: list[float]) -> Ref:
    """The kernel of the input and each support vector."""
    if not isinstance(x, Ref):
        raise refuse(b, "its input is a constant", "export with constant folding")
    if len(parameters) != 3:
        raise refuse(b, f"its kernel has {len(parameters)} parameters, not 3", "export the model again")
    if x.shape != centres.shape[1:]:
        raise refuse(b, f"support vectors of {centres.shape[1]} numbers do not fit an input {x.shape}", "flatten first")
    gamma, constant, degree = parameters
    match kind:
        case "RBF":
            squares = linear(b, joined(b, RealProduct, (x, x)), np.full(centres.shape, -gamma))
            exponents = Add(b, linear(b, x, 2 * gamma * centres), squares)
            assert isinstance(exponents, Ref)
            made = unary(b, affine(b, exponents, 1.0, -gamma * np.square(centres).sum(axis=1)), curves.Exp())
        case "LINEAR":
            made = linear(b, x, centres)
        case "POLY":
            made = unary(b, affine(b, linear(b, x, gamma * centres), 1.0, constant), power_of(degree))
        case "SIGMOID":
            made = unary(b, affine(b, linear(b, x, gamma * centres), 1.0, constant), f.Tanh())
        case _:
            raise refuse(b, f"its kernel {kind!r} is not known", "use one of RBF, LINEAR, POLY, SIGMOID")
    assert isinstance(made, Ref)
    return made
