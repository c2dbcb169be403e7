"""What is done to the chord track, on the song screen and on the notes screen alike."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import TypeVar

from engine.music.chord_track import of_slot, place_words, written
from engine.music.tension import broken
from engine.protocol.base import Command
from engine.protocol.chords import RemoveChord, WriteChords
from engine.protocol.transport import AuditionMeasures
from tui.actions.host import Host
from tui.dialogs.chord_form import ChordForm
from tui.dialogs.form import Field

View = TypeVar("View", bound=Host)

HINT = "A name, a degree or N.C.; 3: Am7 for a beat, C | Am7 D7 | G for measures; or play it."


def typing(place: Callable[[View], Fraction]) -> Callable[[View], None]:
    """Return the handler that asks for the chords from a place of the selected measure on."""

    def ask(view: View) -> None:
        shown, at = view.session.shown, place(view)
        song, slot = shown.song, shown.selected
        grid = song.grids[slot]
        there = next((each for each in of_slot(song.chords, slot) if each.place == at), None)

        def read(text: str) -> Command:
            if not text:
                return RemoveChord(slot, at)
            written(text, slot, at, song.grids, song.key)
            return WriteChords(slot, at, text)

        def apply(values: tuple[Command] | None) -> None:
            if values is None:
                return
            (command,) = values
            if isinstance(command, RemoveChord) and there is None:
                return
            view.session.gestures.end()
            view.session.send(command)
            if isinstance(command, WriteChords) and shown.audition and not shown.playing:
                first = written(command.text, slot, at, song.grids, song.key)[0]
                if first.chord is not None:
                    view.session.send(AuditionMeasures((broken(first.chord, grid),)))

        title = f"Chord in measure {slot + 1}, beat {place_words(at, grid)}"
        hint = f"{HINT} Empty takes it away." if there is not None else HINT
        value = "" if there is None else there.name(song.key)
        view.app.push_screen(ChordForm(title, Field("chord", value, read, hint), song.key), apply)

    return ask
