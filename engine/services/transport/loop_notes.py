"""The notes and clicks of a running loop as the player holds them, and what changes them."""

from __future__ import annotations

import math
from dataclasses import replace

from engine.midi import messages as m
from engine.midi.player_mirror import Messages, PlayerMirror, PlayerPlan
from engine.music.note_line import Line, Stretch
from engine.music.song import Song, Track
from engine.services.transport.loop_clock import Run
from engine.services.transport.metronome import Metronome

LATE = 0.1
"""How late a note may still be sent, in seconds, where the engine was held up."""


class LoopNotes:
    """Sends the notes of the line as the run goes, and sends them anew where either changes.

    Each method takes ``now`` in seconds of the monotonic clock and gives the messages to send.
    """

    def __init__(self, song: Song) -> None:
        # How many measures the loop has at least: those that are recorded into count, too.
        self.reach = 0
        self.line = self.line_of(song)
        self.track = song.track
        self.run: Run | None = None
        self.metronome = Metronome()
        self._mirror = PlayerMirror()
        # Where the last note is written that is known to have begun, maybe before it would now.
        self._begun = -math.inf

    def line_of(self, song: Song) -> Line:
        """Return the line of a song, as far as the loop reaches."""
        return song.line(reach=self.reach)

    def begin(self, run: Run) -> None:
        """Start a run of the line."""
        self.run, self._begun = run, -math.inf

    def begun_at(self, position: float) -> float:
        """Return where the last note that began before ``position`` is written, just after it."""
        note = self.line.begun(position)
        return max(self._begun, note.written + 1e-6 if note is not None else -math.inf)

    def send_until(self, position: float, now: float) -> Messages:
        """Send the notes and clicks that are heard before ``position`` and were not sent yet."""
        run = self.run
        if run is None or position <= run.sent:
            return []
        start = max(run.sent, run.at(now - LATE))
        self.run = replace(run, sent=position)
        notes = self.send(run.of(self.line.between(start, position)), run, now)
        return notes + self._clicks(start, position)

    def send(self, stretches: list[Stretch], run: Run, now: float) -> Messages:
        """Send notes by the time of a run."""
        notes = tuple(note_of(each, run, self.track) for each in stretches)
        return self._send([m.Notes(notes)] if notes else [], now)

    def resend(
        self, now: float, at: float, position: float, start: float, begun: float, same: bool
    ) -> Messages:
        """Send the run anew from ``position`` on, which is at ``at``, notes from ``start`` on.

        Those written up to ``begun`` have begun; the measures are the ``same`` as before.
        """
        run, line = self.run, self.line
        assert run is not None  # Only a running loop is sent anew.
        over, later = line.covering(position), run.of(line.between(start, run.sent))
        while later and later[0].written <= begun:
            # It began already, and would be heard later now: it is not struck twice.
            over = later.pop(0)
        self._begun = begun
        sounding = None
        if over is not None and run.of([over]):
            goes_on = same and over.written <= begun
            # What began and does not sound any more stays silent.
            if not goes_on or self._mirror.sounding(at) is not None:
                sounding = note_of(over, run, self.track)
        notes = m.Notes(tuple(note_of(each, run, self.track) for each in later))
        return self._send(self._mirror.diff(PlayerPlan(at, (notes,)), now, sounding), now)

    def resend_clicks(self, sent: Messages, before: Run, at: float) -> Messages:
        """Return the clicks that a change has dropped or passed over, and those at a new tempo."""
        run = self.run
        if run is None or not self.metronome.on:
            return []
        flushes = [each.at for each in sent if isinstance(each, m.Flush)]
        first: Messages = []
        if run.pace != before.pace and not flushes:
            first, flushes = [m.Flush(at)], [at]
        start = min([before.sent, *map(run.at, flushes)])
        return first + self._clicks(start, run.sent)

    def drop_clicks(self, at: float, now: float) -> Messages:
        """Send the notes from ``at`` on again, without clicks."""
        return [m.Flush(at), *self._mirror.plan(now, at).notes]

    def silence(self, now: float) -> Messages:
        """End all that sounds, and drop what is to come."""
        held = self._mirror.end > now or self.metronome.on
        self.forget()
        self.metronome.rest()
        return [m.Flush(now, cut=True)] if held else []

    def forget(self) -> None:
        """Take note that the player holds nothing."""
        self._mirror = PlayerMirror()

    def _send(self, messages: Messages, now: float) -> Messages:
        for message in messages:
            self._mirror.apply(message, now)
        return messages

    def _clicks(self, start: float, end: float) -> Messages:
        run = self.run
        assert run is not None  # Nothing is struck while the loop rests.
        return [*self.metronome.clicks(run, self.line, self.track, start, end)]


def note_of(stretch: Stretch, run: Run, track: Track) -> m.TimedNote:
    """Return a note of the line as it is sent in a run."""
    on, off = run.when(stretch.start), run.when(stretch.end)
    velocity = track.struck(stretch.louder, stretch.velocity)
    return m.TimedNote(on, off, track.channel, stretch.pitch, velocity)
