"""Songs to open: those of the user, those that ship, and any other by its path."""

from __future__ import annotations

from pathlib import Path

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Input, Label, OptionList

from engine.errors import ArmonicaError
from engine.formats.song_file import SUFFIX, read
from engine.locations import SONGS, songs
from engine.protocol.base import Event, with_request
from engine.protocol.files import OpenSong
from tui.bridge import EngineLink
from tui.dialogs.base import PathSheet, answers, refused
from tui.formatting.plain import plain
from tui.formatting.text import fitting

HOW = "↑ ↓ choose a song, or type its path; Enter opens it, Esc leaves. Undo brings yours back."


class Opener(PathSheet):
    """Lists songs; a path that is typed comes before the list."""

    def __init__(self, link: EngineLink) -> None:
        super().__init__()
        self._link = link
        self._songs = songs(SUFFIX)
        self._requested: OpenSong | None = None

    def compose(self) -> ComposeResult:
        """Make the list and the line of the path."""
        width = max(20, min(110, self.app.size.width - 10))
        with Vertical(id="opener", classes="sheet") as box:
            box.border_title = "Open a song"
            lines = OptionList(*(plain(_line(path, width)) for path in self._songs), compact=True)
            lines.highlighted = 0 if self._songs else None
            yield lines
            yield from self.path_line("or a path")
            yield Label(HOW, id="how", markup=False)

    def on_engine_event(self, event: Event) -> bool:
        """Close when the song is there, and say why where it is not."""
        if answers(event, self._requested):
            self.dismiss(None)
        elif wrong := refused(event, self._requested):
            self._requested = None
            self.query_one("#path").add_class("-wrong")
            self.show_message(wrong, wrong=True)
            return True
        return False

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.input.remove_class("-wrong")
        self._requested = None
        self.show_message(HOW)

    @on(Input.Submitted)
    @on(OptionList.OptionSelected)
    def _open(self) -> None:
        typed, at = self.query_one(Input).value.strip(), self.query_one(OptionList).highlighted
        if self._requested is not None or (not typed and at is None):
            return
        # A name alone is that of a song in the list, where it is in there.
        named = [path for path in self._songs if typed in (path.stem, path.name)]
        path = str(named[0]) if named else typed or str(self._songs[at or 0])
        self._requested = with_request(OpenSong(path))
        self.show_message("A moment …")
        self._link.send(self._requested)


def _line(path: Path, width: int) -> str:
    if path.parent != SONGS:
        return fitting(width, path.stem)
    try:
        title = read(path).song.title
    except ArmonicaError:
        title = path.stem
    return fitting(width, f"{title} (comes with Armonica)", title)
