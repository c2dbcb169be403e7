"""A take that is played sounds beside the screen, and never holds up a note."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from engine.audio.devices import Device, SoundDevices
from engine.audio.output import Playing
from engine.bench.lossy_proxy import SlowLine
from engine.midi import messages as m
from engine.protocol.transport import Play, PlayheadMoved
from engine.remote.audio_router import Loudspeaker
from engine.remote.protocol import SoundDid, SoundSeen
from engine.services.generation.backends import StudioParts
from tests.support.remote import RemotePlayers, ServedEngine, SilentSpeaker
from tests.support.waiting import wait_until

RATE = 32_000
WAVE = np.sin(np.arange(8 * RATE, dtype=np.float32) / 20)


@pytest.fixture
def served() -> Iterator[ServedEngine]:
    """Yield a served engine."""
    made = ServedEngine()
    yield made
    made.close()


class Corner:
    """The sound device beside a screen."""

    def __init__(self) -> None:
        self.speakers: list[SilentSpeaker] = []

    def __call__(self, tell: Callable[[SoundSeen | SoundDid], None]) -> Loudspeaker:
        """Make what a guest plays takes with."""
        devices = SoundDevices((Device("here", "alsa", True),))
        return Loudspeaker(tell, StudioParts(devices=lambda: devices, sink=self._speaker))

    def _speaker(self, changed: Callable[[Playing], None]) -> SilentSpeaker:
        self.speakers.append(SilentSpeaker(changed))
        return self.speakers[-1]


def test_a_take_sounds_at_the_device_beside_the_screen(served: ServedEngine) -> None:
    corner, states = Corner(), list[Playing]()
    guest, _ = served.guest(sound=corner)
    wait_until(lambda: served.sound.newest() is not None)
    parts = served.sound.parts()
    assert [each.name for each in parts.devices().devices] == ["here"]
    speaker = parts.sink(states.append)
    speaker.load(RATE, WAVE)
    speaker.seek(0.0)
    speaker.play()
    wait_until(lambda: corner.speakers and corner.speakers[0].whole)
    far = corner.speakers[0]
    assert far.rate == RATE
    np.testing.assert_allclose(np.concatenate(far.wave), WAVE, atol=1 / 32_000)
    assert far.done == ["load", "play"]
    wait_until(lambda: states)
    assert states[-1] == Playing("playing", 0.5, 2.0)
    # From a place in its middle it plays when it is there so far.
    speaker.load(RATE, np.stack([WAVE, -WAVE], axis=1))
    speaker.seek(3.0)
    speaker.play()
    wait_until(lambda: far.done[-1] == "play" and "seek 3" in far.done)
    np.testing.assert_allclose(np.concatenate(far.wave)[:, 1], -WAVE, atol=1 / 32_000)
    guest.close()
    wait_until(lambda: states[-1].state == "failed")
    assert "line" in states[-1].reason


def test_without_anybody_it_sounds_at_the_engines_own_device(served: ServedEngine) -> None:
    states = list[Playing]()
    speaker = served.sound.parts().sink(states.append)
    speaker.load(RATE, WAVE)
    speaker.seek(1.0)
    speaker.play()
    assert served.speakers[0].done == ["load", "seek 1", "play"]
    assert states == [Playing("playing", 0.5, 2.0)]
    corner = Corner()
    served.guest(sound=corner)
    wait_until(lambda: served.sound.newest() is not None)
    speaker.load(RATE, WAVE)
    assert served.speakers[0].done[-1] == "stop"
    wait_until(lambda: corner.speakers and corner.speakers[0].whole)
    speaker.stop()
    wait_until(lambda: corner.speakers[0].done[-1] == "stop")


def test_a_wave_does_not_hold_up_notes_and_screens(served: ServedEngine) -> None:
    assert served.door.port is not None
    with SlowLine(served.door.port, 0.05) as line:
        corner, players = Corner(), RemotePlayers()
        guest, seen = served.guest(players, line.port, corner)
        wait_until(lambda: served.sound.newest() is not None and served.switchboard.far)
        speaker = served.sound.parts().sink(lambda _: None)
        speaker.load(RATE, np.tile(WAVE, 20))
        guest.send(Play())
        seen.wait(PlayheadMoved, lambda head: head.beat > 0)
        wait_until(lambda: players.player.notes())
        assert not corner.speakers[0].whole
        # Stopping forgets what has not gone yet.
        speaker.stop()
        wait_until(lambda: corner.speakers[0].done[-1] == "stop")
        assert not corner.speakers[0].whole
        assert any(isinstance(message, m.Notes) for message in players.player.messages)
