"""The one exception of this package."""


class ToolError(Exception):
    """An outside program is missing, too old or failed; the message is one sentence that names the remedy."""
