"""The search for widths: the fewest LUTs with which the network stays within some points of its float accuracy.

1. Every knob alone is turned down from the reference width, and the error of the scores is measured on a sample.
2. Errors are taken as additive. For each price of an error the best widths are found knob by knob (Lagrange); among
   these the cheapest that keeps the drop is found by bisection, now with the real accuracy.
3. Single steps down, and a step down for a step up elsewhere, are tried while they are cheaper and keep the drop.
4. The samples that took no part so far decide: the search goes back until the drop is kept on them, too.

The number of evaluations is bounded, not the time, so the result is the same on every machine. Sources: Zhou et al.,
Adaptive quantization for deep neural network, AAAI 2018; Shoham and Gersho, Efficient bit allocation for an arbitrary
set of quantizers, IEEE Transactions on Acoustics, Speech and Signal Processing 36 (1988).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from itertools import product, takewhile

from ..errors import CompileError
from ..passes import Calibration, quantize, to_fixed_point
from ..real import RealGraph, Reals
from ..scalar.functions import Affine
from .memory import Memory
from .names import Widths, chain, layers_of
from .prices import Choice, Knob, Price, Prices
from .samples import Drop, Samples

__all__ = ["Found", "search"]

FEWEST, USUAL, MOST = 2, 8, 16  # bits
SENSITIVITY_SAMPLES = 500
START, FALL, TRADES = 1e6, 0.85, 160  # weights of the error that are tried, and how they fall
TRIES = 60  # evaluations for single steps

Errors = Mapping[tuple[Knob, int], float]
Move = tuple[tuple[Knob, int], ...]


@dataclass(frozen=True)
class Found:
    """The widths, what they cost, what the usual ones cost, and what is lost on the samples that decided."""

    widths: Widths
    cost: float
    usual_cost: float
    searched: Drop
    checked: Drop
    samples: tuple[int, int]
    evaluations: int


def search(
    graph: RealGraph, calibration: Calibration, stated: Widths, halves: tuple[Samples, Samples], points: float,
    price: Price, exit: Affine | None = None, progress: Callable[[str], None] = lambda _: None,
) -> Found:  # fmt: skip
    """Widths with the least price that lose at most ``points`` of accuracy, those that are stated kept.

    ``halves`` are the samples to search on and those to check on; ``exit`` is what the host applies to the scores.

    Raises
    ------
    CompileError
        where no width up to 16 bits keeps the drop.
    """
    return Search(graph, calibration, stated, halves, points, price, exit, progress).run()


@dataclass
class Search:
    """One search: the choices evaluated so far, and what they lose."""

    graph: RealGraph
    calibration: Calibration
    stated: Widths
    halves: tuple[Samples, Samples]
    points: float
    price: Price
    exit: Affine | None
    progress: Callable[[str], None]
    drops: dict[tuple[int, ...], Drop] = field(default_factory=dict[tuple[int, ...], Drop])

    def __post_init__(self) -> None:
        self.memories = [Memory(half.x) for half in self.halves]
        self.few = self.halves[0].part(slice(SENSITIVITY_SAMPLES))
        self.rough = Memory(self.few.x)
        self.uniform = {bits: self.quantised({}, bits) for bits in range(FEWEST, USUAL + 1)}
        self.knobs = self.find_knobs()

    def find_knobs(self) -> list[Knob]:
        """What has a width that is not stated."""
        weights, givers = layers_of(self.graph, self.uniform[USUAL])
        covered = {tensor for name in self.stated.activations for tensor in chain(self.graph, name)}
        if self.calibration.input_format is not None:
            covered.update(i.name for i in self.graph.inputs)
        return [
            *(Knob(name, False) for name in givers if not covered.intersection(chain(self.graph, name))),
            *(Knob(name, True) for name in weights if name not in self.stated.weights),
        ]

    def run(self) -> Found:
        """All steps in order."""
        top = self.reference()
        prices = self.prices()
        same = [dict.fromkeys(self.knobs, bits) for bits in range(top, FEWEST - 1, -1)]
        accepted: list[Choice] = [*takewhile(self.keeps, same)]
        errors = self.sensitivities(same[0])
        accepted += self.trades(same[0], prices, errors)
        accepted.sort(key=prices.total, reverse=True)
        accepted += self.steps(accepted[-1], top, prices, errors)
        for choice in filter(self.keeps, reversed(accepted)):  # some are not measured yet
            checked = self.measure(choice, 1)
            self.progress(
                f"{prices.total(choice):.0f} LUTs lose {checked.points:.2f} points on other samples, at most "
                f"{checked.bound:.2f} of all"
            )
            if checked.bound <= self.points:
                usual = prices.total(dict.fromkeys(self.knobs, USUAL))
                count = len(self.halves[0].truth), len(self.halves[1].truth)
                drop, widths = self.drops[self.key(choice)], self.widths(choice)
                total = sum(m.evaluations for m in (*self.memories, self.rough))
                return Found(widths, prices.total(choice), usual, drop, checked, count, total)
        raise self.impossible(self.measure(accepted[0], 1), top)

    def reference(self) -> int:
        """The least width from the usual one on that keeps the drop everywhere."""
        for bits in range(USUAL, MOST + 1):
            self.uniform.setdefault(bits, self.quantised({}, bits))
            if self.keeps(dict.fromkeys(self.knobs, bits)):
                return bits
        raise self.impossible(self.drops[self.key(dict.fromkeys(self.knobs, MOST))], MOST)

    def impossible(self, drop: Drop, bits: int) -> CompileError:
        """The error where nothing keeps the drop."""
        few = min(len(half.truth) for half in self.halves)
        return CompileError(
            f"option max-drop: {self.points:g} points cannot be kept for sure: {bits} bits everywhere lose "
            f"{drop.points:.2f} on {few} samples, so up to {drop.bound:.2f} on all; give more samples, or a larger drop"
        )

    def prices(self) -> Prices:
        """The table of costs."""
        knobs = {knob.layer: knob for knob in self.knobs if knob.weights}
        for knob in self.knobs:
            if not knob.weights:
                knobs |= {f"{tensor}_q": knob for tensor in chain(self.graph, knob.layer)}
        return Prices(self.uniform, knobs, self.price)

    def sensitivities(self, reference: Choice) -> Mapping[tuple[Knob, int], float]:
        """The error that each knob alone adds at each width; less width never adds less."""
        base = self.few.error(self.scores(self.rough, self.quantised(reference)))
        errors: dict[tuple[Knob, int], float] = {}
        for n, knob in enumerate(self.knobs):
            self.progress(f"measuring what each width costs in accuracy: {n + 1} of {len(self.knobs)}")
            worst = 0.0
            for bits in range(reference[knob], FEWEST - 1, -1):
                if bits < reference[knob]:
                    scores = self.scores(self.rough, self.quantised({**reference, knob: bits}))
                    worst = max(worst, self.few.error(scores) - base)
                errors[knob, bits] = worst
        return errors

    def trades(self, top: Choice, prices: Prices, errors: Errors) -> list[Choice]:
        """Widths that keep the drop, cheaper and cheaper: the best ones for falling weights of the error."""
        weight = START * prices.total(top) / max(*errors.values(), 1e-30)
        path: list[Choice] = []
        for n in range(TRADES):
            choice = best(path[-1] if path else top, top, prices, errors, weight * FALL**n)
            if not path or choice != path[-1]:
                path.append(choice)
        path.sort(key=prices.total, reverse=True)
        low, high = 0, len(path)  # what stands before low keeps the drop, what stands from high on does not
        while low < high:
            middle = (low + high) // 2
            self.progress(f"trying {prices.total(path[middle]):.0f} LUTs")
            low, high = (middle + 1, high) if self.keeps(path[middle]) else (low, middle)
        return path[:low]

    def steps(self, start: Choice, top: int, prices: Prices, errors: Errors) -> list[Choice]:
        """Widths that keep the drop, cheaper and cheaper: one knob down, or one down and another up."""
        path: list[Choice] = []
        now, refused, tries = start, set[tuple[tuple[Knob, int], ...]](), 0
        while tries < TRIES:
            moves = [move for move in changes(now, top) if move not in refused]
            ranked = sorted(moves, key=lambda move: rank(now, changed(now, move), prices, errors))
            better = [move for move in ranked if prices.total(changed(now, move)) < prices.total(now)]
            if not better:
                break
            move, tries = better[0], tries + 1
            after = changed(now, move)
            self.progress(f"trying {prices.total(after):.0f} LUTs ({tries} of at most {TRIES} steps)")
            if self.keeps(after):
                now = after
                path.append(now)
            else:
                refused.add(move)
        return path

    def keeps(self, choice: Choice) -> bool:
        """Whether widths surely lose no more than is allowed, on the samples to search on."""
        key = self.key(choice)
        if key not in self.drops:
            self.drops[key] = self.measure(choice, 0)
        return self.drops[key].bound <= self.points

    def measure(self, choice: Choice, half: int) -> Drop:
        """What widths lose on one half of the samples; biases are corrected only where it decides: that takes time."""
        calibration = self.calibrated(choice)
        made = to_fixed_point(self.graph, calibration) if half else quantize(self.graph, calibration)
        return self.halves[half].drop(self.scores(self.memories[half], made))

    def scores(self, memory: Memory, quantised: RealGraph) -> Reals:
        """The scores of a quantised network: what is compared where it ends in a decision."""
        (name,) = quantised.outputs
        made = quantised.makers[name]
        scores = memory.evaluate(quantised, made.inputs[0] if made.decides else name)
        scores = scores if self.exit is None else self.exit.evaluate(scores)
        return scores.reshape(len(scores), -1)

    def quantised(self, choice: Choice, bits: int = USUAL) -> RealGraph:
        """The network with some widths, its biases as they are; ``bits`` for what has none."""
        return quantize(self.graph, self.calibrated(choice, bits))

    def calibrated(self, choice: Choice, bits: int = USUAL) -> Calibration:
        """The calibration with some widths."""
        return self.widths(choice).calibrate(self.graph, replace(self.calibration, bits=bits))

    def widths(self, choice: Choice) -> Widths:
        """The widths of a choice, and those that are stated."""
        weights = {knob.layer: bits for knob, bits in choice.items() if knob.weights}
        activations = {knob.layer: bits for knob, bits in choice.items() if not knob.weights}
        return Widths({**self.stated.weights, **weights}, {**self.stated.activations, **activations})

    def key(self, choice: Choice) -> tuple[int, ...]:
        """A choice's bits in order."""
        return tuple(choice[knob] for knob in self.knobs)


def best(start: Choice, top: Choice, prices: Prices, errors: Errors, weight: float) -> Choice:
    """The widths with the least cost plus weighted error, by changes of the knobs that share a layer."""
    choice = start
    groups = sorted({*prices.roles.values(), *((knob,) for knob in start)})
    while True:
        before = choice
        for knobs in groups:

            def value(bits: tuple[int, ...], choice: Choice = choice, knobs: tuple[Knob, ...] = knobs) -> float:
                changed = {**choice, **dict(zip(knobs, bits, strict=True))}
                return prices.around(knobs, changed) + weight * sum(errors[k, changed[k]] for k in knobs)

            bits = min(product(*(range(FEWEST, top[k] + 1) for k in knobs)), key=value)
            choice = {**choice, **dict(zip(knobs, bits, strict=True))}
        if choice == before:
            return choice


def changes(choice: Choice, top: int) -> list[Move]:
    """One knob down, or one down by one or two and another up."""
    down = [(knob, -n) for n in (1, 2) for knob, bits in choice.items() if bits - n >= FEWEST]
    up = [(knob, 1) for knob, bits in choice.items() if bits < top]
    return [*((d,) for d in down), *((d, u) for d in down for u in up if d[0] != u[0])]


def changed(choice: Choice, move: Move) -> Choice:
    """A choice after a move."""
    return {**choice, **{knob: choice[knob] + by for knob, by in move}}


def rank(before: Choice, after: Choice, prices: Prices, errors: Errors) -> float:
    """The error that a move is expected to add for what it saves."""
    error = sum(errors[k, after[k]] - errors[k, before[k]] for k in before)
    return error / max(prices.total(before) - prices.total(after), 1e-9)
