"""Proposals asked of an engine: a job finds them, a key walks through them, one step of undo."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine import locations
from engine.music.measure import Measure
from engine.music.slot import Origin, Slot
from engine.music.song import Song
from engine.music.track import Track
from engine.phrase import model as phrase_model
from engine.protocol.base import with_request
from engine.protocol.edit import Undo
from engine.protocol.notes import LockMeasure, LockNotes
from engine.protocol.notices import CommandFailed, Notice
from engine.protocol.phrase import ProposeMeasures
from engine.runtime.engine import Engine
from tests.support import small_phrase
from tests.support.events import Listener
from tests.support.fake_player import RecordingPlayer
from tests.support.fakes import FakeModel


@pytest.fixture
def listener() -> Listener:
    return Listener()


@pytest.fixture
def jig() -> tuple[Measure, ...]:
    return next(t for t in small_phrase.tunes() if t.grid.name == "6/8" and len(t) >= 16).measures


@pytest.fixture
def engine(listener: Listener, jig: tuple[Measure, ...]) -> Iterator[Engine]:
    """Yield an engine with eight measures of a jig, then three empty ones."""
    written = [Slot.brought_in(each, Origin("written")) for each in jig[:8]]
    slots = (*written, *[Slot.blank(jig[0].grid)] * 3)
    made = Engine(FakeModel, lambda _: RecordingPlayer(), song=Song(tracks=(Track(slots=slots),)))
    made.subscribe(listener)
    made.start()
    yield made
    made.close()


def measures(engine: Engine) -> list[Measure]:
    return [slot.measure for slot in engine.snapshot.song.tracks[0].slots]


def ask(engine: Engine, listener: Listener, slot: int, seed: int = 1) -> str:
    """Ask for what fits and wait until it is there; return what is said."""
    before = len(listener.of(Notice))
    engine.send(ProposeMeasures(slot, seed, track=0))
    listener.until(lambda: len(listener.of(Notice)) > before)
    return listener.of(Notice)[-1].text


def undo(engine: Engine, listener: Listener) -> None:
    """Undo and wait until that is said."""
    before = len(listener.of(Notice))
    engine.send(Undo())
    listener.until(lambda: len(listener.of(Notice)) > before)


def test_a_gap_is_filled_walked_through_and_taken_back_in_one_step(
    engine: Engine, listener: Listener, jig: tuple[Measure, ...]
) -> None:
    first = measures(engine)
    said = ask(engine, listener, 8)
    assert said.startswith("Measures 9 to 11: proposal 1 of 4, ")
    assert said.endswith(" bits.")
    walked = [tuple(measures(engine)[8:])]
    assert not any(each.silent for each in walked[0])
    assert measures(engine)[:8] == list(jig[:8])
    for number in (2, 3, 4, 1):
        assert f"proposal {number} of 4" in ask(engine, listener, 8)
        walked.append(tuple(measures(engine)[8:]))
    # Having seen all, one is back at the first.
    assert walked[4] == walked[0]
    assert len(set(walked)) > 1
    slot = engine.snapshot.song.slot(8)
    assert slot.origin.title == "Proposed to fit"
    assert slot.origin.detail.endswith(" bits")
    assert engine.snapshot.undo == ("propose measures 9 to 11",)
    undo(engine, listener)
    assert measures(engine) == first
    # Asked after that, with another seed, other music may come.
    assert "proposal 1 of 4" in ask(engine, listener, 8, seed=2)


def test_a_measure_with_notes_is_replaced_and_its_locked_notes_stay(
    engine: Engine, listener: Listener, jig: tuple[Measure, ...]
) -> None:
    onset = next(tick for tick, token in enumerate(jig[3].tokens) if token > 1)
    engine.send(LockNotes(3, (onset,), True, track=0))
    assert ask(engine, listener, 3).startswith("Measure 4: proposal 1 of 4")
    there = engine.snapshot.song.slot(3)
    assert there.measure.tokens[onset] == jig[3].tokens[onset]
    assert there.locked_notes == {onset}
    assert measures(engine)[4:8] == list(jig[4:8])


def test_an_edit_ends_the_walk(engine: Engine, listener: Listener) -> None:
    ask(engine, listener, 8)
    undo(engine, listener)
    assert measures(engine)[8].silent
    assert "proposal 1 of 4" in ask(engine, listener, 8)
    assert "proposal 1 of 4" in ask(engine, listener, 2)


def test_what_cannot_be_proposed_is_said(
    engine: Engine, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.send(LockMeasure(2, True, track=0))
    command = with_request(ProposeMeasures(2, 1, track=0))
    engine.send(command)
    assert "locked" in listener.refused(command).message
    command = with_request(ProposeMeasures(99, 1, track=0))
    engine.send(command)
    assert "no measure 100" in listener.refused(command).message
    monkeypatch.setattr(locations, "PHRASE", locations.PHRASE / "none")
    phrase_model.shipped.cache_clear()
    try:
        engine.send(ProposeMeasures(8, 1, track=0))
        listener.until(lambda: [e for e in listener.of(CommandFailed) if "phrase" in e.message])
    finally:
        phrase_model.shipped.cache_clear()
