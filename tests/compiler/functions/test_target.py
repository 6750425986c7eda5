"""Allowed outputs against mpmath, code by code."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest

from nnfpga.compiler.errors import CompileError
from nnfpga.compiler.formats import parse as format_of
from nnfpga.compiler.functions.expression import parse
from nnfpga.compiler.functions.target import Target, target_of


def test_codes_within_an_error_are_allowed_and_no_others() -> None:
    target = target_of(parse("exp(-x**2)"), format_of("fixed<8,3>"), format_of("ufixed<8,0>"), Fraction("0.005"))
    with mpmath.workprec(200):
        limit = mpmath.mpf(5) / 1000
        for code, low, high in zip(target.codes.tolist(), target.low.tolist(), target.high.tolist(), strict=True):
            wanted = mpmath.exp(-((mpmath.mpf(code) / 32) ** 2))
            allowed = [y for y in range(256) if abs(mpmath.mpf(y) / 256 - wanted) <= limit]
            assert allowed == list(range(low, high + 1))


@pytest.mark.parametrize(("text", "f"), [("sigmoid(x)", lambda x: 1 / (1 + mpmath.exp(-x))), ("tanh(x)", mpmath.tanh)])
def test_without_an_error_the_nearest_code_is_allowed(text: str, f: Callable[[Any], Any]) -> None:
    target = target_of(parse(text), format_of("fixed<8,4>"), format_of("fixed<8,1>"), None)
    real: Any = mpmath
    wanted = [min(int(real.floor(f(real.mpf(code) / 16) * 128 + 0.5)), 127) for code in range(-128, 128)]
    assert target.low.tolist() == target.high.tolist() == wanted


def test_ties_are_decided_exactly() -> None:
    target = target_of(parse("x / 2"), format_of("fixed<4,4>"), format_of("fixed<4,4>"), None)
    assert target.low.tolist() == target.high.tolist() == [(c + 1) >> 1 for c in range(-8, 8)]
    limit = target_of(parse("x / 2"), format_of("fixed<4,4>"), format_of("fixed<4,4>"), Fraction(1, 2))
    assert limit.low.tolist() == [c >> 1 for c in range(-8, 8)]
    assert limit.high.tolist() == [(c + 1) >> 1 for c in range(-8, 8)]


@pytest.mark.parametrize(
    ("text", "given", "result", "error", "what"),
    [
        ("exp(x)", "fixed<8,4>", "ufixed<8,0>", "0.1", "ufixed<8,0> has no value within 0.1 of it at x = "),
        ("x", "fixed<8,8>", "fixed<4,8>", "0.1", "allow a greater error or choose another output format"),
        ("log(x)", "fixed<8,4>", "fixed<8,4>", "0.1", "log is not defined at x = -8"),
        ("x", "fixed<17,8>", "fixed<8,8>", "0.1", "has more than 16 bits"),
    ],
)
def test_what_cannot_be_is_refused(text: str, given: str, result: str, error: str, what: str) -> None:
    with pytest.raises(CompileError) as refused:
        target_of(parse(text), format_of(given), format_of(result), Fraction(error))
    assert what in str(refused.value)


def test_a_target_without_outputs_is_refused() -> None:
    with pytest.raises(ValueError, match="must allow an output"):
        Target(1, False, np.array([0, 2]), np.array([1, 1]))
