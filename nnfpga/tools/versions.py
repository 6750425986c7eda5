"""The versions of everything found, for reports and for ``doctor``."""

from .errors import ToolError
from .find import find, names


def versions() -> dict[str, str]:
    """Return name -> version of every program that can be run here.

    Nothing slow is started: programs from pip state their package's version, native ones are asked once and
    remembered. Programs that are missing are left out.
    """
    found: dict[str, str] = {}
    for name in names():
        try:
            found[name] = find(name).version
        except ToolError:
            continue
    return found
