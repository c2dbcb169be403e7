"""The whole engine under a real JACK server: a song and its edits arrive at another client."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from itertools import pairwise

import pytest

from engine.config import Settings
from engine.music.measure import Measure
from engine.music.modulation import Modulation
from engine.music.routes import Route
from engine.music.slot import Origin
from engine.protocol.edit import LoadMeasures, SetKey, SetLatent, SetTempo
from engine.protocol.tracks import AddTrack, SetGroove, SetModulation, SetRoutes, SetTrack
from engine.protocol.transport import Play, SetAudition, Stop
from engine.runtime.engine import Engine
from tests.support.events import Listener
from tests.support.fakes import FakeModel
from tests.support.jack import Hear, JackServer, NoteReader, note_starts
from tests.support.measures import measure

pytestmark = pytest.mark.real


@pytest.fixture
def engine(jack: JackServer, hear: Hear) -> Iterator[tuple[Engine, NoteReader]]:
    """Yield an engine with the song that ships, and the listener that it plays to."""
    del jack
    reader = hear("listener")
    listener = Listener()
    made = Engine(FakeModel, settings=Settings(port="listener"))
    made.subscribe(listener)
    made.start()
    listener.until(
        lambda: made.snapshot.port.state == "open" and made.snapshot.model.state == "ready",
    )
    yield made, reader
    made.close()


def test_the_song_that_ships_arrives_note_by_note(engine: tuple[Engine, NoteReader]) -> None:
    made, listener = engine
    made.send(SetTempo(300))
    made.send(Play())
    expected = [pitch for measure in made.snapshot.song.measures() for pitch in measure.pitches]
    listener.wait_until(lambda messages: len(note_starts(messages)) >= len(expected))
    program = next(place for place, (_, data) in enumerate(listener.messages) if data[0] == 0xC0)
    first = next(place for place, (_, data) in enumerate(listener.messages) if data[0] == 0x90)
    assert program < first
    assert [data[1] for _, data in note_starts(listener.messages)][: len(expected)] == expected
    made.send(Stop())
    listener.wait_until(lambda messages: any(data == b"\xfc" for _, data in messages))
    listener.wait_until(lambda _: not listener.holding())


def test_an_edit_is_heard_and_closing_leaves_no_note(
    engine: tuple[Engine, NoteReader],
) -> None:
    made, listener = engine
    made.send(SetLatent(0, 2, -1.0))
    listener.wait_until(lambda messages: bool(note_starts(messages)))
    edited = made.snapshot.row.slots[0].measure
    assert note_starts(listener.messages)[0][1][1] == edited.pitches[0]
    made.close()
    listener.wait_until(lambda _: not listener.holding())


def test_swing_a_lock_and_an_octave_beside_it_are_heard(
    engine: tuple[Engine, NoteReader],
) -> None:
    made, listener = engine
    eighths = Measure.from_tokens([token for pair in range(8) for token in (60 + pair, 0, 0)])
    made.send(SetAudition(False))
    made.send(LoadMeasures(0, (eighths,) * 8, (Origin("midi"),) * 8))
    made.send(SetTempo(100))
    made.send(SetGroove(swing=66))
    made.send(SetKey(0, "major", lock=True))
    made.send(SetRoutes((Route("", 3, None, 12),)))
    made.send(Play(0))
    listener.wait_until(lambda messages: len(note_starts(messages)) >= 34)
    starts = note_starts(listener.messages)
    melody = [(at, data[1]) for at, data in starts if data[0] == 0x90]
    above = [data[1] for _, data in starts if data[0] == 0x93]
    locked = [60, 60, 62, 62, 64, 65, 65, 67]
    assert [pitch for _, pitch in melody[:16]] == locked * 2
    assert above[:16] == [pitch + 12 for pitch in locked * 2]
    # A quarter note lasts 600 ms; the first of each pair has 66 % of it. JACK passes messages on
    # at the ends of its periods, which slip on a busy machine.
    steps = [after[0] - before[0] for before, after in pairwise(melody[:17])]
    assert statistics.median(steps[::2]) == pytest.approx(0.396, abs=0.01)
    assert statistics.median(steps[1::2]) == pytest.approx(0.204, abs=0.01)


def test_a_gauge_moves_a_controller_and_what_was_asked_last_is_heard_last(
    engine: tuple[Engine, NoteReader],
) -> None:
    made, listener = engine
    made.send(SetModulation(Modulation(1, "cc", 4, 74)))
    made.send(SetModulation(Modulation(2, "bend", 4, 0, 0, 16_383)))
    for step in range(300):
        made.send(SetLatent(0, 1, -3 + step / 50, gesture=1))
    made.send(SetLatent(0, 1, 3.0))
    listener.wait_until(lambda messages: b"\xb4\x4a\x7f" in [data for _, data in messages])
    values = [data[2] for _, data in listener.messages if data[:2] == b"\xb4\x4a"]
    # No value is sent twice, nor one that was overtaken.
    assert values[1:] == sorted(set(values[1:]))
    made.send(SetLatent(0, 2, 3.0))
    listener.wait_until(lambda messages: b"\xe4\x7f\x7f" in [data for _, data in messages])
    # At the end the instrument is in tune again.
    made.close()
    listener.wait_until(
        lambda messages: [data for _, data in messages if data[0] == 0xE4][-1] == b"\xe4\x00\x40"
    )


def test_two_tracks_arrive_each_on_its_channel_and_a_muted_one_does_not(
    engine: tuple[Engine, NoteReader],
) -> None:
    made, listener = engine
    long, four = measure("C---"), measure("CDEF")
    for command in (
        SetAudition(False),
        LoadMeasures(0, (four,) * 8, (Origin("midi"),) * 8),
        AddTrack("Bass"),
        SetTrack(channel=2, program=33, octave=-2),
        LoadMeasures(0, (long,) * 8, (Origin("midi"),) * 8),
        SetTempo(240),
        Play(0),
    ):
        made.send(command)

    def pitches(channel: int) -> list[int]:
        return [data[1] for _, data in note_starts(listener.messages) if data[0] & 0x0F == channel]

    listener.wait_until(lambda _: len(pitches(0)) >= 12)
    assert pitches(0)[:8] == [60, 62, 64, 65] * 2
    assert pitches(2)[:3] == [36] * 3
    assert (0xC2, 33) in [(data[0], data[1]) for _, data in listener.messages if len(data) > 1]
    made.send(SetTrack(muted=True))
    listener.wait_until(lambda _: (2, 36) not in listener.holding())
    count = len(pitches(2))
    listener.wait_until(lambda _: len(pitches(0)) >= 28)
    assert len(pitches(2)) == count
    made.send(Stop())
    listener.wait_until(lambda _: not listener.holding())
