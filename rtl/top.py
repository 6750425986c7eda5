"""A network with its host link: the whole design but for pads and clocks."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import DomainRenamer, Module, Signal, unsigned
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out, connect

from .link import BytePacker, ByteUnpacker, Endpoint, StreamCrossing
from .link.frame import check_length
from .link.pack import check_elements, element_bytes
from .link.uart import check_divisor

__all__ = ["Top"]


class Top(wiring.Component):
    """A network between ``rx`` and ``tx``.

    A tensor is ``beats`` beats of ``lanes`` elements of ``width`` bits; on the line an element is ``ceil(width / 8)``
    bytes, little-endian. One request frame carries one input tensor, its answer one output tensor.

    Domains: ``link`` (UART and frames; ``divisor`` counts its clocks) and ``sync`` (the network and the conversion
    between bytes and beats). They may have any ratio and phase.

    Latency: that of the network, plus ``10 * divisor`` link clocks for each byte on the line in either direction.
    Throughput: one tensor in flight. Back-pressure: the network may stall its input and is stalled at its output.

    Parameters
    ----------
    network: component with ``i`` and ``o``, streams of ``ArrayLayout(unsigned(width), lanes)`` in domain ``sync``.
    divisor: link clocks per bit, 4 to 65535.
    i_width, i_lanes, i_beats: format of the input tensor.
    o_width, o_lanes, o_beats: format of the output tensor.
    o_signed: whether output elements are sign-extended to whole bytes.

    Raises ``ValueError`` if a number is out of range, a tensor takes more than 65,535 bytes, or the network has other
    streams.

    Members
    -------
    rx, tx: serial lines, idle high.
    """

    rx: Signal
    tx: Signal

    def __init__(
        self,
        network: wiring.Component,
        divisor: int,
        i_width: int,
        i_lanes: int,
        i_beats: int,
        o_width: int,
        o_lanes: int,
        o_beats: int,
        o_signed: bool,
    ) -> None:
        for beats in (i_beats, o_beats):
            if beats < 1:
                raise ValueError(f"Beat count must be positive, not {beats!r}")
        check_elements(i_width, i_lanes)
        check_elements(o_width, o_lanes)
        expected = wiring.Signature(
            {
                "i": In(stream.Signature(data.ArrayLayout(unsigned(i_width), i_lanes))),
                "o": Out(stream.Signature(data.ArrayLayout(unsigned(o_width), o_lanes))),
            }
        )
        if network.signature != expected:
            raise ValueError(f"Network must have the ports {expected!r}, not {network.signature!r}")
        self.network = network
        self.divisor = check_divisor(divisor)
        self.i_width = i_width
        self.i_lanes = i_lanes
        self.o_width = o_width
        self.o_lanes = o_lanes
        self.o_signed = o_signed
        self.i_length = check_length(i_beats * i_lanes * element_bytes(i_width))
        self.o_length = check_length(o_beats * o_lanes * element_bytes(o_width))
        super().__init__({"rx": In(1, init=1), "tx": Out(1, init=1)})

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        endpoint = Endpoint(self.divisor, self.i_length, self.o_length)
        m.submodules.endpoint = DomainRenamer({"sync": "link"})(endpoint)
        m.submodules.inward = inward = StreamCrossing(8, i_domain="link", o_domain="sync")
        m.submodules.unpacker = unpacker = ByteUnpacker(self.i_width, self.i_lanes)
        m.submodules.network = self.network
        m.submodules.packer = packer = BytePacker(self.o_width, self.o_lanes, self.o_signed)
        m.submodules.outward = outward = StreamCrossing(8, i_domain="sync", o_domain="link")

        m.d.comb += [endpoint.rx.eq(self.rx), self.tx.eq(endpoint.tx)]
        connect(m, endpoint.o, inward.i)
        connect(m, inward.o, unpacker.i)
        connect(m, unpacker.o, self.network.i)
        connect(m, self.network.o, packer.i)
        connect(m, packer.o, outward.i)
        connect(m, outward.o, endpoint.i)
        return m
