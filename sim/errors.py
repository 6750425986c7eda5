"""The one exception of this room."""


class SimulationError(Exception):
    """A simulated design broke the stream protocol, made no progress, or gave a wrong or undefined value."""
