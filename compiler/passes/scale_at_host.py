"""A file's first scaling of its features is left to the host where raw features of one format would lose too much.

``StandardScaler`` in front of a network brings features of thousands and of thousandths to one range. In one format for
all raw features the small ones vanish; the host, which quantises anyway, scales them first.
"""

from __future__ import annotations

import numpy as np

from ..layers.host_affine import HostAffine
from ..layers.scalar import Apply
from ..real import RealGraph, Reals
from ..scalar.functions import Affine
from .fit import fit, lattice
from .fold_affine import join_affines

__all__ = ["scale_at_host"]

GAIN = 2.0
"""How many times smaller the error must become: one bit."""


def scale_at_host(graph: RealGraph, x: Reals, bits: int) -> RealGraph:
    """The same function; its first affine function is the host's where samples ``x`` then are a bit more accurate.

    Features that are integers of few bits as they come, pixels say, stay raw.
    """
    joined = join_affines(graph)
    (source,) = graph.inputs
    readers = joined.readers(source.name)
    if len(source.shape) != 1 or len(readers) != 1 or source.name in joined.outputs:
        return graph
    (op,) = readers
    if not isinstance(op, Apply) or not isinstance(op.function, Affine) or op.name in joined.outputs:
        return graph
    values = x.reshape(len(x), -1)
    if lattice(values, bits) is not None or GAIN * error(op.function.evaluate(values), bits) > error(values, bits):
        return graph
    host = HostAffine(op.name, op.inputs, op.function, node=op.node)
    return joined.replace([host if other is op else other for other in joined.ops])


def error(values: Reals, bits: int) -> float:
    """The root mean square, over features that vary, of the error of one format to a feature's deviation."""
    spread = values.std(axis=0)
    rounded = fit(values, bits).evaluate(values)
    relative = np.sqrt(np.square(rounded - values).mean(axis=0))[spread > 0] / spread[spread > 0]
    return float(np.sqrt(np.square(relative).mean())) if relative.size else 0.0
