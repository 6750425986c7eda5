"""Trains the controller of this folder and writes model.onnx and data.npz beside itself.

Four Gaussian units of two inputs and one sigmoid output learn the law of ``plant.py`` on a grid of states. Run it with
``python examples/rbf-controller/train.py``; it needs PyTorch (``pip install 'nnfpga[train]'``).
"""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

import numpy as np
import torch
from plant import LIMITS, law, scaled
from torch import nn

from nnfpga.train.gaussian_rbf import GaussianRBF

UNITS = 4
SIDE = 64  # points of the grid in each direction
ROUNDS = 300


def main(folder: Path) -> None:
    """Train, export and save."""
    torch.manual_seed(0)
    axes = [np.linspace(-limit, limit, SIDE) for limit in LIMITS]
    states = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 2)
    x = torch.tensor(scaled(states), dtype=torch.float32)
    wanted = torch.tensor(law(states), dtype=torch.float32)[:, None]
    rbf = GaussianRBF(2, UNITS, per_dimension=True)
    rbf.start(x)
    network = nn.Sequential(rbf, nn.Linear(UNITS, 1), nn.Sigmoid())
    optimiser = torch.optim.LBFGS(network.parameters(), max_iter=ROUNDS, history_size=20, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimiser.zero_grad()
        error = (network(x) - wanted).square().mean()
        error.backward()
        return error

    optimiser.step(loss)
    torch.onnx.export(
        network, (x[:1],), str(folder / "model.onnx"), dynamo=False, input_names=["x"], output_names=["y"],
        dynamic_axes={"x": {0: "n"}, "y": {0: "n"}},
    )  # fmt: skip
    np.savez_compressed(folder / "data.npz", x=x.numpy(), y=wanted.numpy())
    with torch.no_grad():
        print(f"greatest error of the float network: {(network(x) - wanted).abs().max().item():.4f}")


if __name__ == "__main__":
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of the exporter that needs no other package
        main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
