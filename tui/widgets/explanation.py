"""What each gauge does from here, in sentences."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap

from engine.latent.sensitivity import Effect
from engine.latent.spec import LatentSpec
from tui.formatting.text import fitting
from tui.widgets.canvas import Canvas, Picture

TITLE = "From here"
WAITING = f"{TITLE}: measuring …"


class Explanation(Canvas):
    """Shows what one step of each gauge changes, the gauge in focus first."""

    BINDING_GROUP_TITLE = "Reasons"
    HELP = """\
Each line says what one step of a gauge changes from where it stands now: the gauge was moved,
the measure decoded and counted. The chosen gauge comes first.
"""
    DEFAULT_CSS = """
    Explanation {
        height: 1fr; min-height: 2; width: 1fr; min-width: 24;
        & > .explanation--title { color: $text-quiet; text-style: bold; }
        & > .explanation--first { color: $focus; text-style: bold; }
        & > .explanation--other { color: $foreground; }
        & > .explanation--stale { color: $text-quiet; }
    }
    """

    sentences: tuple[tuple[int, str], ...] = ()
    focused: int | None = None
    stale = False
    waiting = WAITING

    def show(
        self,
        effects: Sequence[Effect],
        spec: LatentSpec | None,
        *,
        focused: int | None = None,
        stale: bool = False,
        waiting: str = WAITING,
    ) -> None:
        """Show the effects of gauges; with none, or no ``spec`` yet, why in ``waiting``.

        ``stale`` effects were measured before the last change.
        """
        sentences = tuple((e.dimension, e.sentence(spec)) for e in effects) if spec else ()
        if (self.sentences, self.stale, self.waiting) != (sentences, stale, waiting):
            self.sentences, self.stale, self.waiting = sentences, stale, waiting
            self.redraw()
        self.focus_on(focused)

    def focus_on(self, dimension: int | None) -> None:
        """Bring the sentence of another gauge to the top."""
        if dimension != self.focused:
            self.focused = dimension
            self.redraw()

    def plain(self) -> str:
        """Format the first sentence, and whether it is still true."""
        if not self.sentences:
            return self.waiting
        state = " (as it was before)" if self.stale else ""
        return f"From here{state}: {self._ordered()[0][1]}."

    def _ordered(self) -> list[tuple[int, str]]:
        return sorted(self.sentences, key=lambda pair: pair[0] != self.focused)

    def paint(self, picture: Picture) -> None:
        """Draw a title and as many sentences as there is room for."""
        title = self.style_of("explanation--title")
        if not self.sentences:
            for y, line in enumerate(wrap(self.waiting, max(8, picture.width))):
                picture.put(0, y, line, title)
            return
        state = (f"{TITLE} · as it was before, measuring …", f"{TITLE} · old") if self.stale else ()
        picture.put(0, 0, fitting(picture.width, *state, TITLE), title)
        width, room = max(8, picture.width - 2), picture.height - 1
        texts = [wrap(sentence, width) for _, sentence in self._ordered()]
        if sum(map(len, texts)) > room:
            # Rather a line for each gauge than all of some; what does not change goes first.
            others = (sentence for _, sentence in self._ordered()[1:])
            texts[1:] = [[fitting(width, each, each.rpartition(", ")[0])] for each in others]
            texts[0] = _shortened(self._ordered()[0][1], width, room - (len(texts) > 1))
        y = 1
        for place, ((dimension, _), text) in enumerate(zip(self._ordered(), texts, strict=True)):
            left = len(texts) - place
            if y + len(text) > picture.height or (y + len(text) == picture.height and left > 1):
                picture.put(2, y, fitting(width, f"… {left} more"), title)
                return
            chosen = dimension == self.focused
            kind = "stale" if self.stale else "first" if chosen else "other"
            style = self.style_of(f"explanation--{kind}")
            picture.put(0, y, "▸" if chosen else "·", style)
            for line in text:
                picture.put(2, y, line, style)
                y += 1


def _shortened(sentence: str, width: int, room: int) -> list[str]:
    """Wrap a sentence, leaving out its last parts until it has no more than ``room`` lines."""
    parts = sentence.split(", ")
    text = wrap(sentence, width)
    while len(text) > max(1, room) and len(parts) > 1:
        parts.pop()
        text = wrap(f"{', '.join(parts)} …", width)
    return text[: max(1, room)]
