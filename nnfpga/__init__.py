"""nnfpga: trained neural networks (ONNX) to exact fixed-point FPGA circuits, with open tools.

``nnfpga.compile(model, ...)`` gives a :class:`Design`; every name is loaded when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nnfpga.compiler.errors import CompileError

    from .design import Design
    from .flow import compile

__all__ = ["CompileError", "Design", "__version__", "compile"]

__version__ = "0.1.0"

_HOMES = {"CompileError": "nnfpga.compiler.errors", "Design": "nnfpga.design", "compile": "nnfpga.flow"}

if not (Path(__file__).parent / "compiler").is_dir():
    raise ImportError(
        "nnfpga: this checkout lacks its symbolic links (nnfpga/compiler and others); "
        "clone again with 'git -c core.symlinks=true clone', or install the wheel"
    )


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'nnfpga' has no attribute {name!r}")
