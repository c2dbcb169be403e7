"""The tunes of the corpus: look for one, choose which of its measures to take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.timer import Timer
from textual.widgets import Input, Label, OptionList

from engine.errors import ArmonicaError
from engine.protocol.base import Event, with_request
from engine.protocol.files import BrowseCorpus, CorpusBrowsed, PreviewTune, TuneFound, TunePreviewed
from engine.protocol.transport import AuditionMeasures
from tui.action_table import shown
from tui.bridge import EngineLink
from tui.dialogs.base import Sheet, refused
from tui.dialogs.form import whole
from tui.formatting.plain import plain
from tui.formatting.text import fitting
from tui.widgets.tune_preview import Phrase

WAIT = 0.15
"""Seconds without a letter after which the corpus is searched."""

REST = 0.08
"""Seconds on a tune after which its measures are shown."""

AUDITION_KEY = "ctrl+l"
"""The key that plays what would be loaded; letters belong to the titles."""

AT_ONCE = 4
"""How many measures are loaded unless another number is typed: a phrase."""

LISTED = 200
"""How many tunes are listed at most."""

MOST = 64


@dataclass(frozen=True, slots=True)
class TuneExcerpt:
    """What was chosen: a tune, its first measure (from 1), and how many."""

    tune: TuneFound
    first: int
    count: int


class Browser(Sheet[TuneExcerpt | None]):
    """Searches titles while the user types; Enter goes on, Enter again takes the measures.

    The measures of the chosen tune are shown, and heard on asking.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Leave", show=False),
        Binding(AUDITION_KEY, "audition", "Hear", show=False, priority=True),
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
        & Phrase { margin-bottom: 1; }
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
        self._resting: Timer | None = None
        self._searched: BrowseCorpus | None = None
        self._requested: PreviewTune | None = None
        self._previewed: TunePreviewed | None = None
        self._auditioning = False

    def compose(self) -> ComposeResult:
        """Make the search line, the list, and the line of what to take."""
        with Vertical(id="browser", classes="sheet") as box:
            box.border_title = "Tunes"
            with Horizontal(classes="line"):
                yield Label("title has")
                yield self._input("", "query")
            yield OptionList(compact=True)
            yield Phrase(id="phrase")
            with Horizontal(classes="line"):
                yield Label("from measure")
                yield self._input("1", "first")
                yield Label("take")
                yield self._input(str(AT_ONCE), "count")
                yield Label("", id="into", markup=False)
            yield Label("", id="how", markup=False)

    def on_mount(self) -> None:
        """Show the first tunes of the corpus."""
        self.query_one("#query").focus()
        self._search()
        self._refresh_hint()

    def on_resize(self, event: events.Resize) -> None:
        """Return the measures more room where there is."""
        self.query_one(Phrase).styles.height = 7 if event.size.height >= 36 else 4
        self.call_after_refresh(self._preview)

    def on_unmount(self) -> None:
        """Silence what is heard."""
        self._hush()

    def on_engine_event(self, event: Event) -> bool:
        """Show what the corpus answers, if it is an answer to what stands there now."""
        if isinstance(event, CorpusBrowsed):
            if event.query == self._query():
                self._list(event)
            return True
        if isinstance(event, TunePreviewed):
            if self._requested is not None and (event.tune, event.first) == (
                self._requested.tune,
                self._requested.first,
            ):
                self._previewed = event
                self._draw()
            return True
        for command in (self._searched, self._requested):
            if wrong := refused(event, command):
                self._show_message(wrong, wrong=True)
                return True
        return False

    def _list(self, found: CorpusBrowsed) -> None:
        self._tunes = found.tunes
        lines = self.query_one(OptionList)
        lines.clear_options()
        lines.add_options([plain(self._line(tune)) for tune in found.tunes])
        if found.tunes:
            lines.highlighted = 0
        count = len(found.tunes)
        words = f"{count} tune{'s' * (count != 1)}, with their measures"
        if found.more:
            words = f"The first {count} of {count + found.more} tunes; words of a title find others"
        self.query_one("#browser", Vertical).border_title = words
        self._refresh_hint()

    def _line(self, tune: TuneFound) -> str:
        room = min(116, self.app.size.width - 6)
        wide = room >= 100
        books, keys = (27, 13) if wide else (14, 10)
        width = max(20, room - books - keys - 14)
        title = fitting(width, tune.title).ljust(width)
        book, key = fitting(books, tune.book), fitting(keys, tune.key)
        return f"{title}  {book:<{books}} {tune.metre:<4} {key:<{keys}}{tune.measures:>4}"

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
        self._searched = with_request(BrowseCorpus(self._query(), LISTED))
        self._link.send(self._searched)

    @on(Input.Changed, "#first, #count")
    @on(OptionList.OptionHighlighted)
    def _refresh_hint(self) -> None:
        into = self.query_one("#into", Label)
        for line in self.query(Input):
            line.remove_class("-wrong")
        tune = self.tune
        into.update(
            "" if tune is None else f"of {tune.measures}, into the song from {self._slot + 1}"
        )
        if tune is None and self._query():
            self._show_message("No title has all these words.")
        else:
            key = shown(AUDITION_KEY)
            self._show_message(
                f"↑ ↓ choose a tune, {key} hears it, Enter goes on and takes it, Esc leaves."
            )
        self._hush()
        self._draw()
        if self._resting is not None:
            self._resting.stop()
        self._resting = self.set_timer(REST, self._preview)

    # What the chosen tune looks and sounds like

    def _range(self) -> tuple[int, int]:
        """The first measure and how many are to be taken, as far as they can be read."""
        found = []
        for name, usual in (("#first", 1), ("#count", AT_ONCE)):
            text = self.query_one(name, Input).value.strip()
            found.append(int(text) if text.isascii() and text.isdigit() else usual)
        first, count = found
        return max(1, min(first, 9999)), max(1, min(count, MOST))

    def _preview(self) -> None:
        tune, (first, count) = self.tune, self._range()
        if tune is None:
            return
        room = self.query_one(Phrase).room
        request = with_request(PreviewTune(tune.tune, first, max(room, count)))
        if request != self._requested:
            self._requested = request
            self._link.send(request)

    def _draw(self) -> None:
        phrase, tune, preview = self.query_one(Phrase), self.tune, self._previewed
        first, count = self._range()
        if tune is None:
            self._requested = None
            phrase.show((), 1, 0)
        elif preview is not None and (preview.tune, preview.first) == (tune.tune, first):
            phrase.show(preview.measures, first, count)

    def action_audition(self) -> None:
        """Play the measures that would be taken, once."""
        phrase, playing = self.query_one(Phrase), self._link.snapshot.playing
        if playing:
            self._show_message("The loop is playing; leave and stop it to hear a tune by itself.")
        elif phrase.measures:
            self._auditioning = True
            self._link.send(AuditionMeasures(phrase.measures[: phrase.chosen]))

    def _hush(self) -> None:
        if self._auditioning:
            self._auditioning = False
            self._link.send(AuditionMeasures())

    def _show_message(self, words: str, *, wrong: bool = False) -> None:
        how = self.query_one("#how", Label)
        how.update(plain(words))
        how.set_class(wrong, "-wrong")

    @on(Input.Submitted, "#query")
    @on(OptionList.OptionSelected)
    def _go_on(self) -> None:
        if self.tune is not None:
            self.query_one("#first", Input).focus()

    @on(Input.Submitted, "#first, #count")
    def _accept(self) -> None:
        tune = self.tune
        if tune is None:
            return
        first = self._read("#first", tune.measures, "The first measure")
        if first is None:
            return
        count = self._read("#count", MOST, "The number of measures")
        if count is not None:
            # A tune's last phrase is taken as far as it goes.
            self.dismiss(TuneExcerpt(tune, first, min(count, tune.measures - first + 1)))

    def _read(self, name: str, high: int, what: str) -> int | None:
        line = self.query_one(name, Input)
        try:
            return whole(1, high, what)(line.value.strip())
        except ArmonicaError as error:
            line.add_class("-wrong")
            line.focus()
            self._show_message(error.line(), wrong=True)
            return None

    def action_list(self, move: str) -> None:
        """Move in the list from wherever the cursor is."""
        getattr(self.query_one(OptionList), f"action_{move}")()

    def action_leave(self) -> None:
        """Leave without taking anything."""
        self.dismiss(None)
