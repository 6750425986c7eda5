"""Trains the model of this folder and writes model.onnx and data.npz beside itself.

Scikit-learn's digits (8x8 pixels of 0 to 16, 1,797 samples): a pixel is an angle of up to a quarter turn, 32 hidden
units with the rectified sine, 10 classes; the weights of both layers are sines of angles. Run it with
``python examples/sine-digits/train.py``; it needs scikit-learn and PyTorch (``pip install 'nnfpga[test,train]'``).
"""

from __future__ import annotations

import sys
import warnings
from math import pi
from pathlib import Path

import numpy as np
import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn

from nnfpga.train.sine import RectifiedSine, SineLinear

HIDDEN = 32
HELD_OUT = 360
EPOCHS, BATCH, RATE = 80, 64, 0.02
WHITE = 16  # the greatest pixel, a quarter turn


class Angles(nn.Module):
    """Pixels as angles."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Element by element."""
        return x * (pi / 2 / WHITE)


def main(folder: Path) -> None:
    """Train, export and save."""
    pixels, digits = (np.asarray(part) for part in load_digits(return_X_y=True))
    x, x_test, y, y_test = train_test_split(pixels, digits, test_size=HELD_OUT, random_state=0, stratify=digits)
    torch.manual_seed(0)
    layers = SineLinear(x.shape[1], HIDDEN), RectifiedSine(), SineLinear(HIDDEN, 10)
    network = nn.Sequential(Angles(), RectifiedSine(), *layers)
    samples, labels = torch.tensor(x, dtype=torch.float32), torch.tensor(y)
    fit(network, samples, labels)
    torch.onnx.export(
        network, (samples[:1],), str(folder / "model.onnx"), dynamo=False, input_names=["x"], output_names=["scores"],
        dynamic_axes={"x": {0: "n"}, "scores": {0: "n"}},
    )  # fmt: skip
    np.savez_compressed(
        folder / "data.npz",
        x=x.astype(np.uint8), y=y.astype(np.uint8), x_test=x_test.astype(np.uint8), y_test=y_test.astype(np.uint8),
    )  # fmt: skip
    with torch.no_grad():
        right = network(torch.tensor(x_test, dtype=torch.float32)).argmax(dim=1).numpy() == y_test
    print(f"accuracy on {HELD_OUT} held-out samples: {right.mean():.4f}")


def fit(network: nn.Sequential, x: torch.Tensor, y: torch.Tensor) -> None:
    """Adam with a rate that falls to zero."""
    optimiser = torch.optim.Adam(network.parameters(), lr=RATE)
    steps = EPOCHS * -(-len(x) // BATCH)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    for _ in range(EPOCHS):
        for rows in torch.randperm(len(x)).split(BATCH):
            optimiser.zero_grad()
            nn.functional.cross_entropy(network(x[rows]) * 4, y[rows]).backward()
            optimiser.step()
            schedule.step()


if __name__ == "__main__":
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of the exporter that needs no other package
        main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
