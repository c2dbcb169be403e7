"""A MIDI file: which one, and which of its tracks."""

from __future__ import annotations

from pathlib import Path

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Input, Label, OptionList

from engine.music.score_notes import Voice
from engine.protocol.base import Command, Event, with_request
from engine.protocol.files import ImportMidi, LookIntoMidi, MidiLookedInto, TrackFound
from engine.protocol.notices import Cancel, JobProgressed
from tui.bridge import EngineLink
from tui.dialogs.base import PathSheet, answers, is_answer, refused
from tui.formatting.plain import plain
from tui.formatting.text import fitting

BESIDE = 32
"""Cells of a line that are not the track's name, and not which line of it is meant."""

FIRST = "Enter looks into the file, Esc leaves it."
THEN = "↑ ↓ choose a track, Enter takes its measures, Esc leaves it."


class Importer(PathSheet):
    """Takes a path, lists the tracks with notes, and imports the one that is chosen.

    It stays until the measures are there, so that what is refused is told where it was asked.
    """

    def __init__(self, link: EngineLink, slot: int) -> None:
        super().__init__()
        self._link = link
        self._slot = slot
        self._requested: Command | None = None
        self._path = ""
        self._lines: tuple[tuple[TrackFound, Voice], ...] = ()
        self._words = ""
        self._job: int | None = None

    def compose(self) -> ComposeResult:
        """Make the line of the path and the list of tracks, which waits."""
        with Vertical(id="importer", classes="sheet") as box:
            box.border_title = f"Take measures from a MIDI file, from measure {self._slot + 1} on"
            yield from self.path_line("MIDI file")
            tracks = OptionList(compact=True)
            tracks.display = False
            yield tracks
            yield Label(FIRST, id="how", markup=False)

    def on_engine_event(self, event: Event) -> bool:
        """Show the tracks of the file that was asked for, or what went wrong."""
        if isinstance(event, JobProgressed) and is_answer(event.request, self._requested):
            self._follow(event)
            return False
        if isinstance(event, MidiLookedInto):
            if is_answer(event.request, self._requested):
                self._requested = None
                self._list(event)
            return True
        if answers(event, self._requested):
            self.dismiss(None)
        elif wrong := refused(event, self._requested):
            if isinstance(self._requested, LookIntoMidi):
                line = self.query_one("#path", Input)
                line.add_class("-wrong")
                line.focus()
            self._requested = None
            self.show_message(wrong, wrong=True)
            return True
        return False

    def _follow(self, job: JobProgressed) -> None:
        # A long file takes seconds, and Esc ends that too.
        self._job = job.job if job.done < 1 else None
        if self._job is not None:
            self.show_message(f"{self._words} {job.done:.0%}")

    def action_leave(self) -> None:
        """Leave without taking anything; what is being read is read no further."""
        if self._requested is not None and self._job is not None:
            self._link.send(Cancel(self._job))
        super().action_leave()

    def _list(self, found: MidiLookedInto) -> None:
        self._path = found.path
        self._lines = tuple(
            (track, voice) for track in found.tracks if track.notes for voice in track.voices
        )
        tracks = self.query_one(OptionList)
        tracks.clear_options()
        beside = BESIDE + max(len(words) for words in _VOICES.values())
        width = max(12, min(60, self.app.size.width - beside))
        tracks.add_options([plain(_line(track, voice, width)) for track, voice in self._lines])
        playing = [at for at, (track, _) in enumerate(self._lines) if not track.drums]
        tracks.highlighted = playing[0] if playing else 0
        tracks.display = True
        tracks.focus()
        self.show_message(THEN)

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.input.remove_class("-wrong")
        self._requested = None
        self.query_one(OptionList).display = False
        self.show_message(FIRST)

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        if not event.value.strip():
            self.show_message(
                "A path is wanted: ~ is your home, and a name alone lies here.", wrong=True
            )
        elif self._requested is None:
            self._ask(LookIntoMidi(str(Path(event.value.strip()))), "Reading …")

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        if self._requested is None:
            track, voice = self._lines[event.option_index]
            self._ask(
                ImportMidi(self._slot, self._path, track.number, voice), "Taking its measures …"
            )

    def _ask(self, command: Command, words: str) -> None:
        self._requested, self._words, self._job = with_request(command), words, None
        self.show_message(words)
        self._link.send(self._requested)

    def action_list(self, move: str) -> None:
        """Move in the list of tracks, which then holds Enter."""
        tracks = self.query_one(OptionList)
        if tracks.display:
            tracks.focus()
        super().action_list(move)


_VOICES: dict[Voice, str] = {
    "top": "the highest line",
    "inner": "an inner line",
    "bass": "the lowest line",
}


def _line(track: TrackFound, voice: Voice, width: int) -> str:
    name = fitting(width, track.name or "without a name").ljust(width)
    notes = f"{track.notes} note{'s' * (track.notes != 1)}"
    which = f", {_VOICES[voice]}" if len(track.voices) > 1 else ", drums" * track.drums
    return f"{track.number:>3}  {name}  {notes}{which}"
