"""Ours to da4ml, case by case, and the geometric means."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import geometric_mean
from typing import Any

__all__ = ["size_ratios", "speed_ratios"]

Row = Mapping[str, Any]


def size_ratios(family: str, ours: Mapping[str, Row], peer: Mapping[tuple[str, str], Row]) -> None:
    """Print the ratios of sizes; ``peer`` by case and recipe.

    LUT sites where nextpnr packed both sides in time, LUTs otherwise; of xc7, where no packer is asked, LUTs and those
    for which a slice takes two.
    """
    recipes = ("ours", "stock")
    cases = [case for case in ours if all((case, recipe) in peer for recipe in recipes)]
    if not cases:
        return
    print(f"\n| {family} | counted | ours | da4ml, our recipe | da4ml, stock | ours to it | to stock | to the better |")
    print("|---|---|---|---|---|---|---|---|")
    found: list[tuple[float, float, float]] = []
    for case in cases:
        rows = [ours[case], *(peer[case, recipe] for recipe in recipes)]
        key, said = ("sites", "LUT sites") if all(row.get("sites") for row in rows) else ("lut", "LUTs")
        size, through_ours, through_stock = (int(row[key]) + int(row.get("split", 0)) for row in rows)
        ratios = (size / through_ours, size / through_stock, size / min(through_ours, through_stock))
        found.append(ratios)
        said_ratios = " | ".join(f"{ratio:.3f}" for ratio in ratios)
        print(f"| {case} | {said} | {size} | {through_ours} | {through_stock} | {said_ratios} |")
    means = " | ".join(f"{geometric_mean(column):.3f}" for column in zip(*found, strict=True))
    print(f"| geometric mean of {len(found)} | | | | | {means} |", flush=True)


def speed_ratios(ours: Mapping[str, Row], peer: Mapping[tuple[str, str], Row]) -> None:
    """Print latency times LUT sites, and the ratios to the better of what da4ml routed with."""
    print("\n| circuit | latency x sites, ours | da4ml's best | recipe | ratio |\n|---|---|---|---|---|")
    found: list[float] = []
    for case, row in ours.items():
        others = {recipe: r["latency_times_sites"] for (name, recipe), r in peer.items() if name == case}
        routed = {recipe: value for recipe, value in others.items() if value}
        if not others or not row["latency_times_sites"]:
            continue
        best = min(routed, key=lambda recipe: routed[recipe], default=None)
        if best is None:
            print(f"| {case} | {row['latency_times_sites']:.0f} | not routed | | |")
            continue
        found.append(row["latency_times_sites"] / routed[best])
        print(f"| {case} | {row['latency_times_sites']:.0f} | {routed[best]:.0f} | {best} | {found[-1]:.3f} |")
    if found:
        print(f"| geometric mean of {len(found)} | | | | {geometric_mean(found):.3f} |", flush=True)
