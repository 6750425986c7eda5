"""Fixed-point formats as text: ``fixed<W,I>``, ``ufixed<W,I>`` and the QONNX names ``INT4``, ``UINT4``, ``BINARY``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction

from .errors import CompileError
from .graph import Tensor

__all__ = ["Format", "Ranges", "describe", "parse"]

MAX_WIDTH = 64


class Ranges(Enum):
    """Which range of calibration values a format shall cover; values beyond saturate."""

    MINMAX = "minmax"
    """All of them."""
    PERCENTILE = "percentile"
    """99.99 % of their magnitudes."""
    MSE = "mse"
    """What gives the least squared error."""


@dataclass(frozen=True)
class Format:
    """``width`` bits of which ``integer`` stand before the binary point; a signed format counts its sign there."""

    width: int
    integer: int
    signed: bool

    @property
    def scale(self) -> Fraction:
        """What one unit is worth."""
        return Fraction(2) ** (self.integer - self.width)

    @property
    def low(self) -> int:
        """The least integer."""
        return -(1 << (self.width - 1)) if self.signed else 0

    @property
    def high(self) -> int:
        """The greatest integer."""
        return (1 << (self.width - self.signed)) - 1

    def __str__(self) -> str:
        return f"{'' if self.signed else 'u'}fixed<{self.width},{self.integer}>"


def parse(text: str) -> Format:
    """The format that a text names.

    Raises
    ------
    CompileError
        where the text names none.
    """
    squeezed = text.replace(" ", "")
    if match := re.fullmatch(r"(u?)fixed<(\d+),(-?\d+)>", squeezed, re.IGNORECASE):
        result = Format(int(match[2]), int(match[3]), not match[1])
    elif match := re.fullmatch(r"(U?)INT(\d+)", squeezed, re.IGNORECASE):
        result = Format(int(match[2]), int(match[2]), not match[1])
    elif squeezed.upper() == "BINARY":
        result = Format(1, 1, False)
    else:
        raise CompileError(f"format '{text}': is not known; write fixed<W,I>, ufixed<W,I>, INT8 or UINT8")
    if not 1 <= result.width <= MAX_WIDTH:
        raise CompileError(f"format '{text}': must have 1 to {MAX_WIDTH} bits; choose a width in that range")
    return result


def describe(tensor: Tensor) -> str:
    """The format of a tensor: ``fixed<W,I>`` where its scale is one power of two, else the bits and the lattice."""
    one = tensor.number.union()
    low, high = int(one.low), int(one.high)
    if (low, high, int(one.step)) == (-1, 1, 2):
        return "BIPOLAR"
    signed = low < 0
    width = max((~low).bit_length() if signed else 0, high.bit_length() if high > 0 else 0) + signed
    scales = {*tensor.scale.flat}
    scale = min(scales)
    exponents = {s.numerator.bit_length() - s.denominator.bit_length() for s in scales}
    power = all(s.numerator & (s.numerator - 1) == 0 and s.denominator & (s.denominator - 1) == 0 for s in scales)
    if not power or any(o != 0 for o in tensor.offset.flat):
        return f"{'' if signed else 'U'}INT{width}"
    points = [width + s.numerator.bit_length() - s.denominator.bit_length() for s in scales]
    if len(exponents) > 1:
        return f"{'' if signed else 'u'}fixed<{width},{min(points)}..{max(points)}>"
    return str(Format(width, width + scale.numerator.bit_length() - scale.denominator.bit_length(), signed))
