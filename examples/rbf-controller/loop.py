"""Closes the loop around the compiled controller and draws it: ``python examples/rbf-controller/loop.py FOLDER``.

The RTL of the complete chip drives the plant, simulated cycle by cycle: each state goes in through its serial pins, the
answer moves the plant. Every answer must be the integer model's, bit for bit. The folder gets what ``nnfpga compile``
writes, with the picture in ``report.html``, and ``loop.svg``.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime
from plant import STEP, closed_loop, law, scaled

import nnfpga

HERE = Path(__file__).parent
START = np.array([0.6, 0.0])
STEPS = 150
BITS = 10
WIDE, HIGH, LEFT, PANEL = 720, 420, 60, 160

Reals = npt.NDArray[np.float64]


def main(folder: Path) -> None:
    """Compile, run the loop with three controllers, compare and draw."""
    design = nnfpga.compile(
        HERE / "model.onnx", HERE / "data.npz", bits=BITS, input_format="fixed<16,1>", board="icebreaker", emit="rtl",
        samples=32,
    )  # fmt: skip
    session = onnxruntime.InferenceSession((HERE / "model.onnx").read_bytes(), providers=["CPUExecutionProvider"])

    def network(state: Reals) -> float:
        return float(np.asarray(session.run(None, {"x": scaled(state)[None].astype(np.float32)})[0])[0, 0])

    with design.simulated_chip() as chip:
        runs = {
            "control law": closed_loop(lambda state: float(law(state)), START, STEPS),
            "float network": closed_loop(network, START, STEPS),
            "circuit": closed_loop(lambda state: float(chip.predict(scaled(state))[0]), START, STEPS),
        }
    states, outputs = runs["circuit"]
    if not np.array_equal(outputs, design.predict(scaled(states[:-1]))[:, 0]):
        raise SystemExit("the RTL differs from the integer model: a bug of nnfpga")
    apart = np.abs(states[:, 0] - runs["control law"][0][:, 0]).max()
    print(f"{len(outputs)} answers of the chip's RTL drove the plant, all equal to the integer model's")
    print(f"greatest distance from the control law's angle: {apart:.4f} rad; last angle: {states[-1, 0]:.4f} rad")
    print(f"outputs from {outputs.min():.3f} to {outputs.max():.3f}")
    picture = drawn(runs)
    design.add_figure("Closed loop", picture)
    design.files["loop.svg"] = picture
    design.save(folder)


def drawn(runs: dict[str, tuple[Reals, Reals]]) -> str:
    """An SVG with the angle and the controller's output over time."""
    colours = dict(zip(runs, ("#999", "#36c", "#c30"), strict=True))
    parts = [f'<rect width="{WIDE}" height="{HIGH}" fill="#fff"/>']
    panels = [
        ("angle, rad", {n: s[:-1, 0] for n, (s, _) in runs.items()}),
        ("output", {n: o for n, (_, o) in runs.items()}),
    ]
    for row, (title, curves) in enumerate(panels):
        top = 40 + row * (PANEL + 40)
        low, high = (
            f(v) for f, v in ((min, [c.min() for c in curves.values()]), (max, [c.max() for c in curves.values()]))
        )
        parts.append(f'<text x="{LEFT}" y="{top - 8}">{title}</text>')
        parts += [
            f'<text x="{LEFT - 6}" y="{y}" text-anchor="end">{v:.2f}</text>'
            for y, v in ((top + 10, high), (top + PANEL, low))
        ]
        parts.append(f'<path d="M{LEFT} {top}V{top + PANEL}H{WIDE - 10}" stroke="#888" fill="none"/>')
        for name, curve in curves.items():
            points = " ".join(
                f"{LEFT + k / len(curve) * (WIDE - 10 - LEFT):.1f},{top + (high - v) / (high - low) * PANEL:.1f}"
                for k, v in enumerate(curve)
            )
            parts.append(f'<polyline points="{points}" fill="none" stroke="{colours[name]}" stroke-width="1.5"/>')
    parts += [
        f'<text x="{WIDE - 260 + 90 * k}" y="20" fill="{c}">{name}</text>'
        for k, (name, c) in enumerate(colours.items())
    ]
    parts.append(f'<text x="{WIDE - 10}" y="{HIGH - 6}" text-anchor="end">{STEPS * STEP:g} s</text>')
    attributes = (
        f'xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDE} {HIGH}" font-family="sans-serif" font-size="13"'
    )
    return f"<svg {attributes}>{''.join(parts)}</svg>\n"


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path("demo"))
