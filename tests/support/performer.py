"""A keyboard that is played while time is moved by hand."""

from __future__ import annotations

from engine.config import Settings
from engine.midi import messages as m
from engine.music.measure import HOLD, REST
from engine.music.slot import Slot
from engine.music.song import Song
from engine.protocol.notices import Notice
from engine.protocol.transport import Record, Stop
from engine.services.transport.sequencer import LEAD
from tests.support.dispatcher import DispatcherHarness
from tests.support.songs import one_track

C, D, E, F, G = 60, 62, 64, 65, 67
EMPTY = one_track("New", 60.0, slots=(Slot(),) * 4)
"""Its tempo is 60, so that quarter notes are seconds."""

QUIET = Settings(click="never", count_in=0.0)


class Performer:
    """Somebody at a keyboard, with the loop's beat in the ear."""

    def __init__(self, song: Song = EMPTY, settings: Settings = QUIET) -> None:
        self.harness = DispatcherHarness(settings=settings, song=song)
        self.start = 0.0

    def record(self, *, count_in: float = 0.0, **how: object) -> Performer:
        """Start to record; position 0 of the loop is `start`."""
        self.harness.do(Record(**how))  # type: ignore[arg-type]
        self.start = self.harness.now + LEAD + count_in
        return self

    def play(self, *notes: tuple[float, float, int] | tuple[float, float, int, int]) -> Performer:
        """Play notes by start, end (quarter notes from the start), pitch and velocity."""
        events: list[tuple[float, bytes]] = []
        for on, off, pitch, *velocity in notes:
            events.append((on, bytes((0x90, pitch, *(velocity or [80])))))
            events.append((off, bytes((0x80, pitch, 0))))
        for at, data in sorted(events, key=lambda event: (event[0], event[1][0])):
            self.harness.advance_to(self.start + at)
            self.harness.do(m.MidiReceived(self.start + at, "keys", data))
        return self

    def play_until(self, position: float) -> Performer:
        """Wait."""
        self.harness.advance_to(self.start + position)
        return self

    def stop(self) -> Performer:
        """Stop the loop."""
        self.harness.do(Stop())
        return self

    @property
    def slots(self) -> tuple[Slot, ...]:
        """The song's slots as they are now."""
        return self.harness.dispatcher.snapshot.row.slots

    def tunes(self) -> list[str]:
        """The song, a measure in eighths each: a letter starts a note, ``-`` holds, ``.`` rests."""
        names = {HOLD: "-", REST: ".", C: "C", D: "D", E: "E", F: "F", G: "G"}
        return [
            "" if slot.empty else "".join(names[token] for token in slot.measure.tokens[::3])
            for slot in self.slots
        ]

    def notices(self) -> list[str]:
        """What was said in words."""
        return [event.text for event in self.harness.published(Notice) if isinstance(event, Notice)]
