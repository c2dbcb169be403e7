"""The monitor screen: what comes in and goes out over MIDI, in words, as it passes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import ClassVar

from textual import events, on
from textual.geometry import Region
from textual.widget import Widget

from engine.protocol.base import Event
from engine.protocol.devices import MidiTraffic, WatchMidi
from engine.protocol.snapshot import Snapshot
from engine.protocol.transport import LatenessMeasured
from tui.action_tables.action import Place
from tui.actions.monitor import HANDLERS
from tui.keymap import Keymap
from tui.layouts.monitor import monitoring
from tui.screens.base import SessionScreen
from tui.session import Session
from tui.view_models.midi_log import Filter, MidiLog, Passed
from tui.widgets.midi_lines import MidiLines
from tui.widgets.midi_summary import MidiSummary, Summary

ASK = 2.0
"""Seconds after which it is asked again to watch: well within the time that a wish holds."""

COUNT = 1.0
"""Seconds between two looks at how much passes."""

OLD = 4.0
"""Seconds after which figures of lateness say nothing any more."""


class MonitorScreen(SessionScreen):
    """Shows the messages that pass while it is in front, and asks for them only then."""

    PLACE: ClassVar[Place] = "monitor"
    HANDLERS = HANDLERS
    SHOWS = (
        MidiTraffic,
        LatenessMeasured,
        Snapshot,
    )
    AUTO_FOCUS = "#lines"

    def __init__(self, session: Session, keymap: Keymap) -> None:
        super().__init__(session, keymap)
        self.clock: Callable[[], float] = time.monotonic
        self.passed = MidiLog()
        self.through = Filter()
        self.foot: int | None = None
        """The number of the message at the foot of a picture that is held; None: the newest."""
        self._top: int | None = None
        self._lateness: tuple[float, LatenessMeasured] | None = None

    def parts(self) -> Iterable[Widget]:
        """Return the parts of this screen, from the top."""
        return (
            MidiSummary(id="summary"),
            MidiLines(id="lines"),
        )

    def on_mount(self) -> None:
        """Draw what is known, and begin to watch."""
        self.set_interval(ASK, self._ask)
        self.set_interval(COUNT, self._draw_summary)

    def on_resize(self, event: events.Resize) -> None:
        """Begin a page anew; the parts are laid out as on every screen."""
        del event
        self._top = None

    def on_screen_resume(self) -> None:
        """Watch again."""
        self._ask()

    def on_screen_suspend(self) -> None:
        """Watch no more once another screen is shown; a sheet over this one changes nothing."""
        if self.app.current_mode != "monitor":
            self.session.send(WatchMidi(False))

    def regions(self, width: int, height: int) -> dict[str, Region]:
        """Return the place of each part that is in sight."""
        return monitoring(width, height)

    # What the handlers need

    @property
    def room(self) -> int:
        """How many messages are in sight at most."""
        return self.query_one(MidiLines).room

    def look(self, through: Filter) -> None:
        """Look through another filter."""
        self.through, self._top = through, None
        self.draw()

    def hold(self, foot: int | None) -> None:
        """Hold the picture with a message at its foot, or follows what comes."""
        self.foot = foot
        if foot is None:
            self._top = None
        self.draw()

    def clear(self) -> None:
        """Forget what has passed."""
        self.passed.clear()
        self.foot = self._top = None
        self.draw()

    def roll(self, by: int) -> None:
        """Go to later messages, or to earlier ones and holds the picture there."""
        foot = self.passed.newest if self.foot is None else self.foot
        if by < 0 or self.foot is not None:
            self._top = None
            self.hold(self.passed.moved(self.through, foot, by, self.room))

    # Drawing

    def show(self, event: Event) -> None:
        """Show an event that the session has handled."""
        match event:
            case MidiTraffic():
                self.passed.add(event, self.clock())
                if self.drawn:
                    self._draw_lines()
            case LatenessMeasured():
                self._lateness = self.clock(), event
            case Snapshot():
                self.draw()
            case _:
                pass

    def draw(self) -> None:
        """Draw everything; parts that show it already do nothing."""
        if self.drawn:
            self._draw_transport()
            self._draw_summary()
            self._draw_lines()

    def _draw_summary(self) -> None:
        if not self.drawn:
            return
        now = self.clock()
        lateness = None
        if self._lateness is not None and now < self._lateness[0] + OLD:
            lateness = self._lateness[1]
        held = None if self.foot is None else self.passed.newest - self.foot
        heard = self.session.shown.inputs.heard
        rates = self.passed.rates(now)
        summary = Summary(rates, lateness, heard, self.passed.missed, held, self.through)
        self.query_one(MidiSummary).show(summary)

    def _draw_lines(self) -> None:
        lines = self.query_one(MidiLines)
        key = self.keymap.label("monitor.everything")
        if self.passed.empty:
            instead = "Nothing has passed yet. What is played, and what we play, appears here."
        else:
            instead = f"The filters let nothing through of what has passed; {key} undoes them."
        lines.show(self._in_sight(lines.room), instead)

    def _in_sight(self, room: int) -> list[Passed]:
        # A full page moves up by half at once: if it did so with each message, each would be
        # written as often as there are rows.
        page = self.passed.page(self.through, room + 1, self.foot)
        rows = [each for each in page if self._top is not None and each.number >= self._top]
        if not rows:
            rows = page[-room:]
        elif len(rows) > room:
            rows = page[-(room - room // 2) :]
        self._top = rows[0].number if rows else None
        return rows

    def _ask(self) -> None:
        if self.app.current_mode == "monitor":
            self.session.send(WatchMidi(True))

    # What the user does

    @on(MidiLines.Rolled)
    def _on_lines_rolled(self, message: MidiLines.Rolled) -> None:
        self.roll(message.steps)

    @on(MidiSummary.Pressed)
    def _on_summary_pressed(self, message: MidiSummary.Pressed) -> None:
        self.look(self.through.toggled(message.kind))
