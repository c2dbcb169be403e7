"""The takes: what was made, how it was steered, what was heard in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from textual import events
from textual.message import Message

from engine.protocol.generation import Take
from tui.formatting import generation as words
from tui.formatting.text import fitting
from tui.widgets.canvas import Canvas, Picture


class TakesList(Canvas, can_focus=True):
    """Draws a row for the take that grows, and one for each take; knows which is chosen."""

    BINDING_GROUP_TITLE = "Takes"
    DEFAULT_CSS = """
    TakesList {
        & > .takes--label { color: $foreground; }
        & > .takes--chosen { color: $foreground; text-style: bold; }
        & > .takes--pointer { color: $focus; text-style: bold; }
        & > .takes--words { color: $text-quiet; text-style: $style-quiet; }
        & > .takes--steered { color: $fill; }
        & > .takes--playing { color: $playing; text-style: bold; }
        & > .takes--cut { color: $text-differs; text-style: $style-differs; }
    }
    """

    @dataclass
    class Chosen(Message):
        """The mouse chose a take."""

        take: str

    _takes: tuple[Take, ...] = ()
    _growing: tuple[str, str] | None = None
    _chosen: str | None = None
    _playing: str | None = None

    def show(
        self,
        takes: Sequence[Take],
        growing: tuple[str, str] | None,
        chosen: str | None,
        playing: str | None,
    ) -> None:
        """Show takes; ``growing`` is the id of the one that grows, and words for it.

        ``chosen`` and ``playing`` are ids.
        """
        now = (tuple(takes), growing, chosen, playing)
        if now != (self._takes, self._growing, self._chosen, self._playing):
            self._takes, self._growing, self._chosen, self._playing = now
            self.redraw()

    def plain(self) -> str:
        """Format the chosen take in one line."""
        for take in self._takes:
            if take.id == self._chosen:
                steered = words.pushed(take) or "not steered"
                heard = (
                    f"heard {', '.join(words.judged_parts(take))}"
                    if take.heard
                    else "not yet heard"
                )
                missed = ", ".join(
                    f"{each.name} {words.not_reached(each)}" for each in take.results if each.missed
                )
                marks = ", ".join(word for word, _ in self._marks(take) if words.MISSED not in word)
                parts = [take.title, words.seconds(take.seconds), steered, heard, missed, marks]
                return ", ".join(part for part in parts if part) + "."
        if self._growing is not None and self._growing[0] == self._chosen:
            return f"{self._growing[1]}."
        return f"{len(self._takes)} takes."

    @property
    def _entries(self) -> list[tuple[str, Take | None]]:
        growing = [] if self._growing is None else [(self._growing[0], None)]
        return [*growing, *((take.id, take) for take in self._takes)]

    def _first(self) -> int:
        ids = [each for each, _ in self._entries]
        at = ids.index(self._chosen) if self._chosen in ids else 0
        room = max(1, self.size.height - 1)
        return max(0, min(at - room // 2, len(ids) - room))

    def paint(self, picture: Picture) -> None:
        """Draw the heading and the takes in sight."""
        quiet = self.style_of("takes--words")
        title, length, steered, heard = self._places(picture.width)
        count = len(self._takes)
        room = picture.height - 1
        text = "takes" if count <= room else f"{count} takes"
        heads = (
            (2, text),
            (length, "length"),
            (steered, "steered"),
            (heard, "heard by the tagger"),
        )
        for x, words_ in heads:
            picture.put(x, 0, words_, quiet)
        entries, first = self._entries, self._first()
        if not entries:
            picture.put(2, 1, "Nothing has been made yet.", quiet)
        for row, (each, take) in enumerate(entries[first : first + room], start=1):
            chosen = each == self._chosen
            if each == self._playing:
                picture.put(1, row, "▶", self.style_of("takes--playing"))
            if chosen:
                mark = "▸" if self.has_focus else "▹"
                picture.put(0, row, mark, self.style_of("takes--pointer"))
            style = self.style_of("takes--chosen" if chosen else "takes--label")
            if take is None:
                assert self._growing is not None
                picture.put(2, row, fitting(picture.width - 2, self._growing[1]), style)
                continue
            picture.put(title, row, _short(take.title, length - title - 1), style)
            picture.put(length, row, words.seconds(take.seconds), style)
            pushed = words.pushed(take)
            text = fitting(heard - steered - 1, pushed or "not steered")
            picture.put(steered, row, text, self.style_of("takes--steered") if pushed else quiet)
            end = self._paint_marks(picture, take, row)
            picture.put(heard, row, _as_many(words.judged_parts(take), end - heard - 1), style)

    def _paint_marks(self, picture: Picture, take: Take, row: int) -> int:
        x = picture.width
        for word, component in reversed(self._marks(take)):
            x -= len(word)
            picture.put(x, row, word, self.style_of(component))
            x -= 1
        return x

    def _marks(self, take: Take) -> list[tuple[str, str]]:
        marks = []
        if any(each.missed for each in take.results):
            marks.append((f"{words.MISSED} not reached", "takes--cut"))
        if not take.whole:
            marks.append(("cut", "takes--cut"))
        if take.twin is not None:
            marks.append(("A/B", "takes--words"))
        elif any(each.twin == take.id for each in self._takes):
            marks.append(("twin", "takes--words"))
        return marks

    @staticmethod
    def _places(width: int) -> tuple[int, int, int, int]:
        length = max(24, width * 30 // 100)
        steered = length + 8
        return 2, length, steered, steered + max(16, (width - steered) * 42 // 100)

    # Mouse and focus

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Choose the take under the mouse."""
        at = self._first() + event.get_content_offset_capture(self).y - 1
        if self._first() <= at < len(self._entries):
            event.stop()
            self.post_message(self.Chosen(self._entries[at][0]))


def _short(title: str, room: int) -> str:
    # What tells takes apart stands at the end.
    return title if cell_len(title) <= room else fitting(room - 4, title) + title[-4:]


def _as_many(parts: Sequence[str], room: int) -> str:
    text = ""
    for part in parts:
        longer = f"{text} {part}".strip()
        if len(longer) > room:
            break
        text = longer
    return text
