"""Harmony that is asked of an engine: a job answers with keys and chords."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

import pytest

from engine.music.scales import Key
from engine.music.slot import Origin
from engine.music.song import Song
from engine.protocol.analysis import AskHarmony, HarmonyFound
from engine.protocol.base import with_request
from engine.protocol.chords import FillChords, WriteChords
from engine.protocol.edit import LoadMeasures
from engine.runtime.engine import Engine
from tests.support.events import Listener
from tests.support.fake_player import RecordingPlayer
from tests.support.fakes import FakeModel
from tests.support.measures import measure


@pytest.fixture
def listener() -> Listener:
    """Return what hears the engine."""
    return Listener()


@pytest.fixture
def engine(listener: Listener) -> Iterator[Engine]:
    """Yield an engine with a thread, which jobs need, and three measures in D major."""
    tune = tuple(measure(text).transposed(2) for text in ("CEGE", "FAFA", "CEC-"))
    made = Engine(FakeModel, lambda _: RecordingPlayer(), song=Song(key=Key(2)))
    made.subscribe(listener)
    made.start()
    made.send(LoadMeasures(0, tune, (Origin("written"),) * 3))
    yield made
    made.close()


def ask(engine: Engine, listener: Listener, command: AskHarmony) -> HarmonyFound:
    """Ask, and return the answer."""
    command = with_request(command)
    engine.send(command)
    listener.until(lambda: [e for e in listener.of(HarmonyFound) if e.request == command.request])
    return listener.of(HarmonyFound)[-1]


def test_the_key_and_five_chords_are_told_with_their_certainty(
    engine: Engine, listener: Listener
) -> None:
    found = ask(engine, listener, AskHarmony(1))
    key, certainty = found.keys[0]
    assert key == Key(2)
    assert 0.5 < certainty <= 1
    assert [chord.name(key) for chord, _ in found.chords][:1] == ["G"]
    assert len(found.chords) == 5
    # Chords that are written lead the others.
    engine.send(WriteChords(0, Fraction(0), "Bm7"))
    led = ask(engine, listener, replace(found.asked, slot=0, place=Fraction(2)))
    assert "Bm7" in [chord.name(key) for chord, _ in led.chords]


def test_measures_without_chords_are_filled(engine: Engine, listener: Listener) -> None:
    engine.send(WriteChords(1, Fraction(0), "Em7"))
    engine.send(FillChords(0, 3))
    listener.until(lambda: len(engine.snapshot.song.chords) == 3)
    assert [each.name(Key(2)) for each in engine.snapshot.song.chords] == ["D", "Em7", "D"]


def test_what_is_not_there_is_refused(engine: Engine, listener: Listener) -> None:
    command = with_request(AskHarmony(99))
    engine.send(command)
    assert "no measure 100" in listener.refused(command).message
