"""The ONNX operators of one variable beside those of ``ops.py``: activations, powers, roundings and curves.

Attributes are keyword arguments with ONNX's defaults; ONNX stores them as float32, so that is what they mean.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..layers.scalar import Apply
from ..scalar import curves, rational
from ..scalar import functions as f
from .lattice import OfSines
from .layout import with_constants
from .operands import constant, finite, refuse
from .ops import affine, unary
from .value import Array, Ref, Val

if TYPE_CHECKING:
    from .importer import Importer

MAX_EXPONENT = 64


def float32(value: float) -> float:
    """An attribute as it is stored."""
    return float(np.float32(value))


def Neg(b: Importer, x: Val) -> Val:
    return affine(b, x, -1.0, 0.0) if isinstance(x, Ref) else -np.asarray(x)


def Abs(b: Importer, x: Val) -> Val:
    return unary(b, x, f.Abs())


def Sign(b: Importer, x: Val) -> Val:
    return unary(b, x, f.Sign())


def PRelu(b: Importer, x: Val, slope: Val) -> Val:
    """A constant slope."""
    array = finite(b, constant(b, slope, "slope"), "slope").astype(np.float64)
    if b.opset < 7 and isinstance(x, Ref) and array.size == x.onnx_shape[1]:
        array = array.reshape(-1, *[1] * (x.rank - 2))
    if not isinstance(x, Ref):
        given: Array = np.asarray(x, dtype=np.float64)
        return np.where(given < 0, array * given, given)
    return with_constants(b, x, lambda t, s: b.emit(Apply, t, f.PRelu(s)), array)


def ThresholdedRelu(b: Importer, x: Val, *, alpha: float = 1.0) -> Val:
    return unary(b, x, f.ThresholdedRelu(float32(alpha)))


def HardSigmoid(b: Importer, x: Val, *, alpha: float = 0.2, beta: float = 0.5) -> Val:
    if not isinstance(x, Ref):
        return np.clip(float32(alpha) * np.asarray(x) + float32(beta), 0.0, 1.0)
    return unary(b, affine(b, x, float32(alpha), float32(beta)), f.Clip(0.0, 1.0))


def HardSwish(b: Importer, x: Val) -> Val:
    return unary(b, x, rational.HardSwish())


def Elu(b: Importer, x: Val, *, alpha: float = 1.0) -> Val:
    return unary(b, x, curves.Elu(float32(alpha)))


def Celu(b: Importer, x: Val, *, alpha: float = 1.0) -> Val:
    if not alpha > 0:
        raise refuse(b, f"its alpha {alpha:g} is not positive", "give a positive alpha")
    return unary(b, x, curves.Elu(float32(alpha), width=float32(alpha)))


def Selu(
    b: Importer, x: Val, *, alpha: float = 1.67326319217681884765625, gamma: float = 1.05070102214813232421875
) -> Val:
    return unary(b, x, curves.Elu(float32(alpha), float32(gamma)))


def Softplus(b: Importer, x: Val) -> Val:
    return unary(b, x, curves.Softplus())


def Softsign(b: Importer, x: Val) -> Val:
    return unary(b, x, rational.Softsign())


def Erf(b: Importer, x: Val) -> Val:
    return unary(b, x, curves.Erf())


def Gelu(b: Importer, x: Val, *, approximate: str = "none") -> Val:
    if approximate not in ("none", "tanh"):
        raise refuse(b, f"its approximation '{approximate}' is not known", "use 'none' or 'tanh'")
    return unary(b, x, curves.Gelu() if approximate == "none" else curves.GeluTanh())


def Mish(b: Importer, x: Val) -> Val:
    return unary(b, x, curves.Mish())


def Swish(b: Importer, x: Val, *, alpha: float = 1.0) -> Val:
    if alpha == 0 and isinstance(x, Ref):
        return affine(b, x, 0.5, 0.0)
    return unary(b, x, curves.Swish(float32(alpha)))


def Exp(b: Importer, x: Val) -> Val:
    return unary(b, x, curves.Exp())


def Log(b: Importer, x: Val) -> Val:
    """Its input must stay above zero."""
    return unary(b, x, curves.Log())


def Sqrt(b: Importer, x: Val) -> Val:
    """Its input must not be below zero."""
    return unary(b, x, rational.power(0.5))


def Reciprocal(b: Importer, x: Val) -> Val:
    """Its input must stay away from zero."""
    return unary(b, x, rational.power(-1.0))


def Pow(b: Importer, x: Val, exponent: Val) -> Val:
    """A constant exponent, 64 at most, or a positive constant base; no power that its input has no value for."""
    if isinstance(exponent, Ref):
        return exponential(b, x, exponent)
    power: Array = finite(b, constant(b, exponent, "exponent"), "exponent").astype(np.float64)
    if not isinstance(x, Ref):
        return np.asarray(x) ** power
    if (np.abs(power) > MAX_EXPONENT).any():
        value = power[np.abs(power) > MAX_EXPONENT].reshape(-1)[0]
        raise refuse(b, f"its exponent {value:g} is beyond {MAX_EXPONENT}", "use a smaller exponent")
    if len({*power.flat}) > 1:
        return with_constants(b, x, lambda t, e: b.emit(Apply, t, rational.PerChannel(tuple(map(power_of, e)))), power)
    value = float(power.reshape(-1)[0])
    if value in (0.0, 1.0):
        return affine(b, x, value, 1.0 - value)
    return unary(b, x, rational.power(value))


def power_of(exponent: float) -> f.Function:
    """``x`` to a constant."""
    return rational.power(float(exponent))


def exponential(b: Importer, base: Val, x: Ref) -> Val:
    """A positive constant to the power of a tensor."""
    given = constant(b, base, "base, where the exponent is not,").astype(np.float64)
    if not (given > 0).all():
        raise refuse(b, "its base is not positive", "use a positive base or a constant exponent")
    return unary(b, affine(b, x, np.log(given), 0.0), curves.Exp())


def Sin(b: Importer, x: Val) -> Val:
    return unary(b, x, curves.Sin()) if isinstance(x, Ref) else np.sin(np.asarray(x, np.float64)).view(OfSines)


def Cos(b: Importer, x: Val) -> Val:
    return unary(b, x, curves.Cos())


def Floor(b: Importer, x: Val) -> Val:
    return unary(b, x, rational.Floor())


def Ceil(b: Importer, x: Val) -> Val:
    return unary(b, x, rational.Ceil())


def Round(b: Importer, x: Val) -> Val:
    return unary(b, x, rational.Round())
