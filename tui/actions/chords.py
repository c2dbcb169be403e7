"""What is done to the chord track, on the song screen and on the notes screen alike."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import TypeVar

from engine.music.chord_track import of_slot, place_words, written
from engine.music.tension import broken
from engine.protocol.analysis import AskHarmony, HarmonyFound
from engine.protocol.base import Command
from engine.protocol.chords import ClearChords, FillChords, RemoveChord, WriteChords
from engine.protocol.edit import SetKey
from engine.protocol.transport import AuditionMeasures
from tui.actions.host import Host
from tui.dialogs.choice import Choice
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


def suggesting(place: Callable[[View], Fraction]) -> Callable[[View], None]:
    """Return the handler that offers chords from a place of the selected measure on."""

    def ask(view: View) -> None:
        shown, at = view.session.shown, place(view)
        command = AskHarmony(shown.selected, at, track=shown.track)
        view.session.harmony.ask(command, lambda found: _offer(view, found))

    return ask


def _offer(view: Host, found: HarmonyFound) -> None:
    song, slot, at = view.session.shown.song, found.asked.slot, found.asked.place
    lines = [f"{chord.name(song.key):<8} {sure * 100:3.0f} %" for chord, sure in found.chords]
    commands: list[Command] = [
        WriteChords(slot, at, chord.name(song.key)) for chord, _ in found.chords
    ]
    track = found.asked.row
    for words, command in (
        ("the likeliest in all measures that have none", FillChords(track=track)),
        ("the likeliest in all measures, anew", FillChords(anew=True, track=track)),
        (f"none in measure {slot + 1}", ClearChords(slot)),
        ("none in the song", ClearChords(0, None)),
    ):
        lines.append(words)
        commands.append(command)

    def choose(chosen: int | None) -> None:
        if chosen is not None:
            view.session.gestures.end()
            view.session.send(commands[chosen])

    title = f"Chords for measure {slot + 1}"
    if slot < song.length:
        title += f", beat {place_words(at, song.grids[slot])}"
    words = (
        f"In {song.key.name}, with the likelihood of each. By rules of how notes, degrees and "
        "steps go together: learned from no music, as the tunes here carry no chords."
    )
    view.app.push_screen(Choice(title, lines, 0, words), choose)


def take_key(view: Host) -> None:
    """Take the key that the notes have."""
    found = view.session.harmony.key
    if found is None:
        view.app.notify("No key is found: there are no notes yet.", timeout=3)
        return
    key, certainty = found
    view.session.gestures.end()
    view.session.send(SetKey(key.tonic, key.scale))
    view.app.notify(f"Key: {key.name}, {certainty * 100:.0f} % certain by its notes.", timeout=3)


def key_words(view: Host) -> str:
    """Describe the song's key, and the one that the notes have."""
    key, found = view.session.shown.song.key, view.session.harmony.key
    if found is None:
        return f"key {key.name}"
    words = f"{found[1] * 100:.0f} % by its notes"
    return (
        f"key {key.name}, {words}"
        if found[0] == key
        else f"key {key.name} ({found[0].name} {words})"
    )
