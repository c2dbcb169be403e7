"""The notes of one track in a running loop as the player holds them, and what changes them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from engine.midi import messages as m
from engine.midi.player_mirror import Messages, PlayerMirror, PlayerPlan
from engine.music.form import Step
from engine.music.line_settings import LineSettings
from engine.music.note_line import Line, Stretch
from engine.music.song import Song
from engine.music.track import Track, audible
from engine.services.transport.loop_clock import Run

OutletOf = Callable[[int], int]
"""Which outlet of the player the port of a track has, by the track's number."""


class VoiceNotes:
    """One voice of the loop: its line, how its notes are played, and what the player holds.

    Each method takes ``now`` in seconds of the monotonic clock and gives the messages to send.
    """

    def __init__(
        self, number: int, line: Line, track: Track, heard: bool, source: tuple[object, ...]
    ) -> None:
        self.number = number
        self.line, self.track, self.heard = line, track, heard
        # What the line was made of, for one that is made of the same.
        self.source = source
        self._mirror = PlayerMirror()
        # Where the last note is written that is known to have begun, maybe before it would now.
        self._begun = -math.inf

    @property
    def end(self) -> float:
        """When the last note ends that the player holds; minus infinity where it holds none."""
        return self._mirror.end

    def sounds_as(self, other: VoiceNotes) -> bool:
        """Return whether another's line is made of the same measures and groove."""
        a, b = self.line, other.line
        return a is b or (a.content, a.shape) == (b.content, b.shape)

    @property
    def played(self) -> tuple[object, ...]:
        """How its notes are sent."""
        track = self.track
        sounded = track.sounded(0), track.sounded(127)
        return track.channel, track.port, track.velocity, sounded, self.heard

    def begin(self) -> None:
        """Start a run of the line."""
        self._begun = -math.inf

    def begun_at(self, position: float) -> float:
        """Return where the last note that began before ``position`` is written, just after it."""
        note = self.line.begun(position)
        return max(self._begun, note.written + 1e-6 if note is not None else -math.inf)

    def send(self, stretches: list[Stretch], run: Run, now: float, outlet: int) -> Messages:
        """Send notes by the time of a run."""
        notes = self._timed(stretches, run)
        return self._send([m.Notes(notes, outlet, self.number)] if notes else [], now)

    def resend(
        self,
        run: Run,
        now: float,
        at: float,
        position: float,
        start: float,
        begun: float,
        same: bool,
        outlet: int,
    ) -> Messages:
        """Send the run anew from ``position`` on, which is at ``at``, notes from ``start`` on.

        Those written up to ``begun`` have begun; the measures are the ``same`` as before.
        """
        line = self.line
        over, later = line.covering(position), run.of(line.between(start, run.sent))
        # What began already, and would be heard later now, is not struck twice.
        over += [each for each in later if each.written <= begun]
        later = [each for each in later if each.written > begun]
        if not line.several:
            over = over[-1:]
        self._begun = begun
        held = {(n.channel, n.pitch) for n in self._mirror.sounding(at, outlet, self.number)}
        sounding = []
        for each in run.of(over):
            note, goes_on = self._note_of(each, run), same and each.written <= begun
            if note is None:
                continue
            # On another channel it is another note, and sounds on all the same.
            elsewhere = not line.several or note.channel not in {channel for channel, _ in held}
            sounds = bool(held) if elsewhere else (note.channel, note.pitch) in held
            # What began and does not sound any more stays silent, and a drum is not struck in
            # the middle of what it sounds.
            if sounds or not (goes_on or self.track.kind == "drums"):
                sounding.append(note)
        notes = m.Notes(self._timed(later, run), outlet, self.number)
        plan = PlayerPlan(at, (notes,))
        return self._send(self._mirror.diff(plan, now, tuple(sounding)), now)

    def drop(self, now: float) -> Messages:
        """End what sounds, and drop what is to come, of this voice alone."""
        flushes: Messages = [
            m.Flush(now, True, outlet, self.number) for outlet in self._mirror.outlets
        ]
        self.forget()
        return flushes

    def forget(self) -> None:
        """Take note that the player holds nothing."""
        self._mirror = PlayerMirror()

    def _send(self, messages: Messages, now: float) -> Messages:
        for message in messages:
            self._mirror.apply(message, now)
        return messages

    def _timed(self, stretches: list[Stretch], run: Run) -> tuple[m.TimedNote, ...]:
        notes = (self._note_of(each, run) for each in stretches)
        return tuple(note for note in notes if note is not None)

    def _note_of(self, stretch: Stretch, run: Run) -> m.TimedNote | None:
        """Return a note of the line as it is sent in a run; None where it is not heard."""
        track, pitch = self.track, self.track.sounded(stretch.pitch)
        if pitch is None or not self.heard:
            return None
        on, off = run.when(stretch.start), run.when(stretch.end)
        velocity = track.struck(stretch.louder, stretch.velocity)
        return m.TimedNote(on, off, track.channel, pitch, velocity)


def voices_of(
    song: Song, steps: Sequence[Step], before: Sequence[VoiceNotes] = ()
) -> list[VoiceNotes]:
    """Return a voice for each track of a song, of which the player holds nothing yet.

    Where a track's line is made of what it was made of ``before``, it is the same.
    """
    voices = []
    known = {old.track.kind == "drums": old.line.settings for old in before}
    settings: dict[bool, LineSettings] = {}
    pairs = zip(song.tracks, audible(song.tracks), strict=True)
    for number, (track, heard) in enumerate(pairs):
        drums = track.kind == "drums"
        if drums not in settings:
            fresh = song.settings(steps, drums=drums)
            settings[drums] = fresh.like(known[drums]) if drums in known else fresh
        source: tuple[object, ...] = track.groove, settings[drums], steps, track.kind
        if track.accompaniment is not None:
            # Drums are the same under any chord.
            under = None if drums else song.under
            source += track.accompaniment, track.register, under
        old = before[number] if number < len(before) else None
        # A row that is another object is not compared slot by slot: that takes as long.
        if old is not None and old.source[0] is track.slots and old.source[1:] == source:
            line = old.line
        else:
            line = song.line(number, steps, settings[drums])
        voices.append(VoiceNotes(number, line, track, heard, (track.slots, *source)))
    return voices
