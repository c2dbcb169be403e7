"""The transport in step with another's clock: pulses in, notes and our own clock out, by hand."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.config import Settings
from engine.midi import messages as m
from engine.midi.clock import Clock
from engine.midi.player.schedule import Schedule
from engine.music.slot import Slot
from engine.music.song import Song
from engine.protocol.base import Command
from engine.protocol.edit import RemoveSlot, SetTempo
from engine.protocol.notices import CommandFailed, Notice
from engine.protocol.snapshot import ClockStatus
from engine.protocol.transport import (
    BackToOwnTempo,
    ClockSyncMeasured,
    FollowClock,
    Play,
    PlayheadMoved,
    Stop,
)
from tests.support.clock_streams import (
    CONTINUE,
    PULSE,
    START,
    STOP,
    Heard,
    periods,
    ramp,
    steady,
    tempi,
    uniform,
    without,
)
from tests.support.dispatcher import TUNE, DispatcherHarness
from tests.support.measures import quarters
from tests.support.songs import one_track

MS = 0.001
SCALE = one_track(
    "Scale",
    100.0,
    slots=(
        Slot.brought_in(quarters(60, 62, 64, 65), TUNE),
        Slot.brought_in(quarters(67, 69, 71, 72), TUNE),
    ),
)
PITCHES = (60, 62, 64, 65, 67, 69, 71, 72)
DAW = "jack:daw:clock"
LINE = 0.001
"""Seconds from an arrival until the engine is told of it, and from the engine to the player."""


class ClockSyncHarness:
    """A dispatcher, a player with its schedule and clock, and the time between them."""

    def __init__(self, clock: str = "any", offset: float = 0.0, song: Song = SCALE) -> None:
        self.harness = DispatcherHarness(
            settings=Settings(clock=clock, clock_offset=offset), song=song, model=None
        )
        self.schedule, self.clock = Schedule(), Clock()
        self.notes: list[tuple[float, int]] = []
        self.ends: list[tuple[float, int]] = []
        self.ticks: list[tuple[float, bytes]] = []
        self.sent = 0
        self.now = 0.0

    def run(
        self, heard: Iterable[tuple[float, bytes]], end: float, port: str = DAW
    ) -> ClockSyncHarness:
        """Let messages arrive, and time go on to ``end``."""
        arrivals = [(at + LINE, m.MidiReceived(at, port, data)) for at, data in heard]
        for at, report in arrivals:
            self._to(at)
            self.do(report)
        self._to(end)
        return self

    def do(self, item: Command | m.FromPlayer) -> None:
        """Dispatch something now."""
        self.harness.now = self.now
        self.harness.do(item)
        self._pass()

    def at(self, now: float) -> ClockSyncHarness:
        """Let time go on."""
        self._to(now)
        return self

    @property
    def status(self) -> ClockStatus:
        """How the clock stands."""
        return self.harness.dispatcher.snapshot.clock

    def playing(self) -> bool:
        """Whether the music plays, as everybody is told."""
        return self.harness.dispatcher.snapshot.playing

    def _to(self, end: float) -> None:
        while True:
            wake = self.harness.dispatcher.wake()
            to = end if wake is None else min(end, max(wake, self.now))
            self._play(to)
            self.now = self.harness.now = to
            if to == end:
                return
            self.harness.dispatcher.tick(to)
            self._pass()

    def _pass(self) -> None:
        messages, self.harness.player.messages = self.harness.player.messages, []
        self.sent += len(messages)
        for message in messages:
            match message:
                case m.Notes(notes):
                    self.schedule.add(notes, self.now, message.voice)
                case m.Flush(at, cut):
                    self.schedule.flush(at, cut, self.now, message.voice)
                case m.Prolong(channel, pitch, off):
                    self.schedule.prolong(channel, pitch, off, message.voice)
                case m.ClockRun() | m.ClockTempo() | m.ClockStop():
                    self.clock.change(message)

    def _play(self, to: float) -> None:
        # What reached the player late is heard when it reached it.
        while (at := min(self.schedule.next_time, self.clock.next_time)) <= to:
            now = max(at, self.now)
            for due in heapq.merge(
                self.schedule.pop_due(now), self.clock.pop_due(now), key=lambda due: due.ready
            ):
                if due.data[0] & 0xF0 == 0x90:
                    self.notes.append((now, due.data[1]))
                elif due.data[0] & 0xF0 == 0x80:
                    self.ends.append((now, due.data[1]))
                elif due.data[0] >= 0xF0:
                    self.ticks.append((now, due.data))


def stream(times: Iterable[float], *before: bytes) -> Heard:
    """Return pulses, and what goes just before the first."""
    pulses = list(times)
    return [*((pulses[0], data) for data in before), *((at, PULSE) for at in pulses)]


def errors(
    sync: ClockSyncHarness, true: list[float], after: float = 3.0, first: int = 0
) -> list[float]:
    """Return by how much each note was off its pulse, from a beat on; the first has a position."""
    found = []
    for count, (at, pitch) in enumerate(sync.notes):
        beat = first + count
        assert pitch == PITCHES[beat % 8]
        if beat >= after and beat * 24 < len(true):
            found.append(at - true[beat * 24])
    assert found
    return found


def worst(found: Iterable[float]) -> float:
    return max(map(abs, found))


def test_start_starts_the_loop_and_its_notes_meet_the_pulses() -> None:
    true = steady(120, 32, 1.0)
    sync = ClockSyncHarness().run(stream(true, START), true[-1])
    assert sync.playing()
    assert sync.status == ClockStatus("", DAW, "locked")
    assert worst(errors(sync, true, after=0)) < 2 * LINE
    assert worst(errors(sync, true)) < 0.6 * MS
    assert SCALE.tempo == sync.harness.dispatcher.snapshot.song.tempo == 100


def test_stop_stops_and_nothing_is_left_sounding() -> None:
    true = steady(120, 8.5, 1.0)
    sync = ClockSyncHarness().run([*stream(true, START), (true[-1] + 0.01, STOP)], true[-1] + 1)
    assert not sync.playing()
    assert len(sync.notes) == len(sync.ends) == 9
    assert sync.ends[-1][0] <= true[-1] + 0.02
    assert sync.ticks[-1][1] == STOP
    assert sync.harness.published(PlayheadMoved)[-1] == PlayheadMoved(None, 0.0)


def test_continue_goes_on_at_the_song_position() -> None:
    true = steady(96, 12, 5.0)
    place = b"\xf2\x14\x00"
    sync = ClockSyncHarness().run([(4.0, place), *stream(true, CONTINUE)], true[-1])
    # Twenty sixteenths are five quarters: the sixth note.
    assert worst(errors(sync, [0.0] * 5 * 24 + true, after=8, first=5)) < 0.6 * MS
    assert [data for _, data in sync.ticks[:3]] == [place, CONTINUE, PULSE]


@pytest.mark.parametrize("jitter", [1 * MS, 3 * MS])
@pytest.mark.parametrize("tempo", [72, 120, 168])
def test_jitter_of_the_pulses_is_not_heard(jitter: float, tempo: float) -> None:
    true = steady(tempo, 64, 1.0)
    sync = ClockSyncHarness().run(stream(uniform(true, jitter), START), true[-1])
    assert worst(errors(sync, true)) < max(0.5 * jitter, 1 * MS)
    assert len(sync.ends) in (len(sync.notes), len(sync.notes) - 1)


@pytest.mark.parametrize(("tempi_", "most"), [((90, 140), 3), ((140, 90), 3), ((120, 180), 3)])
def test_ramps_are_followed(tempi_: tuple[float, float], most: float) -> None:
    true = [1 + at for at in tempi(ramp(*tempi_, 8, 16), 32)]
    sync = ClockSyncHarness().run(stream(uniform(true, 0.5 * MS), START), true[-1])
    assert worst(errors(sync, true)) < most * MS
    shown = sync.harness.published(ClockSyncMeasured)[-1]
    assert isinstance(shown, ClockSyncMeasured)
    assert shown.tempo == pytest.approx(tempi_[1], rel=0.01)
    assert shown.drift == pytest.approx(0, abs=1)


@pytest.mark.parametrize("lost", [1, 5, 24])
def test_lost_pulses_are_not_heard(lost: int) -> None:
    true = steady(120, 40, 1.0)
    left = without(uniform(true, 1 * MS), [(first, lost) for first in range(100, 800, 100)])
    sync = ClockSyncHarness().run(stream([at for _, at in left], START), true[-1])
    assert worst(errors(sync, true)) < 1.5 * MS


def test_a_clock_that_falls_silent_free_wheels_and_is_taken_up_in_phase() -> None:
    true = steady(120, 32, 1.0)
    sync = ClockSyncHarness().run(stream(true[: 8 * 24], START), true[12 * 24])
    assert (sync.status.lock, sync.playing()) == ("free-wheeling", True)
    sync.run(stream(true[12 * 24 :]), true[-1])
    assert sync.status.lock == "locked"
    assert worst(errors(sync, true)) < 0.6 * MS


def test_a_jump_of_tempo_is_met_within_a_beat() -> None:
    true = [1 + at for at in tempi(lambda beat: 120 if beat < 8 else 80, 24)]
    sync = ClockSyncHarness().run(stream(true, START), true[-1])
    found = errors(sync, true)
    assert worst(found[6:]) < 0.6 * MS
    assert len(sync.notes) == 24


def test_our_own_clock_goes_on_in_phase_and_starts_and_stops_with_it() -> None:
    true = [1 + at for at in tempi(ramp(100, 130, 8, 12), 24)]
    heard = [*stream(uniform(true, 0.5 * MS), START), (true[-1] + 0.01, STOP)]
    sync = ClockSyncHarness().run(heard, true[-1] + 1)
    assert [data for _, data in sync.ticks[:2]] == [START, PULSE]
    assert sync.ticks[-1][1] == STOP
    ticks = [at for at, data in sync.ticks if data == PULSE]
    assert len(ticks) - len(true) in (0, 1)
    off = [mine - theirs for mine, theirs in zip(ticks, true, strict=False)][3 * 24 :]
    assert worst(off) < 4 * MS
    steps = [after - before for before, after in itertools.pairwise(ticks)]
    assert min(steps) > 60 / 130 / 24 / 2.1


def test_the_player_is_not_flooded() -> None:
    true = steady(120, 32, 1.0)
    still = ClockSyncHarness().run(stream(true, START), true[-1])
    # Notes are told every tenth of a second, and nothing else once the tempo is known.
    assert still.sent < 16 * 10 + 20
    shaken = ClockSyncHarness().run(stream(uniform(true, 3 * MS), START), true[-1])
    assert shaken.sent < len(true)


def test_the_offset_moves_the_music_against_the_pulses() -> None:
    true = steady(120, 16, 1.0)
    for offset in (-12.0, 30.0):
        sync = ClockSyncHarness(offset=offset).run(stream(true, START), true[-1] + 0.1)
        assert [error / MS for error in errors(sync, true)] == pytest.approx(
            [offset] * len(errors(sync, true)), abs=0.6
        )
        shown = sync.harness.published(ClockSyncMeasured)[-1]
        assert isinstance(shown, ClockSyncMeasured)
        assert shown.drift == pytest.approx(0, abs=0.6)


def test_pulses_alone_give_tempo_and_phase_to_music_that_is_started_here() -> None:
    true = steady(120, 40, 1.0)
    sync = ClockSyncHarness().run(stream(true[: 4 * 24 + 5]), true[4 * 24 + 5])
    assert not sync.playing()
    sync.do(Play(1))
    sync.run(stream(true[4 * 24 + 6 :]), true[-1])
    assert sync.playing()
    first = sync.notes[0][0]
    assert sync.notes[0][1] == 67
    # It begins on a pulse, soon, and keeps to the pulses.
    nearest = [min(abs(at - pulse) for pulse in true) for at, _ in sync.notes]
    assert first < true[4 * 24 + 8]
    assert max(nearest) < 0.6 * MS
    assert sync.notes[8][0] - first == pytest.approx(4.0, abs=0.001)


def test_music_that_plays_is_brought_to_the_pulses_when_they_come() -> None:
    sync = ClockSyncHarness().at(0.5)
    sync.do(Play(0))
    sync.at(2.0)
    true = steady(104, 40, 2.003)
    sync.run(stream(true), true[-1])
    late = [at for at, _ in sync.notes if at > true[3 * 24]]
    assert max(min(abs(at - pulse) for pulse in true) for at in late) < 0.6 * MS
    assert late[8] - late[0] == pytest.approx(8 * 60 / 104, abs=0.001)
    # A silent source that gave only pulses leaves its tempo.
    before = len(sync.notes)
    sync.at(true[-1] + 8 * 60 / 104)
    assert len(sync.notes) - before in (7, 8, 9)
    assert sync.status.lock == "silent"


def test_back_to_the_own_tempo_goes_on_where_the_music_is() -> None:
    true = steady(150, 16.5, 1.0)
    sync = ClockSyncHarness().run(stream(true, START), true[-1])
    sync.do(BackToOwnTempo())
    sync.run(stream(steady(150, 20, true[-1] + 0.4 / 24)), true[-1] + 8)
    assert sync.playing()
    assert sync.status == ClockStatus()
    times = [at for at, _ in sync.notes]
    assert times[16] - times[15] == pytest.approx(0.4, abs=0.002)
    # Half a quarter at 150, the other half at the song's own 100.
    assert times[17] - times[16] == pytest.approx(0.2 + 0.3, abs=0.01)
    assert times[18] - times[17] == pytest.approx(0.6)
    ticks = [at for at, data in sync.ticks if data == PULSE]
    assert ticks[-1] - ticks[-25] == pytest.approx(0.6)


def test_following_can_begin_while_the_source_runs() -> None:
    true = steady(120, 32, 1.0)
    sync = ClockSyncHarness("own").run(stream(true[:200], START), true[200])
    assert not sync.playing()
    sync.do(FollowClock())
    sync.run(stream(true[200:]), true[-1])
    assert sync.playing()
    assert worst(errors(sync, true, first=9)) < 0.6 * MS


def test_stop_here_holds_until_the_source_starts_again_and_play_joins_it() -> None:
    true = steady(120, 40, 1.0)
    sync = ClockSyncHarness().run(stream(true[:100], START), true[100])
    sync.do(Stop())
    sync.run(stream(true[100:200]), true[200])
    assert not sync.playing()
    count = len(sync.notes)
    sync.do(Play(0))
    sync.run(stream(true[200:400]), true[400] - 0.001)
    joined = [at for at, _ in sync.notes[count:]]
    assert sync.notes[count][1] == PITCHES[9 % 8]
    assert worst(at - true[(9 + n) * 24] for n, at in enumerate(joined)) < 0.6 * MS
    sync.run([(true[400] - 0.0005, START), *stream(true[400:])], true[-1])
    assert sync.notes[-1][1] == PITCHES[(len(true) - 1 - 400) // 24 % 8]


def test_an_edit_while_following_keeps_the_clock() -> None:
    true = steady(120, 32, 1.0)
    sync = ClockSyncHarness().run(stream(true[:300], START), true[300])
    sync.do(SetTempo(60))
    sync.do(RemoveSlot(1))
    sync.run(stream(true[300:]), true[-1])
    assert sync.harness.dispatcher.snapshot.song.tempo == 60
    after = [at for at, _ in sync.notes if at > true[310]]
    assert worst(min(abs(at - pulse) for pulse in true[::24]) for at in after) < 0.6 * MS


def test_a_named_input_is_followed_and_others_are_not() -> None:
    sync = ClockSyncHarness("drums")
    true = steady(120, 8, 1.0)
    sync.run(stream(true, START), true[-1])
    assert (sync.playing(), sync.status.port) == (False, "")
    sync.run(stream([at + 5 for at in true], START), true[-1] + 5, "alsa:Drums:clock")
    assert (sync.playing(), sync.status.port) == (True, "alsa:Drums:clock")


def test_of_two_clocks_the_first_is_kept_while_it_sends() -> None:
    sync = ClockSyncHarness()
    true = steady(120, 16, 1.0)
    sync.run(stream(true[:100]), true[100], "alsa:One")
    both = [(at, "alsa:One") for at in true[100:200]]
    both += [(at, "alsa:Two") for at in steady(90, 3, true[100])]
    for at, port in sorted(both):
        sync.run([(at, PULSE)], at + LINE, port)
    assert (sync.status.port, sync.status.lock) == ("alsa:One", "locked")
    end = sync.now
    sync.run(stream(steady(90, 8, end + 0.1)), end + 5.5, "alsa:Two")
    assert sync.status.port == "alsa:Two"


def test_our_own_echo_is_refused_and_a_machine_that_hears_nothing_says_so() -> None:
    harness = DispatcherHarness()
    harness.do(FollowClock("jack:armonica:out"))
    refused = harness.published(CommandFailed)[-1]
    assert isinstance(refused, CommandFailed)
    assert "would follow itself" in refused.message
    assert harness.dispatcher.snapshot.clock.follow is None
    deaf = DispatcherHarness(settings=Settings(inputs="none"))
    deaf.do(FollowClock())
    assert deaf.published(Notice) == [
        Notice("No MIDI input is heard, so no clock either.", "warning")
    ]


def test_a_tempo_out_of_range_stops_the_music_until_it_is_back() -> None:
    tempo = lambda beat: 120 if beat < 4 or beat >= 12 else 500  # noqa: E731
    true = [1 + at for at in tempi(tempo, 24)]
    sync = ClockSyncHarness().run(stream(true[: 11 * 24], START), true[11 * 24])
    assert (sync.status.lock, sync.playing()) == ("too fast", False)
    sync.run(stream(true[11 * 24 :]), true[-1])
    assert sync.playing()
    late = [at for at, _ in sync.notes if at > true[14 * 24]]
    assert worst(min(abs(at - pulse) for pulse in true[::24]) for at in late) < 0.6 * MS


def test_periods_of_a_sound_server_delay_by_half_a_period_and_no_more() -> None:
    true = steady(120, 64, 1.0)
    sync = ClockSyncHarness().run(stream(periods(true, 64), START), true[-1])
    found = errors(sync, true)
    assert min(found) > 0
    assert max(found) < 64 / 48_000 + 0.5 * MS


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([0.0, 0.004, 0.02, 0.021, 0.1, 0.9]),
            st.sampled_from(
                [PULSE] * 12
                + [START, STOP, CONTINUE, b"\xf2\x07\x00", b"\xf2\x03\x40"]
                + [Play(0), Stop(), FollowClock(), BackToOwnTempo(), RemoveSlot(0)]
            ),
        ),
        max_size=120,
    )
)
def test_whatever_comes_every_note_ends_and_nothing_is_refused(
    steps: list[tuple[float, bytes | Command]],
) -> None:
    sync, now = ClockSyncHarness(), 1.0
    for step, item in steps:
        now += step
        if isinstance(item, bytes):
            sync.run([(now, item)], now + LINE)
        else:
            sync.at(max(now, sync.now)).do(item)
        now = sync.now
    sync.do(BackToOwnTempo())
    sync.do(Stop())
    sync.at(now + 1)
    assert len(sync.notes) == len(sync.ends)
    # The last slot stays.
    refused = sync.harness.published(CommandFailed)
    assert all("at least one measure" in str(each) for each in refused)
