"""Printing: the one way of words to standard output and standard error.

Names of ports, files, songs and traits come from elsewhere and may hold what steers a terminal.
Nothing else in the program prints, so that none of it gets there.
"""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TextIO

from engine.text import printable


def put(*lines: str, file: TextIO | None = None, flush: bool = False) -> None:
    """Print lines on ``file`` or else standard output; a stream that is closed takes nothing.

    What is not printable in a line, a line end included, is shown as ``?``.
    """
    stream = sys.stdout if file is None else file
    if stream is None:
        return
    for line in lines:
        stream.write(f"{printable(line)}\n")
    if flush:
        stream.flush()


def put_over(line: str, file: TextIO | None, end: str = "\n") -> None:
    """Print a line on a terminal in the place of the last one, if that had no ``end``.

    It is for words that the work does not depend on: where they cannot be written, they are
    dropped.
    """
    if file is None:
        return
    with contextlib.suppress(OSError):
        start = "\r\x1b[K" if file.isatty() else ""
        file.write(f"{start}{printable(line)}{end}")
        file.flush()


def open_closed() -> None:
    """Return standard streams that were closed at the start to the null device.

    Else the next file that is opened would take their place, and be written over.
    """
    while (handle := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(handle, True)
    os.close(handle)
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            stream = open(os.devnull, mode, encoding="utf-8")  # noqa: PTH123, SIM115
            setattr(sys, name, stream)
            setattr(sys, f"__{name}__", stream)
