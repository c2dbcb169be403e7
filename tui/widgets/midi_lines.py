"""The MIDI messages that passed, a line each, the newest at the bottom."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len

from tui.formatting.text import fitting
from tui.view_models.midi_log import Passed, raw
from tui.widgets.canvas import Picture, Wheeled
from tui.widgets.transport import LATE

WIDE = 104
"""Cells from which the hour, longer names and more bytes are shown."""


@dataclass(frozen=True, slots=True)
class _LineColumns:
    way: int
    port: int
    channel: int
    text: int
    raw: int
    late: int
    bytes: int


def columns(width: int) -> _LineColumns:
    """Return where the columns begin, and how many bytes of a message are shown."""
    late = width - 6
    if width < WIDE:
        return _LineColumns(10, 14, 29, 32, late - 11, late, 3)
    port = 17
    channel = port + 24 + (width - WIDE) // 6
    return _LineColumns(13, port, channel, channel + 3, late - 26, late, 8)


class MidiLines(Wheeled, can_focus=True):
    """Draws the heading, and as many of the messages it is given as there is room for."""

    BINDING_GROUP_TITLE = "MIDI messages"
    UP = -1
    DEFAULT_CSS = """
    MidiLines {
        & > .midi--words { color: $text-quiet; text-style: $style-quiet; }
        & > .midi--in { color: $focus; text-style: bold; }
        & > .midi--out { color: $foreground; }
        & > .midi--note { color: $notes; }
        & > .midi--controller { color: $fill; }
        & > .midi--clock { color: $foreground; text-style: bold; }
        & > .midi--pulse { color: $text-quiet; text-style: $style-quiet; }
        & > .midi--system { color: $foreground; }
        & > .midi--broken { color: $text-differs; text-style: $style-differs; }
        & > .midi--late { color: $text-differs; text-style: bold; }
    }
    """

    class Rolled(Wheeled.Rolled):
        """The wheel went over the messages: later (1) or earlier (-1)."""

    _rows: tuple[Passed, ...] = ()
    _instead = ""

    @property
    def room(self) -> int:
        """How many messages there is room for."""
        return max(1, self.size.height - 1)

    def show(self, rows: Sequence[Passed], instead: str) -> None:
        """Show messages, the newest last; where there is none it says something ``instead``."""
        if (now := (tuple(rows), instead)) != (self._rows, self._instead):
            self._rows, self._instead = now
            self.redraw()

    def plain(self) -> str:
        """Format the newest message in one line."""
        if not self._rows:
            return self._instead
        passed = self._rows[-1]
        line, decoded = passed.line, passed.decoded
        where = "all channels" if decoded.channel is None else f"channel {decoded.channel}"
        late = "" if line.late is None else f", {_late(line.late)} ms late"
        return f"{line.way} {line.port}, {where}: {decoded.text}{late}."

    def paint(self, picture: Picture) -> None:
        """Draw the heading and the messages."""
        at = columns(picture.width)
        quiet = self.style_of("midi--words")
        for x, words in (
            (0, "time"),
            (at.way, "way"),
            (at.port, "port"),
            (at.channel, "ch"),
            (at.text, "message"),
            (at.raw, "bytes"),
            (picture.width - 7, "late ms" if picture.width >= WIDE else "   late"),
        ):
            picture.put(x, 0, words, quiet)
        if not self._rows:
            picture.put(0, 2, fitting(picture.width, self._instead), quiet)
        for y, passed in enumerate(self._rows[-self.room :], start=1):
            self._paint_row(picture, y, passed, at)

    def _paint_row(self, picture: Picture, y: int, passed: Passed, at: _LineColumns) -> None:
        line, decoded = passed.line, passed.decoded
        quiet = self.style_of("midi--words")
        kind = self.style_of(f"midi--{decoded.kind if decoded.whole else 'broken'}")
        picture.put(0, y, _time(line.at, hours=at.way > 10), quiet)
        picture.put(at.way, y, line.way, self.style_of(f"midi--{line.way}"))
        picture.put(at.port, y, _short(line.port, at.channel - at.port - 1), quiet)
        if decoded.channel is not None:
            picture.put(at.channel, y, f"{decoded.channel:>2}", kind)
        picture.put(at.text, y, fitting(at.raw - at.text - 1, decoded.text), kind)
        picture.put(at.raw, y, raw(passed, at.bytes), quiet)
        if line.late is not None:
            late = self.style_of("midi--late") if line.late >= LATE else quiet
            picture.put(at.late, y, _late(line.late).rjust(6), late)


def _time(at: float, *, hours: bool) -> str:
    clock = time.strftime("%H:%M:%S" if hours else "%M:%S", time.localtime(at))
    return f"{clock}.{int(at * 1000) % 1000:03d}"


def _late(late: float) -> str:
    return f"{late:.2f}" if late < 100 else f"{late:.0f}"


def _short(port: str, room: int) -> str:
    # What tells ports apart stands at the end.
    return port if cell_len(port) <= room else f"…{port[-(room - 1) :]}"
