"""The nearest line: which piece of the training data lies nearest, and how original that is."""

from __future__ import annotations

from rich.cells import cell_len

from engine.protocol.analysis import InfluenceFound
from tui.formatting import influence as words
from tui.formatting.text import fitting
from tui.widgets.canvas import Canvas, Picture

NONE = "no close match: "


class NearestLine(Canvas):
    """One line: a piece that is similar or plainly none, its figures, and originality."""

    BINDING_GROUP_TITLE = "Nearest"
    DEFAULT_CSS = """
    NearestLine {
        height: 1;
        & > .nearest--title { color: $foreground; text-style: bold; }
        & > .nearest--words { color: $foreground; }
        & > .nearest--quiet { color: $text-quiet; text-style: $style-quiet; }
        & > .nearest--inside { color: $fill; }
        & > .nearest--above { color: $focus; text-style: bold; }
        & > .nearest--below { color: $text-differs; text-style: $style-differs; }
        & > .nearest--amber { color: $playing; text-style: bold; }
    }
    """

    _answer: InfluenceFound | None = None
    _stale = False
    _instead = ""

    def show(self, answer: InfluenceFound | None, *, stale: bool, instead: str = "") -> None:
        """Show an answer, ``stale`` where what is there now is not answered yet.

        ``instead`` stands there while there is none.
        """
        now = (answer, stale, instead)
        if now != (self._answer, self._stale, self._instead):
            self._answer, self._stale, self._instead = now
            self.redraw()

    def plain(self) -> str:
        """Format the answer in one line."""
        if self._answer is None:
            return self._instead
        if self._answer.found is None:
            return self._answer.lack
        return ("As it was before: " if self._stale else "") + words.sentence(self._answer.found)

    def paint(self, picture: Picture) -> None:
        """Draw the figures on the right, and as much of the piece as there is room for."""
        answer = self._answer
        if answer is None or answer.found is None:
            text = self._instead if answer is None else answer.lack
            picture.put(0, 0, fitting(picture.width, text), self.style_of("nearest--quiet"))
            return
        found, quiet = answer.found, self.style_of("nearest--quiet")
        match = words.nearest(found)
        if match is None:
            picture.put(0, 0, fitting(picture.width, words.verdict(found)), quiet)
            return
        mark = "…" if self._stale else "≈" if found.close else "·"
        style = quiet if self._stale or not found.close else self.style_of("nearest--title")
        picture.put(0, 0, mark, style)
        figures = words.figures(match, found)
        # The title comes before what can be read on the screen of its own.
        head = cell_len(match.title) + (0 if found.close else len(NONE))
        right = next((f for f in figures if cell_len(f) + head + 6 <= picture.width), figures[-1])
        x = picture.width - cell_len(right)
        self._put_figures(picture, x, right, words.place(found.originality))
        at = self._put_alert(picture, words.warning(found)[0])
        title, where = match.title, f"{match.book} {match.number}, {words.bars(match)}"
        start = "" if found.close else NONE
        short = f"{start}{title}, {words.book(match)}"
        names = (f"{start}{title}, {where}", short, f"{start}{title}")
        picture.put(at, 0, fitting(x - at - 2, *names), style)

    def _put_alert(self, picture: Picture, level: str) -> int:
        if not level:
            return 2
        style = self.style_of("nearest--below" if level == "red" else "nearest--amber")
        picture.put(2, 0, words.ALERTS[level], style)
        return 3 + len(words.ALERTS[level])

    def _put_figures(self, picture: Picture, x: int, text: str, place: str) -> None:
        quiet = self.style_of("nearest--quiet")
        picture.put(x, 0, text, quiet)
        if not self._stale:
            start = text.index("original")
            picture.put(x + start, 0, text[start:], self.style_of(f"nearest--{place}"))
