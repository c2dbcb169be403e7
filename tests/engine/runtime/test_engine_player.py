"""The engine with the real player process, on no port: a song plays in time."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator

import pytest

from engine.config import Settings
from engine.midi.client import Player, PlayerLink
from engine.midi.messages import FromPlayer, PortOpened
from engine.protocol.devices import OpenPort
from engine.protocol.edit import SetTempo
from engine.protocol.notices import Notice
from engine.protocol.snapshot import Snapshot
from engine.protocol.transport import LatenessMeasured, Play, PlayheadMoved, Stop
from engine.runtime.engine import Engine
from tests.support.events import Listener
from tests.support.fakes import FakeModel


class Hall:
    """An engine that plays the song that ships, through a player process of its own."""

    def __init__(self) -> None:
        self.listener = Listener()
        self.reports: list[FromPlayer] = []
        self.links: list[PlayerLink] = []
        self.engine = Engine(FakeModel, self._player, settings=Settings(port="none"))
        self.engine.subscribe(self.listener)
        self.engine.start()

    def _player(self, tell: Callable[[FromPlayer], None]) -> Player:
        def hear(report: FromPlayer) -> None:
            self.reports.append(report)
            tell(report)

        self.links.append(PlayerLink(hear))
        return self.links[0]


@pytest.fixture
def hall() -> Iterator[Hall]:
    """Yield such an engine."""
    made = Hall()
    yield made
    made.engine.close()


def test_the_song_that_ships_plays_in_time(hall: Hall) -> None:
    hall.engine.send(SetTempo(240))
    hall.engine.send(Play())
    hall.listener.wait(PlayheadMoved, lambda head: head.slot == 1)
    late = hall.listener.wait(LatenessMeasured)
    # Half of all ticks and notes: the other half may suffer from whatever else runs here.
    assert late.p50 < 20
    hall.engine.send(Stop())
    hall.listener.wait(PlayheadMoved, lambda head: head.slot is None)
    hall.engine.send(OpenPort(None))
    hall.listener.until(lambda: PortOpened(None) in hall.reports)
    assert hall.engine.snapshot.port.state == "none"


def test_the_music_goes_on_when_the_player_process_is_killed(hall: Hall) -> None:
    hall.engine.send(Play())
    hall.listener.wait(LatenessMeasured)
    first = hall.links[0].pid
    os.kill(first, signal.SIGKILL)
    assert (
        "another goes on"
        in hall.listener.wait(Notice, lambda event: "player process" in event.text).text
    )
    known = len(hall.listener.of(LatenessMeasured))
    hall.listener.until(lambda: len(hall.listener.of(LatenessMeasured)) > known)
    assert hall.links[0].pid != first
    assert hall.listener.of(Snapshot)[-1].playing
