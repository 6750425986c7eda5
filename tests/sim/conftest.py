"""Designs whose simulation is refused are made and never used: Amaranth need not tell."""

from amaranth._unused import MustUse

MustUse._MustUse__silence = True
