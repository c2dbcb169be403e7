"""The verdict: the question, how original it is against human tunes, and what that means."""

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
class VerdictHeading:
    """What stands at the top: the question, and what is kept out of the answer."""

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

    _heading = VerdictHeading("")
    _answer: InfluenceFound | None = None
    _stale = False

    def show(self, heading: VerdictHeading, answer: InfluenceFound | None, *, stale: bool) -> None:
        """Show a question and its answer, ``stale`` where something has changed since."""
        now = (heading, answer, stale)
        if now != (self._heading, self._answer, self._stale):
            self._heading, self._answer, self._stale = now
            self.redraw()

    def plain(self) -> str:
        """Format the question and the answer in one line."""
        answer, heading = self._answer, self._heading
        head = f"{heading.subject}, {heading.limits}" if heading.limits else heading.subject
        if answer is None:
            return f"{head}: {heading.instead}"
        if answer.found is None:
            return f"{head}: {answer.lack}"
        _, warned = words.warning(answer.found)
        return f"{head}: {words.sentence(answer.found)} {warned[0]}".strip()

    def paint(self, picture: Picture) -> None:
        """Draw the lines; a lack of answers stands in the place of the last two."""
        answer, heading, quiet = self._answer, self._heading, self.style_of("verdict--quiet")
        found = answer.found if answer is not None else None
        if found is not None:
            noun = "clips" if found.unit == "second" else "distinct measures"
            counts = (
                f"{found.tunes} training tunes, {found.items} {noun}, corpus {found.corpus[:8]}",
                f"{found.tunes} training tunes",
                "",
            )
            room = picture.width - cell_len(f"{heading.subject}  {heading.limits}") - 3
            text = next((each for each in counts if cell_len(each) <= room), "")
            picture.put(picture.width - cell_len(text), 0, text, quiet)
        picture.put(0, 0, fitting(picture.width, heading.subject), self.style_of("verdict--title"))
        x = cell_len(heading.subject) + 2
        picture.put(
            x, 0, fitting(picture.width - x, heading.limits), self.style_of("verdict--amber")
        )
        if found is None:
            text = heading.instead if answer is None else answer.lack
            for y, line in enumerate(_wrapped(text, picture.width, 2), start=1):
                picture.put(0, y, line, self.style_of("verdict--words"))
            return
        self._paint_meter(picture, found.originality)
        state = "as it was before: " if self._stale else ""
        level, warned = words.warning(found)
        if not level:
            text = fitting(picture.width, state + words.verdict(found))
            picture.put(0, 2, text, self.style_of("verdict--words"))
            return
        head = f"{words.ALERTS[level]} {state}"
        text = fitting(picture.width, *(head + each for each in warned))
        picture.put(0, 2, text, quiet if self._stale else self.style_of(f"verdict--{level}"))

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
