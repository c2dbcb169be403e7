"""The tracks of a song, one above the other, measure by measure, with how each is played."""

from __future__ import annotations

from dataclasses import dataclass

from textual import events
from textual.message import Message

from engine.music.chord_track import place_words
from engine.music.song import Song
from engine.music.track import audible
from tui.formatting.metres import short_metre, usual
from tui.formatting.text import fitting
from tui.formatting.tracks import (
    full_mixer,
    instruments,
    kind_words,
    mixer,
    name_of,
    short_mixer,
    switches,
)
from tui.widgets.canvas import Picture, Wheeled
from tui.widgets.song_strip import roll

LEAST, MOST = 5, 24
"""Cells of a measure, the gap before the next included."""

ROWS = (2, 12)
"""How many rows a track has, at least and at most."""

NARROW, BROAD = 24, 30
"""Cells of what stands beside the measures; the more from `WIDE` cells on."""

WIDE = 110


class TrackGrid(Wheeled, can_focus=True):
    """Shows the tracks of a song: names, mixer, small rolls, what is selected and what sounds."""

    BINDING_GROUP_TITLE = "Tracks"
    UP = -1
    DEFAULT_CSS = """
    TrackGrid {
        & > .track-grid--number { color: $text-quiet; text-style: $style-quiet; }
        & > .track-grid--metre { color: $text-quiet; text-style: bold; }
        & > .track-grid--name { color: $foreground; }
        & > .track-grid--selected { color: $foreground; text-style: bold; }
        & > .track-grid--held { color: $background; background: $focus; text-style: $style-held; }
        & > .track-grid--playing { color: $playing; text-style: bold; }
        & > .track-grid--contour { color: $notes-quiet; }
        & > .track-grid--bright { color: $notes; text-style: bold; }
        & > .track-grid--silent { color: $faint; }
        & > .track-grid--rule { color: $text-quiet; text-style: italic; }
        & > .track-grid--chord { color: $foreground; }
        & > .track-grid--switch { color: $focus; text-style: bold; }
    }
    """

    @dataclass
    class Chosen(Message):
        """The mouse chose a slot of a track."""

        track: int
        slot: int | None
        twice: bool = False

    class Rolled(Wheeled.Rolled):
        """The wheel asks for the track below (1) or above (-1)."""

    _song = Song()
    _at = (0, 0)
    _playing: int | None = None

    def show(self, song: Song, track: int, slot: int, playing: int | None) -> None:
        """Show a song, what is selected, and the measure that sounds (None: the loop rests)."""
        now = (song, (track, slot), playing)
        if now != (self._song, self._at, self._playing):
            self._song, self._at, self._playing = now
            self.redraw()

    def plain(self) -> str:
        """Format each track in a line."""
        heard = audible(self._song.tracks)
        lines = []
        if chords := self._song.chords:
            grids, key = self._song.grids, self._song.key
            names = (
                f"{each.slot + 1}.{place_words(each.place, grids[each.slot])} {each.name(key)}"
                for each in chords
            )
            lines.append(f"Chords: {', '.join(names)}.")
        for number, (track, on) in enumerate(zip(self._song.tracks, heard, strict=True)):
            filled = sum(not slot.empty for slot in track.slots)
            parts = [name_of(track, number), full_mixer(track), f"{filled} measures with notes"]
            parts += [kind_words(track)] if kind_words(track) else []
            locked = sum(slot.locked for slot in track.slots)
            parts += [f"{locked} locked"] if locked else []
            parts += [] if on else ["not heard"]
            lines.append(f"{'> ' if number == self._at[0] else ''}{', '.join(parts)}.")
        if self._head() > 1:
            lines.insert(0, f"Metres: {self._metres()}.")
        return "\n".join(lines)

    def _metres(self) -> str:
        song = self._song
        changes = [at for at in range(song.length) if not at or song.grid(at) != song.grid(at - 1)]
        return ", ".join(f"{song.grid(at).name} from measure {at + 1}" for at in changes)

    # Where things lie

    def _beside(self) -> int:
        return BROAD if self.size.width >= WIDE else NARROW

    def _top(self) -> int:
        # The row of the first track, under the numbers, and metres and chords where there are any.
        return self._head() + bool(self._song.chords)

    def _head(self) -> int:
        """The rows of numbers, and of metres where a song has other than the usual."""
        return 1 if all(map(usual, self._song.grids)) else 2

    def _rows(self) -> int:
        least, most = ROWS
        room = self.size.height - self._top()
        return max(least, min(most, room // len(self._song.tracks)))

    def _first_track(self) -> int:
        room = max(1, (self.size.height - self._top()) // self._rows())
        return max(0, min(self._at[0] - room // 2, len(self._song.tracks) - room))

    def _cell(self) -> int:
        room = self.size.width - self._beside()
        return max(LEAST, min(MOST, room // self._song.length))

    def _first_slot(self) -> int:
        room = max(1, (self.size.width - self._beside()) // self._cell())
        return max(0, min(self._at[1] - room // 2, self._song.length - room))

    # Drawing

    def paint(self, picture: Picture) -> None:
        """Draw the numbers of the measures, and the tracks from the top down."""
        beside, cell, first = self._beside(), self._cell(), self._first_slot()
        begins = self._song.form.starts if self._song.form else ()
        for slot in range(first, self._song.length):
            x = beside + (slot - first) * cell
            if x + LEAST - 1 > picture.width:
                break
            playing = slot == self._playing
            style = "playing" if playing else "selected" if slot == self._at[1] else "number"
            words = f"{'▶' if playing else ' '}{slot + 1}"
            picture.put(x, 0, words, self.style_of(f"track-grid--{style}"))
            self._paint_metre(picture, slot, x, starts=slot == first)
            if slot in begins:
                room = min(cell, picture.width - x) - len(words) - 1
                name = self._song.form.sections[begins.index(slot)].name[: max(0, room)]
                picture.put(x + len(words) + 1, 0, name, self.style_of("track-grid--switch"))
        self._paint_chords(picture)
        heard = audible(self._song.tracks)
        for number in range(self._first_track(), len(self._song.tracks)):
            y = self._top() + (number - self._first_track()) * self._rows()
            if y + ROWS[0] > picture.height:
                break
            self._paint_track(picture, number, y, heard[number])

    def _paint_metre(self, picture: Picture, slot: int, x: int, starts: bool) -> None:
        # Where it changes, and at the first measure in sight.
        grid = self._song.grid(slot)
        if self._head() > 1 and (starts or grid != self._song.grid(slot - 1)):
            words = fitting(self._cell() - 1, grid.name, short_metre(grid))
            picture.put(x + 1, 1, words, self.style_of("track-grid--metre"))

    def _paint_chords(self, picture: Picture) -> None:
        song, beside, cell, first = self._song, self._beside(), self._cell(), self._first_slot()
        if not song.chords:
            return
        picture.put(0, self._head(), "chords", self.style_of("track-grid--number"))
        places = [
            beside
            + (each.slot - first) * cell
            + 1
            + int(each.place / song.grids[each.slot].length * (cell - 1))
            for each in song.chords
        ]
        for chord, x, end in zip(song.chords, places, [*places[1:], picture.width], strict=True):
            if chord.slot >= first and x < picture.width:
                # Cut where the next begins.
                name, room = chord.name(song.key), max(0, min(end, picture.width) - x - 1)
                name = name if len(name) <= room else "…"[:room]
                here = chord.slot == self._at[1]
                style = "selected" if here else "chord"
                picture.put(x, self._head(), name, self.style_of(f"track-grid--{style}"))

    def _paint_track(self, picture: Picture, number: int, y: int, heard: bool) -> None:
        track, chosen = self._song.tracks[number], number == self._at[0]
        beside = self._beside() - 2
        style = "selected" if chosen else "name" if heard else "silent"
        if chosen and self.has_focus:
            style = "held"
        marks = switches(track)
        name = fitting(beside - len(marks) - 1, name_of(track, number))
        picture.put(0, y, name.ljust(beside - len(marks)), self.style_of(f"track-grid--{style}"))
        picture.put(beside - len(marks), y, marks, self.style_of("track-grid--switch"))
        words = fitting(beside - 2, full_mixer(track), mixer(track), short_mixer(track))
        picture.put(2, y + 1, words, self.style_of("track-grid--number"))
        rows = self._rows() - (self._rows() > ROWS[0])
        about = [kind_words(track), instruments().of(track)]
        for row, line in enumerate([each for each in about if each][: max(0, rows - ROWS[0])]):
            # Where there is no room, the rule goes before the kind.
            shown = fitting(beside - 2, line, line.removeprefix(f"{track.kind} "))
            picture.put(2, y + 2 + row, shown, self.style_of("track-grid--rule"))
        cell, first = self._cell(), self._first_slot()
        for slot in range(first, self._song.length):
            x = self._beside() + (slot - first) * cell
            if x + LEAST - 1 > picture.width:
                break
            self._paint_slot(picture, number, slot, x, y, cell - 1, rows, heard)

    def _paint_slot(
        self,
        picture: Picture,
        number: int,
        index: int,
        x: int,
        y: int,
        width: int,
        rows: int,
        heard: bool,
    ) -> None:
        slot, here = self._song.tracks[number].slots[index], (number, index) == self._at
        ruled = slot.empty and self._ruled(number, index)
        if ruled:
            slot = self._song.heard(number)[index]
        if slot.empty:
            style = "selected" if here else "silent"
            picture.put(x, y, "▏·" if here else " ·", self.style_of(f"track-grid--{style}"))
            return
        style = "bright" if here else "contour" if heard else "silent"
        if ruled:
            # Told from notes of the user's own without colour, too.
            style = "rule" if heard else "silent"
            picture.put(x, y, "~", self.style_of("track-grid--rule"))
        for row, line in enumerate(roll(slot, width - 1, rows)):
            picture.put(x + 1, y + row, line, self.style_of(f"track-grid--{style}"))
        for row in range(rows if here else 0):
            picture.put(x, y + row, "▏", self.style_of("track-grid--selected"))
        if slot.locked:
            picture.put(x, y, "L", self.style_of("track-grid--switch"))

    def _ruled(self, number: int, index: int) -> bool:
        """Return whether a rule plays a measure, as far as the loop goes."""
        track = self._song.tracks[number]
        return track.accompaniment is not None and index < self._song.sounding

    # The mouse

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Choose the track, and the measure, under the mouse."""
        self._choose(event, twice=False)

    def on_click(self, event: events.Click) -> None:
        """Open a measure that is clicked twice."""
        if event.chain == 2:
            self._choose(event, twice=True)

    def _choose(self, event: events.MouseDown | events.Click, twice: bool) -> None:
        place = event.get_content_offset_capture(self)
        track = self._first_track() + (place.y - self._top()) // self._rows()
        if place.y < self._top() or not 0 <= track < len(self._song.tracks):
            return
        event.stop()
        slot: int | None = None
        if place.x >= self._beside():
            slot = self._first_slot() + (place.x - self._beside()) // self._cell()
            slot = slot if slot < self._song.length else None
        self.post_message(self.Chosen(track, slot, twice))
