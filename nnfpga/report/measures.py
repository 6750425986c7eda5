"""What the report says, in words: shared by the page and by the table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .units import count, figure, percent, points, rate
from .values import clean, flag, lookup, number, sequence, text

__all__ = [
    "Measure",
    "Resource",
    "Verdict",
    "accuracy",
    "estimates",
    "layer_estimate",
    "layers",
    "notes",
    "resources",
    "steps",
    "target",
    "timing",
    "total_seconds",
    "verdicts",
]

Report = Mapping[str, Any]

GENERIC = "generic"
"""The name and family of no chip: their totals are no limits."""

RESOURCES = {"lut": "LUTs", "ff": "Flip-flops", "carry": "Carry cells", "bram": "Block RAMs", "dsp": "Multipliers"}


@dataclass(frozen=True)
class Verdict:
    """A question that a user asks first, answered."""

    topic: str
    good: bool
    answer: str
    details: tuple[str, ...] = ()


@dataclass(frozen=True)
class Measure:
    """A figure with its name and a remark."""

    label: str
    value: str
    note: str = ""


@dataclass(frozen=True)
class Resource:
    """How many of something are used, of how many (None: no device, or the device does not count them)."""

    label: str
    used: float
    total: float | None

    @property
    def share(self) -> float:
        """Used of total; 0 without a total."""
        if self.total is None:
            return 0.0
        return self.used / self.total if self.total else float(self.used > 0) * 2


def target(report: Report) -> str:
    """``iCEBreaker (UP5K, ice40), for latency``: where the circuit is meant to run."""
    board, goal = text(report, "board"), text(report, "plan", "target")
    name, family = text(report, "device", "name"), text(report, "device", "family")
    device = "generic device" if GENERIC in (name, family) else ", ".join(filter(None, (name, family)))
    place = f"{board} ({device})" if board and device else board or device
    return ", ".join(filter(None, (place, goal and f"target {goal}")))


def resources(report: Report) -> list[Resource]:
    """What the placed circuit uses. What the device lacks and the circuit does not need is left out."""
    unlimited = GENERIC in (text(report, "device", "name"), text(report, "device", "family"))
    found: list[Resource] = []
    for key, label in RESOURCES.items():
        used, total = number(report, "resources", key), number(report, "device", key)
        if used is not None and (used or total):
            found.append(Resource(label, used, None if unlimited else total))
    return found


def verdicts(report: Report) -> list[Verdict]:
    """Does it fit, does it meet its clock, is it exact: as far as that was measured."""
    return [verdict for verdict in (_fits(report), _meets(report), _exact(report)) if verdict]


def _fits(report: Report) -> Verdict | None:
    limited = [resource for resource in resources(report) if resource.total is not None]
    if not limited:
        return None
    fullest = max(limited, key=lambda resource: resource.share)
    detail = f"{figure(fullest.used)} of {figure(fullest.total or 0)} {_inline(fullest.label)}"
    if fullest.total:
        detail = f"{100 * fullest.share:.0f} % of the {_inline(fullest.label)}"
    good = all(resource.share <= 1 for resource in limited)
    return Verdict("Size", good, "fits" if good else "does not fit", (detail,))


def _inline(label: str) -> str:
    return label if label[1].isupper() else label.lower()


def _meets(report: Report) -> Verdict | None:
    met, fmax, clock = flag(report, "timing_met"), number(report, "fmax_mhz"), number(report, "clock_mhz")
    if met is None:
        return None
    reached = "" if fmax is None else f"{figure(fmax)} MHz reached"
    wanted = "" if clock is None else f"{figure(clock)} MHz wanted"
    detail = ", ".join(filter(None, (reached, wanted)))
    return Verdict("Timing", met, "met" if met else "not met", (detail,) if detail else ())


def _exact(report: Report) -> Verdict | None:
    details: list[str] = []
    good: list[bool] = []
    for key, what in (("rtl", "RTL"), ("netlist", "netlist")):
        same = flag(report, "exact", key)
        if same is None:
            continue
        good.append(same)
        vectors, engine = number(report, "exact", f"{key}_vectors"), text(report, "exact", f"{key}_engine")
        if vectors is None:
            vectors = number(report, "exact", "vectors")
        amount = "" if vectors is None else f" on {count(vectors, 'vector')}"
        details.append(f"{what} {'equal' if same else 'differs'}{amount}{engine and f' ({engine})'}")
    framed, frames = flag(report, "exact", "framed"), number(report, "exact", "framed")
    if framed is not None:
        good.append(framed)
        details.append(f"framed transaction through the pads {'equal' if framed else 'differs'}")
    elif frames:
        details.append(f"{count(frames, 'framed transaction')} through the pads equal")
    if not good:
        return None
    models = ", ".join(clean(model) for model in sequence(report, "exact", "cell_models"))
    if models:
        details.append(f"with nnfpga's own models of {models}")
    return Verdict("Exactness", all(good), "exact" if all(good) else "not exact", tuple(details))


def accuracy(report: Report) -> list[Measure]:
    """What fixed point costs against the float model."""
    found: list[Measure] = []
    exact, fixed = number(report, "float", "accuracy"), number(report, "fixed", "accuracy")
    if exact is not None:
        found.append(Measure("Float accuracy", percent(exact), "the model as it came"))
    if fixed is not None:
        note = "" if exact is None else f"{points(fixed - exact)} against float"
        found.append(Measure("Fixed accuracy", percent(fixed), note))
    agreement, error = number(report, "fixed", "agreement"), number(report, "fixed", "max_abs_error")
    if agreement is not None:
        found.append(Measure("Agreement", percent(agreement), "same class as float"))
    if error is not None:
        found.append(Measure("Largest error", figure(error), "of an output value against float"))
    return found + fidelity(report)


def fidelity(report: Report) -> list[Measure]:
    """How the integers of a quantised file compare with ONNX Runtime's."""
    elements, ambiguous = number(report, "fidelity", "elements"), number(report, "fidelity", "ambiguous")
    if elements is None or ambiguous is None:
        return []
    names = [
        f"{text(layer, 'tensor')}: {count(number(layer, 'ambiguous') or 0, 'element')}"
        for layer in sequence(report, "fidelity", "layers")
    ]
    note = "all equal to ONNX Runtime's"
    if ambiguous:
        note = f"equal to ONNX Runtime's but for {figure(ambiguous)} that float32 cannot decide ({'; '.join(names)})"
    return [Measure("File's quantisers", count(elements, "element"), note)]


def timing(report: Report) -> list[Measure]:
    """Latency, interval, clocks and rates."""
    found: list[Measure] = []
    cycles, time = number(report, "latency_cycles"), number(report, "latency_us")
    if time is not None:
        note = "" if cycles is None else count(cycles, "cycle")
        found.append(Measure("Latency", f"{figure(time)} us", note))
    elif cycles is not None:
        found.append(Measure("Latency", count(cycles, "cycle")))
    interval = number(report, "interval_cycles")
    if interval is not None:
        found.append(Measure("Interval", count(interval, "cycle"), "from one sample to the next"))
    clock, fmax = number(report, "clock_mhz"), number(report, "fmax_mhz")
    if clock is not None:
        found.append(Measure("Clock", f"{figure(clock)} MHz", "" if fmax is None else f"{figure(fmax)} MHz possible"))
    elif fmax is not None:
        found.append(Measure("Fmax", f"{figure(fmax)} MHz"))
    core, link = (number(report, "inferences_per_second", key) for key in ("core", "link"))
    if core is not None:
        found.append(Measure("Core rate", rate(core), "inferences the circuit can do"))
    if link is not None:
        found.append(Measure("Link rate", rate(link), "inferences the host link lets through"))
    return found


def estimates(report: Report) -> list[Measure]:
    """What the network was estimated to take before synthesis, and the estimates' errors."""
    found: list[Measure] = []
    for key, label in (("lut", "LUTs, about"), ("ff", "FFs, about")):
        value, error = number(report, "estimate", key), number(report, "estimate", f"{key}_error")
        if value is not None:
            said = "before synthesis, without the link"
            found.append(Measure(label, figure(value), f"+-{100 * error:.0f} %, {said}" if error else said))
    return found


def layer_estimate(layer: Report) -> str:
    """``1,240 +-15 %``: the planner's estimate with its relative error."""
    value, error = number(layer, "estimated_lut"), number(layer, "estimated_lut_error")
    if value is None:
        return ""
    return figure(round(value)) + ("" if not error else f" +-{100 * error:.0f} %")


def layers(report: Report) -> list[dict[str, Any]]:
    """The layers, in order."""
    return [{str(k): v for k, v in layer.items()} for layer in sequence(report, "layers") if isinstance(layer, Mapping)]


def notes(report: Report) -> list[str]:
    """The warnings."""
    return [clean(note) for note in sequence(report, "notes") if clean(note)]


def steps(report: Report) -> list[tuple[str, float]]:
    """Seconds of each step, in order, without the total."""
    given = lookup(report, "seconds")
    if not isinstance(given, Mapping):
        return []
    names = [str(name) for name in given if name != "total"]
    return [(clean(name), value) for name in names if (value := number(given, name)) is not None]


def total_seconds(report: Report) -> float | None:
    """The stated total, else the sum of the steps."""
    given, parts = number(report, "seconds", "total"), steps(report)
    return given if given is not None else sum(value for _, value in parts) if parts else None
