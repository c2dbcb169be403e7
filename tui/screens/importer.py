"""A MIDI file: which one, and which of its tracks."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Input, Label, OptionList

from engine.commands import Command, ImportMidi, LookIntoMidi
from engine.events import Event, MidiLookedInto, TrackFound
from tui.bridge import EngineLink
from tui.screens.sheet import Sheet, met, refused
from tui.widgets.canvas import fitting

FIRST = "Enter looks into the file, Esc leaves it."
THEN = "↑ ↓ choose a track, Enter takes its measures, Esc leaves it."


class Importer(Sheet[None]):
    """Takes a path, lists the tracks with notes, and imports the one that is chosen.

    It stays until the measures are there, so that what is refused is told where it was asked.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Leave", show=False),
        Binding("down", "list('cursor_down')", "Down", show=False, priority=True),
        Binding("up", "list('cursor_up')", "Up", show=False, priority=True),
    ]
    DEFAULT_CSS = """
    Importer {
        align: center bottom; background: $background 0%;
        & > #importer { height: auto; max-height: 90%; }
        & .line { height: 1; }
        & .line Label { width: 11; color: $text-quiet; text-style: $style-quiet; }
        & Input { width: 1fr; height: 1; background: $panel; border: none; padding: 0; }
        & Input.-wrong { color: $text-differs; text-style: underline; }
        & OptionList {
            height: auto; max-height: 10; border: none; background: $panel; padding: 0; margin: 1 0;
        }
        & #how { width: 1fr; height: auto; color: $text-quiet; text-style: $style-quiet; }
        & #how.-wrong { color: $text-differs; text-style: bold; }
    }
    """

    def __init__(self, link: EngineLink, slot: int) -> None:
        super().__init__()
        self._link = link
        self._slot = slot
        self._asked: Command | None = None
        self._path = ""
        self._tracks: tuple[TrackFound, ...] = ()

    def compose(self) -> ComposeResult:
        """Makes the line of the path and the list of tracks, which waits."""
        with Vertical(id="importer", classes="sheet") as box:
            box.border_title = f"Take measures from a MIDI file, from measure {self._slot + 1} on"
            with Horizontal(classes="line"):
                yield Label("MIDI file")
                line = Input("", id="path", compact=True)
                line.cursor_blink = False
                yield line
            tracks = OptionList(compact=True)
            tracks.display = False
            yield tracks
            yield Label(FIRST, id="how", markup=False)

    def on_mount(self) -> None:
        """Holds the path."""
        super().on_mount()
        self.query_one("#path").focus()

    def hear(self, event: Event) -> bool:
        """Shows the tracks of the file that was asked for, or what went wrong."""
        if isinstance(event, MidiLookedInto):
            if self._asked == LookIntoMidi(event.path):
                self._asked = None
                self._list(event)
            return True
        if met(event, self._asked):
            self.dismiss(None)
        elif wrong := refused(event, self._asked):
            if isinstance(self._asked, LookIntoMidi):
                line = self.query_one("#path", Input)
                line.add_class("-wrong")
                line.focus()
            self._asked = None
            self._say(wrong, wrong=True)
            return True
        return False

    def _list(self, found: MidiLookedInto) -> None:
        self._path = found.path
        self._tracks = tuple(track for track in found.tracks if track.notes)
        tracks = self.query_one(OptionList)
        tracks.clear_options()
        width = max(12, min(60, self.app.size.width - 30))
        tracks.add_options([Content(_line(track, width)) for track in self._tracks])
        playing = [at for at, track in enumerate(self._tracks) if not track.drums]
        tracks.highlighted = playing[0] if playing else 0
        tracks.display = True
        tracks.focus()
        self._say(THEN)

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.input.remove_class("-wrong")
        self._asked = None
        self.query_one(OptionList).display = False
        self._say(FIRST)

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        if not event.value.strip():
            self._say("A path is wanted: ~ is your home, and a name alone lies here.", wrong=True)
        elif self._asked is None:
            self._ask(LookIntoMidi(str(Path(event.value.strip()))), "Reading …")

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        if self._asked is None:
            track = self._tracks[event.option_index].number
            self._ask(ImportMidi(self._slot, self._path, track), "Taking its measures …")

    def _ask(self, command: Command, words: str) -> None:
        self._asked = command
        self._say(words)
        self._link.send(command)

    def _say(self, words: str, *, wrong: bool = False) -> None:
        how = self.query_one("#how", Label)
        how.update(words)
        how.set_class(wrong, "-wrong")

    def action_list(self, move: str) -> None:
        """Moves in the list of tracks, from wherever the cursor is."""
        tracks = self.query_one(OptionList)
        if tracks.display:
            tracks.focus()
            getattr(tracks, f"action_{move}")()

    def action_leave(self) -> None:
        """Leaves without taking anything."""
        self.dismiss(None)


def _line(track: TrackFound, width: int) -> str:
    name = fitting(width, track.name or "without a name").ljust(width)
    notes = f"{track.notes} note{'s' * (track.notes != 1)}"
    return f"{track.number:>3}  {name}  {notes}{', drums' * track.drums}"
