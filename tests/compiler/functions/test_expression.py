"""Formulas: values in float64 against enclosures, and what is refused."""

from __future__ import annotations

from fractions import Fraction

import mpmath
import numpy as np
import pytest

from nnfpga.compiler.errors import CompileError
from nnfpga.compiler.functions.expression import FUNCTIONS, parse

REFERENCES = {
    "exp(-x**2)": lambda x: mpmath.exp(-x * x),
    "x * sigmoid(2 * x) - 0.1": lambda x: x / (1 + mpmath.exp(-2 * x)) - mpmath.mpf(1) / 10,
    "1 / (1 + x**3 / 7)": lambda x: 1 / (1 + x**3 / 7),
    "sin(x)**2 * exp(-x) + pi": lambda x: mpmath.sin(x) ** 2 * mpmath.exp(-x) + mpmath.mpf(np.pi),
    "(x + 1000000) - 1000000": lambda x: x,
    "prelu(x - 1, 0.1)": lambda x: x - 1 if x >= 1 else (x - 1) / 10,
    "clip(3 * x, 0.5, 2) + max(x, 1) * min(1, x)": lambda x: min(max(3 * x, 0.5), 2) + x,
    "clip(x, 2, 1)": lambda x: mpmath.mpf(1),
    "celu(x - 1, 0.5)": lambda x: x - 1 if x >= 1 else (mpmath.exp(2 * (x - 1)) - 1) / 2,
    "elu(x - 1, 3)": lambda x: x - 1 if x >= 1 else 3 * (mpmath.exp(x - 1) - 1),
    "gaussian(x) + tan(x / 2)": lambda x: mpmath.exp(-x * x) + mpmath.tan(x / 2),
    "reciprocal(cosh(x)) - sinh(x) + leakyrelu(-x, 0.5)": lambda x: 1 / mpmath.cosh(x) - mpmath.sinh(x) - x / 2,
}


@pytest.mark.parametrize("text", REFERENCES)
def test_values_are_within_their_bounds(text: str) -> None:
    f = parse(text)
    x = np.arange(1, 65) / 32
    value, error = f.evaluate(x)
    with mpmath.workprec(200):
        for v, e, at in zip(value.tolist(), error.tolist(), x.tolist(), strict=True):
            wanted = REFERENCES[text](mpmath.mpf(at))
            low, high = f.enclose(Fraction(at), 100)
            assert abs(wanted - v) <= e < 1e-8
            assert mpmath.mpf(low.numerator) / low.denominator <= wanted + mpmath.mpf(2) ** -150
            assert wanted - mpmath.mpf(2) ** -150 <= mpmath.mpf(high.numerator) / high.denominator
            assert high - low < Fraction(1, 1 << 60)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_is_enclosed(name: str) -> None:
    f = parse(f"{name}(x)")
    for x in (Fraction(1, 4), Fraction(3), Fraction(17, 8)):
        low, high = f.enclose(x, 80)
        value, error = f.evaluate(np.array([float(x)]))
        assert float(low) - float(error[0]) <= float(value[0]) <= float(high) + float(error[0])


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("x +", "is no formula of x; write one such as exp(-x**2)"),
        ("foo(x)", "the function 'foo' is not known; known are abs, celu, clip, cos"),
        ("y", "'y' is not known; the variable is x, constants are e, pi"),
        ("x ** 2.5", "the exponent 2.5 is no integer from 1 to 64; write exp, sqrt or 1 / x**n"),
        ("exp(x, x)", "exp has another number of arguments; write exp(x)"),
        ("leakyrelu(x, 1, 2)", "leakyrelu has another number of arguments; write leakyrelu(x) or leakyrelu(x, 0.25)"),
        ("max(x)", "max has another number of arguments; write max(x, 0.25)"),
        ("clip(x, y, 1)", "'y' is not known"),
        ("prelu(" * 40 + "x" + ", 0.5)" * 40, "is too long with all its functions written out"),
        ("__import__('os')", "the function '__import__' is not known"),
        ("x.real", "'x.real' is not understood; use numbers, x, + - * / ** and functions"),
        ("'a' * x", "'a' is no number; write numbers such as 0.5"),
        ("1e999 * x", "is no number"),
        ("3", "does not read x; write a function of x"),
        ("-" * 5000 + "x", "is"),
    ],
)
def test_what_is_no_formula_is_refused(text: str, what: str) -> None:
    with pytest.raises(CompileError) as refused:
        parse(text)
    assert what in str(refused.value)


@pytest.mark.parametrize(("text", "at", "what"), [("log(x)", 0, "log is not defined"), ("1 / x", 0, "divides by zero")])
def test_what_is_not_defined_is_refused(text: str, at: int, what: str) -> None:
    with pytest.raises(CompileError, match=what):
        parse(text).enclose(Fraction(at), 80)
