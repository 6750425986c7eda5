"""Functions of a formula that are short for others: ``prelu(x, 0.25)`` is ``relu(x) - 0.25 * relu(-x)``."""

from __future__ import annotations

import ast

__all__ = ["DEFINED", "operations", "written_out"]

DEFINED: dict[tuple[str, int], str] = {
    ("celu", 2): "relu(a) + b * (exp(-relu(-a) / b) - 1)",
    ("clip", 3): "b + relu(a - b) - relu(b + relu(a - b) - c)",
    ("cosh", 1): "(exp(a) + exp(-a)) / 2",
    ("elu", 2): "relu(a) + b * (exp(-relu(-a)) - 1)",
    ("gaussian", 1): "exp(-a**2)",
    ("leakyrelu", 2): "relu(a) - b * relu(-a)",
    ("max", 2): "b + relu(a - b)",
    ("min", 2): "a - relu(a - b)",
    ("prelu", 2): "relu(a) - b * relu(-a)",
    ("reciprocal", 1): "1 / a",
    ("sinh", 1): "(exp(a) - exp(-a)) / 2",
    ("tan", 1): "sin(a) / cos(a)",
}
"""By name and number of arguments, which are ``a``, ``b``, ``c``."""
ARGUMENTS = "abc"


def written_out(node: ast.expr) -> ast.expr:
    """The formula with the functions of :data:`DEFINED` as what they are short for."""
    return WrittenOut({}).visit(node)


def operations(node: ast.AST) -> int:
    """How many parts are computed; what is written once and stands in two places counts twice."""
    sizes: dict[ast.AST, int] = {}

    def size(part: ast.AST) -> int:
        if part not in sizes:
            sizes[part] = 1 + sum(size(child) for child in ast.iter_child_nodes(part))
        return sizes[part]

    return size(node)


class WrittenOut(ast.NodeTransformer):
    """Puts arguments, which are written out already, in their places."""

    def __init__(self, places: dict[str, ast.expr]) -> None:
        self.places = places

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self.places.get(node.id, node)

    def visit_Call(self, node: ast.Call) -> ast.expr:
        arguments = [self.visit(a) for a in node.args]
        match node.func:
            case ast.Name(name) if (text := DEFINED.get((name, len(arguments)))) is not None:
                places = dict(zip(ARGUMENTS, arguments, strict=False))
                return WrittenOut(places).visit(ast.parse(text, mode="eval").body)
            case _:
                return ast.Call(node.func, arguments, [])
