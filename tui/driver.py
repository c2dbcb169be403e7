"""The way to the terminal: to standard output, and without a hang when the terminal goes.

Textual paints on standard error, from a thread that ends at the first failed write; after
that the application would wait for it for ever, and the music would go on.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, TextIO

from textual.driver import Driver


class Outlet:
    """A file for writing that drops what is written once its terminal has gone."""

    def __init__(self, file: TextIO, gone: Callable[[], None]) -> None:
        self._file = file
        self._gone = gone
        self._open = True

    def write(self, text: str) -> int:
        """Writes, or drops."""
        if self._open:
            try:
                return self._file.write(text)
            except OSError:
                self._end()
        return len(text)

    def flush(self) -> None:
        """Hands over what was written."""
        if self._open:
            try:
                self._file.flush()
            except OSError:
                self._end()

    def fileno(self) -> int:
        """Gives the number of the file."""
        return self._file.fileno()

    def isatty(self) -> bool:
        """Tells whether the file is a terminal."""
        return self._file.isatty()

    def _end(self) -> None:
        self._open = False
        self._gone()


def driver_class() -> type[Driver] | None:
    """Gives the driver for this system; None for Textual's own."""
    if sys.platform == "win32":
        return None
    from textual.drivers.linux_driver import LinuxDriver
    from textual.events import InputEvent, Paste
    from textual.message import Message

    from tui.key_gate import key_gate

    class TerminalDriver(LinuxDriver):
        """Paints on standard output, so that words on standard error may go elsewhere."""

        def __init__(self, *given: Any, **named: Any) -> None:
            super().__init__(*given, **named)
            assert sys.__stdout__ is not None
            self._file: Any = Outlet(sys.__stdout__, self._leave)
            self._gate = key_gate(self._app, self._loop, getattr(self._app, "urgent", ()))

        def send_message(self, message: Message) -> None:
            """Sends what the terminal tells to the application, keys by the gate."""
            if isinstance(message, InputEvent | Paste):
                self._gate.put(message)
            else:
                super().send_message(message)

        def run_input_thread(self) -> None:
            """Reads keys until the application ends or the terminal goes."""
            try:
                super().run_input_thread()
            except OSError:
                self._leave()

        def _leave(self) -> None:
            self._loop.call_soon_threadsafe(self._app.exit)

    return TerminalDriver
