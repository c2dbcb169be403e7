"""An engine behind its door, and screens and players at the other end of a line to it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from engine.audio.devices import SoundDevices
from engine.audio.output import Playing
from engine.audio.synth import Wave
from engine.config import Settings
from engine.midi import messages as m
from engine.remote.audio_router import AudioRouter, Loudspeaker
from engine.remote.client import RemoteEngine
from engine.remote.connect import Address
from engine.remote.host import EngineHost
from engine.remote.player_bridge import PlayerBridge
from engine.remote.player_router import PlayerRouter
from engine.remote.protocol import SoundDid, SoundSeen
from engine.remote.server import Server
from engine.remote.sockets import tcp_door, unix_door
from engine.runtime.engine import Engine
from engine.services.generation.backends import StudioParts
from tests.support.events import Listener
from tests.support.fake_player import RecordingPlayer
from tests.support.fakes import FakeModel


@dataclass(slots=True)
class SilentPlayer(RecordingPlayer):
    """A player that plays nothing, remembers what it was told and when, and says it is ready."""

    on_report: Callable[[m.FromPlayer], None] | None = None
    ports: tuple[str, ...] = ("synth",)
    times: list[float] = field(default_factory=list)

    def begin(self) -> None:
        """Describe what a player process says at its start."""
        self.say(m.Ready(1, False))
        self.say(m.PortsSeen(self.ports))

    def say(self, message: m.FromPlayer) -> None:
        """Describe something, as the process would."""
        assert self.on_report is not None
        self.on_report(message)

    def send(self, message: m.ToPlayer) -> None:
        """Remember the message and its time; opens every port."""
        self.times.append(time.monotonic())
        self.messages.append(message)
        if isinstance(message, m.UsePort):
            self.say(m.PortOpened(message.name, message.outlet))


class SilentSpeaker:
    """A speaker that keeps what it was given, and says what it is told to say."""

    def __init__(self, changed: Callable[[Playing], None]) -> None:
        self.changed = changed
        self.rate = 0
        self.wave: list[Wave] = []
        self.done: list[str] = []
        self.whole = False

    def load(self, rate: int, wave: Wave | None = None, last: bool = True) -> None:
        """Begin another wave."""
        self.rate, self.wave, self.whole = rate, [], False
        self.done.append("load")
        if wave is not None:
            self.append(wave, last)

    def append(self, chunk: Wave, last: bool = False) -> None:
        """Keep more of it."""
        self.wave.append(chunk)
        self.whole = last

    def play(self) -> None:
        """Say that it plays."""
        self.done.append("play")
        self.changed(Playing("playing", 0.5, 2.0))

    def seek(self, seconds: float) -> None:
        """Remember where to."""
        self.done.append(f"seek {seconds:g}")

    def stop(self) -> None:
        """Remember that it stopped."""
        self.done.append("stop")

    def close(self) -> None:
        """Remember that it was closed."""
        self.done.append("close")


class ServedEngine:
    """An engine with a fake model and a silent player of its own, served on both kinds of door."""

    def __init__(self, clock_ahead: float = 0.0) -> None:
        self.own: list[SilentPlayer] = []
        self.clock_ahead = clock_ahead
        self.switchboard = PlayerRouter(self._own, clock=self.clock)
        self.engine = Engine(
            FakeModel, self.switchboard, settings=Settings(port="none"), clock=self.clock
        )
        self.listener = Listener()
        self.engine.subscribe(self.listener)
        self.door = tcp_door()
        self.asked_to_end = False
        self.speakers: list[SilentSpeaker] = []
        self.sound = AudioRouter(StudioParts(devices=lambda: SoundDevices(()), sink=self._speaker))
        host = EngineHost(ended=self._end, sound=self.sound)
        doors = [unix_door(), self.door]
        self.server = Server(self.engine, self.switchboard, doors, host, self.clock)
        self.engine.start()
        self.server.start()
        self.guests: list[RemoteEngine] = []
        self.listener.until(lambda: self.engine.snapshot.model.state == "ready")

    def clock(self) -> float:
        """The time of a machine that was started at another moment."""
        return time.monotonic() + self.clock_ahead

    def _own(self, on_report: Callable[[m.FromPlayer], None]) -> SilentPlayer:
        self.own.append(SilentPlayer(on_report=on_report))
        self.own[-1].begin()
        return self.own[-1]

    def _end(self) -> None:
        self.asked_to_end = True

    def _speaker(self, changed: Callable[[Playing], None]) -> SilentSpeaker:
        self.speakers.append(SilentSpeaker(changed))
        return self.speakers[-1]

    def guest(
        self,
        home: Callable[[Callable[[m.FromPlayer], None]], PlayerBridge] | None = None,
        port: int | None = None,
        sound: Callable[[Callable[[SoundSeen | SoundDid], None]], Loudspeaker] | None = None,
    ) -> tuple[RemoteEngine, Listener]:
        """Attach a screen over the Unix socket, or over TCP at ``port``."""
        where = Address() if port is None else Address("tcp", "127.0.0.1", "", port)
        made = RemoteEngine(where, home=home, sound=sound)
        listener = Listener()
        made.subscribe(listener)
        made.start()
        self.guests.append(made)
        return made, listener

    def close(self) -> None:
        """End everything."""
        for guest in self.guests:
            guest.close()
        self.server.close()
        self.engine.close()


class RemotePlayers:
    """A player beside a screen: the home that it makes, and what it was told."""

    def __init__(self, ports: tuple[str, ...] = ("far synth",)) -> None:
        self.players: list[SilentPlayer] = []
        self._ports = ports

    def __call__(self, on_report: Callable[[m.FromPlayer], None]) -> PlayerBridge:
        """Make the home of a guest."""
        home = PlayerBridge(on_report, player=self._player)
        self.players[0].begin()
        return home

    def _player(self, on_report: Callable[[m.FromPlayer], None]) -> SilentPlayer:
        self.players.append(SilentPlayer(on_report=on_report, ports=self._ports))
        return self.players[-1]

    @property
    def player(self) -> SilentPlayer:
        """The player."""
        return self.players[0]
