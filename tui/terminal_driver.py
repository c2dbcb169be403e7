"""The way to the terminal: keys in, pictures out, and an end when the terminal goes.

Textual's own reader is ended by a byte that is no UTF-8, and reads on for ever from a terminal
that is gone. Its writer paints on standard error, from a thread that ends at the first failed
write; after that the application would wait for it for ever, and the music would go on.
"""

from __future__ import annotations

import contextlib
import logging
import os
import select
import sys
import time
from codecs import getincrementaldecoder
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, TextIO

from textual._xterm_parser import XTermParser
from textual.driver import Driver
from textual.message import Message

_READ = 4096
_TURN = 0.1
"""Seconds after which the reader looks whether an escape was a key, and whether to end."""

_PASTE, _PASTED = "\x1b[200~", "\x1b[201~"
"""What a terminal sends before and after a text that is pasted."""

_LONGEST_PASTE = 100_000
"""Characters of a pasted text that are taken; no line on the screens takes as many."""

_PASTE_PAUSE = 3.0
"""Seconds without a character after which a pasted text has ended, though its end never came."""

log = logging.getLogger(__name__)


class Outlet:
    """A file for writing that drops what is written once its terminal has gone."""

    def __init__(self, file: TextIO, gone: Callable[[], None]) -> None:
        self._file = file
        self._gone = gone
        self._open = True

    def write(self, text: str) -> int:
        """Write, or drops."""
        if self._open:
            try:
                return self._file.write(text)
            except OSError:
                self._end()
        return len(text)

    def flush(self) -> None:
        """Hand over what was written."""
        if self._open:
            try:
                self._file.flush()
            except OSError:
                self._end()

    def fileno(self) -> int:
        """Return the number of the file."""
        return self._file.fileno()

    def isatty(self) -> bool:
        """Return whether the file is a terminal."""
        return self._file.isatty()

    def _end(self) -> None:
        self._open = False
        # What waits in its buffer would be refused once more at the end of the program.
        with contextlib.suppress(OSError), Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), self._file.fileno())
        self._gone()


class KeyReader:
    """Reads messages for the application from what a terminal sends.

    A pasted text comes as one message, whatever is in it. Textual's parser alone would take an
    escape sequence inside it for keys, among which there may be the one that ends the program.
    """

    def __init__(self, debug: bool = False, clock: Callable[[], float] = time.monotonic) -> None:
        self._debug = debug
        self._clock = clock
        self._last = ""
        self._paste: str | None = None
        self._read_at = clock()
        # A byte that is no UTF-8 is no key.
        self._decode = getincrementaldecoder("utf-8")("ignore").decode
        self._parser = XTermParser(debug)

    def read(self, data: bytes) -> Iterator[Message]:
        """Yield the messages that bytes complete, and those whose time has come."""
        now = self._clock()
        text = self._decode(data)
        if self._paste is not None and now - self._read_at >= _PASTE_PAUSE:
            yield from self._end_paste()
        if text:
            self._read_at = now
        for character in text:
            self._last = (self._last + character)[-len(_PASTE) :]
            if self._paste is None:
                yield from self._parsed(self._parser.feed(character))
                if self._last == _PASTE:
                    self._paste = ""
            elif self._last == _PASTED:
                yield from self._end_paste()
            elif len(self._paste) < _LONGEST_PASTE:
                self._paste += character
        yield from self._parsed(self._parser.tick())

    def _end_paste(self) -> Iterator[Message]:
        text, self._paste = self._paste or "", None
        # Its end was begun to be noted as a part of it.
        text = text.removesuffix(_PASTED[:-1]).replace("\x1b", "")
        for character in text + _PASTED:
            yield from self._parsed(self._parser.feed(character))

    def _parsed(self, messages: Iterable[Message]) -> list[Message]:
        try:
            return list(messages)
        except Exception:
            # A sequence of numbers that no terminal sends; what follows it is read again.
            log.warning("The terminal sent what cannot be read", exc_info=True)
            self._parser = XTermParser(self._debug)
            return []


def driver_class(
    gone: Callable[[], None], fault: Callable[[Exception], None]
) -> type[Driver] | None:
    """Return the driver for this system; None for Textual's own.

    It calls ``gone`` when the terminal has gone and ``fault`` with what went wrong with a key,
    on threads of its own.
    """
    if sys.platform == "win32":
        return None
    from textual.drivers.linux_driver import LinuxDriver
    from textual.events import InputEvent, Paste

    from tui.key_gate import key_gate

    class TerminalDriver(LinuxDriver):
        """Paints on standard output, so that words on standard error may go elsewhere."""

        def __init__(self, *given: Any, **named: Any) -> None:
            super().__init__(*given, **named)
            assert sys.__stdout__ is not None
            self._file: Any = Outlet(sys.__stdout__, gone)
            self._gate = key_gate(self._app, self._loop, getattr(self._app, "urgent", ()))

        def start_application_mode(self) -> None:
            """Begin to paint and to read keys, where there still is a terminal."""
            super().start_application_mode()  # type: ignore[no-untyped-call]
            if self._key_thread is None:
                gone()

        def write(self, data: str) -> None:
            """Paint, where there was a terminal at the start."""
            if self._writer_thread is not None:
                super().write(data)

        def send_message(self, message: Message) -> None:
            """Send what the terminal tells to the application, keys by the gate."""
            if isinstance(message, InputEvent | Paste):
                self._gate.put(message)
            else:
                super().send_message(message)

        def run_input_thread(self) -> None:
            """Read keys until the application ends or the terminal goes."""
            reader = KeyReader(self._debug)
            try:
                while not self.exit_event.is_set():
                    data = b""
                    if select.select([self.fileno], [], [], _TURN)[0]:
                        data = os.read(self.fileno, _READ)
                        if not data:
                            gone()
                            return
                    for message in reader.read(data):
                        self.process_message(message)
            except OSError:
                gone()
            except Exception as error:
                fault(error)

        def _sigcont_application(self, *_given: Any) -> None:
            # Not here, where the application may be at anything, or over.
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._go_on)

        def _go_on(self) -> None:
            if not (self._auto_restart and self._app.is_running):
                return
            reads = self._key_thread is not None and self._key_thread.is_alive()
            if reads and not os.isatty(self.fileno):
                # A hang-up sends this signal, too.
                return
            if reads:
                # Stopped unasked. A second reader beside the first might never be ended.
                self.suspend_application_mode()
                self._must_signal_resume = True
            self.resume_application_mode()
            self._app.refresh(layout=True)

    return TerminalDriver
