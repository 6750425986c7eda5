"""A pendulum that stands on its pivot, and the control law that the network learns.

State: angle from the upright position (rad) and its rate (rad/s). The motor's torque is what the controller's output in
0 .. 1 says, from ``-TORQUE`` to ``TORQUE`` per inertia.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

__all__ = ["LIMITS", "STEP", "closed_loop", "law", "scaled"]

Reals = npt.NDArray[np.float64]

GRAVITY, LENGTH, FRICTION = 9.81, 0.5, 0.4
TORQUE = 40.0
LIMITS = np.array([1.0, 6.0])  # of angle and rate: what the network's inputs -1 .. 1 stand for
GAINS = (30.0, 8.0)  # of angle and rate, behind the compensation of gravity
STEP = 0.01  # seconds between two outputs of the controller


def scaled(state: Reals) -> Reals:
    """The network's inputs for states (..., 2)."""
    return np.clip(state / LIMITS, -1.0, 1.0 - 2.0**-15)


def law(state: Reals) -> Reals:
    """The controller's output: gravity compensated, then a linear law, smoothly limited to 0 .. 1."""
    angle, rate = state[..., 0], state[..., 1]
    wanted = -GRAVITY / LENGTH * np.sin(angle) - GAINS[0] * angle - GAINS[1] * rate
    return 0.5 + 0.5 * np.tanh(wanted / TORQUE)


def closed_loop(controller: Callable[[Reals], float], start: Reals, steps: int) -> tuple[Reals, Reals]:
    """States (steps + 1, 2) and outputs (steps,) where the controller's output is held for a step (Runge-Kutta 4)."""
    states, outputs = [start], [0.0] * 0
    for _ in range(steps):
        outputs.append(controller(states[-1]))
        torque = TORQUE * (2 * outputs[-1] - 1)
        states.append(moved(states[-1], torque))
    return np.array(states), np.array(outputs)


def moved(state: Reals, torque: float) -> Reals:
    """The state after a step."""

    def slope(s: Reals) -> Reals:
        return np.array([s[1], GRAVITY / LENGTH * np.sin(s[0]) - FRICTION * s[1] + torque])

    a = slope(state)
    b = slope(state + STEP / 2 * a)
    c = slope(state + STEP / 2 * b)
    d = slope(state + STEP * c)
    return state + STEP / 6 * (a + 2 * b + 2 * c + d)
