"""Formulas of one variable: ``exp(-x**2)`` in float64 with an error bound, and enclosed to any precision."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from ..errors import CompileError
from ..real import Reals
from ..scalar.curves import Cos, Elu, Erf, Exp, Gelu, Log, Mish, Sin, Softplus, Swish
from ..scalar.functions import Abs, Function, Image, LeakyRelu, Relu, Sigmoid, Sign, Tanh
from ..scalar.rational import HardSwish, Pow, Softsign
from .defined import DEFINED, operations, written_out

__all__ = ["FUNCTIONS", "Expression", "parse"]

FUNCTIONS: dict[str, Function] = {
    "abs": Abs(), "cos": Cos(), "elu": Elu(), "erf": Erf(), "exp": Exp(), "gelu": Gelu(), "hardswish": HardSwish(),
    "leakyrelu": LeakyRelu(), "log": Log(), "mish": Mish(), "relu": Relu(),
    "selu": Elu(alpha=1.67326319217681884765625, gamma=1.05070102214813232421875), "sigmoid": Sigmoid(),
    "sign": Sign(), "silu": Swish(), "sin": Sin(), "softplus": Softplus(), "softsign": Softsign(),
    "sqrt": Pow(Fraction(1, 2)), "swish": Swish(), "tanh": Tanh(),
}  # fmt: skip
"""What can be called in a formula, beside what is defined by these."""

KNOWN = [*((name, 1) for name in FUNCTIONS), *DEFINED]
EXAMPLES = ("x", "0.25", "6")
CONSTANTS = {"e": Fraction(math.e), "pi": Fraction(math.pi)}
UNIT = 2.0**-50  # relative error of an operation of float64, those of the library included
MAX_POWER = 64
MAX_OPERATIONS = 10_000


class Float(NamedTuple):
    """Numbers in float64, and how far they can be from the real ones."""

    value: Reals
    error: Reals


@dataclass(frozen=True)
class Expression:
    """A formula of ``x``. Numbers in it are decimal fractions, exactly; ``e`` and ``pi`` are their float64 values."""

    text: str
    tree: ast.expr

    def evaluate(self, x: Reals) -> Float:
        """Its values in float64, which may be no numbers, with a bound of the error."""
        with np.errstate(all="ignore"):
            return self.float_of(self.tree, Float(x, np.zeros_like(x)))

    def enclose(self, x: Fraction, precision: int) -> Image:
        """Fractions below and above the value at ``x``, with ``precision`` bits inside.

        Raises
        ------
        CompileError
            where it is not defined there.
        """
        return self.image_of(self.tree, x, precision)

    def float_of(self, node: ast.expr, x: Float) -> Float:
        """A part of it in float64."""
        match node:
            case ast.Name("x"):
                return x
            case ast.Constant() | ast.Name():
                value = np.full_like(x.value, float(constant(node)))
                return Float(value, np.abs(value) * UNIT)
            case ast.UnaryOp(operand=operand):
                a = self.float_of(operand, x)
                return Float(-a.value, a.error)
            case ast.Call(ast.Name(name), [argument]):
                return through(FUNCTIONS[name].evaluate, self.float_of(argument, x))
            case ast.BinOp(left, ast.Pow(), right):
                n = exponent(right)
                return through(lambda v: v**n, self.float_of(left, x))
            case ast.BinOp(left, op, right):
                return combined(op, self.float_of(left, x), self.float_of(right, x))
            case _:
                raise AssertionError(ast.dump(node))

    def image_of(self, node: ast.expr, x: Fraction, precision: int) -> Image:
        """Bounds of a part of it."""
        match node:
            case ast.Name("x"):
                return x, x
            case ast.Constant() | ast.Name():
                return constant(node), constant(node)
            case ast.UnaryOp(operand=operand):
                low, high = self.image_of(operand, x, precision)
                return -high, -low
            case ast.Call(ast.Name(name), [argument]):
                low, high = self.image_of(argument, x, precision)
                f = FUNCTIONS[name]
                if not f.domain.holds(low, high):
                    raise CompileError(f"'{self.text}': {name} is not defined at x = {float(x):g}; choose other inputs")
                return f.image(0, low, high, precision)
            case ast.BinOp(left, ast.Pow(), right):
                ends = self.image_of(left, x, precision)
                return power(ends, exponent(right))
            case ast.BinOp(left, op, right):
                a, b = self.image_of(left, x, precision), self.image_of(right, x, precision)
                if isinstance(op, ast.Div) and b[0] <= 0 <= b[1]:
                    raise CompileError(f"'{self.text}': divides by zero at x = {float(x):g}; choose other inputs")
                return corners(op, a, b)
            case _:
                raise AssertionError(ast.dump(node))


def parse(text: str) -> Expression:
    """The formula that a text is: ``x``, numbers, ``+ - * / **``, and the functions of :data:`FUNCTIONS` and
    :data:`DEFINED`.

    Raises
    ------
    CompileError
        where it is something else.
    """
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise CompileError(f"'{text}': is no formula of x; write one such as exp(-x**2)") from None
    try:
        if what := fault(tree):
            raise CompileError(f"'{text}': {what}")
        whole = written_out(tree)
        if operations(whole) > MAX_OPERATIONS:
            raise CompileError(f"'{text}': is too long with all its functions written out; write it shorter")
    except RecursionError:
        raise CompileError(f"'{text}': is too deep; write it shorter") from None
    if not any(isinstance(n, ast.Name) and n.id == "x" for n in ast.walk(tree)):
        raise CompileError(f"'{text}': does not read x; write a function of x")
    return Expression(text, whole)


def fault(node: ast.expr) -> str | None:
    """What is not understood of a formula, and what to do."""
    match node:
        case ast.Name(name):
            known = name == "x" or name in CONSTANTS
            return None if known else f"'{name}' is not known; the variable is x, constants are {', '.join(CONSTANTS)}"
        case ast.Constant(value):
            number = (
                isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(float_or_nan(value))
            )
            return None if number else f"{ast.unparse(node)} is no number; write numbers such as 0.5"
        case ast.UnaryOp(ast.USub(), operand):
            return fault(operand)
        case ast.BinOp(left, ast.Pow(), right):
            n = ast.literal_eval(right) if isinstance(right, ast.Constant) else None
            if not isinstance(n, int) or not 0 < n <= MAX_POWER:
                what = f"the exponent {ast.unparse(right)} is no integer from 1 to {MAX_POWER}"
                return f"{what}; write exp, sqrt or 1 / x**n"
            return fault(left)
        case ast.BinOp(left, ast.Add() | ast.Sub() | ast.Mult() | ast.Div(), right):
            return fault(left) or fault(right)
        case ast.Call(ast.Name(name), arguments, []):
            counts = [count for known, count in KNOWN if known == name]
            if not counts:
                return f"the function '{name}' is not known; known are {', '.join(sorted({n for n, _ in KNOWN}))}"
            if len(arguments) not in counts:
                usage = " or ".join(f"{name}({', '.join(EXAMPLES[:count])})" for count in sorted(counts))
                return f"{name} has another number of arguments; write {usage}"
            return next((what for a in arguments if (what := fault(a))), None)
        case _:
            return f"'{ast.unparse(node)}' is not understood; use numbers, x, + - * / ** and functions"


def float_or_nan(value: float) -> float:
    """A number as a float, no number where it is too great."""
    try:
        return float(value)
    except OverflowError:
        return math.nan


def constant(node: ast.expr) -> Fraction:
    """The value of a number or of a constant's name."""
    if isinstance(node, ast.Name):
        return CONSTANTS[node.id]
    value = ast.literal_eval(node)
    return Fraction(value) if isinstance(value, int) else Fraction(repr(value))


def exponent(node: ast.expr) -> int:
    """The exponent of a power."""
    return int(ast.literal_eval(node))


def through(f: Callable[[Reals], Reals], a: Float) -> Float:
    """A function of inexact numbers: twice what it changes over their errors, and its own rounding."""
    value = f(a.value)
    spread = np.maximum(np.abs(f(a.value + a.error) - value), np.abs(f(a.value - a.error) - value))
    return Float(value, 2 * spread + (np.abs(value) + a.error) * UNIT + UNIT**2)


def combined(op: ast.operator, a: Float, b: Float) -> Float:
    """A sum, difference, product or quotient of inexact numbers."""
    match op:
        case ast.Add():
            value, error = a.value + b.value, a.error + b.error
        case ast.Sub():
            value, error = a.value - b.value, a.error + b.error
        case ast.Mult():
            value = a.value * b.value
            error = np.abs(a.value) * b.error + np.abs(b.value) * a.error + a.error * b.error
        case _:
            value = a.value / b.value
            room = np.abs(b.value) - b.error  # how far the divisor is from zero
            error = np.where(room > 0, (a.error + np.abs(value) * b.error) / room, np.inf)
    return Float(value, error + np.abs(value) * UNIT)


def corners(op: ast.operator, a: Image, b: Image) -> Image:
    """Bounds of a sum, difference, product or quotient; a divisor's bounds do not hold zero."""
    match op:
        case ast.Add():
            return a[0] + b[0], a[1] + b[1]
        case ast.Sub():
            return a[0] - b[1], a[1] - b[0]
        case ast.Mult():
            values = [p * q for p in a for q in b]
        case _:
            values = [p / q for p in a for q in b]
    return min(values), max(values)


def power(a: Image, n: int) -> Image:
    """Bounds of an integer power."""
    low, high = sorted((a[0] ** n, a[1] ** n))
    return (Fraction(0) if n % 2 == 0 and a[0] < 0 < a[1] else low), high
