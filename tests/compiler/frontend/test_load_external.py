"""Weights in other files: read where they lie in the model's folder, and never anything outside it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from nnfpga.compiler.errors import CompileError
from nnfpga.compiler.frontend import import_model, load

WEIGHTS = np.arange(12, dtype=np.float32).reshape(4, 3)
OUTSIDE = "is outside the model's folder; keep its file beside the model"

opened: list[str] = []
watching = False


def watch(event: str, arguments: tuple[Any, ...]) -> None:
    if watching and event == "open" and isinstance(arguments[0], str | bytes | os.PathLike):
        opened.append(os.path.realpath(os.fsdecode(arguments[0])))


sys.addaudithook(watch)


@contextmanager
def files_opened() -> Generator[list[str]]:
    """The real paths of all files that are opened meanwhile."""
    global watching
    opened.clear()
    watching = True
    try:
        yield opened
    finally:
        watching = False


def write(folder: Path, **entries: str) -> Path:
    """A MatMul whose matrix is stated to lie elsewhere."""
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[4, 3], data_location=TensorProto.EXTERNAL)
    for key, value in entries.items():
        tensor.external_data.add(key=key, value=value)
    ends = [helper.make_tensor_value_info(n, TensorProto.FLOAT, ["n", s]) for n, s in (("x", 4), ("y", 3))]
    graph = helper.make_graph([helper.make_node("MatMul", ["x", "w"], ["y"])], "g", ends[:1], ends[1:], [tensor])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)
    folder.mkdir(exist_ok=True)
    path = folder / "m.onnx"
    path.write_bytes(model.SerializeToString())
    return path


def refused(path: Path) -> str:
    with files_opened() as files, pytest.raises(CompileError) as caught:
        load(path)
    inside = os.path.realpath(path.parent) + os.sep
    assert all(file.startswith(inside) for file in files), files
    return str(caught.value)


def test_read_with_and_without_offset(tmp_path: Path) -> None:
    (tmp_path / "part").mkdir()
    (tmp_path / "w.bin").write_bytes(WEIGHTS.tobytes())
    (tmp_path / "part" / "w.bin").write_bytes(b"head" + WEIGHTS.tobytes() + b"tail")
    (tmp_path / "link.bin").symlink_to("part/w.bin")
    for entries in (
        {"location": "w.bin"},
        {"location": "./w.bin", "offset": "0", "length": "48"},
        {"location": "part/w.bin", "offset": "4"},
        {"location": "link.bin", "offset": "4", "length": "48", "checksum": "unchecked"},
    ):
        model = load(write(tmp_path, **entries))
        assert np.array_equal(numpy_helper.to_array(model.graph.initializer[0]), WEIGHTS)
        (op,) = import_model(model).graph.ops
        assert np.array_equal(op.evaluate(np.eye(4)), WEIGHTS)


def test_as_onnx_writes_it(tmp_path: Path, models: Path) -> None:
    one, other = (onnx.load(str(models / "torch_image_dynamo.onnx")) for _ in range(2))
    onnx.save(other, str(tmp_path / "m.onnx"), save_as_external_data=True, location="m.data", size_threshold=0)
    ours = load(tmp_path / "m.onnx")
    assert (tmp_path / "m.data").stat().st_size > 0
    for mine, theirs in zip(ours.graph.initializer, one.graph.initializer, strict=True):
        assert np.array_equal(numpy_helper.to_array(mine), numpy_helper.to_array(theirs))


def outside_by_name(folder: Path) -> str:
    return "../secret.bin"


def outside_and_in_again(folder: Path) -> str:
    return "part/../../models/../secret.bin"


def outside_absolute(folder: Path) -> str:
    return str(folder.parent / "secret.bin")


def outside_windows(folder: Path) -> str:
    return "..\\secret.bin"


def outside_drive(folder: Path) -> str:
    return "C:\\secret.bin"


def outside_link(folder: Path) -> str:
    (folder / "w.bin").symlink_to(folder.parent / "secret.bin")
    return "w.bin"


def outside_link_to_link(folder: Path) -> str:
    (folder / "one").symlink_to("two")
    (folder / "two").symlink_to("../secret.bin")
    return "one"


def outside_linked_folder(folder: Path) -> str:
    (folder / "part").symlink_to(folder.parent)
    return "part/secret.bin"


def outside_neighbour(folder: Path) -> str:
    (folder.parent / "models2").mkdir()
    (folder.parent / "models2" / "w.bin").write_bytes(bytes(48))
    (folder / "w.bin").symlink_to("../models2/w.bin")
    return "w.bin"


@pytest.mark.parametrize(
    "make",
    [
        outside_by_name, outside_and_in_again, outside_absolute, outside_windows, outside_drive, outside_link,
        outside_link_to_link, outside_linked_folder, outside_neighbour,
    ],
)  # fmt: skip
def test_never_outside_the_folder(tmp_path: Path, make: Callable[[Path], str]) -> None:
    (tmp_path / "secret.bin").write_bytes(bytes(48))
    folder = tmp_path / "models"
    folder.mkdir()
    location = make(folder)
    assert refused(write(folder, location=location)) == f"weight 'w': its file '{location}' {OUTSIDE}"


def test_the_watch_sees_an_open(tmp_path: Path) -> None:
    (tmp_path / "secret.bin").write_bytes(bytes(48))
    with files_opened() as files:
        (tmp_path / "secret.bin").read_bytes()
    assert files == [os.path.realpath(tmp_path / "secret.bin")]


@pytest.mark.parametrize(
    ("entries", "sentence"),
    [
        ({}, "it names no file for its data; keep its file beside the model"),
        ({"location": "none.bin"}, "its file 'none.bin' cannot be read (No such file or directory); keep its file"),
        ({"location": "."}, "its file '.' cannot be read (Is a directory); keep its file beside the model"),
        ({"location": "fifo"}, "its file 'fifo' cannot be read (it is not a regular file); keep its file"),
        ({"location": "short.bin"}, "its file 'short.bin' cannot be read (it has 40 bytes, not 48 from byte 0 on)"),
        ({"location": "w.bin", "offset": "1"}, "its file 'w.bin' cannot be read (it has 48 bytes, not 48 from byte 1"),
        ({"location": "w.bin", "offset": str(1 << 62)}, "its file 'w.bin' cannot be read (it has 48 bytes, not 48 fr"),
        ({"location": "w.bin", "offset": "9" * 400}, "its offset '99999999999999999999' is no number of bytes; expo"),
        ({"location": "w.bin", "offset": "-8"}, "its offset '-8' is no number of bytes; export the model again"),
        ({"location": "w.bin", "length": str(1 << 40)}, "its file states 1099511627776 bytes, its shape 48; export"),
        ({"location": "w\0.bin"}, "it names no file for its data; keep its file beside the model"),
        ({"location": "a" * 5000}, f"its file '{'a' * 5000}' cannot be read (File name too long); keep its file"),
    ],
)
def test_what_cannot_be_read(tmp_path: Path, entries: dict[str, str], sentence: str) -> None:
    (tmp_path / "w.bin").write_bytes(WEIGHTS.tobytes())
    (tmp_path / "short.bin").write_bytes(bytes(40))
    os.mkfifo(tmp_path / "fifo")
    assert refused(write(tmp_path, **entries)).startswith(f"weight 'w': {sentence}")


def test_every_missing_file_is_named(tmp_path: Path) -> None:
    model = onnx.load(str(write(tmp_path)), load_external_data=False)
    for name in ("u", "v"):
        other = model.graph.initializer.add()
        other.CopyFrom(model.graph.initializer[0])
        other.name = name
    (tmp_path / "m.onnx").write_bytes(model.SerializeToString())
    what = "it names no file for its data; keep its file beside the model"
    assert refused(tmp_path / "m.onnx").splitlines() == [f"weight '{n}': {what}" for n in ("w", "u", "v")]
