"""The verdict: what was asked, how original it is against human tunes, and what that means."""

from __future__ import annotations

from dataclasses import dataclass

from rich.cells import cell_len

from engine.influence.spec import Originality
from engine.protocol.analysis import InfluenceFound
from tui.formatting import influence as words
from tui.formatting.text import fitting
from tui.widgets.canvas import Canvas, Picture

LABEL = "originality "


@dataclass(frozen=True, slots=True)
class Asked:
    """What stands at the top: what was asked about, and what is kept out of the answer."""

    subject: str
    limits: str = ""
    instead: str = ""


class Verdict(Canvas):
    """Three lines: the question, the meter of originality, and the verdict with its alert."""

    BINDING_GROUP_TITLE = "Originality"
    DEFAULT_CSS = """
    Verdict {
        & > .verdict--title { color: $foreground; text-style: bold; }
        & > .verdict--words { color: $foreground; }
        & > .verdict--quiet { color: $text-quiet; text-style: $style-quiet; }
        & > .verdict--track { color: $faint; }
        & > .verdict--human { color: $fill; }
        & > .verdict--inside { color: $knob; text-style: bold; }
        & > .verdict--above { color: $focus; text-style: bold; }
        & > .verdict--below { color: $text-differs; text-style: bold; }
        & > .verdict--amber { color: $playing; text-style: bold; }
        & > .verdict--red { color: $text-differs; text-style: bold; }
    }
    """

    _asked = Asked("")
    _told: InfluenceFound | None = None
    _stale = False

    def show(self, asked: Asked, told: InfluenceFound | None, *, stale: bool) -> None:
        """Show a question and its answer, ``stale`` where something has changed since."""
        now = (asked, told, stale)
        if now != (self._asked, self._told, self._stale):
            self._asked, self._told, self._stale = now
            self.redraw()

    def plain(self) -> str:
        """Format the question and the answer in one line."""
        told, asked = self._told, self._asked
        head = f"{asked.subject}, {asked.limits}" if asked.limits else asked.subject
        if told is None:
            return f"{head}: {asked.instead}"
        if told.found is None:
            return f"{head}: {told.lack}"
        _, warned = words.warning(told.found)
        return f"{head}: {words.sentence(told.found)} {warned[0]}".strip()

    def paint(self, picture: Picture) -> None:
        """Draw the lines; a lack of answers stands in the place of the last two."""
        told, asked, quiet = self._told, self._asked, self.style_of("verdict--quiet")
        found = told.found if told is not None else None
        if found is not None:
            noun = "clips" if found.unit == "second" else "distinct measures"
            counts = (
                f"{found.tunes} training tunes, {found.items} {noun}, corpus {found.corpus[:8]}",
                f"{found.tunes} training tunes",
                "",
            )
            room = picture.width - cell_len(f"{asked.subject}  {asked.limits}") - 3
            said = next((each for each in counts if cell_len(each) <= room), "")
            picture.put(picture.width - cell_len(said), 0, said, quiet)
        picture.put(0, 0, fitting(picture.width, asked.subject), self.style_of("verdict--title"))
        x = cell_len(asked.subject) + 2
        picture.put(x, 0, fitting(picture.width - x, asked.limits), self.style_of("verdict--amber"))
        if found is None:
            said = asked.instead if told is None else told.lack
            for y, line in enumerate(_wrapped(said, picture.width, 2), start=1):
                picture.put(0, y, line, self.style_of("verdict--words"))
            return
        self._paint_meter(picture, found.originality)
        state = "as it was before: " if self._stale else ""
        level, warned = words.warning(found)
        if not level:
            said = fitting(picture.width, state + words.verdict(found))
            picture.put(0, 2, said, self.style_of("verdict--words"))
            return
        head = f"{words.ALERTS[level]} {state}"
        said = fitting(picture.width, *(head + each for each in warned))
        picture.put(0, 2, said, quiet if self._stale else self.style_of(f"verdict--{level}"))

    def _paint_meter(self, picture: Picture, of: Originality) -> None:
        place = words.place(of)
        usual = f"human tunes {of.low:.2f}-{of.high:.2f} (95 %)"
        value = f" {of.value:.2f} {words.PLACES[place]}"
        ends = (f"   {usual}   {words.longest(of)}".rstrip(), f"   {usual}", "")
        room = picture.width - len(LABEL) - len(value)
        end = next(each for each in ends if room - len(each) >= 16)
        width = min(60, room - len(end))
        quiet = self.style_of("verdict--quiet")
        picture.put(0, 1, LABEL, quiet)
        low, high, at = (
            len(LABEL) + round(max(0.0, min(1.0, each)) * (width - 1))
            for each in (of.low, of.high, of.value)
        )
        picture.put(len(LABEL), 1, "─" * width, self.style_of("verdict--track"))
        human = self.style_of("verdict--human")
        picture.put(low, 1, "├" + "━" * max(0, high - low - 1) + "┤" * (high > low), human)
        mark = quiet if self._stale else self.style_of(f"verdict--{place}")
        picture.put(at, 1, "●", mark)
        picture.put(len(LABEL) + width, 1, value, mark)
        picture.put(len(LABEL) + width + len(value), 1, end, quiet)


def _wrapped(text: str, width: int, rows: int) -> list[str]:
    from textwrap import wrap

    lines = wrap(text, max(8, width))
    if len(lines) > rows:
        lines = [*lines[: rows - 1], fitting(width, " ".join(lines[rows - 1 :]))]
    return lines
