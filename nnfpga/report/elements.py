"""HTML as nested function calls: every text is escaped unless it is markup already."""

from __future__ import annotations

import html

from .values import clean

__all__ = ["Markup", "element", "join", "void"]


class Markup(str):
    """Text that is HTML. Everything else given to :func:`element` is escaped."""

    __slots__ = ()


Attribute = str | int | float | None


def element(name: str, /, *children: str, **attributes: Attribute) -> Markup:
    """``<name attributes>children</name>``.

    An attribute that is None is left out; ``class_`` is ``class`` and ``aria_label`` is ``aria-label``.
    """
    return Markup(f"{_open(name, attributes)}>{join(*children)}</{name}>")


def void(name: str, /, **attributes: Attribute) -> Markup:
    """An element without an end tag (``meta``), or an SVG shape."""
    return Markup(f"{_open(name, attributes)}/>")


def join(*children: str) -> Markup:
    """Children one after another."""
    return Markup("".join(child if isinstance(child, Markup) else html.escape(clean(child)) for child in children))


def _open(name: str, attributes: dict[str, Attribute]) -> str:
    given = {key.rstrip("_").replace("_", "-"): value for key, value in attributes.items() if value is not None}
    texts = (f' {key}="{html.escape(_plain(value))}"' for key, value in given.items())
    return f"<{name}{''.join(texts)}"


def _plain(value: str | int | float) -> str:
    return f"{value:.5g}" if isinstance(value, float) else clean(value)
