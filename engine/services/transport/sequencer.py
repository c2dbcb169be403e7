"""The sequencer: what the player must be sent so that a song sounds in time.

Nothing here waits or looks at a clock. Each method takes ``now`` in seconds of the
monotonic clock and gives the messages to send.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from engine.errors import NotReady
from engine.midi import messages as m
from engine.midi.player_mirror import Messages
from engine.music.measure import SILENCE, Measure
from engine.music.note_line import Line
from engine.music.pattern import Pattern
from engine.music.song import Song
from engine.protocol.snapshot import JumpUnit, RecordSettings
from engine.services.transport.clock_output import CLOSE, interval
from engine.services.transport.course import Course
from engine.services.transport.instruments import set_up, settings_of
from engine.services.transport.jump import Jump
from engine.services.transport.loop_clock import Run
from engine.services.transport.loop_notes import LATE, LoopNotes
from engine.services.transport.loop_place import LoopPlace
from engine.services.transport.metronome import ENDLESS
from engine.services.transport.voice_notes import OutletOf, VoiceNotes

LOOK_AHEAD = 0.75
"""How far ahead the player is sent its notes, in seconds: longer than an interpreter may stall."""

TOP_UP = 0.2
"""How often the player is sent more, in seconds."""

MARGIN = 0.002
"""How far in the future a change is heard, in seconds: the time a message needs to the player."""

LEAD = 0.01
"""How far in the future the first note of a start lies, in seconds."""

FOLLOW_AHEAD, FOLLOW_TOP_UP = 0.25, 0.1
"""The same as the first two while another's clock is followed: what is sent may be sent anew."""

NEAR = 0.02
"""The delay in seconds up to which nothing that is sent is taken to be lost on the way."""

RESENT = 0.2
"""How much longer, beside the delay once more, what is lost and sent again is on the way, in
seconds: TCP waits so long at least. No note of a start may be late for that."""

FAR = 4.0
"""How many times the delay of a player far away is added to that."""

FOLLOW_MARGIN = 0.05
"""How near a note may be, in seconds, and stay as it was sent: a change that reached the player
too late would strike it twice."""


class Sequencer(LoopPlace):
    """Plays one song in a loop, takes changes while it runs, and sounds single measures.

    ``outlet_of`` says which outlet of the player a track is played to.
    """

    def __init__(self, song: Song, outlet_of: OutletOf = lambda _: 0) -> None:
        super().__init__(LoopNotes(song, outlet_of))
        self._song = song
        self._ahead, self._delay = LOOK_AHEAD, 0.0
        self._outlet_of = outlet_of
        self._advanced = 0.0

    def distance(self, ahead: float, delay: float, now: float) -> Messages:
        """Play to a player that is farther away from now on, or nearer.

        It is sent its notes ``ahead`` seconds before, and hears of a change ``delay`` seconds
        later than a player of this machine.
        """
        self._ahead, self._delay = ahead, delay
        return self.advance(now)

    @property
    def _margin(self) -> float:
        return MARGIN + self._delay

    @property
    def soonest(self) -> float:
        """How many seconds from now a start can be heard at the soonest."""
        again = self._delay + RESENT if self._delay > NEAR else 0.0
        return LEAD + self._delay + again

    def next_wake(self) -> float | None:
        """Return when `advance` is due next; None where nothing is."""
        if self._loop.run is None:
            return None
        return self._advanced + (FOLLOW_TOP_UP if self._loop.clock.following else TOP_UP)

    def play(
        self,
        now: float,
        slot: int = 0,
        count_in: float = 0.0,
        clicks: float = 0,
        once: bool = False,
    ) -> Messages:
        """Start the loop at a slot (at the first where the loop does not reach it).

        It goes round until it is stopped, or sounds to the end of its turn ``once``.
        Before it go ``count_in`` quarter notes in which no note of it is heard. The beats of
        ``clicks`` quarter notes are struck, from the first of them on.
        """
        sent = self._loop.silence(now)
        self._loop.put(*self._loop.plan(self._song), now)
        first = self.start_of(slot)
        pace, tempi = self._loop.tempo_at(first)
        # A first note that is early has its time, too.
        before = max(self._loop.earliest_at(first), count_in)
        start = now + self.soonest + before * pace
        grid = self._loop.line.measures[self._loop.line.place(first)[0]].grid
        self._loop.metronome.strike(first - count_in, first - count_in + clicks, (first, grid))
        last = self._loop.course.length if once else math.inf
        run = Run(start, first, pace, first, first - before, tempi, last)
        self._loop.begin(run)
        # What is counted in is sent as a whole: a new tempo holds from its end on.
        ahead = max(self._ahead, start - now)
        return [*sent, *self.program(now), self._loop.clock.start(run), *self.advance(now, ahead)]

    def join(self, now: float, time: float, position: float, pace: float) -> Messages:
        """Start the loop in step with a clock: at ``position``, which is heard at ``time``.

        From then on `follow` says where that clock is, until `lead`.
        """
        sent = self._loop.silence(now)
        self._loop.put(*self._loop.plan(self._song), now)
        run = Run(time, position, pace, position, position - self._loop.earliest_at(position))
        self._loop.begin(run)
        return [*sent, *self.program(now), self._loop.clock.join(run), *self.advance(now)]

    def follow(self, now: float, time: float, position: float, pace: float) -> Messages:
        """Keep in step with a clock: ``position`` is heard at ``time``, as in `join`.

        Nothing is said while the music is close enough as it was sent.
        """
        run = self._loop.run
        if run is None:
            return []
        shift = self._loop.count.shift
        new = replace(
            run, time=time, position=position + shift, pace=pace, tempi=None, earlier=None
        )
        sent = self._loop.clock.follow(run, new, shift, now + self._margin)
        edge = max(run.at(now + self._delay + FOLLOW_MARGIN), run.first)
        if all(abs(new.when(end) - run.when(end)) <= CLOSE for end in (edge, run.sent)):
            return sent
        self._loop.run = new
        self._loop.count.changed(now, new.at(now), pace)
        if edge >= run.sent:
            # The engine was held up: what the player lacks is sent by the new clock.
            return sent
        at, start = run.when(edge), max(edge, new.at(now - LATE))
        voices = self._loop.voices
        begun = [voice.begun_at(edge) for voice in voices]
        anew = self._loop.resend(now, at, edge, start, begun, [True] * len(voices))
        return sent + anew + self._loop.resend_clicks(at)

    def lead(self, now: float) -> Messages:
        """Go on at the song's own tempo, from where the music is."""
        followed, run = self._loop.clock.lead(), self._loop.run
        if run is None or not followed:
            return []
        position = max(run.at(now + self._margin), run.first)
        course, voices = self._loop.course, self._loop.voices
        sent = self._loop.go_on(now, position, course, voices, position)
        # Said in any case: our clock may just have been catching up.
        clock = m.ClockTempo(run.when(position), interval(self._loop.tempo_at(position)[0]))
        return [clock, *(message for message in sent if message != clock)]

    def record(
        self, now: float, slot: int, measures: int, settings: RecordSettings, track: int = 0
    ) -> tuple[Messages, float]:
        """Let the loop reach all of ``measures`` slots from ``slot`` on, and start it there.

        It is a ``track`` that is recorded into.
        Where it runs already it goes on. What is counted in and struck is as the ``settings``
        say. Gives also the position of the beat at which the loop comes to the slot.
        """
        self._loop.reach = slot + measures
        self._loop.metronome.set(settings, track)
        click = settings.click
        course, _ = self._loop.plan(self._song)
        try:
            starts = course.starts[course.start_in(slot)]
        except NotReady:
            self._loop.reach = 0
            raise
        if self._loop.run is None:
            beats = settings.count_in * self._song.bar(slot)
            clicks = {"recording": ENDLESS, "count-in": beats, "never": 0}[click]
            return self.play(now, slot, beats, clicks), starts
        sent = self.change(self._song, now)
        position = self._loop.run.at(now + self._margin)
        begins = course.length * math.floor(position / course.length) + starts
        begins += course.length if begins < max(position, self._loop.run.first) else 0.0
        if click == "recording":
            # What is with the player already is not struck to.
            self._loop.metronome.strike(self._loop.run.sent, ENDLESS)
        return sent, begins - self._loop.count.shift

    def unrecord(self, now: float) -> Messages:
        """Let the loop run on as the song is, without clicks."""
        self._loop.reach = 0
        self._loop.metronome.rest()
        sent = self.change(self._song, now)
        if self._loop.run is not None:
            sent += self._loop.drop_clicks(now + self._margin)
        return sent

    def stop(self, now: float) -> Messages:
        """Stop the loop, and whatever else sounds."""
        running = self._end(now)
        return self._loop.silence(now) + ([m.ClockStop(now)] if running else [])

    def panic(self, now: float) -> Messages:
        """Stop and silences without regard to what should sound."""
        running = self._end(now)
        self._loop.forget()
        self._loop.metronome.rest()
        return [m.SilenceAll(), *([m.ClockStop(now)] if running else [])]

    def _end(self, now: float) -> bool:
        running, self._loop.run = self._loop.run is not None, None
        if running:
            self._loop.count.end(now)
        self._loop.reach, self._loop.jump = 0, None
        return running

    def program(self, now: float, outlet: int | None = None) -> Messages:
        """Tell the instruments their banks and programs; of one outlet alone, if it is named."""
        tracks = range(len(self._song.tracks))
        wanted = [track for track in tracks if outlet in (None, self._outlet_of(track))]
        return [message for track in wanted for message in self._program(now, track)]

    def _program(self, now: float, number: int) -> Messages:
        return set_up(self._song.tracks[number], now, self._outlet_of(number))

    def advance(self, now: float, ahead: float | None = None) -> Messages:
        """Tell the player the notes up to ``ahead`` seconds from now."""
        run = self._loop.run
        if run is None:
            return []
        if ahead is None:
            followed = FOLLOW_AHEAD + FAR * self._delay
            ahead = followed if self._loop.clock.following else self._ahead
        self._advanced = now
        return self._loop.send_ahead(now + ahead, now)

    def again(self, now: float) -> Messages:
        """Tell everything once more, to ports that hold nothing."""
        self._loop.forget()
        if self._loop.run is None:
            return []
        self._loop.run = replace(self._loop.run, sent=self._loop.run.at(now))
        return [*self.program(now), *self.advance(now)]

    def audition(
        self, measures: Sequence[Measure], now: float, slot: int | None = None, track: int = 0
    ) -> Messages:
        """Sound measures once on a track, cutting what sounds, if the loop does not run.

        Those of the track, from ``slot`` on, are heard as they are in the loop, others as written.
        """
        if self._loop.run is not None:
            return []
        if not measures:
            return self._loop.silence(now)
        song, line = self._song, Line(measures)
        if slot is not None:
            line = song.line(track, song.steps_through(slot, len(measures)))
        return self._sound(line, now, track)

    def strike(self, pattern: Pattern, now: float, track: int = 0) -> Messages:
        """Sound a pattern once on a track, cutting what sounds, if the loop does not run."""
        if self._loop.run is not None:
            return []
        return self._sound(Line((SILENCE,), patterns=(pattern,)), now, track)

    def _sound(self, line: Line, now: float, track: int) -> Messages:
        song = self._song
        once = Run(now + self._delay, 0.0, 60 / song.tempo, 0.0, 0.0)
        silence = self._loop.silence(now)
        # A track that is muted is heard all the same when it is asked for.
        voice = self._loop.voices[track]
        voice.track, voice.heard = song.tracks[track], True
        return silence + voice.send(line.once(), once, now, self._outlet_of(track))

    def change(self, song: Song, now: float, timing: Literal["now", "beat"] = "now") -> Messages:
        """Go on with another song; where notes change they are heard as ``timing`` says."""
        old, self._song = self._song, song
        sent: Messages = []
        for number, track in enumerate(song.tracks):
            if number >= len(old.tracks) or settings_of(track) != settings_of(old.tracks[number]):
                sent += self._program(now, number)
        course, voices = self._loop.plan(song)
        return sent + self._change(course, voices, now, timing)

    def _change(
        self,
        course: Course,
        voices: list[VoiceNotes],
        now: float,
        timing: Literal["now", "beat"] = "now",
    ) -> Messages:
        run, past, before = self._loop.run, self._loop.course, self._loop.voices
        both = zip(voices, before, strict=False)
        same = len(voices) == len(before) and all(new.sounds_as(old) for new, old in both)
        played = [v.played for v in voices] == [v.played for v in before]
        if run is None or (same and played and course.tempi == past.tempi):
            return self._loop.put(course, voices, now)
        position = run.at(now + self._margin)
        if run.time > now:
            # A change that is to come at a beat has set the pace from there on.
            position = max(position, run.position)
        sent: Messages = []
        if timing == "beat" and not same:
            position = max(past.after(position, "beat"), run.first)
            # The old notes go on to the beat, however far it is.
            sent += self._loop.send_until(position, now)
        position = max(position, run.first)
        to = past.followed(position, course)
        if to is None:
            # The measure that sounds is not played any more: it is the last.
            position, to = past.after(position, "measure"), 0.0
            sent += self._loop.send_until(position, now)
        return sent + self._loop.go_on(now, position, course, voices, to)

    # Jumps

    def jump(self, now: float, slot: int, entry: int | None, unit: JumpUnit) -> Messages:
        """Go to an entry of the order, or else to a slot, when the ``unit`` that sounds has ended.

        Raises `NotReady` for what the loop does not play.
        """
        run, course = self._loop.run, self._loop.course
        if run is None:
            return []
        here = max(run.at(now + self._margin), run.first)
        if run.time > now:
            here = max(here, run.position)
        if entry is None:
            index = course.start_in(slot, course.place(here)[0])
        else:
            index = course.entry_in(entry)
        self._loop.jump = Jump.planned(course, index, here, unit)
        return self.advance(now)

    def set_loop(self, slots: range | None, now: float) -> Messages:
        """Play some slots alone from now on, or the song again."""
        self._loop.slots = slots
        return self._change(*self._loop.plan(self._song), now)
