"""A wave: hollow as far as it is the prompt, filled where it was made, with a play cursor."""

from __future__ import annotations

import math
from dataclasses import dataclass

from textual import events
from textual.message import Message

from tui.formatting import generation as words
from tui.formatting.text import fitting
from tui.widgets.canvas import Canvas, Picture

_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""Braille dots by row (from the top) and column."""

LOUD = 0.7
"""The power by which samples are raised, so that what is soft can be seen, too."""


@dataclass(frozen=True, slots=True)
class Wave:
    """What is drawn: ``seconds`` of ``of`` seconds, of which ``prompt`` are not made but given.

    ``peaks`` are the first of ``columns`` over the whole. ``title`` and ``about`` stand above.
    """

    title: str = ""
    about: str = ""
    peaks: tuple[tuple[float, float], ...] = ()
    seconds: float = 0.0
    prompt: float = 0.0
    of: float = 0.0
    columns: int = 0
    growing: bool = False


class Waveform(Canvas):
    """Draws a wave over its whole length, so that it grows from left to right."""

    BINDING_GROUP_TITLE = "Wave"
    DEFAULT_CSS = """
    Waveform {
        & > .wave--title { color: $foreground; text-style: bold; }
        & > .wave--words { color: $text-quiet; text-style: $style-quiet; }
        & > .wave--prompt { color: $text-quiet; text-style: $style-quiet; }
        & > .wave--made { color: $notes; }
        & > .wave--track { color: $faint; }
        & > .wave--cursor { color: $knob; text-style: bold; }
    }
    """

    @dataclass
    class Pointed(Message):
        """The mouse pointed at a time of the wave, in seconds."""

        at: float

    _wave = Wave()
    _at: float | None = None
    _playing = False

    def show(self, wave: Wave) -> None:
        """Show a wave."""
        if wave != self._wave:
            self._wave = wave
            self.redraw()

    def play(self, at: float | None, playing: bool = True) -> None:
        """Show where the wave plays, or (not playing) where it was left; None: nowhere."""
        if (at, playing) != (self._at, self._playing):
            self._at, self._playing = at, playing
            self.remark()

    def plain(self) -> str:
        """Describe what is shown in one line."""
        wave = self._wave
        if not wave.of:
            return "No wave."
        length = words.seconds(wave.seconds)
        grown = f"{length} of {words.seconds(wave.of)}" if wave.growing else length
        given = f", of which the prompt {words.seconds(wave.prompt)}" if wave.prompt else ""
        plays = f", plays at {self._at:.1f} s" if self._at is not None and self._playing else ""
        return f"{wave.title}: {grown}{given}{plays}."

    def paint(self, picture: Picture) -> None:
        """Draw the caption, the wave, and what is what below it."""
        wave = self._wave
        title = fitting(picture.width, wave.title)
        picture.put(0, 0, title, self.style_of("wave--title"))
        room = picture.width - len(title) - 2
        if wave.about and room > 12:
            picture.put(len(title) + 2, 0, fitting(room, wave.about), self.style_of("wave--words"))
        height = picture.height - 2
        if height < 1:
            return
        middle = 1 + height // 2
        if not wave.of:
            picture.put(0, middle, "─" * picture.width, self.style_of("wave--track"))
            return
        edge = self._column(wave.prompt) if wave.prompt else 0
        self._paint_wave(picture, 1, height, edge)
        if wave.prompt:
            for y in range(1, height + 1):
                picture.put(edge, y, "╎", self.style_of("wave--words"))
        self._paint_feet(picture, edge)

    def _paint_wave(self, picture: Picture, top: int, height: int, edge: int) -> None:
        wave, dots = self._wave, 4 * height
        count, columns = len(wave.peaks), max(1, wave.columns, len(wave.peaks))
        there = 2 * picture.width * count // columns
        cells = [[0] * picture.width for _ in range(height)]
        before: tuple[int, int] | None = None
        for dot in range(there):
            # A dot stands for the same columns as long as the wave grows.
            begin = dot * columns // (2 * picture.width)
            end = max(begin + 1, (dot + 1) * columns // (2 * picture.width))
            part = wave.peaks[begin:end]
            low = _dot(min(low for low, _ in part), dots)
            high = _dot(max(high for _, high in part), dots)
            rows = [*range(high, low + 1)]
            if dot // 2 < edge:
                # Only the outline of what was given, joined to the column before.
                above, below = before or (high, low)
                rows = [*_between(above, high), *_between(below, low)]
            before = (high, low)
            for row in rows:
                cells[row // 4][dot // 2] |= _DOTS[row % 4][dot % 2]
        made, prompt = self.style_of("wave--made"), self.style_of("wave--prompt")
        for y, line in enumerate(cells):
            for x, bits in enumerate(line):
                if bits:
                    picture.put(x, top + y, chr(0x2800 + bits), prompt if x < edge else made)
        end = (there + 1) // 2
        track = "─" * (picture.width - end)
        picture.put(end, top + height // 2, track, self.style_of("wave--track"))

    def _paint_feet(self, picture: Picture, edge: int) -> None:
        wave, y, style = self._wave, picture.height - 1, self.style_of("wave--words")
        if wave.prompt:
            length = words.seconds(wave.prompt)
            picture.put(0, y, fitting(edge - 1, f"prompt {length}", "prompt", ""), style)
        added = words.seconds(max(0.0, wave.of - wave.prompt))
        if wave.growing:
            added = f"{max(0.0, wave.seconds - wave.prompt):.1f} of {added}"
        text = f"{'continued' if wave.prompt else 'made'} {added}"
        picture.put(edge, y, fitting(picture.width - edge - 10, text, ""), style)

    def mark(self, picture: Picture) -> None:
        """Draw the play cursor and its time."""
        if self._at is None or not self._wave.of:
            return
        style = self.style_of("wave--cursor" if self._playing else "wave--words")
        x = self._column(self._at)
        for y in range(1, picture.height - 1):
            picture.put(x, y, "┃" if self._playing else "│", style)
        text = f"{'▶ ' if self._playing else ''}{self._at:.1f} s"
        picture.put(picture.width - len(text), picture.height - 1, text, style)

    def _column(self, at: float) -> int:
        width, part = self.size.width, at / self._wave.of
        part = max(0.0, min(1.0, part)) if math.isfinite(part) else 0.0
        return min(width - 1, round(part * width))

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Format to which time the mouse points."""
        place = event.get_content_offset_capture(self)
        if self._wave.of and 0 < place.y < self.size.height - 1:
            event.stop()
            self.post_message(self.Pointed(place.x / self.size.width * self._wave.of))


def _between(start: int, end: int) -> range:
    return range(min(start, end), max(start, end) + 1)


def _dot(sample: float, dots: int) -> int:
    if not -1.0 <= sample <= 1.0:
        sample = 1.0 if sample > 1.0 else -1.0 if sample < -1.0 else 0.0
    shown = math.copysign(math.pow(abs(sample), LOUD), sample)
    return round((1 - shown) / 2 * (dots - 1))
