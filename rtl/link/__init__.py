"""The host link: bytes over a UART, framed, checked, and brought to the clock of the network."""

from __future__ import annotations

from .crossing import StreamCrossing
from .endpoint import Endpoint
from .frame import FrameReceiver, FrameTransmitter
from .pack import BytePacker, ByteUnpacker, element_bytes
from .slip import SlipDecoder, SlipEncoder
from .uart import UartReceiver, UartTransmitter

__all__ = [
    "BytePacker",
    "ByteUnpacker",
    "Endpoint",
    "FrameReceiver",
    "FrameTransmitter",
    "SlipDecoder",
    "SlipEncoder",
    "StreamCrossing",
    "UartReceiver",
    "UartTransmitter",
    "element_bytes",
]
