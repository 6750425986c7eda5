"""Nodes whose result is proven or that a simpler node gives: constants, wires, comparisons closer to the inputs."""

from __future__ import annotations

from functools import singledispatch

from ...exact import trailing_zeros
from ..bounds import meet
from ..builder import Builder
from ..circuit import Circuit
from ..nodes import Add, AtLeast, Bit, Clamp, Constant, Greater, Input, Lookup, Multiply, Node, Select, Shift
from ..values import Range, Value

__all__ = ["simplify"]


def simplify(circuit: Circuit) -> Circuit:
    """Each node in its simplest form; what is proven about a value stays known."""
    builder = Builder(circuit.inputs)
    new: dict[Value, Value] = {}
    for value, (node, r) in enumerate(zip(circuit.nodes, circuit.ranges, strict=True)):
        constant = r.low == r.high and not isinstance(node, Input)
        v = add(builder, Constant(r.low) if constant else node.renumber(new))
        builder.ranges[v] = meet(builder.ranges[v], r)
        new[value] = v
    return builder.finish([new[o] for o in circuit.outputs])


def add(builder: Builder, node: Node) -> Value:
    """The value of a node in its simplest form."""
    inputs = [builder.ranges[v] for v in node.reads]
    found = simpler(node, builder, *inputs)
    if isinstance(found, Node):
        return add(builder, found)
    return builder.add(node) if found is None else found


@singledispatch
def simpler(node: Node, builder: Builder, *inputs: Range) -> Node | Value | None:
    """A simpler node with the same result, or a value that is the result; None where there is none."""
    return None


@simpler.register
def _(node: Add, builder: Builder, *inputs: Range) -> Node | Value | None:
    if isinstance(builder.nodes[node.b], Constant):
        return add_constant(node, builder)
    if isinstance(builder.nodes[node.a], Constant):
        return subtract_from(node, builder) if node.subtract else swapped(node)
    a, b = builder.nodes[node.a], builder.nodes[node.b]
    if isinstance(a, Shift) and a.right < 0:
        return Add(a.a, node.b, node.a_shift - a.right, node.b_shift, node.subtract)
    if isinstance(b, Shift) and b.right < 0:
        return Add(node.a, b.a, node.a_shift, node.b_shift - b.right, node.subtract)
    if common := min(node.a_shift, node.b_shift):
        return lowered(node, builder, common)
    if node.a == node.b and node.a_shift == node.b_shift:
        return Constant(0) if node.subtract else Shift(node.a, -1)
    return swapped(node) if not node.subtract and node.b < node.a else None


def swapped(node: Add) -> Add:
    """The same sum the other way round."""
    return Add(node.b, node.a, node.b_shift, node.a_shift)


def lowered(node: Add, builder: Builder, common: int) -> Shift:
    """A sum whose operands have a shift in common, shifted afterwards."""
    low = Add(node.a, node.b, node.a_shift - common, node.b_shift - common, node.subtract)
    return Shift(add(builder, low), -common)


def add_constant(node: Add, builder: Builder) -> Node | None:
    """``(a << shift) + constant``, the constant as a plain one, of several just one."""
    constant = (known(builder, node.b) << node.b_shift) * (-1 if node.subtract else 1)
    if constant == 0:
        return Shift(node.a, -node.a_shift)
    a, up = builder.nodes[node.a], node.a_shift
    if isinstance(a, Shift) and a.right < 0:
        return Add(a.a, builder.add(Constant(constant)), up - a.right)
    if isinstance(a, Add) and isinstance(builder.nodes[a.b], Constant):
        more = builder.add(Constant((known(builder, a.b) << up) + constant))
        return Add(a.a, more, a.a_shift + up)
    if common := min(up, trailing_zeros(constant)):
        return lowered(Add(node.a, builder.add(Constant(constant >> common)), up, common), builder, common)
    plain = Add(node.a, builder.add(Constant(constant)), up)
    return None if plain == node else plain


def subtract_from(node: Add, builder: Builder) -> Node | None:
    """``constant - (b << shift)``, the constant as a plain one, of several just one."""
    constant = known(builder, node.a) << node.a_shift
    b, up = builder.nodes[node.b], node.b_shift
    if isinstance(b, Shift) and b.right < 0:
        return Add(builder.add(Constant(constant)), b.a, 0, up - b.right, subtract=True)
    if isinstance(b, Add) and isinstance(builder.nodes[b.b], Constant):
        less = builder.add(Constant(constant - (known(builder, b.b) << up)))
        return Add(less, b.a, 0, b.a_shift + up, subtract=True)
    if isinstance(b, Add) and isinstance(builder.nodes[b.a], Constant):
        return Add(b.b, builder.add(Constant(constant - (known(builder, b.a) << up))), b.b_shift + up)
    if isinstance(b, Add) and b.subtract and constant == 0:
        return Add(b.b, b.a, b.b_shift + up, b.a_shift + up, subtract=True)
    plain = Add(builder.add(Constant(constant)), node.b, 0, up, subtract=True)
    return None if plain == node else plain


@simpler.register
def _(node: Multiply, builder: Builder, *inputs: Range) -> Node | Value | None:
    for x, y in ((node.a, node.b), (node.b, node.a)):
        factor = builder.nodes[y]
        if isinstance(factor, Constant) and factor.value >= 0 and factor.value.bit_count() <= 1:
            return Shift(x, -trailing_zeros(factor.value)) if factor.value else factor
    return Multiply(node.b, node.a) if node.b < node.a else None


@simpler.register
def _(node: Shift, builder: Builder, *inputs: Range) -> Node | Value | None:
    if node.right == 0:
        return node.a
    a = builder.nodes[node.a]
    if isinstance(a, Shift) and (a.right < 0 or node.right > 0):
        return Shift(a.a, node.right + a.right)
    if isinstance(a, Add) and a.a_shift and node.right > 0 and isinstance(builder.nodes[a.b], Constant):
        down = min(a.a_shift, node.right)  # below, there are bits of the constant alone
        rest = builder.add(Constant(known(builder, a.b) >> down))
        return Shift(add(builder, Add(a.a, rest, a.a_shift - down)), node.right - down)
    return None


@simpler.register
def _(node: Clamp, builder: Builder, *inputs: Range) -> Node | Value | None:
    (r,) = inputs
    low, high = (min(max(v, node.low), node.high) for v in (r.low, r.high))
    if (low, high) == (r.low, r.high):
        return node.a
    a = builder.nodes[node.a]
    if isinstance(a, Clamp):
        return Clamp(a.a, low, high)
    if (low, high) == (0, 1):
        return AtLeast(node.a, 1)
    return Clamp(node.a, low, high) if (low, high) != (node.low, node.high) else None


@simpler.register
def _(node: Lookup, builder: Builder, *inputs: Range) -> Node | Value | None:
    (r,) = inputs
    table = node.table[r.low - node.start : r.high - node.start + 1]
    if table == tuple(range(r.low, r.high + 1)):
        return node.a
    a = builder.nodes[node.a]
    if isinstance(a, Add) and a.a_shift == 0 and isinstance(builder.nodes[a.b], Constant):
        return Lookup(a.a, r.low - known(builder, a.b), table)
    return Lookup(node.a, r.low, table) if len(table) < len(node.table) else None


@simpler.register
def _(node: AtLeast, builder: Builder, *inputs: Range) -> Node | Value | None:
    (r,) = inputs
    if not r.low < node.bound <= r.high:
        return Constant(int(node.bound <= r.low))
    if (r.low, r.high) == (0, 1):
        return node.a
    a = builder.nodes[node.a]
    if isinstance(a, Shift):
        return AtLeast(a.a, node.bound << a.right if a.right > 0 else -(-node.bound >> -a.right))
    if isinstance(a, Add) and isinstance(builder.nodes[a.b], Constant):
        return AtLeast(a.a, -(known(builder, a.b) - node.bound >> a.a_shift))
    return AtLeast(a.a, node.bound) if isinstance(a, Clamp) else None


@simpler.register
def _(node: Greater, builder: Builder, *inputs: Range) -> Node | Value | None:
    a, b = inputs
    if node.a == node.b or a.low > b.high or a.high <= b.low:
        return Constant(int(node.a != node.b and a.low > b.high))
    if b.low == b.high:
        return AtLeast(node.a, b.low + 1)
    if a.low == a.high:
        return Select(add(builder, AtLeast(node.b, a.low)), builder.add(Constant(0)), builder.add(Constant(1)))
    return None


@simpler.register
def _(node: Select, builder: Builder, *inputs: Range) -> Node | Value | None:
    condition, a, b = inputs
    if condition.low == condition.high or node.a == node.b:
        return node.a if condition.low else node.b
    if (a.low, a.high, b.low, b.high) == (1, 1, 0, 0):
        return node.condition
    chosen, other = builder.nodes[node.a], builder.nodes[node.b]
    if isinstance(chosen, Select) and chosen.condition == node.condition:
        return Select(node.condition, chosen.a, node.b)
    if isinstance(other, Select) and other.condition == node.condition:
        return Select(node.condition, node.a, other.b)
    return None


@simpler.register
def _(node: Bit, builder: Builder, *inputs: Range) -> Node | Value | None:
    (r,) = inputs
    if node.index < r.zeros or (node.index >= r.width and not r.signed):
        return Constant(0)
    if (r.low, r.high) == (0, 1):
        return node.a
    if r.signed and node.index > r.width - 1:
        return Bit(node.a, r.width - 1)
    a = builder.nodes[node.a]
    return Bit(a.a, node.index + a.right) if isinstance(a, Shift) else None


def known(builder: Builder, value: Value) -> int:
    """The value of a constant."""
    node = builder.nodes[value]
    assert isinstance(node, Constant)
    return node.value
