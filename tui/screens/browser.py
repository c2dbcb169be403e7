"""The tunes of the corpus: look for one, choose which of its measures to take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.timer import Timer
from textual.widgets import Input, Label, OptionList

from engine.commands import BrowseCorpus
from engine.errors import ArmonicaError
from engine.events import CorpusBrowsed, Event, TuneFound
from tui.bridge import EngineLink
from tui.screens.form import whole
from tui.widgets.canvas import fitting

WAIT = 0.15
"""Seconds without a letter after which the corpus is searched."""

AT_ONCE = 4
"""How many measures are taken if nothing else is said: a phrase."""

MOST = 64


@dataclass(frozen=True, slots=True)
class Taken:
    """What was chosen: a tune, its first measure (from 1), and how many."""

    tune: TuneFound
    first: int
    count: int


class Browser(ModalScreen[Taken | None]):
    """Searches titles while the player types; Enter goes on, Enter again takes the measures."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Leave", show=False),
        Binding("down", "list('cursor_down')", "Down", show=False, priority=True),
        Binding("up", "list('cursor_up')", "Up", show=False, priority=True),
        Binding("pagedown", "list('page_down')", "Page down", show=False, priority=True),
        Binding("pageup", "list('page_up')", "Page up", show=False, priority=True),
    ]
    DEFAULT_CSS = """
    Browser {
        align: center bottom; background: $background 0%;
        & > #browser { height: 1fr; margin-top: 5; }
        & .line { height: 1; }
        & .line Label { width: auto; color: $text-quiet; text-style: $style-quiet; }
        & Input { height: 1; background: $panel; border: none; padding: 0 1; }
        & Input.-wrong { color: $text-differs; text-style: underline; }
        & #query { width: 1fr; }
        & #first, & #count { width: 6; }
        & OptionList { height: 1fr; border: none; background: $panel; padding: 0; margin: 1 0; }
        & #how { color: $text-quiet; text-style: $style-quiet; height: 1; }
        & #how.-wrong { color: $text-differs; text-style: bold; }
    }
    """

    def __init__(self, link: EngineLink, slot: int) -> None:
        super().__init__()
        self._link = link
        self._slot = slot
        self._tunes: tuple[TuneFound, ...] = ()
        self._timer: Timer | None = None

    def compose(self) -> ComposeResult:
        """Makes the search line, the list, and the line of what to take."""
        with Vertical(id="browser", classes="sheet") as box:
            box.border_title = "Tunes"
            with Horizontal(classes="line"):
                yield Label("title has")
                yield self._input("", "query")
            yield OptionList(compact=True)
            with Horizontal(classes="line"):
                yield Label("from measure")
                yield self._input("1", "first")
                yield Label("take")
                yield self._input(str(AT_ONCE), "count")
                yield Label("", id="into", markup=False)
            yield Label("", id="how", markup=False)

    def on_mount(self) -> None:
        """Shows the first tunes of the corpus."""
        self.query_one("#query").focus()
        self._link.send(BrowseCorpus(""))
        self._tell()

    def show(self, event: Event) -> None:
        """Shows the tunes found, if they are those of the words that stand there."""
        if isinstance(event, CorpusBrowsed) and event.query == self._query():
            self._tunes = event.tunes
            lines = self.query_one(OptionList)
            lines.clear_options()
            lines.add_options([Content(self._line(tune)) for tune in event.tunes])
            if event.tunes:
                lines.highlighted = 0
            more = f"{len(event.tunes) + event.more} tunes, with their measures"
            self.query_one("#browser", Vertical).border_title = more
            self._tell()

    def _line(self, tune: TuneFound) -> str:
        width = max(20, min(100, self.app.size.width - 5) - 38)
        title = fitting(width, tune.title).ljust(width)
        book, key = fitting(14, tune.book), fitting(10, tune.key)
        return f"{title}  {book:<14} {tune.metre:<4} {key:<10}{tune.measures:>4}"

    @staticmethod
    def _input(value: str, name: str) -> Input:
        line = Input(value, id=name, compact=True)
        line.cursor_blink = False
        return line

    def _query(self) -> str:
        return self.query_one("#query", Input).value.strip()

    @property
    def tune(self) -> TuneFound | None:
        """The tune that is chosen, if any was found."""
        at = self.query_one(OptionList).highlighted
        return self._tunes[at] if at is not None and at < len(self._tunes) else None

    @on(Input.Changed, "#query")
    def _typed(self) -> None:
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(WAIT, self._search)

    def _search(self) -> None:
        self._link.send(BrowseCorpus(self._query()))

    @on(Input.Changed, "#first, #count")
    @on(OptionList.OptionHighlighted)
    def _tell(self) -> None:
        how, into = self.query_one("#how", Label), self.query_one("#into", Label)
        how.remove_class("-wrong")
        for line in self.query(Input):
            line.remove_class("-wrong")
        tune = self.tune
        into.update(
            "" if tune is None else f"of {tune.measures}, into the song from {self._slot + 1}"
        )
        if tune is None and self._query():
            how.update("No title has all these words.")
        else:
            how.update("↑ ↓ choose a tune; Enter goes on, then takes the measures; Esc leaves.")

    @on(Input.Submitted, "#query")
    @on(OptionList.OptionSelected)
    def _go_on(self) -> None:
        if self.tune is not None:
            self.query_one("#first", Input).focus()

    @on(Input.Submitted, "#first, #count")
    def _take(self) -> None:
        tune = self.tune
        if tune is None:
            return
        first = self._read("#first", tune.measures, "The first measure")
        if first is None:
            return
        count = self._read("#count", MOST, "The number of measures")
        if count is not None:
            # A tune's last phrase is taken as far as it goes.
            self.dismiss(Taken(tune, first, min(count, tune.measures - first + 1)))

    def _read(self, name: str, high: int, what: str) -> int | None:
        line = self.query_one(name, Input)
        try:
            return whole(1, high, what)(line.value.strip())
        except ArmonicaError as error:
            line.add_class("-wrong")
            line.focus()
            how = self.query_one("#how", Label)
            how.update(error.line())
            how.add_class("-wrong")
            return None

    def action_list(self, move: str) -> None:
        """Moves in the list from wherever the cursor is."""
        getattr(self.query_one(OptionList), f"action_{move}")()

    def action_leave(self) -> None:
        """Leaves without taking anything."""
        self.dismiss(None)
