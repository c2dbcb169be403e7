"""The piano roll: the measure at hand between its neighbours, pitch up and time across."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar, Literal

from rich.style import Style

from engine.music.measure import HIGHEST, LOWEST, SILENCE, Measure
from engine.music.pitch_names import pitch_name
from tui.formatting.metres import short_metre, usual
from tui.formatting.text import fitting
from tui.widgets.canvas import Canvas, Picture

GUTTER = 4
"""Columns for the names of the notes and the line beside them."""

BEAT_WIDTHS = (48, 36, 24, 12, 8, 6, 4, 3, 2)
"""Columns a beat may take; from 12 up every place of the grid has its own column exactly."""

SHARE = 0.8
"""The share of the width that the measure at hand takes at most."""

NOTES = {1: ("█", "▌"), 2: ("▀▄", "▘▖"), 3: ("▔━▁", " ╸ ")}
"""A note's body and its end, by how many pitches share a row, the highest first.

A note leaves room before the next, so that repeated notes can be told apart.
"""

GHOSTS = {1: ("━", "━"), 2: ("▔▁", "▔▁"), 3: ("˙·.", "˙·.")}
"""The same for the measure as it came in."""

LOCKED = "L"
"""Where a locked note starts, and over the line before a locked measure."""

STRUCK = "◆"
"""Where a key was struck: what is played can be told from the measure without colour, too."""

LINES = {(2, 1, "▁"): Style(underline=True), (2, 0, "▔"): Style(overline=True)}
"""What is left of a ghost, by the place that it has in a cell taken by a note."""

Role = Literal["note", "held", "neighbour", "ghost", "played", "cursor"]


@dataclass(frozen=True, slots=True)
class Bar:
    """A sounding stretch: columns from ``start`` to before ``end``, a pitch, and its role."""

    start: int
    end: int
    pitch: int
    role: Role
    ends: bool = True
    """Whether the note stops here and does not go on into the next measure."""


def last_pitch(measure: Measure) -> int | None:
    """Return the pitch that still sounds at the end of a measure, or None."""
    notes = measure.notes
    if notes and notes[-1].onset + notes[-1].duration == measure.grid.length:
        return notes[-1].pitch
    return None


class PianoRoll(Canvas):
    """Shows a measure with its neighbours, how it came in, and where the music is."""

    BINDING_GROUP_TITLE = "Piano roll"
    HELP = """\
Time runs to the right, pitch upwards. The measure at hand stands between those before and
after it, which are faint. Thin lines show the measure as it came in, ▼ where the music is.
L stands where a locked note starts, and at the top before a locked measure.
What is played on a keyboard is drawn over it, ◆ where each key was struck, and the names of
the keys that are down stand out.
"""
    DEFAULT_CSS = """
    PianoRoll {
        height: 1fr; width: 1fr; min-height: 4; min-width: 24;
        & > .piano-roll--note { color: $notes; }
        & > .piano-roll--held { color: $notes; }
        & > .piano-roll--neighbour { color: $notes-quiet; }
        & > .piano-roll--ghost { color: $text-quiet; }
        & > .piano-roll--played { color: $playing; text-style: bold; }
        & > .piano-roll--lock { color: $text-lock; text-style: bold reverse; }
        & > .piano-roll--line { color: $faint; }
        & > .piano-roll--name { color: $text-quiet; }
        & > .piano-roll--playhead { color: $playing; background: $panel; }
    }
    """

    SCROLLS: ClassVar[bool] = False
    """Whether a row is one pitch where the notes allow it, even if not all pitches are in sight."""

    previous: Measure | None = None
    current: Measure = SILENCE
    following: Measure | None = None
    ghost: Measure | None = None
    beat: float | None = None
    _played: tuple[tuple[float, float, int], ...] = ()
    _down: tuple[int, ...] = ()
    _low = LOWEST
    _locked: frozenset[int] = frozenset()
    _whole = False

    def show(
        self,
        previous: Measure | None,
        current: Measure,
        following: Measure | None,
        ghost: Measure | None = None,
        *,
        locked: frozenset[int] = frozenset(),
        whole: bool = False,
    ) -> None:
        """Show a measure between its neighbours, and under it ``ghost``, how it came in.

        ``locked`` are the ticks at which its locked notes start; ``whole``: it is locked itself.
        """
        if (locked, whole) != (self._locked, self._whole):
            self._locked, self._whole = locked, whole
            self.redraw()
        if ghost == current:
            ghost = None
        shown = (self.previous, self.current, self.following, self.ghost)
        if shown != (previous, current, following, ghost):
            self.previous, self.current = previous, current
            self.following, self.ghost = following, ghost
            self.redraw()

    def play(self, played: tuple[tuple[float, float, int], ...], down: tuple[int, ...]) -> None:
        """Show what is being played over the measure: start, end and pitch; and keys down."""
        if (played, down) != (self._played, self._down):
            self._played, self._down = played, down
            self.redraw()

    def playhead(self, beat: float | None) -> None:
        """Move the playhead to ``beat`` quarter notes into the measure; None takes it away."""
        before = self._column(self.beat)
        self.beat = beat
        if self._column(beat) != before:
            self.remark()

    def plain(self) -> str:
        """Format the measure's notes in one line."""
        measure = self.current
        words = []
        held = self._held_pitch()
        if held is not None:
            words.append(f"{pitch_name(held)} held over")
        words += [
            f"{pitch_name(note.pitch)} at {_beat(note.onset / measure.grid.beat)}"
            for note in measure.notes
        ]
        keys = ", ".join(pitch_name(pitch) for pitch in self._down)
        down = f" Keys down: {keys}." if keys else ""
        locked = len(self._locked)
        locks = " The measure is locked." if self._whole else ""
        locks += f" {locked} note{'s' * (locked > 1)} locked." if locked else ""
        name = "Measure" if usual(measure.grid) else f"Measure in {measure.grid.name}"
        return (f"{name}: {', '.join(words)}." if words else f"{name}: silence.") + locks + down

    # Where things stand

    @property
    def beat_width(self) -> int:
        """How many columns a beat takes."""
        room = self.size.width - GUTTER
        beats = self.current.grid.beats
        return next((w for w in BEAT_WIDTHS if w * beats <= room * SHARE), 1)

    @property
    def span(self) -> tuple[int, int]:
        """The first column of the measure at hand and the first after it."""
        width = self.beat_width * self.current.grid.beats
        start = GUTTER + max(1, (self.size.width - GUTTER - width) // 2)
        return start, start + width

    def column(self, onset: Fraction | float) -> int:
        """Return the column of a place in the measure at hand, in quarter notes."""
        return self.span[0] + int(onset / self.current.grid.beat * self.beat_width + 0.5)

    def _column(self, beat: float | None) -> int | None:
        if beat is None or not 0 <= beat < self.current.grid.length:
            return None
        # The playhead has reached a column only when its time has come.
        return self.span[0] + int(beat / float(self.current.grid.beat) * self.beat_width + 1e-6)

    def _held_pitch(self) -> int | None:
        if not self.current.held_in or self.previous is None:
            return None
        return last_pitch(self.previous)

    def _bars(self) -> Iterator[Bar]:
        start, end = self.span
        goes_on = self.following is not None and self.following.held_in > 0
        length = self.current.grid.length
        for begin, stop, pitch in self._played:
            first = self.column(begin)
            yield Bar(first, max(first + 1, self.column(stop)), pitch, "played")
        if self.ghost is not None:
            for note in self.ghost.notes:
                yield Bar(self.column(note.onset), self.column(note.onset + note.duration),
                          note.pitch, "ghost")  # fmt: skip
        if self.previous is not None:
            # It may be in another metre, and ends before this one.
            before = self.previous.grid.length
            shift = self.column(before) - start + 1
            held_in = self.current.held_in > 0
            for note in self.previous.notes:
                last = note.onset + note.duration == before
                yield Bar(self.column(note.onset) - shift,
                          self.column(note.onset + note.duration) - shift + (last and held_in),
                          note.pitch, "neighbour", not (last and held_in))  # fmt: skip
        held = self._held_pitch()
        if held is not None:
            whole = self.current.held_in == length
            yield Bar(start, self.column(self.current.held_in), held, "held",
                      not (whole and goes_on))  # fmt: skip
        for note in self.current.notes:
            last = note.onset + note.duration == length and goes_on
            yield Bar(self.column(note.onset), self.column(note.onset + note.duration) + last,
                      note.pitch, "note", not last)  # fmt: skip
        if self.following is not None:
            shift = end - start + 1
            tied = last_pitch(self.current)
            if tied is None and self.current.held_in == length:
                tied = held
            if tied is not None and goes_on:
                yield Bar(end + 1, self.column(self.following.held_in) + shift, tied, "neighbour")
            for note in self.following.notes:
                yield Bar(self.column(note.onset) + shift,
                          self.column(note.onset + note.duration) + shift,
                          note.pitch, "neighbour")  # fmt: skip

    def _fold(self, bars: list[Bar]) -> tuple[int, int]:
        # How many pitches share a row, and the lowest pitch shown. Rows are shared no more than
        # the notes need, and the window moves no further than needed for the most of them: a
        # picture that jumps cannot be followed.
        rows, pitches = max(1, self.size.height - 1), HIGHEST - LOWEST + 1
        own = [bar.pitch for bar in bars if bar.role in ("note", "held", "played", "cursor")]
        span = max(own) - min(own) + 1 if own else 1
        alone = span <= rows if self.SCROLLS else rows >= pitches
        shared = 1 if alone else 2 if span <= 2 * rows else 3
        window = shared * rows
        if window >= pitches:
            return shared, LOWEST - (window - pitches) // 2
        weights = {"note": 2.0, "held": 2.0, "ghost": 1.0, "neighbour": 0.0, "played": 3.0}
        # Wherever the cursor goes it is seen.
        weights["cursor"] = 1000.0

        def kept(low: int) -> tuple[float, int]:
            inside = sum(weights[bar.role] for bar in bars if 0 <= bar.pitch - low < window)
            return inside, -abs(low - self._low)

        self._low = max(range(LOWEST, HIGHEST + 2 - window), key=kept)
        return shared, self._low

    def row(self, pitch: int) -> int | None:
        """Return the row of a pitch; None where it is out of sight."""
        shared, low = self._fold(list(self._bars()))
        top = low + shared * (self.size.height - 1) - 1
        y = 1 + (top - pitch) // shared
        return y if 1 <= y < self.size.height else None

    def pitch_at(self, y: int) -> int | None:
        """Return the highest pitch of a row; None for one that has none."""
        shared, low = self._fold(list(self._bars()))
        top = low + shared * (self.size.height - 1) - 1
        return top - (y - 1) * shared if 1 <= y < self.size.height else None

    # Drawing

    def paint(self, picture: Picture) -> None:
        """Draw lines, names and notes."""
        bars = list(self._bars())
        shared, low = self._fold(bars)
        self._paint_lines(picture)
        for role in ("neighbour", "ghost", "held", "note", "played"):
            for bar in bars:
                if bar.role == role:
                    self._paint_bar(picture, bar, shared, low)
        self._paint_names(picture, bars, shared, low)
        self._paint_locks(picture, shared, low)
        if self.current.silent and self._held_pitch() is None and not self._played:
            start, end = self.span
            text = fitting(end - start, "silence")
            at = start + (end - start - len(text)) // 2
            picture.put(at, 1 + (picture.height - 1) // 2, text, self.style_of("piano-roll--name"))

    def mark(self, picture: Picture) -> None:
        """Draw the playhead over its column."""
        column = self._column(self.beat)
        if column is None or column >= picture.width:
            return
        style = self.style_of("piano-roll--playhead")
        picture.put(column, 0, "▼", style)
        for y in range(1, picture.height):
            glyph, under = picture.at(column, y)
            empty = glyph in " ┊·"
            shown = Style(color=style.color if empty else under.color, bgcolor=style.bgcolor)
            picture.put(column, y, "│" if empty else glyph, shown)

    def _paint_lines(self, picture: Picture) -> None:
        line, name = self.style_of("piano-roll--line"), self.style_of("piano-roll--name")
        start, end = self.span
        grid = self.current.grid
        for y in range(picture.height):
            picture.put(GUTTER - 1, y, "│", line)
            for bar_line in (start - 1, end):
                if bar_line >= GUTTER:
                    picture.put(bar_line, y, "│" if y else "┬", line)
            for beat in range(1, grid.beats):
                # Of the beats of a group all but the first are weak.
                pulse = beat * grid.beat in grid.pulses
                picture.put(start + beat * self.beat_width, y, "┊" if pulse else "·", line)
        for beat in range(grid.beats):
            picture.put(start + beat * self.beat_width, 0, str(beat + 1), name)
        around = (self.previous, self.current, self.following)
        if not all(usual(measure.grid) for measure in around if measure is not None):
            picture.put(0, 0, short_metre(grid), self.style_of("piano-roll--note"))

    def _paint_bar(self, picture: Picture, bar: Bar, shared: int, low: int) -> None:
        top = low + shared * (picture.height - 1) - 1
        y = 1 + (top - bar.pitch) // shared
        if not 1 <= y < picture.height:
            self._paint_beyond(picture, bar, up=bar.pitch > top)
            return
        place = (top - bar.pitch) % shared
        style = self.style_of(f"piano-roll--{bar.role}")
        body, end = GHOSTS[shared] if bar.role == "ghost" else NOTES[shared]
        for x in range(max(GUTTER, bar.start), min(picture.width, bar.end)):
            stops = bar.ends and x == bar.end - 1
            if stops and end[place] == " " and x > bar.start:
                continue
            glyph = end[place] if stops and end[place] != " " else body[place]
            if bar.role == "played" and x == bar.start:
                glyph = STRUCK
            line = LINES.get((shared, 1 - place, picture.at(x, y)[0]))
            # Where a cell is taken, a thin line at its edge goes on showing how it came in.
            picture.put(x, y, glyph, style + line if line and bar.role != "ghost" else style)

    def _paint_locks(self, picture: Picture, shared: int, low: int) -> None:
        # A letter, which is told from a note without colour, too.
        style = self.style_of("piano-roll--lock")
        top = low + shared * (picture.height - 1) - 1
        for tick in sorted(self._locked):
            pitch = self.current.tokens[tick]
            y = 1 + (top - pitch) // shared
            if 1 <= y < picture.height:
                picture.put(self.column(self.current.grid.onsets[tick]), y, LOCKED, style)
        if self._whole:
            picture.put(self.span[0] - 1, 0, LOCKED, style)

    def _paint_beyond(self, picture: Picture, bar: Bar, up: bool) -> None:
        if bar.role in ("note", "held", "played") and bar.start < picture.width:
            y = 1 if up else picture.height - 1
            picture.put(bar.start, y, "↑" if up else "↓", self.style_of("piano-roll--note"))

    def _paint_names(self, picture: Picture, bars: list[Bar], shared: int, low: int) -> None:
        own = {bar.pitch for bar in bars if bar.role in ("note", "held")}
        down = self.style_of("piano-roll--played")
        plain, strong = self.style_of("piano-roll--name"), self.style_of("piano-roll--note")
        for y in range(1, picture.height):
            bottom = low + shared * (picture.height - 1 - y)
            pitches = range(bottom + shared - 1, bottom - 1, -1)
            sounding = [pitch for pitch in pitches if pitch in own]
            octave = [pitch for pitch in pitches if pitch % 12 == 0]
            struck = [pitch for pitch in pitches if pitch in self._down]
            for pitch in (struck or sounding or octave)[:1]:
                name = pitch_name(pitch).rjust(GUTTER - 1)
                picture.put(0, y, name, down if struck else strong if sounding else plain)


def _beat(beats: Fraction) -> str:
    whole, part = divmod(beats, 1)
    return f"beat {whole + 1}" + (f" and {part}" if part else "")
