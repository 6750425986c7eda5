"""The formats of a function unit as the user gives them, and those that are tried where he leaves the output's free."""

from __future__ import annotations

from fractions import Fraction

from nnfpga.compiler.errors import CompileError
from nnfpga.compiler.formats import Format
from nnfpga.compiler.functions.expression import Expression
from nnfpga.compiler.functions.target import MAX_BITS, Target, target_of

__all__ = ["read_error", "targets_of"]

TRIED = 4
MAX_INTEGER = 16


def read_error(text: str | None) -> Fraction | None:
    """The greatest error that is allowed, exactly as it is written.

    Raises
    ------
    CompileError
        where it is no positive number.
    """
    if text is None:
        return None
    try:
        value = Fraction(text)
    except (ValueError, ZeroDivisionError):
        value = Fraction(0)
    if not Fraction(1, 1 << 40) <= value <= 1 << 40:
        raise CompileError(f"error '{text}': is no positive number; write one such as 0.005, or leave it out")
    return value


def targets_of(
    f: Expression, source: Format, result: Format | None, error: Fraction | None
) -> list[tuple[Format, Target]]:
    """What is allowed in each output format: the stated one, or the coarsest four that are within the error.

    Raises
    ------
    CompileError
        where there is none.
    """
    if result is not None:
        return [(result, target_of(f, source, result, error))]
    if error is None:
        raise ValueError("targets_of must have a format or an error")
    found: list[tuple[Format, Target]] = []
    last: CompileError | None = None
    fraction = next(k for k in range(-40, 60) if Fraction(2) ** -k <= 2 * error)
    for bits in range(fraction, fraction + TRIED + 2):
        for form in forms(bits):
            try:
                found.append((form, target_of(f, source, form, error)))
                break
            except CompileError as refused:
                last = refused
        if len(found) == TRIED:
            break
    if not found:
        raise last or CompileError(
            f"'{f.text}': no format of up to {2 * MAX_BITS} bits is within the error; allow more"
        )
    return found


def forms(fraction: int) -> list[Format]:
    """Formats with so many bits behind the point, narrow ones and unsigned ones first."""
    widths = range(max(1, fraction - MAX_INTEGER), fraction + MAX_INTEGER)
    every = [Format(w, w - fraction, signed) for w in widths for signed in (False, True)]
    return [form for form in every if form.width <= 2 * MAX_BITS]
