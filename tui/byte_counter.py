"""Counts what the screen writes: ``python -m tui.byte_counter`` says how many bytes a step takes.

A small application runs on a pseudo-terminal of 120 by 40 cells that takes true colours. Each
key moves one gauge, and everything written until the terminal falls quiet is counted. `ours`
draws the real gauges; `other` draws the same rows, one `Static` for each gauge, by
``Static.update``.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Literal

from engine.common.printing import put

if TYPE_CHECKING:
    from collections.abc import Iterator

WIDTH, HEIGHT = 120, 40
STEPS = 24
"""How many steps are counted: the gauge goes once from -3 to 3 by quarters."""

START = 20.0
"""The longest time in seconds until the first screen is there."""

QUIET = 0.15
"""Seconds without a byte after which a step is taken to be on the screen."""

SYNC_ASKED, SYNC_ANSWER = b"\x1b[?2026$p", b"\x1b[?2026;2$y"
"""A terminal is asked whether it can hold a frame back until it is whole; this one can."""

Kind = Literal["gauge", "uncropped", "static"]


class Terminal:
    """A pseudo-terminal with a program in it, read by the byte."""

    def __init__(
        self, command: Sequence[str], environment: dict[str, str], size: tuple[int, int]
    ) -> None:
        self._main, side = os.openpty()
        width, height = size
        fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
        self.process = subprocess.Popen(
            command, stdin=side, stdout=side, stderr=side, env=environment, start_new_session=True
        )
        os.close(side)

    def press(self, key: str) -> None:
        """Send a key."""
        os.write(self._main, key.encode())

    def read(self, quiet: float = QUIET, longest: float = START) -> bytes:
        """Return what comes from the first byte until ``quiet`` seconds pass without one."""
        found, end = b"", time.monotonic() + longest
        while time.monotonic() < end:
            wait = quiet if found else end - time.monotonic()
            if not select.select([self._main], [], [], max(0.0, wait))[0]:
                break
            try:
                part = os.read(self._main, 1 << 16)
            except OSError:  # The program has ended.
                break
            if SYNC_ASKED in part:
                os.write(self._main, SYNC_ANSWER)
            found += part
        return found

    def close(self) -> None:
        """End the program."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        os.close(self._main)


@contextmanager
def terminal(command: Sequence[str], size: tuple[int, int] = (WIDTH, HEIGHT)) -> Iterator[Terminal]:
    """Run a program on a true-colour terminal and ends it afterwards."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in ("NO_COLOR", "TMUX", "STY") and not name.startswith("TEXTUAL")
    }
    environment |= {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
    opened = Terminal(command, environment, size)
    try:
        yield opened
    finally:
        opened.close()


def bytes_of(kind: Kind, steps: int = STEPS) -> float:
    """Return the mean number of bytes written for a step of a gauge drawn in one way."""
    with terminal([sys.executable, "-m", "tui.byte_counter", "--draw", kind]) as screen:
        screen.read(quiet=1.0)
        written = 0
        for _ in range(steps):
            screen.press("x")
            written += len(screen.read(longest=2.0))
    return written / steps


def bytes_per_step(steps: int = STEPS) -> tuple[float, float]:
    """Return the bytes of a gauge step as we draw it, and drawn by ``Static.update``."""
    return bytes_of("gauge", steps), bytes_of("static", steps)


def idle_bytes(command: Sequence[str], seconds: float = 3.0, settle: float = 2.0) -> int:
    """Count what a program writes in ``seconds`` once it has been quiet for ``settle``."""
    with terminal(command) as screen:
        screen.read(quiet=settle)
        return len(screen.read(quiet=seconds, longest=seconds))


def _unspared(screen: object) -> bool:
    del screen
    return False


def draw(kind: Kind) -> None:
    """Run the small application, in which ``x`` moves the chosen gauge a quarter up."""
    from rich.text import Text
    from textual.app import App, ComposeResult
    from textual.widgets import Static

    from engine.latent.spec import LIMIT
    from engine.music.attributes import ATTRIBUTES
    from tui import theme
    from tui.layouts.compose import arrangement
    from tui.view_models.gauges import GaugeReading
    from tui.widgets import canvas
    from tui.widgets.gauges import NamedGauges

    region = arrangement(WIDTH, HEIGHT, "map")["gauges"]
    rows = 2
    if kind == "uncropped":
        canvas.spare = _unspared

    class Drawn(NamedGauges):
        def redraw(self) -> None:
            self._painted = None
            if kind != "static":
                super().redraw()

    class Steps(App[None]):
        CSS = f"""
        Drawn {{ width: {region.width}; height: {rows * len(ATTRIBUTES)}; }}
        Static {{ width: {region.width}; height: {rows}; }}
        """
        BINDINGS = [("x", "step", "Step")]  # noqa: RUF012 (Textual's way)

        def get_theme_variable_defaults(self) -> dict[str, str]:
            return theme.defaults()

        def compose(self) -> ComposeResult:
            yield Drawn(id="gauges")
            if kind == "static":
                yield from (Static(id=f"row{index}") for index in range(len(ATTRIBUTES)))

        def on_mount(self) -> None:
            self.register_theme(theme.load("dark"))
            self.theme = "dark"
            self.value = -LIMIT
            self.gauges = self.query_one(Drawn)
            self.show()
            if kind == "static":
                for index in range(len(ATTRIBUTES)):
                    self.call_after_refresh(self.show_static, index)

        def action_step(self) -> None:
            self.value = self.value + 0.25 if self.value < LIMIT else -LIMIT
            self.show()
            if kind == "static":
                self.show_static(2)

        def show(self) -> None:
            values = (-1.0, 0.5, self.value, 1.25)
            self.gauges.show(
                [
                    GaugeReading(
                        index, a.label, value, 0.0, False, a.say(0.3 + value / 20), a.say(0.3)
                    )
                    for index, (a, value) in enumerate(zip(ATTRIBUTES, values, strict=True))
                ],
                2,
            )

        def show_static(self, index: int) -> None:
            picture, text = self.gauges.picture(), Text(end="")
            for row in range(rows * index, rows * (index + 1)):
                for run in picture.strip(row):
                    text.append(run.text, run.style)
                text.append("\n" if row % rows < rows - 1 else "")
            self.query_one(f"#row{index}", Static).update(text)

    Steps().run()


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the bytes of a step, ours and the other's."""
    parser = argparse.ArgumentParser(prog="python -m tui.byte_counter", description=__doc__)
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--draw", choices=("gauge", "uncropped", "static"), help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if given.draw:
        draw(given.draw)
        return
    ours, other = bytes_per_step(given.steps)
    if given.json:
        put(json.dumps({"ours": ours, "other": other, "unit": "bytes", "steps": given.steps}))
    else:
        put(f"A step of a gauge: {ours:.0f} bytes; by Static.update {other:.0f} bytes.")


if __name__ == "__main__":
    main()
