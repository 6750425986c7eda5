"""Makes the committed exports of PyTorch, which is no dependency of the tests.

python -m venv /tmp/torch && /tmp/torch/bin/pip install torch==2.13.0 onnxscript numpy
/tmp/torch/bin/python tests/models/make.py
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import torch
from torch import nn

HERE = Path(__file__).parent


def networks() -> dict[str, tuple[nn.Module, tuple[int, ...]]]:
    torch.manual_seed(0)
    image = nn.Sequential(nn.Flatten(), nn.Linear(12, 6), nn.BatchNorm1d(6), nn.ReLU(), nn.Dropout(), nn.Linear(6, 3))
    curved = nn.Sequential(nn.Linear(5, 4), nn.Tanh(), nn.Linear(4, 4), nn.Sigmoid(), nn.Linear(4, 3), nn.Softmax(-1))
    clipped = nn.Sequential(nn.Linear(5, 4), nn.LeakyReLU(0.2), nn.Linear(4, 4), nn.Hardtanh(-0.5, 0.75), nn.ReLU6())
    image[2].running_mean.uniform_(-1, 1)
    image[2].running_var.uniform_(0.5, 2)
    return {"image": (image, (1, 3, 4)), "curved": (curved, (5,)), "clipped": (clipped, (5,))}


for name, (network, shape) in networks().items():
    network.eval()
    x = torch.rand(8, *shape, generator=torch.Generator().manual_seed(1)) * 4 - 2
    for exporter in ("torchscript", "dynamo"):
        path = HERE / f"torch_{name}_{exporter}.onnx"
        dynamo = exporter == "dynamo"
        axes = {"dynamic_shapes": ({0: torch.export.Dim("n")},)} if dynamo else {"dynamic_axes": {"input": {0: "n"}}}
        torch.onnx.export(network, (x,), str(path), dynamo=dynamo, input_names=["input"], output_names=["y"], **axes)
        model = onnx.load(str(path))
        for node in model.graph.node:
            del node.metadata_props[:]
            node.doc_string = ""
        onnx.save(model, str(path), save_as_external_data=False)
        path.with_suffix(".onnx.data").unlink(missing_ok=True)
    np.savez(HERE / f"torch_{name}.npz", x=x.numpy(), y=network(x).detach().numpy())
