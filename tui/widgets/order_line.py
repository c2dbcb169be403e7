"""The order of a song's sections: what is selected, what sounds and what comes next."""

from __future__ import annotations

from dataclasses import dataclass

from textual import events
from textual.message import Message

from engine.music.form import SongForm
from engine.protocol.snapshot import Snapshot
from engine.protocol.transport import PlayheadMoved
from tui.formatting.form import entry_words, loop_words
from tui.formatting.text import fitting
from tui.widgets.canvas import Canvas, Picture


class OrderLine(Canvas):
    """Shows the entries of the order in a line, ▶ before the one that sounds, → before the next.

    Without sections it says how to begin one.
    """

    DEFAULT_CSS = """
    OrderLine {
        height: 1; width: 1fr;
        & > .order-line--words { color: $text-quiet; text-style: $style-quiet; }
        & > .order-line--entry { color: $foreground; }
        & > .order-line--selected {
            color: $background; background: $focus; text-style: $style-held;
        }
        & > .order-line--playing { color: $playing; text-style: bold; }
        & > .order-line--coming { color: $focus; text-style: bold; }
    }
    """

    @dataclass
    class Chosen(Message):
        """The mouse chose an entry of the order."""

        entry: int

    _snapshot = Snapshot()
    _playhead = PlayheadMoved(None, 0.0)
    _begin = ""

    def show(self, shown: Snapshot, playhead: PlayheadMoved, begin: str) -> None:
        """Show the order of a song; ``begin`` is the key that begins a section."""
        now = (shown.song.form, shown.entry, shown.loop, shown.jumps, _place(playhead), begin)
        before = self._snapshot
        was = (
            before.song.form, before.entry, before.loop, before.jumps, _place(self._playhead),
            self._begin,
        )  # fmt: skip
        self._snapshot, self._playhead, self._begin = shown, playhead, begin
        if now != was:
            self.redraw()

    def plain(self) -> str:
        """Return the line as text."""
        form = self._snapshot.song.form
        if not form:
            return self._empty()
        entries = [mark + words for mark, words in map(self._entry, range(len(form.order)))]
        return f"order {' '.join(entries)}; {self._state()}"

    def _empty(self) -> str:
        return f"no sections: {self._begin} begins one at the measure · {self._state()}"

    def _state(self) -> str:
        unit = self._snapshot.jumps
        when = "at once" if unit == "now" else f"at the end of the {unit}"
        return f"{loop_words(self._snapshot)}, jumps {when}"

    def _entry(self, at: int) -> tuple[str, str]:
        repeat = self._playhead.repeat if at == self._playhead.entry else None
        mark = "▶" if repeat is not None else "→" if at == self._playhead.jump_entry else " "
        return mark, entry_words(self._form, at, repeat)

    @property
    def _form(self) -> SongForm:
        return self._snapshot.song.form

    def _places(self, width: int) -> list[tuple[int, int, str]]:
        """Return where entries lie that are in sight: column, number, text."""
        texts = ["".join(self._entry(at)) + " " for at in range(len(self._form.order))]
        first, last = 0, self._snapshot.entry
        while first < last and sum(map(len, texts[first : last + 1])) > width // 2:
            first += 1
        places, x = [], 0
        for at in range(first, len(texts)):
            if x + len(texts[at]) > width:
                break
            places.append((x, at, texts[at]))
            x += len(texts[at])
        return places

    def paint(self, picture: Picture) -> None:
        """Draw the entries, and what is looped where there is room."""
        quiet = self.style_of("order-line--words")
        if not self._form:
            whole = self._empty()
            picture.put(0, 0, fitting(picture.width, whole, whole.partition(" · ")[0]), quiet)
            return
        end = 0
        for x, at, text in self._places(picture.width):
            style = "entry"
            if at == self._playhead.entry:
                style = "playing"
            elif at == self._playhead.jump_entry:
                style = "coming"
            picture.put(x, 0, text[:1], self.style_of(f"order-line--{style}"))
            if at == self._snapshot.entry:
                style = "selected"
            picture.put(x + 1, 0, text[1:-1], self.style_of(f"order-line--{style}"))
            end = x + len(text)
        state = self._state()
        if end + 2 + len(state) <= picture.width:
            picture.put(picture.width - len(state), 0, state, quiet)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Choose the entry under the mouse."""
        place = event.get_content_offset_capture(self)
        for x, at, text in self._places(self.size.width) if self._form else ():
            if x <= place.x < x + len(text):
                event.stop()
                self.post_message(self.Chosen(at))


def _place(playhead: PlayheadMoved) -> tuple[object, ...]:
    return playhead.entry, playhead.repeat, playhead.jump_entry
