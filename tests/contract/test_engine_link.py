"""Every engine that screens can have keeps to `EngineLink`: here, over a line, and fake."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine.config import Settings
from engine.protocol.base import with_request
from engine.protocol.edit import Redo, SetLatent, SetTempo, Undo
from engine.protocol.notices import CommandFailed
from engine.protocol.snapshot import Snapshot
from engine.runtime.engine import Engine
from tests.support.events import Listener
from tests.support.fake_engine import FakeEngine
from tests.support.fakes import FakeModel
from tests.support.remote import ServedEngine, SilentPlayer
from tui.bridge import EngineLink


@pytest.fixture(params=["engine", "remote", "fake"])
def link(request: pytest.FixtureRequest) -> Iterator[EngineLink]:
    made: EngineLink
    if request.param == "remote":
        served = ServedEngine()
        made, listener = served.guest()
        listener.until(lambda: made.snapshot.model.state == "ready")
        yield made
        served.close()
        return
    if request.param == "engine":
        engine = Engine(
            FakeModel, lambda hear: SilentPlayer(on_report=hear), settings=Settings(port="none")
        )
        engine.start()
        made = engine
    else:
        made = FakeEngine()
    listener = Listener()
    made.subscribe(listener)
    listener.until(lambda: made.snapshot.model.state == "ready")
    yield made
    made.close()


@pytest.fixture
def seen(link: EngineLink) -> Listener:
    listener = Listener()
    link.subscribe(listener)
    return listener


def test_who_subscribes_is_given_the_latest_snapshot_first(
    link: EngineLink, seen: Listener
) -> None:
    seen.until(lambda: seen.events)
    assert isinstance(seen.events[0], Snapshot)
    assert seen.events[0].song == link.snapshot.song


def test_a_command_changes_the_snapshot_and_undo_walks_back(
    link: EngineLink, seen: Listener
) -> None:
    before = link.snapshot.song
    link.send(SetTempo(77))
    seen.until(lambda: link.snapshot.song.tempo == 77)
    assert seen.wait(Snapshot, lambda shown: shown.song.tempo == 77)
    link.send(Undo())
    seen.until(lambda: link.snapshot.song == before)
    link.send(Redo())
    seen.until(lambda: link.snapshot.song.tempo == 77)


def test_a_gauge_moves_the_measure_of_its_slot(link: EngineLink, seen: Listener) -> None:
    link.send(SetLatent(0, 2, 2.5))
    seen.until(lambda: link.snapshot.row.slots[0].latent is not None)
    seen.until(lambda: (link.snapshot.row.slots[0].latent or (0, 0, 0))[2] == 2.5)
    assert link.snapshot.row.slots[0].measure.notes


def test_commands_are_handled_in_their_order(link: EngineLink, seen: Listener) -> None:
    for tempo in range(60, 100):
        link.send(SetTempo(tempo))
    seen.until(lambda: link.snapshot.song.tempo == 99)
    tempos = [shown.song.tempo for shown in seen.of(Snapshot)]
    assert tempos[1:] == sorted(tempos[1:])


def test_what_cannot_be_is_answered_and_changes_nothing(link: EngineLink, seen: Listener) -> None:
    before = link.snapshot.song
    request = with_request(SetTempo(10_000))
    link.send(request)
    failed = seen.wait(CommandFailed)
    assert failed.request == request.request
    assert failed.message
    assert link.snapshot.song == before


def test_who_has_unsubscribed_is_told_no_more(link: EngineLink, seen: Listener) -> None:
    other = Listener()
    leave = link.subscribe(other)
    other.until(lambda: other.events)
    leave()
    count = len(other.events)
    link.send(SetTempo(66))
    seen.until(lambda: link.snapshot.song.tempo == 66)
    assert len(other.events) == count
