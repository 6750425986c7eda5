"""From the syntax tree of a function to the instructions of LLVM, statement by statement."""

from __future__ import annotations

import ast
import builtins
import inspect
import textwrap
from dataclasses import fields, is_dataclass
from importlib import import_module
from types import FunctionType
from typing import Any

from .array import scratch

__all__ = ["Program"]

ir: Any = import_module("llvmlite.ir")
WORD = ir.IntType(64)
POINTER = WORD.as_pointer()

ARITHMETIC: dict[type[ast.operator], str] = {
    ast.Add: "add",
    ast.Sub: "sub",
    ast.Mult: "mul",
    ast.LShift: "shl",
    ast.RShift: "ashr",
    ast.BitAnd: "and_",
    ast.BitOr: "or_",
    ast.BitXor: "xor",
}
COMPARISONS: dict[type[ast.cmpop], str] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
}


class Program:
    """The functions that were met, as one LLVM module."""

    def __init__(self, entry: FunctionType) -> None:
        self.module = ir.Module(entry.__name__)
        self.made: dict[FunctionType, Any] = {}
        self.arrays: dict[int, Any] = {}
        self.waiting: list[FunctionType] = []
        self.kinds: dict[type, Any] = {kind: self.access(kind.__name__) for kind in (ast.Subscript, ast.Attribute)}
        self.function(entry).linkage = ""
        while self.waiting:
            Body(self, self.waiting.pop()).build()

    def function(self, function: FunctionType) -> Any:
        """The declaration of a function."""
        if function not in self.made:
            kind = ir.FunctionType(WORD, [WORD] * function.__code__.co_argcount)
            self.made[function] = ir.Function(self.module, kind, f"{function.__name__}.{len(self.made)}")
            self.made[function].linkage = "internal"
            self.waiting.append(function)
        return self.made[function]

    def access(self, name: str) -> Any:
        """A kind of memory, for LLVM's analysis of aliases: what is stored as one kind is never read as another."""
        kind = self.module.add_metadata([name, self.module.add_metadata(["native"]), WORD(0)])
        return self.module.add_metadata([kind, kind, WORD(0)])

    def array(self, values: tuple[int, ...]) -> Any:
        """A constant array's address."""
        if id(values) not in self.arrays:
            kind = ir.ArrayType(WORD, len(values))
            made = ir.GlobalVariable(self.module, kind, f"array.{len(self.arrays)}")
            made.global_constant, made.linkage = True, "internal"
            made.initializer = ir.Constant(kind, [WORD(v) for v in values])
            self.arrays[id(values)] = made
        return self.arrays[id(values)].ptrtoint(WORD)


class Body(ast.NodeVisitor):
    """Compiles one function: statements give nothing, expressions a word."""

    def __init__(self, program: Program, function: FunctionType) -> None:
        self.program, self.function, self.scope = program, function, function.__globals__
        self.made = program.function(function)
        self.b = ir.IRBuilder(self.made.append_basic_block("entry"))
        self.local: dict[str, Any] = {}
        self.types: dict[str, type] = {}
        self.loops: list[tuple[Any, Any]] = []

    def build(self) -> None:
        """Fill the function."""
        (tree,) = ast.parse(textwrap.dedent(inspect.getsource(self.function))).body
        assert isinstance(tree, ast.FunctionDef)
        for parameter, value in zip(tree.args.args, self.made.args, strict=True):
            kind = self.scope.get(ast.unparse(parameter.annotation or ast.Constant(None)))
            if is_dataclass(kind) and isinstance(kind, type):
                self.types[parameter.arg] = kind
            self.b.store(value, self.variable(parameter.arg))
        self.run(tree.body)
        if not self.b.block.is_terminated:
            self.b.ret(WORD(0))

    def generic_visit(self, node: ast.AST) -> Any:
        raise TypeError(
            f"{self.function.__name__}: {ast.unparse(node)} is not in the language of compiler/circuit/native"
        )

    def variable(self, name: str = "") -> Any:
        """A place on the stack: that of a name, else a new one."""
        if name and name in self.local:
            return self.local[name]
        with self.b.goto_entry_block():
            made = self.b.alloca(WORD, name=name)
        if name:
            self.local[name] = made
        return made

    def run(self, body: list[ast.stmt]) -> None:
        """Statements in order."""
        for statement in body:
            self.visit(statement)

    def test(self, node: ast.expr) -> Any:
        """Whether an expression is not 0, as one bit."""
        return self.b.icmp_signed("!=", self.visit(node), WORD(0))

    def address(self, node: ast.expr) -> Any:
        """Where a variable, an element or a field stands."""
        if isinstance(node, ast.Name):
            return self.variable(node.id)
        if isinstance(node, ast.Subscript):
            return self.b.gep(self.b.inttoptr(self.visit(node.value), POINTER), [self.visit(node.slice)])
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in self.types:
            names = [f.name for f in fields(self.types[node.value.id])]
            return self.b.gep(self.b.inttoptr(self.visit(node.value), POINTER), [WORD(names.index(node.attr))])
        return self.generic_visit(node)

    def load(self, node: ast.expr) -> Any:
        """What a variable, an element or a field holds."""
        return self.marked(node, self.b.load(self.address(node)))

    def store(self, value: Any, node: ast.expr) -> None:
        """Change a variable, an element or a field."""
        self.marked(node, self.b.store(value, self.address(node)))

    def marked(self, node: ast.expr, access: Any) -> Any:
        """An access with its kind of memory: elements of arrays and fields of objects do not overlap."""
        if type(node) in self.program.kinds:
            access.set_metadata("tbaa", self.program.kinds[type(node)])
        return access

    def visit_Expr(self, node: ast.Expr) -> None:
        if not isinstance(node.value, ast.Constant):
            self.visit(node.value)

    def visit_Assign(self, node: ast.Assign) -> None:
        (target,) = node.targets
        if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
            values = [self.visit(v) for v in node.value.elts]
            for place, value in zip(target.elts, values, strict=True):
                self.store(value, place)
        else:
            self.store(self.visit(node.value), target)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        right, place = self.visit(node.value), self.address(node.target)
        old = self.marked(node.target, self.b.load(place))
        self.marked(node.target, self.b.store(getattr(self.b, ARITHMETIC[type(node.op)])(old, right), place))

    def visit_Return(self, node: ast.Return) -> None:
        self.b.ret(self.visit(node.value) if node.value else WORD(0))

    def visit_If(self, node: ast.If) -> None:
        with self.b.if_else(self.test(node.test)) as (then, otherwise):
            with then:
                self.run(node.body)
            with otherwise:
                self.run(node.orelse)

    def visit_While(self, node: ast.While) -> None:
        head, end = self.made.append_basic_block("head"), self.made.append_basic_block("end")
        self.b.branch(head)
        self.b.position_at_end(head)
        self.loop(self.test(node.test), node.body, head, end)

    def visit_For(self, node: ast.For) -> None:
        range_ = node.iter
        if not (isinstance(range_, ast.Call) and ast.unparse(range_.func) == "range" and len(range_.args) <= 3):
            return self.generic_visit(range_)
        bounds = [self.visit(a) for a in range_.args]
        first, last = (WORD(0), *bounds)[-2:] if len(bounds) < 3 else bounds[:2]
        step = ast.literal_eval(range_.args[2]) if len(bounds) == 3 else 1
        counter = self.variable()
        self.b.store(self.b.sub(first, WORD(step)), counter)
        head, end = self.made.append_basic_block("head"), self.made.append_basic_block("end")
        self.b.branch(head)
        self.b.position_at_end(head)
        now = self.b.add(self.b.load(counter), WORD(step))
        self.b.store(now, counter)
        inside = self.b.icmp_signed("<" if step > 0 else ">", now, last)
        target = self.address(node.target)
        self.b.store(self.b.select(inside, now, self.b.load(target)), target)  # keeps its last value, as in Python
        return self.loop(inside, node.body, head, end)

    def loop(self, condition: Any, body: list[ast.stmt], head: Any, end: Any) -> None:
        """The body as long as a condition holds, which is computed in ``head``."""
        inside = self.made.append_basic_block("body")
        self.b.cbranch(condition, inside, end)
        self.b.position_at_end(inside)
        self.loops.append((head, end))
        self.run(body)
        self.loops.pop()
        if not self.b.block.is_terminated:
            self.b.branch(head)
        self.b.position_at_end(end)

    def visit_Continue(self, node: ast.Continue) -> None:
        self.b.branch(self.loops[-1][0])

    def visit_Break(self, node: ast.Break) -> None:
        self.b.branch(self.loops[-1][1])

    def visit_Constant(self, node: ast.Constant) -> Any:
        return WORD(node.value) if isinstance(node.value, int) else self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> Any:
        if node.id in self.local:
            return self.b.load(self.local[node.id])
        value = self.scope.get(node.id)
        if isinstance(value, tuple):
            return self.program.array(value)
        return WORD(value) if isinstance(value, int) else self.generic_visit(node)

    def visit_Subscript(self, node: ast.Subscript) -> Any:
        return self.load(node)

    def visit_Attribute(self, node: ast.Attribute) -> Any:
        return self.load(node)

    def visit_BinOp(self, node: ast.BinOp) -> Any:
        if type(node.op) not in ARITHMETIC:
            return self.generic_visit(node)
        left, right = self.visit(node.left), self.visit(node.right)
        return getattr(self.b, ARITHMETIC[type(node.op)])(left, right)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> Any:
        value = self.visit(node.operand)
        if isinstance(node.op, ast.USub):
            return self.b.neg(value)
        if isinstance(node.op, ast.Not):
            return self.b.zext(self.b.icmp_signed("==", value, WORD(0)), WORD)
        return self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> Any:
        values = [self.visit(v) for v in (node.left, *node.comparators)]
        held = [
            self.b.icmp_signed(COMPARISONS[type(op)], left, right)
            for op, left, right in zip(node.ops, values[:-1], values[1:], strict=True)
        ]
        result = held[0]
        for other in held[1:]:
            result = self.b.and_(result, other)
        return self.b.zext(result, WORD)

    def visit_BoolOp(self, node: ast.BoolOp) -> Any:
        result, end = self.variable(), self.made.append_basic_block("decided")
        for operand in node.values:
            value = self.visit(operand)
            self.b.store(value, result)
            further = self.made.append_basic_block("further")
            truth = self.b.icmp_signed("!=", value, WORD(0))
            self.b.cbranch(truth, *((further, end) if isinstance(node.op, ast.And) else (end, further)))
            self.b.position_at_end(further)
        self.b.branch(end)
        self.b.position_at_end(end)
        return self.b.load(result)

    def visit_IfExp(self, node: ast.IfExp) -> Any:
        result = self.variable()
        with self.b.if_else(self.test(node.test)) as (then, otherwise):
            with then:
                self.b.store(self.visit(node.body), result)
            with otherwise:
                self.b.store(self.visit(node.orelse), result)
        return self.b.load(result)

    def visit_Call(self, node: ast.Call) -> Any:
        if isinstance(node.func, ast.Attribute) and node.func.attr in ("bit_count", "bit_length"):
            value = self.magnitude(self.visit(node.func.value))
            if node.func.attr == "bit_count":
                return self.b.ctpop(value)
            return self.b.sub(WORD(64), self.b.ctlz(value, ir.IntType(1)(0)))
        name = ast.unparse(node.func)
        called = self.scope.get(name, getattr(builtins, name, None))
        if called is scratch:
            with self.b.goto_entry_block():
                made = self.b.alloca(WORD, size=ast.literal_eval(node.args[0]))
            return self.b.ptrtoint(made, WORD)
        values = [self.visit(a) for a in node.args]
        if called is abs:
            return self.magnitude(values[0])
        if called in (min, max):
            result = values[0]
            for v in values[1:]:
                result = self.b.select(self.b.icmp_signed("<" if called is min else ">", v, result), v, result)
            return result
        if isinstance(called, FunctionType):
            return self.b.call(self.program.function(called), values)
        return self.generic_visit(node)

    def magnitude(self, value: Any) -> Any:
        """The absolute value."""
        return self.b.select(self.b.icmp_signed("<", value, WORD(0)), self.b.neg(value), value)
