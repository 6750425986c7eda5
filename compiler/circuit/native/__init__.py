"""Integer functions of Python as machine code, made by LLVM in a second.

:func:`native` compiles a plain function with all that it calls. The language is small, so that nothing has to be
inferred: each value is a 64-bit integer, an array of them, or an object of a dataclass of both. There are assignments,
``if``, ``while``, ``for`` over ``range``, integer operators (no division), ``abs``, ``min``, ``max``, ``bit_count``,
``bit_length`` and :func:`scratch`; global integers and tuples of them are constants. The same functions run as they are
in Python, slowly, which is how they are tested. What is outside the language is refused when it is compiled.

numba compiles the same program in 17 to 40 s, for types that it need not infer here.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from functools import cache
from importlib import import_module
from threading import Lock
from types import FunctionType
from typing import Any

import numpy as np

from .array import Array, scratch
from .program import Program

__all__ = ["Array", "native", "scratch"]

llvm: Any = import_module("llvmlite.binding")
ENGINES: list[Any] = []  # the code lives as long as they do
COMPILING = Lock()


def native(function: Callable[..., Any]) -> Callable[..., int]:
    """The same function as machine code; what it changes in arrays and objects is changed. Returns an integer, or 0.

    Other threads go on while it runs. Raises `TypeError` for what is outside the language. Arithmetic is that of 64
    bits, without a check of overflows or indices.
    """
    with COMPILING:
        return compiled(function)


@cache
def compiled(function: Callable[..., Any]) -> Callable[..., int]:
    """See `native`, which lets one thread in at a time."""
    assert isinstance(function, FunctionType)
    program = Program(function)
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    features = llvm.get_host_cpu_features().flatten()
    machine = llvm.Target.from_default_triple().create_target_machine(llvm.get_host_cpu_name(), features)
    module = llvm.parse_assembly(str(program.module))
    passes = llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options(speed_level=2))
    passes.getModulePassManager().run(module, passes)
    if "div i128" in str(module):  # a loop that LLVM replaced by a formula; the routine that divides is not at hand
        raise TypeError(f"{function.__name__}: a loop that only counts must be written as a formula")
    engine = llvm.create_mcjit_compiler(module, machine)
    engine.finalize_object()
    arguments = [ctypes.c_int64] * function.__code__.co_argcount
    address = engine.get_function_address(program.made[function].name)
    code = ctypes.CFUNCTYPE(ctypes.c_int64, *arguments)(address)

    def call(*values: Any) -> int:
        packed = [words(v) for v in values]
        result = code(*(int(p) if isinstance(p, int) else p.ctypes.data for p in packed))
        for value, p in zip(values, packed, strict=True):
            if is_dataclass(value):
                for f, word in zip(fields(value), p.tolist(), strict=True):
                    if isinstance(getattr(value, f.name), int):
                        setattr(value, f.name, word)
        return result

    ENGINES.append(engine)
    return call


def words(value: Any) -> Any:
    """An argument as it goes into a register: itself, or an array that holds it."""
    if isinstance(value, np.ndarray):
        if value.dtype != np.int64 or not value.flags.c_contiguous:
            raise TypeError(f"the array must be contiguous of int64, not {value.dtype}")
        return value
    if is_dataclass(value):
        packed = [words(getattr(value, f.name)) for f in fields(value)]
        return np.array([p if isinstance(p, int) else p.ctypes.data for p in packed], dtype=np.int64)
    return value
