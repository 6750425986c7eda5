from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nnfpga.boards.pll import ecp5_pll, ice40_pll
from nnfpga.compiler.errors import CompileError

quick = settings(max_examples=60, deadline=None)


@quick
@given(i=st.sampled_from([10, 12, 16, 25, 48, 100]), o=st.fractions(17, 275, max_denominator=1000))
def test_ice40(i: int, o: Fraction) -> None:
    pll = ice40_pll(i, o)
    pfd = Fraction(i, pll.divr + 1)
    vco = pfd * (pll.divf + 1)
    assert 0 <= pll.divr < 16
    assert 0 <= pll.divf < 128
    assert 1 <= pll.divq <= 6
    assert 10 <= pfd <= 133
    assert 533 <= vco <= 1066
    assert pll.o_mhz == vco / 2**pll.divq <= o
    for r in range(16):
        for q in range(1, 7):
            for f in range(128):
                p = Fraction(i, r + 1)
                if 10 <= p <= 133 and 533 <= p * (f + 1) <= 1066 and 16 <= p * (f + 1) / 2**q <= o:
                    assert p * (f + 1) / 2**q <= pll.o_mhz, "there is a nearer one"


@quick
@given(i=st.sampled_from([8, 12, 25, 48, 100]), o=st.fractions(10, 400, max_denominator=1000))
def test_ecp5(i: int, o: Fraction) -> None:
    pll = ecp5_pll(i, o)
    pfd = Fraction(i, pll.clki_div)
    assert all(1 <= div <= 128 for div in (pll.clki_div, pll.clkfb_div, pll.clkop_div))
    assert Fraction(25, 8) <= pfd <= 400
    assert pll.o_mhz == pfd * pll.clkfb_div <= o
    assert 400 <= pll.o_mhz * pll.clkop_div <= 800
    for div in range(1, 129):
        p = Fraction(i, div)
        for feedback in range(1, 129) if p >= Fraction(25, 8) else ():
            out = p * feedback
            if Fraction(25, 8) <= out <= o and any(400 <= out * n <= 800 for n in range(1, 129)):
                assert out <= pll.o_mhz, "there is a nearer one"


def test_known_settings() -> None:
    """As icepll and ecppll choose them."""
    pll = ice40_pll(12, 24)
    assert (pll.divr, pll.divf, pll.divq, pll.filter_range) == (0, 63, 5, 1)
    assert ice40_pll(12, 48).o_mhz == 48
    assert (ice40_pll(12, 16.5).divq, ice40_pll(12, 16.5).o_mhz) == (6, 16.5)
    other = ecp5_pll(25, 50)
    assert (other.clki_div, other.clkfb_div, other.o_mhz) == (1, 2, 50)


@pytest.mark.parametrize(
    ("make", "mhz", "limits"),
    [
        (ice40_pll, 15.9, "16 to 275"),
        (ice40_pll, 300, "16 to 275"),
        (ecp5_pll, 3, "3.125 to 400"),
        (ecp5_pll, 401, "3.125 to 400"),
    ],
)
def test_out_of_range(make: type, mhz: float, limits: str) -> None:
    with pytest.raises(CompileError) as error:
        make(12, mhz)
    assert str(error.value) == f"clock: the PLL of this chip cannot make {mhz:g} MHz; ask for {limits} MHz"


def test_impossible_input() -> None:
    with pytest.raises(CompileError) as error:
        ice40_pll(1, 20)
    assert str(error.value) == (
        "clock: the PLL of this chip cannot make 20 MHz, or a little less, of 1 MHz; ask for another clock"
    )
