"""Opening what a user names: regular files only, so that nothing hangs, and never more than memory holds."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

__all__ = ["MOST_BYTES", "read_regular"]

MOST_BYTES = 1 << 29
"""A model file may not be larger, nor its external weights together: no chip here holds a hundredth of it."""


def read_regular(path: Path, offset: int = 0, length: int | None = None, follow: bool = True) -> bytes:
    """The bytes of a regular file from ``offset`` on, ``length`` of them or all.

    Raises
    ------
    OSError
        where it is none, cannot be read, is a link that shall not be followed, ends before, or is too large.
    """
    try:
        regular(os.stat(path, follow_symlinks=follow).st_mode)  # to open a device can already do something
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | (0 if follow else getattr(os, "O_NOFOLLOW", 0))
        with open(os.open(path, flags), "rb") as handle:
            regular(os.fstat(handle.fileno()).st_mode)
            size = os.fstat(handle.fileno()).st_size
            wanted = size - offset if length is None else length
            if not 0 <= offset <= offset + wanted <= size:
                raise OSError(errno.EINVAL, f"it has {size} bytes, not {wanted} from byte {offset} on")
            if wanted > MOST_BYTES:
                raise OSError(errno.EFBIG, f"it has {wanted} bytes, more than {MOST_BYTES}")
            handle.seek(offset)
            return handle.read(wanted)
    except ValueError as error:  # a NUL in the name
        raise OSError(errno.EINVAL, str(error)) from None


def regular(mode: int) -> None:
    """Raise OSError for anything but a regular file."""
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "it is not a regular file")
