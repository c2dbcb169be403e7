"""What the words of the command line share: options, JSON out, progress on standard error."""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import math
import os
import shutil
import sys
import time
from typing import Any, NoReturn, TextIO

from engine.common.printing import put, put_over
from engine.errors import OutOfRange, UserError
from engine.music.score_notes import VOICES


class BadUsage(UserError):
    """Words that the command line does not know, or that do not fit together."""

    title = "Usage"


class Parser(argparse.ArgumentParser):
    """An argument parser whose complaints are one line, as all our errors are."""

    def error(self, message: str) -> NoReturn:
        """Raise `BadUsage` with what argparse found."""
        raise BadUsage(message.rstrip(".") + ".", f"See `{self.prog} --help`.")

    def _print_message(self, message: str, file: Any = None) -> None:
        # The help and the version are printed as everything is.
        put(*message.removesuffix("\n").split("\n"), file=file)


def common(word: argparse.ArgumentParser) -> None:
    """Add the options that every word takes."""
    word.add_argument("--json", action="store_true", help="print one JSON document")
    word.add_argument("--seed", type=seed, default=0, help="the seed of every random choice (0)")


def emit(document: dict[str, Any]) -> None:
    """Print one JSON document on standard output."""
    put(json.dumps(document, allow_nan=False))


def abandon_output() -> None:
    """Return standard output up, where nobody takes it.

    Else the interpreter tries once more at its end, and says so in many lines.
    """
    with contextlib.suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def say(line: str) -> None:
    """Write one line on standard error, where there is one."""
    # Over what is left of a line of progress.
    put_over(f"armonica: {line}", sys.stderr)


def seed(text: str) -> int:
    """Read a seed that every generator takes; raises `OutOfRange`."""
    value = int(text)
    if not 0 <= value < 2**63:
        raise OutOfRange(f"--seed lies from 0 to 2^63 - 1; {value} does not.")
    return value


def number(name: str, text: str, low: float, high: float) -> float:
    """Read a finite number from ``low`` to ``high``; raises `OutOfRange`."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not low <= value <= high:
        raise OutOfRange(f"{name} must be a number from {low:g} to {high:g}, not {text!r}.")
    return value


SLOW = 2.0
"""Seconds after which work that is usually quick shows how far it is."""


class ProgressLine:
    """One line on standard error: a bar, the rate and the time left; plain lines off a terminal.

    Off a terminal a line is written at most every thirty seconds, so that logs stay short.
    Work that is over within ``after`` seconds shows nothing.
    """

    def __init__(self, name: str, stream: TextIO | None = None, *, after: float = 0.0) -> None:
        self._name = name
        self._after = after
        # Started without a standard error, a command still does its work.
        self._stream = stream or sys.stderr or io.StringIO()
        self._live = self._stream.isatty()
        self._last = -math.inf
        self._began = time.monotonic()

    def show(self, done: float, detail: str = "", left: str | None = None, more: str = "") -> None:
        """Show a share ``done`` (0 to 1); the time left follows from the time it took.

        ``left`` says it better where that is known; ``more`` comes last, and is the first to
        go where the terminal is narrow.
        """
        now = time.monotonic()
        if now - self._last < (0.2 if self._live else 30) and done < 1:
            return
        if self._last == -math.inf and now - self._began < self._after:
            return
        self._last = now
        spent = now - self._began
        if left is None:
            left = duration(spent / done * (1 - done)) if 0 < done < 1 else ""
        bar = "#" * round(done * 24)
        parts = [p for p in (detail, f"{left} left" if left else duration(spent), more) if p]
        line = f"{self._name} [{bar:<24}] {done:4.0%}  {', '.join(parts)}"
        if self._live:
            # A line that wraps could not be written over.
            line = line[: shutil.get_terminal_size().columns - 1]
        end = "\n" if not self._live or done >= 1 else ""
        put_over(line, self._stream, end)


class CountLine:
    """A line of progress for things that are counted: how many are done, and how many a second.

    It shows itself where the work takes longer than `SLOW`.
    """

    def __init__(self, name: str, total: float, noun: str, stream: TextIO | None = None) -> None:
        self._line = ProgressLine(name, stream, after=SLOW)
        self._total, self._noun = total, noun
        self._began = time.monotonic()

    def show(self, done: float) -> None:
        """Show a share ``done`` (0 to 1) of all."""
        count = done * self._total
        rate = count / max(time.monotonic() - self._began, 1e-3)
        self._line.show(
            done, f"{count:.0f} of {self._total:.0f} {self._noun}, {rate:.3g} {self._noun}/s"
        )


def duration(seconds: float) -> str:
    """Return seconds as ``45 s``, ``3 min 20 s`` or ``2 h 5 min``."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def add_voice(word: argparse.ArgumentParser) -> None:
    """Add the option that says which line of a polyphonic track is read."""
    word.add_argument(
        "--voice", choices=VOICES, default="top", help="its line where notes sound at once (top)"
    )
