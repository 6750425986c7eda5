"""Trains the small networks of this folder, for ``benchmarks/unrolled.py`` and ``benchmarks/sparse.py``.

    python benchmarks/networks/train.py [cancer_e] [fashion_f] [digits_g]

writes ``NAME.onnx``, a float network that computes integers exactly, and ``NAME.npz`` with test inputs ``xte``, labels
``yte`` and the expected integers ``ref``. Weights and activations are quantised while training (straight-through
estimator, Bengio et al. 2013, arXiv:1308.3432), with Adam. Needs scikit-learn; ``fashion_f`` the folder that
``NNFPGA_DATA`` names.

* ``cancer_e``: 30-32-16-2, inputs of 8 bits, weights of 5 bits, activations of 6: scikit-learn's breast cancer data.
* ``fashion_f``: 49-64-32-10, inputs of 4 bits, ternary weights, activations of 3: Fashion-MNIST in 7x7 averages.
* ``digits_g``: 64-256-128-10, inputs and activations of 2 bits, weights of 4 bits; each neuron reads four others, drawn
  at random before training (LogicNets: Umuroglu et al. 2020), the last ones 32: scikit-learn's digits.
"""

from __future__ import annotations

import gzip
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

HERE = Path(__file__).parent
SHARED = Path(os.environ.get("NNFPGA_DATA", HERE.parents[2] / "shared"))
ROWS = 360

Reals = npt.NDArray[np.float64]
Split = tuple[Any, Any, Any, Any]
"""Training inputs (integers) and labels, test inputs and labels."""


@dataclass(frozen=True)
class Shape:
    """A network: units per layer, bits of inputs and activations, largest weight and its binary point, and training."""

    units: tuple[int, ...]
    input_bits: int
    activation_bits: int
    most: int
    point: int
    epochs: int
    batch: int
    rate: float
    fan_in: tuple[int, ...] = ()
    """How many others the neurons of each layer read, if not all."""


NETWORKS = {
    "cancer_e": Shape((30, 32, 16, 2), 8, 6, 15, 3, 200, 32, 0.003),
    "fashion_f": Shape((49, 64, 32, 10), 4, 3, 1, 2, 12, 100, 0.002),
    "digits_g": Shape((64, 256, 128, 10), 2, 2, 7, 2, 100, 32, 0.01, (4, 4, 32)),
}


def cancer() -> Split:
    """8-bit features between the training rows' least and greatest value; every fifth row is for the test."""
    from sklearn.datasets import load_breast_cancer

    data: Any = load_breast_cancer()
    x, y = data.data, data.target
    order = np.random.default_rng(0).permutation(len(x))
    test, train = order[: len(x) // 5], order[len(x) // 5 :]
    low, high = x[train].min(axis=0), x[train].max(axis=0)
    q = np.clip(np.rint(255 * (x - low) / (high - low)), 0, 255)
    return q[train], y[train], q[test], y[test]


def fashion() -> Split:
    """4x4 pixels averaged, 4 bits."""

    def read(name: str, skip: int) -> Any:
        data = gzip.decompress((SHARED / f"data/fashion-mnist/{name}-ubyte.gz").read_bytes())
        return np.frombuffer(data[skip:], np.uint8)

    def images(name: str) -> Reals:
        pixels = read(name, 16).reshape(-1, 7, 4, 7, 4).mean(axis=(2, 4))
        return np.floor(pixels / 16).reshape(len(pixels), -1)

    y, y_test = (read(f"{part}-labels-idx1", 8).astype(np.int64) for part in ("train", "t10k"))
    return images("train-images-idx3"), y, images("t10k-images-idx3"), y_test


def digits() -> Split:
    """Pixels of 2 bits; every fifth row is for the test."""
    from sklearn.datasets import load_digits

    data: Any = load_digits()
    x, y = np.clip(np.floor(data.data / 5), 0, 3), data.target
    order = np.random.default_rng(0).permutation(len(x))
    test, train = order[: len(x) // 5], order[len(x) // 5 :]
    return x[train], y[train], x[test], y[test]


DATA = {"cancer_e": cancer, "fashion_f": fashion, "digits_g": digits}


class Network:
    """Integer weights behind real ones; ``forward`` computes on integers, ``step`` trains."""

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        rng = np.random.default_rng(0)
        pairs = list(zip(shape.units, shape.units[1:], strict=False))
        read = shape.fan_in or shape.units[:-1]
        self.parameters = [
            p
            for (n, m), few in zip(pairs, read, strict=True)
            for p in (rng.normal(size=(n, m)) * min(1.0, 2 / few**0.5) / 2**shape.point * 2, np.zeros(m))
        ]
        self.masks = [np.ones((n, m)) for n, m in pairs]
        for mask, few in zip(self.masks, shape.fan_in, strict=False):
            mask *= rng.permuted(np.arange(len(mask))[:, None] < few + 0 * mask, axis=0)
        self.parameters[::2] = [w * mask for w, mask in zip(self.parameters[::2], self.masks, strict=True)]
        self.moments = [(np.zeros_like(p), np.zeros_like(p)) for p in self.parameters]
        self.steps = 0

    def input_unit(self, layer: int) -> float:
        """What one unit of a layer's input is worth."""
        return 2.0 ** -(self.shape.activation_bits if layer else self.shape.input_bits)

    def integers(self) -> list[tuple[Reals, Reals, int]]:
        """Weights (inputs, outputs), biases in units of the sums, and the shift behind them, per layer."""
        made: list[tuple[Reals, Reals, int]] = []
        for n, (w, b) in enumerate(zip(self.parameters[::2], self.parameters[1::2], strict=True)):
            unit = self.input_unit(n) * 2.0**-self.shape.point
            whole = np.clip(np.rint(w * 2**self.shape.point), -self.shape.most, self.shape.most)
            shift = round(-np.log2(unit)) - self.shape.activation_bits
            made.append((whole, np.rint(b / unit), shift))
        return made

    def forward(self, x: Reals) -> list[Reals]:
        """Integers: the inputs, each layer's activations, the last sums."""
        values, layers = [x], self.integers()
        for w, b, shift in layers[:-1]:
            values.append(np.clip(np.floor((values[-1] @ w + b) / 2**shift), 0, 2**self.shape.activation_bits - 1))
        w, b, _ = layers[-1]
        return [*values, values[-1] @ w + b]

    def step(self, x: Reals, y: Any, rate: float) -> None:
        """One step of Adam on the cross entropy; rounding counts as the identity, saturation stops."""
        shape, layers = self.shape, self.integers()
        values = self.forward(x)
        unit = self.input_unit(1) * 2.0**-shape.point
        logits = values[-1] * unit * 4
        p = np.exp(logits - logits.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        p[np.arange(len(y)), y] -= 1
        gradient = p * 4 / len(y)
        gradients: list[Reals] = []
        for n in reversed(range(len(layers))):
            w = layers[n][0] * 2.0**-shape.point
            on_weights = (values[n] * self.input_unit(n)).T @ gradient * self.masks[n]
            gradients = [on_weights, gradient.sum(axis=0), *gradients]
            if n:
                inside = (values[n] > 0) & (values[n] < 2**shape.activation_bits - 1)
                gradient = (gradient @ w.T) * inside
        self.steps += 1
        for p_, g, (m, v) in zip(self.parameters, gradients, self.moments, strict=True):
            m += 0.1 * (g - m)
            v += 0.001 * (g * g - v)
            p_ -= rate * (m / (1 - 0.9**self.steps)) / (np.sqrt(v / (1 - 0.999**self.steps)) + 1e-8)
        for w in self.parameters[::2]:
            bound = (shape.most + 0.4) / 2**shape.point
            np.clip(w, -bound, bound, out=w)


def to_onnx(network: Network, path: Path) -> None:
    """Gemm, Mul (by a power of two), Floor and Clip per layer; the last has its sums only."""
    layers, nodes, constants = network.integers(), [], []
    most = 2**network.shape.activation_bits - 1

    def constant(name: str, value: Any) -> str:
        constants.append(numpy_helper.from_array(np.asarray(value, np.float32), name))
        return name

    value = "x"
    low, high = constant("low", 0), constant("high", most)
    for n, (w, b, shift) in enumerate(layers):
        last = n == len(layers) - 1
        inputs = [value, constant(f"w{n}", w.T), constant(f"b{n}", b)]
        value = "y" if last else f"sum{n}"
        nodes.append(helper.make_node("Gemm", inputs, [value], transB=1))
        if not last:
            nodes.append(helper.make_node("Mul", [value, constant(f"s{n}", 2.0**-shift)], [f"scaled{n}"]))
            nodes.append(helper.make_node("Floor", [f"scaled{n}"], [f"floor{n}"]))
            value = f"q{n}"
            nodes.append(helper.make_node("Clip", [f"floor{n}", low, high], [value]))
    ends = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [None, size])
        for name, size in (("x", network.shape.units[0]), ("y", network.shape.units[-1]))
    ]
    graph = helper.make_graph(nodes, path.stem, ends[:1], ends[1:], constants)
    onnx.save(helper.make_model(graph, ir_version=10, opset_imports=[helper.make_opsetid("", 17)]), path)


def main() -> int:
    """Train what is named, or all."""
    for name in sys.argv[1:] or NETWORKS:
        shape, (x, y, x_test, y_test) = NETWORKS[name], DATA[name]()
        network, rng = Network(shape), np.random.default_rng(1)
        for epoch in range(shape.epochs):
            order = rng.permutation(len(x))
            rate = shape.rate * (1 - epoch / shape.epochs)
            for start in range(0, len(x) - shape.batch + 1, shape.batch):
                rows = order[start : start + shape.batch]
                network.step(x[rows], y[rows], rate)
        right = [float((network.forward(a)[-1].argmax(axis=1) == b).mean()) for a, b in ((x, y), (x_test, y_test))]
        to_onnx(network, HERE / f"{name}.onnx")
        few = x_test[:ROWS]
        np.savez_compressed(
            HERE / f"{name}.npz", xte=few.astype(np.uint8), yte=y_test[:ROWS],
            ref=network.forward(few)[-1].astype(np.int64),
        )  # fmt: skip
        print(
            f"{name}: {right[0]:.2%} of the training rows right, {right[1]:.2%} of {len(x_test)} test rows", flush=True
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
