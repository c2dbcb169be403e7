"""The transport line: playing, clock and tempo, place, song, port, lateness, model."""

from __future__ import annotations

from rich.cells import cell_len
from textual import events
from textual.message import Message

from engine.midi.sync.clock_tracker import Lock
from engine.music.groove import STRAIGHT
from engine.music.scales import Key
from engine.music.song import Song
from engine.protocol.comparison import StateComparison
from engine.protocol.notices import JobProgressed
from engine.protocol.snapshot import ClockStatus, PortStatus, Snapshot
from engine.protocol.transport import ClockSyncMeasured, LatenessMeasured, PlayheadMoved
from tui.formatting.text import fitting
from tui.formatting.tracks import program_words
from tui.view_models.gauges import place
from tui.widgets.canvas import Picture, Wheeled

LATE = 5.0
"""Milliseconds of lateness that are worth a look."""

DRIFT = 5.0
"""Milliseconds off the clock that is followed that are worth a look."""

Part = tuple[str, str]
"""Words and the component they are drawn with."""

LIGHTS: dict[Lock, Part] = {
    "silent": ("◇ no clock", "quiet"),
    "locking": ("◇ locking", "words"),
    "locked": ("◆ locked", "locked"),
    "free-wheeling": ("◇ free-wheels", "warning"),
    "too slow": ("✕ too slow", "warning"),
    "too fast": ("✕ too fast", "warning"),
}
"""The light of a clock that is followed: a shape, a word, and what both are drawn with."""

_CLOCK = 25
"""Cells that the light, the tempo of the clock and the drift take beside the song's tempo."""


class Transport(Wheeled):
    """Shows one line: what plays and where on the left, what it goes through on the right."""

    DEFAULT_CSS = """
    Transport {
        height: 1; background: $bar;
        & > .transport--words { color: $foreground; }
        & > .transport--quiet { color: $text-quiet; text-style: $style-quiet; }
        & > .transport--title { color: $foreground; text-style: bold; }
        & > .transport--playing { color: $playing; text-style: bold; }
        & > .transport--locked { color: $success; text-style: bold; }
        & > .transport--recording { color: $text-differs; text-style: bold reverse; }
        & > .transport--warning { color: $text-differs; text-style: bold; }
    }
    """

    class Pressed(Message):
        """The mouse pressed the line where it says whether it plays."""

    class Rolled(Wheeled.Rolled):
        """The wheel went over the line: tempo up (1) or down (-1)."""

    _snapshot = Snapshot()
    _playhead = PlayheadMoved(None, 0.0)
    _lateness: LatenessMeasured | None = None
    _amount: float | None = None
    _jobs: tuple[JobProgressed, ...] = ()
    _count = 0
    _clock: ClockSyncMeasured | None = None

    def show(
        self,
        snapshot: Snapshot,
        playhead: PlayheadMoved,
        lateness: LatenessMeasured | None,
        amount: float | None,
        jobs: tuple[JobProgressed, ...] = (),
        count: int = 0,
        clock: ClockSyncMeasured | None = None,
    ) -> None:
        """Show the state; ``amount`` is what randomising is set to, 0 to 1.

        With None, where nothing is edited, neither that nor when edits are heard is shown.
        Of the ``jobs`` that take their time, the last to begin is shown. ``count`` is how
        many beats are left before recording begins; ``clock`` is what is followed, where one is.
        """
        self._jobs, self._count, self._clock = jobs, count, clock
        self._snapshot, self._playhead = snapshot, playhead
        self._lateness, self._amount = lateness, amount
        self.redraw()

    def plain(self) -> str:
        """Format everything on the line, and what was cut from it, in words."""
        words = [*self._left(200), *(words for words, _ in self._right())]
        return ", ".join(part if isinstance(part, str) else part[0] for part in words).strip() + "."

    def paint(self, picture: Picture) -> None:
        """Draw the right side first, then as much of the left as there is room for."""
        right = [part for part in self._right() if part[0]]
        room = picture.width - 1
        # The song's name comes before what is seldom looked at.
        left = min(56, 20 + 8 * self._snapshot.playing + cell_len(self._snapshot.song.title))
        left += sum(2 + cell_len(words) for words, _ in compared_words(self._snapshot.compared))
        left += _CLOCK * (self._snapshot.clock.follow is not None)
        while len(right) > 1 and sum(cell_len(words) + 3 for words, _ in right) > room - left:
            right.pop(0)
        x = room
        for words, component in reversed(right):
            x -= cell_len(words)
            picture.put(x, 0, words, self.style_of(f"transport--{component}"))
            x -= 3
        at = 1
        for words, component in self._left(x - 1):
            picture.put(at, 0, words, self.style_of(f"transport--{component}"))
            at += cell_len(words) + 2

    def _left(self, room: int) -> list[Part]:
        shown = self._snapshot
        song = shown.song
        parts: list[Part] = [
            self._state(),
            *compared_words(shown.compared),
            *clock_words(shown.clock, self._clock, song.tempo),
        ]
        where = place(self._playhead.slot, self._playhead.beat, song)
        if where:
            parts.append((where.ljust(6), "playing"))
        left = room - sum(cell_len(words) + 2 for words, _ in parts)
        mark = "" if shown.saved else " *"
        parts.append((fitting(left - len(mark), song.title) + mark, "title"))
        return parts

    def _state(self) -> Part:
        shown = self._snapshot
        if shown.recording is not None:
            words = f"● in {self._count}" if self._count else "● recording"
            return words.ljust(11), "recording"
        return ("▶ playing", "playing") if shown.playing else ("■ resting", "quiet")

    def _right(self) -> list[Part]:
        shown = self._snapshot
        track = shown.row
        parts: list[Part] = []
        if asked := asked_words(shown.song):
            parts.append((asked, "quiet"))
        if shown.clock.port:
            parts.append((f"clock ← {fitting(22, shown.clock.port)}", "quiet"))
        if self._amount is not None:
            parts.append((f"random {self._amount:.0%}", "quiet"))
            when = "at once" if shown.timing == "now" else "on the beat"
            parts.append((f"edits {when}", "quiet"))
        groove, key = shown.row.groove, shown.song.locked
        if groove.timing or groove.velocity:
            parts.append(("humanised", "quiet"))
        if groove.swing > STRAIGHT:
            parts.append((f"swing {groove.swing:g} %", "quiet"))
        if key is not None:
            follows = "" if isinstance(key, Key) else " and chords"
            parts.append((f"lock {shown.song.key.name}{follows}", "quiet"))
        parts.append((f"ch {track.channel + 1}  {program_words(track)}", "quiet"))
        late = self._lateness
        if late is not None and shown.playing:
            component = "warning" if late.worst >= LATE else "quiet"
            parts.append((f"late {late.p50:.1f}/{late.worst:.1f} ms", component))
        if self._jobs:
            job = self._jobs[-1]
            parts.append((f"{job.name} {job.done:.0%}", "words"))
        model = {
            "loading": ("model loading", "words"),
            "ready": ("", "quiet"),
            "failed": ("no model", "warning"),
        }[shown.model.state]
        return [*parts, model, port_words(shown.port)]

    def on_click(self, event: events.Click) -> None:
        """Play or stop where the line says so."""
        if event.x < 11:
            event.stop()
            self.post_message(self.Pressed())


def asked_words(song: Song) -> str:
    """Say which notes gauges choose; empty where they may choose any."""
    which = [
        words for on, words in ((song.stay_in_key, "key"), (song.chord_tones, "chord tones")) if on
    ]
    return f"gauges: {' and '.join(which)}" if which else ""


def compared_words(compared: StateComparison | None) -> list[Part]:
    """Say which of two states sounds, where two are heard by turns: "B of m3"."""
    if compared is None:
        return []
    where = "song" if compared.slot is None else f"m{compared.slot + 1}"
    return [(f"{compared.sounds} of {where}", "words")]


def clock_words(status: ClockStatus, clock: ClockSyncMeasured | None, own: float) -> list[Part]:
    """Format the tempo, and of a clock that is followed how well it is known and kept."""
    if status.follow is None:
        return [(f"{own:g} bpm", "words")]
    light = LIGHTS[status.lock]
    if clock is None or status.lock == "silent":
        return [light, (f"{own:g} bpm", "quiet")]
    parts = [light, (f"{clock.tempo:.1f} bpm", "words")]
    if clock.drift is not None:
        component = "warning" if abs(clock.drift) >= DRIFT else "quiet"
        parts.append((f"{clock.drift:+.1f} ms", component))
    return parts


def port_words(port: PortStatus) -> Part:
    """Format the port in use, and whether it is there."""
    name = fitting(22, port.name or "")
    match port.state:
        case "open":
            return f"→ {name}", "words"
        case "opening":
            return f"→ {name} …", "quiet"
        case "lost":
            return f"→ {name} gone", "warning"
        case "failed":
            return f"→ {name} does not open", "warning"
        case "none":
            return "no MIDI port", "quiet"
