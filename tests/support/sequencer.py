"""A sequencer with a player's schedule, whose time a test moves, and all that sounded."""

from __future__ import annotations

from dataclasses import replace

from engine.midi import messages as m
from engine.midi.player.schedule import Schedule
from engine.music.performance import Touch
from engine.music.slot import Origin, Slot
from engine.music.song import Song
from engine.music.track import Track
from engine.services.transport.sequencer import LEAD, Sequencer
from tests.support.measures import measure

TUNE = Origin("corpus", "The Tune")
C, D, E, F, G = 60, 62, 64, 65, 67


def song(
    *measures: str,
    tempo: float = 60.0,
    track: Track = Track(),  # noqa: B008
    touches: dict[int, tuple[Touch | None, ...]] | None = None,
) -> Song:
    """Return a song of such measures, some of them as they were played."""
    played = touches or {}
    slots = tuple(
        Slot.brought_in(measure(text), TUNE, played.get(at, ())) for at, text in enumerate(measures)
    )
    return Song("Song", tempo, (replace(track, slots=slots),))


class SequencerHarness:
    """A sequencer, a player's schedule, and the time between them."""

    def __init__(self, first: Song) -> None:
        self.sequencer = Sequencer(first)
        self.schedule = Schedule()
        self.now = 0.0
        self.sounded: list[tuple[float, str, int]] = []
        self.others: list[m.ToPlayer] = []

    def schedule_all(self, messages: list[m.ToPlayer]) -> list[m.ToPlayer]:
        """Schedule messages as the player does, and return them."""
        for message in messages:
            match message:
                case m.Notes(notes):
                    self.schedule.add(notes, self.now, message.voice)
                case m.Flush(at, cut):
                    self.schedule.flush(at, cut, self.now, message.voice)
                case m.Prolong(channel, pitch, off):
                    self.schedule.prolong(channel, pitch, off, message.voice)
                case m.SilenceAll():
                    self._sound(self.now, self.schedule.silence())
                case _:
                    self.others.append(message)
        return messages

    def play(self, slot: int = 0) -> None:
        """Start the loop such that its first note sounds at time 0."""
        self.now = -LEAD
        self.schedule_all(self.sequencer.play(self.now, slot))

    def advance_to(self, end: float) -> SequencerHarness:
        """Move time on; the sequencer wakes when it asked to."""
        while True:
            wake = self.sequencer.next_wake()
            to = end if wake is None else min(end, wake)
            while self.schedule.next_time <= to:
                at = self.schedule.next_time
                self._sound(at, [due.data for due in self.schedule.pop_due(at)])
            self.now = to
            if to == end:
                return self
            self.schedule_all(self.sequencer.advance(to))

    def change(self, new: Song, timing: str = "now") -> list[m.ToPlayer]:
        """Edit the song."""
        return self.schedule_all(self.sequencer.change(new, self.now, timing))  # type: ignore[arg-type]

    def _sound(self, at: float, sent: list[bytes]) -> None:
        for data in sent:
            if data[0] & 0xF0 in (0x80, 0x90):
                kind = "on" if data[0] & 0xF0 == 0x90 else "off"
                self.sounded.append((round(at, 3), kind, data[1]))
