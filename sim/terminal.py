"""A pseudo-terminal in front of a simulated chip, so that a host program talks to it as to a board."""

import os
import pty
import select
import tty
from collections.abc import Callable

from .chip import SerialSession


def serve(session: SerialSession, ready: Callable[[str], None]) -> None:
    """Open a pseudo-terminal, tell its path, and pass bytes both ways until interrupted or the chip stops."""
    master, slave = pty.openpty()
    try:
        tty.setraw(master)
        tty.setraw(slave)
        ready(os.ttyname(slave))
        while session.process.poll() is None:
            found, _, _ = select.select([master, session.output], [], [], 0.5)
            if master in found:
                session.send(os.read(master, 4096))
            if session.output in found and (data := session.receive(0)):
                os.write(master, data)
    finally:
        os.close(master)
        os.close(slave)
