"""The attributes of a node as Python values, checked against what an operator's function takes."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import cache
from math import isfinite, isnan
from typing import Any

import numpy as np
import onnx
from onnx import AttributeProto

from ..errors import CompileError, Problem
from .tensors import TensorError, to_array

__all__ = ["REMEDY", "attributes_of"]

REMEDY = "check the model with onnx.checker"


def attributes_of(node: onnx.NodeProto, function: Callable[..., Any], where: str) -> dict[str, Any]:
    """The attributes by name.

    Raises
    ------
    CompileError
        where one is not known, is missing, not of the type that the function states, or no number.
    """
    parameters = parameters_of(function)
    found: dict[str, Any] = {}
    for proto in node.attribute:
        parameter = parameters.get(proto.name)
        if parameter is None or parameter.kind is not parameter.KEYWORD_ONLY:
            remedy = "remove it or export with another opset"
            raise CompileError([Problem(where, f"attribute '{proto.name}' is not supported", remedy)])
        try:
            found[proto.name] = value_of(proto)
        except TensorError as error:
            raise CompileError([Problem(where, f"attribute '{proto.name}': {error.what}", error.remedy)]) from None
        except (ValueError, TypeError):
            raise CompileError([Problem(where, f"attribute '{proto.name}' cannot be read", REMEDY)]) from None
        wanted = str(parameter.annotation)
        if not fits(found[proto.name], wanted):
            kind = wanted.removesuffix(" | None")
            what = f"attribute '{proto.name}' must be {'a finite number' if kind == 'float' else kind}"
            raise CompileError([Problem(where, what, REMEDY)])
    for name, parameter in parameters.items():
        if parameter.kind is parameter.KEYWORD_ONLY and parameter.default is parameter.empty and name not in found:
            raise CompileError([Problem(where, f"attribute '{name}' is missing", REMEDY)])
    return found


@cache
def parameters_of(function: Callable[..., Any]) -> Mapping[str, inspect.Parameter]:
    """The parameters of an operator's function."""
    return inspect.signature(function).parameters


def value_of(proto: AttributeProto) -> Any:
    """An attribute's Python value."""
    value = onnx.helper.get_attribute_value(proto)
    if isinstance(value, onnx.TensorProto):
        return to_array(value)
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, str | int | float):
        return value
    return [v.decode() if isinstance(v, bytes) else v for v in value]


def fits(value: Any, wanted: str) -> bool:
    """Whether a value is of the annotated type, ``int | None`` or ``list[float]`` say; only bounds may be infinite."""
    kinds = [kind.strip() for kind in wanted.split("|")]
    if "Any" in kinds:
        return True
    match value:
        case np.ndarray():
            return "Array" in kinds or "Val" in kinds
        case float():
            return "float" in kinds and (isfinite(value) or ("None" in kinds and not isnan(value)))
        case list():
            inner = {type(v).__name__ for v in value}
            return any(k.startswith("list[") and inner <= {k[5:-1]} for k in kinds)
        case _:
            return type(value).__name__ in kinds
