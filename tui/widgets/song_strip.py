"""The strip of a track: every measure's number, where it came from, and its contour."""

from __future__ import annotations

from dataclasses import dataclass

from textual import events
from textual.message import Message

from engine.music.measure import HOLD, REST, Measure
from engine.music.slot import Slot
from engine.music.track import Track
from engine.protocol.snapshot import Snapshot
from tui.formatting.metres import short_metre, usual
from tui.formatting.text import fitting
from tui.formatting.tracks import name_of
from tui.widgets.canvas import Picture, Wheeled

LEAST = 9
MOST = 24
"""Cells of a slot, the gap before the next included."""

_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""Braille dots by row (from the top) and column."""


class SongStrip(Wheeled, can_focus=True):
    """Shows the slots of a track, which is selected and which is playing."""

    BINDING_GROUP_TITLE = "Song strip"
    UP = -1
    DEFAULT_CSS = """
    SongStrip {
        & > .song-strip--number { color: $text-quiet; text-style: $style-quiet; }
        & > .song-strip--selected { color: $foreground; text-style: bold underline; }
        & > .song-strip--held { color: $background; background: $focus; text-style: $style-held; }
        & > .song-strip--playing { color: $playing; text-style: bold; }
        & > .song-strip--contour { color: $notes-quiet; }
        & > .song-strip--bright { color: $notes; text-style: bold; }
        & > .song-strip--empty { color: $faint; }
    }
    """

    @dataclass
    class Chosen(Message):
        """The mouse chose a slot."""

        slot: int

    class Rolled(Wheeled.Rolled):
        """The wheel asks for the slot after (1) or before (-1)."""

    _track = Track()
    _selected = 0
    _playing: int | None = None

    _name = ""

    def show(self, snapshot: Snapshot, playing: int | None) -> None:
        """Show the selected track and its slot, and which sounds (None: the loop rests)."""
        many = len(snapshot.song.tracks) > 1
        name = f"track {name_of(snapshot.row, snapshot.track)} · " if many else ""
        now = (snapshot.row, snapshot.selected, playing, name)
        if now != (self._track, self._selected, self._playing, self._name):
            self._track, self._selected, self._playing, self._name = now
            self.redraw()

    def plain(self) -> str:
        """Format the selected slot and what is in it in one line."""
        slot = self._track.slots[self._selected]
        count = len(slot.measure.pitches if slot.pattern is None else slot.pattern.hits)
        what = "empty" if slot.empty else f"{title(slot) or 'made here'}, {count} notes"
        sounding = "" if self._playing is None else f" Playing measure {self._playing + 1}."
        where = self._where(slot)
        return f"{where[0].upper()}{where[1:]}: {what}.{sounding}"

    def _where(self, slot: Slot) -> str:
        where = f"{self._name}measure {self._selected + 1} of {len(self._track.slots)}"
        return where if usual(slot.grid) else f"{where} in {slot.grid.name}"

    def _width(self) -> int:
        return max(LEAST, min(MOST, (self.size.width + 1) // len(self._track.slots)))

    def _first(self) -> int:
        """The first slot in sight: the selected one is always in it."""
        room = max(1, (self.size.width + 1) // self._width())
        return max(0, min(self._selected - room // 2, len(self._track.slots) - room))

    def paint(self, picture: Picture) -> None:
        """Draw the slots from left to right."""
        width = self._width()
        for index in range(self._first(), len(self._track.slots)):
            x = (index - self._first()) * width
            if x + LEAST - 1 > picture.width:
                break
            self._paint_slot(picture, index, x, width - 1)
        caption = fitting(picture.width, self.caption(), self.caption().replace("measure ", "", 1))
        picture.put(0, picture.height - 1, caption, self.style_of("song-strip--number"))

    def caption(self) -> str:
        """Describe which measure is selected, and where it came from."""
        slot = self._track.slots[self._selected]
        where = self._where(slot)
        if slot.empty:
            return f"{where} · empty"
        came = ", ".join(part for part in (title(slot), slot.origin.detail) if part)
        written = slot.origin.kind == "written"
        if slot.moved:
            how = f"moved since it {'was written' if written else 'came'}"
        else:
            how = "as written" if written else "as it came"
        return f"{where} · {how} · {came}"

    def _paint_slot(self, picture: Picture, index: int, x: int, width: int) -> None:
        slot = self._track.slots[index]
        selected, playing = index == self._selected, index == self._playing
        number = f"{'▶' if playing else ' '}{index + 1}{'*' if slot.moved else ''}"
        before = self._track.slots[index - 1].grid if index else None
        if slot.grid != before and not (before is None and usual(slot.grid)):
            number += f" {short_metre(slot.grid)}"
        number += "L" if slot.locked else ""
        name = "" if slot.empty else title(slot)
        words = f"{number} {name}"
        if len(words) > width:
            # What tells tunes apart comes after the article.
            words = f"{number} {name.removeprefix('The ')}"
        style = "song-strip--number"
        if playing:
            style = "song-strip--playing"
        if selected:
            style = "song-strip--held" if self.has_focus else "song-strip--selected"
        picture.put(x, 0, fitting(width, words).ljust(width), self.style_of(style))
        rows = picture.height - 2
        if slot.empty:
            picture.put(x + 1, 1 + rows // 2, "· empty ·"[:width - 1],
                        self.style_of("song-strip--empty"))  # fmt: skip
            return
        bright = "song-strip--bright" if selected else "song-strip--contour"
        for row, line in enumerate(roll(slot, width - 1, rows)):
            picture.put(x + 1, 1 + row, line, self.style_of(bright))

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Choose the slot under the mouse."""
        slot = self._first() + event.get_content_offset_capture(self).x // self._width()
        if slot < len(self._track.slots):
            event.stop()
            self.post_message(self.Chosen(slot))


def title(slot: Slot) -> str:
    """Return a slot's title: the tune's, or what kind of thing it is."""
    if slot.origin.title:
        return slot.origin.title
    return {
        "prior": "random",
        "gauge": "made here",
        "midi": "MIDI",
        "copy": "copy",
        "played": "played",
    }.get(slot.origin.kind, "")


def roll(slot: Slot, width: int, height: int) -> list[str]:
    """Draw what a slot holds as braille dots: its melody, or all notes of its pattern."""
    if slot.pattern is None:
        return contour(slot.measure, width, height)
    hits = slot.pattern.hits
    if not hits or width < 1 or height < 1:
        return [" " * width] * height
    # Each pitch has its level, however far apart they are.
    pitches, levels, columns = slot.pattern.pitches, 4 * height, 2 * width
    length = float(slot.measure.grid.length)
    cells = [[0] * width for _ in range(height)]
    for hit in hits:
        place = pitches.index(hit.pitch) / max(1, len(pitches) - 1)
        level = levels - 1 - round(place * (levels - 1))
        start = int(float(hit.onset) / length * columns)
        end = int(float(hit.end) / length * columns)
        for column in range(start, min(columns, max(start + 1, end - 1))):
            cells[level // 4][column // 2] |= _DOTS[level % 4][column % 2]
    return ["".join(chr(0x2800 + bits) if bits else " " for bits in row) for row in cells]


def contour(measure: Measure, width: int, height: int) -> list[str]:
    """Draw a measure's melody as braille dots in ``width`` by ``height`` cells."""
    pitches = measure.pitches
    if not pitches or width < 1 or height < 1:
        return [" " * width] * height
    low, high = min(pitches), max(pitches)
    levels = 4 * height
    # A narrow tune is drawn narrow: a step of a tone shows, a unison stays a line.
    span = max(high - low, 8)
    base = (span - (high - low)) // 2
    cells = [[0] * width for _ in range(height)]
    onsets, length = measure.grid.onsets, measure.grid.length
    columns = 2 * width
    pitch = 0
    for tick, token in enumerate(measure.tokens):
        pitch = token if token > REST else (pitch if token == HOLD else 0)
        start = int(onsets[tick] / length * columns)
        end = int(measure.grid.edges[tick + 1] / length * columns)
        if not pitch:
            continue
        level = levels - 1 - round((pitch - low + base) / span * (levels - 1))
        ends = tick + 1 == len(measure.tokens) or measure.tokens[tick + 1] != HOLD
        # A gap of a dot before the next onset keeps repeated notes apart.
        for column in range(start, max(start + 1, end - (1 if ends and end - start > 1 else 0))):
            cells[level // 4][column // 2] |= _DOTS[level % 4][column % 2]
    return ["".join(chr(0x2800 + bits) if bits else " " for bits in row) for row in cells]
