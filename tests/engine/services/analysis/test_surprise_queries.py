"""Surprise asked of an engine: the asked measure first, all of them then, the edit heard in it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace

import pytest

from engine.jobs import Job
from engine.music.measure import Measure, silence
from engine.music.slot import Origin, Slot
from engine.music.song import Song
from engine.music.track import Track
from engine.protocol.base import Event, with_request
from engine.protocol.phrase import AskSurprise, SurpriseFound
from engine.protocol.snapshot import Snapshot
from engine.runtime.engine import Engine
from engine.services.analysis.surprise_queries import SurpriseQueries
from tests.support import small_phrase
from tests.support.events import Listener
from tests.support.fake_player import RecordingPlayer
from tests.support.fakes import FakeModel


def tune() -> tuple[Song, tuple[Measure, ...]]:
    """Return a song of sixteen measures, and its measures."""
    found = next(t for t in small_phrase.tunes() if t.grid.name == "4/4" and len(t) >= 16)
    slots = tuple(Slot.brought_in(each, Origin("written")) for each in found.measures[:16])
    return Song(tracks=(Track(slots=slots),), key=found.key), found.measures[:16]


def answers(queries: SurpriseQueries, song: Song, slot: int) -> list[SurpriseFound]:
    told: list[Event] = []
    snapshot = replace(Snapshot(), song=song)
    Job(0, "", "", queries.ask(AskSurprise(slot, track=0), snapshot), told.append).run()
    return [each for each in told if isinstance(each, SurpriseFound)]


def spoilt(song: Song, at: int) -> Song:
    """Return the song with a note of a measure moved out of the key."""
    tokens = list(song.slot(at).measure.tokens)
    tick = [t for t, token in enumerate(tokens) if token > 1][2]
    by = next(by for by in (1, -1) if not song.key.holds(tokens[tick] + by))
    tokens[tick] += by
    return song.with_slot(at, Slot.brought_in(Measure(tuple(tokens)), Origin("written")))


def test_the_asked_measure_is_told_first_and_all_of_them_then() -> None:
    song, measures = tune()
    first, last = answers(SurpriseQueries(), song, 9)
    assert [each is not None for each in first.percentiles] == [8 <= at < 12 for at in range(16)]
    assert all(each is not None for each in last.percentiles)
    assert last.percentiles[8:12] == first.percentiles[8:12]
    assert first.bits == last.bits
    assert len(measures) == len(last.percentiles)


def test_a_note_made_wrong_is_said_in_words() -> None:
    queries = SurpriseQueries()
    song, _ = tune()
    before = answers(queries, song, 9)[-1]
    after = answers(queries, spoilt(song, 9), 9)[-1]
    assert before.bits is not None
    assert after.bits is not None
    assert after.bits > before.bits + 4
    assert any(f"leaves {song.key.name}" in words for words in after.words)
    # What stands before it is as it was.
    assert after.percentiles[:8] == before.percentiles[:8]


def test_silence_and_a_song_of_one_measure() -> None:
    song, measures = tune()
    one = song.with_slot(3, Slot.blank(measures[3].grid))
    found = answers(SurpriseQueries(), one, 3)[-1]
    assert found.percentiles[3] is None
    assert (found.bits, found.words) == (None, ())
    slot = Slot.brought_in(measures[0], Origin("written"))
    (alone,) = answers(SurpriseQueries(), Song(tracks=(Track(slots=(slot,)),)), 0)
    assert len(alone.percentiles) == 1
    empty = Song(tracks=(Track(slots=(Slot.blank(silence(measures[0].grid).grid),)),))
    assert answers(SurpriseQueries(), empty, 0)[-1].percentiles == (None,)


TIMED = """
import time
from tests.engine.services.analysis import test_surprise_queries as t
queries, (song, _) = t.SurpriseQueries(), t.tune()
t.answers(queries, song, 9)
spent = []
for number in range(9, 16):
    told = []
    changed = t.replace(t.Snapshot(), song=t.spoilt(song, number))
    work = queries.ask(t.AskSurprise(number, track=0), changed)
    began = time.thread_time()
    t.Job(0, "", "", work, lambda _: told.append(time.thread_time())).run()
    spent.append(told[0] - began)
print(sorted(spent)[3])
"""


@pytest.mark.alone
def test_an_edit_is_answered_within_thirty_milliseconds_of_one_core() -> None:
    one = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", TIMED], capture_output=True, text=True, env=one, check=True
    )
    assert float(done.stdout) < 0.03


@pytest.fixture
def listener() -> Listener:
    return Listener()


@pytest.fixture
def engine(listener: Listener) -> Iterator[Engine]:
    made = Engine(FakeModel, lambda _: RecordingPlayer(), song=tune()[0])
    made.subscribe(listener)
    made.start()
    yield made
    made.close()


def test_an_engine_answers_and_refuses(engine: Engine, listener: Listener) -> None:
    engine.send(AskSurprise(2, track=0))
    listener.until(lambda: [e for e in listener.of(SurpriseFound) if None not in e.percentiles])
    command = with_request(AskSurprise(99, track=0))
    engine.send(command)
    assert "no measure 100" in listener.refused(command).message
