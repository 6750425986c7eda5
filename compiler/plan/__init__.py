"""Plans: the choice of hardware for each layer, what it costs, and the search for one that fits."""

from __future__ import annotations

from .cost import Cost, CostModel, Estimate
from .implementations import Folded, Implementation, Lanes, Turns, Unrolled, lanes_in, lanes_out
from .plan import Plan
from .planner import Goal, make_plan, total_cost
from .products import Product, allot
from .segments import segments

__all__ = [
    "Cost",
    "CostModel",
    "Estimate",
    "Folded",
    "Goal",
    "Implementation",
    "Lanes",
    "Plan",
    "Product",
    "Turns",
    "Unrolled",
    "allot",
    "lanes_in",
    "lanes_out",
    "make_plan",
    "segments",
    "total_cost",
]
