"""The monitor's summary: how much passes and how late, what is heard, and what is to be seen."""

from __future__ import annotations

from dataclasses import dataclass, field

from rich.cells import cell_len
from textual import events
from textual.message import Message

from engine.midi.describe import Kind
from engine.protocol.transport import LatenessMeasured
from tui.formatting.text import fitting
from tui.view_models.midi_log import KINDS, Filter
from tui.widgets.canvas import Canvas, Picture
from tui.widgets.transport import LATE

NAMES: dict[Kind, str] = {
    "note": "notes",
    "controller": "controllers",
    "clock": "clock",
    "pulse": "pulses",
    "system": "system",
}
SHORT = NAMES | {"controller": "control"}

Part = tuple[str, str]
"""Words and the component they are drawn with."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What the summary says; ``rates`` are messages a second in and out.

    ``heard`` are the ports that are heard, ``held`` how many have come since the picture was
    held (None: it is not).
    """

    rates: tuple[float, float] = (0.0, 0.0)
    lateness: LatenessMeasured | None = None
    heard: tuple[str, ...] = ()
    missed: int = 0
    held: int | None = None
    through: Filter = field(default_factory=Filter)


class MidiSummary(Canvas):
    """Draws figures in its first row and the filters in its second."""

    DEFAULT_CSS = """
    MidiSummary {
        & > .summary--words { color: $foreground; }
        & > .summary--quiet { color: $text-quiet; text-style: $style-quiet; }
        & > .summary--off { color: $text-quiet; text-style: $style-quiet; }
        & > .summary--set { color: $playing; text-style: bold; }
        & > .summary--warning { color: $text-differs; text-style: bold; }
    }
    """

    @dataclass
    class Pressed(Message):
        """The mouse pressed the name of a kind."""

        kind: Kind

    _summary = Summary()

    def show(self, summary: Summary) -> None:
        """Show a summary."""
        if summary != self._summary:
            self._summary = summary
            self.redraw()

    def plain(self) -> str:
        """Format everything in one line."""
        kinds = [NAMES[kind] for kind in KINDS if kind in self._summary.through.kinds]
        figures = [words for words, _ in self._figures()]
        limits = [words for words, _ in self._limits()]
        return ", ".join([*figures, f"shown: {' '.join(kinds) or 'nothing'}", *limits]) + "."

    def paint(self, picture: Picture) -> None:
        """Draw both rows."""
        self._put(picture, 0, 0, self._figures())
        x = 0
        for number, kind in enumerate(KINDS, start=1):
            on = kind in self._summary.through.kinds
            words = self._kind(number, kind)
            picture.put(x, 1, words, self.style_of("summary--words" if on else "summary--off"))
            x += cell_len(words) + 2
        self._put(picture, x + 1, 1, self._limits())

    def _kind(self, number: int, kind: Kind) -> str:
        mark = "●" if kind in self._summary.through.kinds else "○"
        return f"{number} {mark} {(NAMES if self.size.width >= 100 else SHORT)[kind]}"

    def _put(self, picture: Picture, x: int, y: int, parts: list[Part]) -> None:
        for words, component in parts:
            room = picture.width - x
            if room < 4:
                return
            picture.put(x, y, fitting(room, words), self.style_of(f"summary--{component}"))
            x += cell_len(words) + 3

    def _figures(self) -> list[Part]:
        summary = self._summary
        came, went = summary.rates
        parts: list[Part] = []
        if summary.held is not None:
            parts.append((f"held, {summary.held} newer", "set"))
        if summary.through.words:
            parts.append((f"with “{summary.through.words}”", "set"))
        parts += [(f"in {came:.0f}/s", "words"), (f"out {went:.0f}/s", "words")]
        if late := summary.lateness:
            words = f"late {late.p50:.2f} p99 {late.p99:.2f} worst {late.worst:.2f} ms"
            parts.append((words, "warning" if late.worst >= LATE else "words"))
        if summary.missed:
            parts.append((f"{summary.missed} passed over", "warning"))
        heard = ", ".join(summary.heard)
        parts.append((f"hears {heard}" if heard else "hears no port", "quiet"))
        return parts

    def _limits(self) -> list[Part]:
        through = self._summary.through
        way: Part = ("in + out", "quiet") if through.way is None else (f"only {through.way}", "set")
        channel: Part = ("any ch", "quiet")
        if through.channel is not None:
            channel = (f"ch {through.channel}", "set")
        return [way, channel]

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Let the kind under the mouse through, or no longer."""
        at, x = event.get_content_offset_capture(self), 0
        for number, kind in enumerate(KINDS, start=1):
            end = x + cell_len(self._kind(number, kind))
            if at.y == 1 and x <= at.x < end:
                event.stop()
                self.post_message(self.Pressed(kind))
            x = end + 2
