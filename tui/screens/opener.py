"""Songs to open: those of the player, those that ship, and any other by its path."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Input, Label, OptionList

from engine.commands import OpenSong
from engine.errors import ArmonicaError
from engine.events import Event
from engine.locations import SONGS, songs_folder
from engine.session.document import SUFFIX, read
from tui.bridge import EngineLink
from tui.screens.sheet import Sheet, met, refused
from tui.widgets.canvas import fitting

HOW = "↑ ↓ choose a song, or type its path; Enter opens it, Esc leaves. Undo brings yours back."


class Opener(Sheet[None]):
    """Lists songs; a path that is typed comes before the list."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Leave", show=False),
        Binding("down", "list('cursor_down')", "Down", show=False, priority=True),
        Binding("up", "list('cursor_up')", "Up", show=False, priority=True),
    ]
    DEFAULT_CSS = """
    Opener {
        align: center bottom; background: $background 0%;
        & > #opener { height: auto; max-height: 90%; }
        & .line { height: 1; }
        & .line Label { width: 11; color: $text-quiet; text-style: $style-quiet; }
        & Input { width: 1fr; height: 1; background: $panel; border: none; padding: 0; }
        & Input.-wrong { color: $text-differs; text-style: underline; }
        & OptionList {
            height: auto; max-height: 12; border: none; background: $panel; padding: 0; margin: 1 0;
        }
        & #how { width: 1fr; height: auto; color: $text-quiet; text-style: $style-quiet; }
        & #how.-wrong { color: $text-differs; text-style: bold; }
    }
    """

    def __init__(self, link: EngineLink) -> None:
        super().__init__()
        self._link = link
        self._songs = songs()
        self._asked: OpenSong | None = None

    def compose(self) -> ComposeResult:
        """Makes the list and the line of the path."""
        width = max(20, min(110, self.app.size.width - 10))
        with Vertical(id="opener", classes="sheet") as box:
            box.border_title = "Open a song"
            lines = OptionList(*(Content(_line(path, width)) for path in self._songs), compact=True)
            lines.highlighted = 0 if self._songs else None
            yield lines
            with Horizontal(classes="line"):
                yield Label("or a path")
                line = Input("", id="path", compact=True)
                line.cursor_blink = False
                yield line
            yield Label(HOW, id="how", markup=False)

    def on_mount(self) -> None:
        """Holds the path, from which the list can be moved, too."""
        super().on_mount()
        self.query_one("#path").focus()

    def hear(self, event: Event) -> bool:
        """Closes when the song is there, and says why where it is not."""
        if met(event, self._asked):
            self.dismiss(None)
        elif wrong := refused(event, self._asked):
            self._asked = None
            self.query_one("#path").add_class("-wrong")
            self._say(wrong, wrong=True)
            return True
        return False

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.input.remove_class("-wrong")
        self._asked = None
        self._say(HOW)

    @on(Input.Submitted)
    @on(OptionList.OptionSelected)
    def _open(self) -> None:
        typed, at = self.query_one(Input).value.strip(), self.query_one(OptionList).highlighted
        if self._asked is not None or (not typed and at is None):
            return
        # A name alone is that of a song in the list, where it is in there.
        named = [path for path in self._songs if typed in (path.stem, path.name)]
        self._asked = OpenSong(str(named[0]) if named else typed or str(self._songs[at or 0]))
        self._say("A moment …")
        self._link.send(self._asked)

    def _say(self, words: str, *, wrong: bool = False) -> None:
        how = self.query_one("#how", Label)
        how.update(words)
        how.set_class(wrong, "-wrong")

    def action_list(self, move: str) -> None:
        """Moves in the list while the path keeps the cursor."""
        getattr(self.query_one(OptionList), f"action_{move}")()

    def action_leave(self) -> None:
        """Leaves without opening anything."""
        self.dismiss(None)


def songs() -> list[Path]:
    """Gives the player's songs by name, then those that ship."""
    found: list[Path] = []
    for folder in (songs_folder(), SONGS):
        try:
            found += sorted(folder.glob(f"*{SUFFIX}"))
        except OSError:
            continue
    return found


def _line(path: Path, width: int) -> str:
    if path.parent != SONGS:
        return fitting(width, path.stem)
    try:
        title = read(path).song.title
    except ArmonicaError:
        title = path.stem
    return fitting(width, f"{title} (comes with Armonica)", title)
