from __future__ import annotations

from pathlib import Path

import onnx
import pytest
from onnx import helper

from nnfpga.compiler.errors import CompileError
from nnfpga.compiler.frontend import import_model, load


def refused(path: Path) -> str:
    with pytest.raises(CompileError) as caught:
        load(path)
    return str(caught.value)


def test_not_onnx(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    for data in (b"PK\x03\x04 this is no model", b"", b"hello world" * 100):
        path.write_bytes(data)
        assert refused(path) == f"{path}: is not an ONNX model or is cut short; export or download it again"


def test_truncated(tmp_path: Path, models: Path) -> None:
    data = (models / "torch_image_torchscript.onnx").read_bytes()
    path = tmp_path / "model.onnx"
    for size in (len(data) // 3, len(data) // 2, len(data) - 1):
        path.write_bytes(data[:size])
        assert refused(path) == f"{path}: is not an ONNX model or is cut short; export or download it again"


def test_empty_graph(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    onnx.save(helper.make_model(helper.make_graph([], "g", [], [])), str(path))
    assert refused(path) == f"{path}: the graph has no nodes; export a trained network"


def test_no_file(tmp_path: Path) -> None:
    path = tmp_path / "none.onnx"
    assert refused(path) == f"{path}: cannot be read (No such file or directory); give the path of an ONNX file"


def test_foreign_operators(shared: Path) -> None:
    with pytest.raises(CompileError) as caught:
        import_model(load(shared / "models" / "bad" / "logreg_iris.onnx"))
    lines = str(caught.value).splitlines()
    assert [line.split(";")[0] for line in lines] == [
        "LinearClassifier 'LinearClassifier' (node 0): operator LinearClassifier of domain ai.onnx.ml is not supported",
        "Normalizer 'Normalizer' (node 1): operator Normalizer of domain ai.onnx.ml is not supported",
    ]
