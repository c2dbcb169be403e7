"""A wave is played, paused, sought and grown; without a device that is said, and nothing waits."""

from __future__ import annotations

import sys
import threading

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.audio.output import Playing, Sink
from engine.audio.output_process import obey
from engine.audio.playback_buffer import Deck
from engine.errors import OutOfRange
from tests.support.pitch_detection import pitch, tone

RATE = 48_000


def take(deck: Deck, frames: int) -> NDArray[np.float32]:
    """Return what the device gets next, on its left side."""
    buffer = np.full((frames, 2), 9, dtype=np.float32)
    deck.fill(buffer)
    np.testing.assert_array_equal(buffer[:, 0], buffer[:, 1])
    return buffer[:, 0]


def doing(deck: Deck) -> str:
    return deck.state


def test_a_wave_is_played_to_its_end_and_again() -> None:
    deck = Deck(RATE)
    assert doing(deck) == "idle"
    wave = tone(440, 0.1, RATE)
    deck.load(RATE)
    deck.append(wave, last=True)
    assert doing(deck) == "paused"
    assert deck.length == pytest.approx(0.1)
    assert not take(deck, 100).any()
    deck.play()
    np.testing.assert_array_equal(take(deck, 4_000), wave[:4_000])
    assert doing(deck) == "playing"
    assert deck.position == pytest.approx(4_000 / RATE)
    rest = take(deck, 4_000)
    np.testing.assert_array_equal(rest[:800], wave[4_000:])
    assert not rest[800:].any()
    assert doing(deck) == "ended"
    deck.seek(0.05)
    assert doing(deck) == "paused"
    deck.seek(9)
    assert doing(deck) == "ended"
    deck.play()
    np.testing.assert_array_equal(take(deck, 100), wave[:100])
    deck.stop()
    assert doing(deck) == "idle"
    assert deck.length == 0


def test_a_growing_wave_is_waited_for_in_silence() -> None:
    deck = Deck(RATE)
    wave = tone(440, 0.1, RATE)
    deck.load(RATE)
    deck.play()
    assert not take(deck, 500).any()
    assert doing(deck) == "waiting"
    assert deck.position == 0
    deck.append(wave[:1_000])
    deck.append(wave[1_000:1_500])
    np.testing.assert_array_equal(take(deck, 1_200), wave[:1_200])
    late = take(deck, 1_200)
    np.testing.assert_array_equal(late[:300], wave[1_200:1_500])
    assert not late[300:].any()
    assert doing(deck) == "waiting"
    deck.append(wave[1_500:], last=True)
    np.testing.assert_array_equal(take(deck, 500), wave[1_500:2_000])
    assert doing(deck) == "playing"


def test_a_place_is_sought_within_what_is_there() -> None:
    deck = Deck(RATE)
    wave = tone(440, 0.5, RATE)
    deck.load(RATE)
    deck.append(wave)
    deck.play()
    deck.seek(0.25)
    np.testing.assert_array_equal(take(deck, 100), wave[12_000:12_100])
    deck.pause()
    assert not take(deck, 100).any()
    deck.seek(99)
    assert deck.position == 0.5
    deck.seek(0)
    assert deck.position == 0


def test_other_rates_and_stereo_keep_their_pitch_however_they_are_cut() -> None:
    deck = Deck(RATE)
    wave = tone(523.25, 1, 32_000)
    deck.load(32_000)
    for start in range(0, 32_000, 640):
        deck.append(wave[start : start + 640])
    deck.append(wave[:0], last=True)
    deck.play()
    assert deck.length == pytest.approx(1, abs=1e-3)
    assert pitch(take(deck, RATE), RATE) == pytest.approx(72, abs=0.05)


def test_hours_grow_without_loss() -> None:
    deck = Deck(8_000)
    deck.load(8_000)
    for value in range(1, 101):
        deck.append(np.full(8_000, value / 128, dtype=np.float32))
    deck.play()
    deck.seek(77)
    assert take(deck, 1)[0] == np.float32(78 / 128)


def test_orders_are_obeyed() -> None:
    deck = Deck(RATE)
    obey(deck, {"do": "load", "rate": RATE}, b"")
    both = np.array([[0.1, 0.2], [0.3, 0.4]], dtype=np.float32)
    obey(deck, {"do": "append", "channels": 2, "last": True}, both.tobytes())
    obey(deck, {"do": "play"}, b"")
    buffer = np.zeros((2, 2), dtype=np.float32)
    deck.fill(buffer)
    np.testing.assert_array_equal(buffer, both)
    obey(deck, {"do": "seek", "seconds": 0}, b"")
    obey(deck, {"do": "pause"}, b"")
    assert doing(deck) == "paused"
    obey(deck, {"do": "stop"}, b"")
    assert doing(deck) == "idle"


class Watcher:
    def __init__(self) -> None:
        self.seen: list[Playing] = []
        self._changed = threading.Condition()

    def __call__(self, status: Playing) -> None:
        with self._changed:
            self.seen.append(status)
            self._changed.notify_all()

    def until(self, state: str) -> Playing:
        with self._changed:
            assert self._changed.wait_for(lambda: any(s.state == state for s in self.seen), 20)
            return next(s for s in self.seen if s.state == state)


def test_without_a_device_the_reason_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    # Whatever the machine has, no device is called that.
    monkeypatch.setenv("ARMONICA_AUDIO", "no such device")
    watcher = Watcher()
    sink = Sink(watcher)
    sink.load(RATE, tone(440, 30, RATE))
    sink.play()
    failed = watcher.until("failed")
    assert failed.reason
    assert "Error:" not in failed.reason
    assert sink.status.state == "failed"
    sink.close()


def test_a_process_that_breaks_off_or_cannot_start_is_a_state() -> None:
    for command in ([sys.executable, "-c", "pass"], ["/no/such/program"]):
        watcher = Watcher()
        sink = Sink(watcher, command)
        sink.load(RATE, tone(440, 0.1, RATE))
        assert watcher.until("failed").reason
        sink.close()
        sink.play()


def test_what_cannot_be_played_is_refused() -> None:
    sink = Sink()
    with pytest.raises(OutOfRange):
        sink.load(1)
    with pytest.raises(OutOfRange):
        sink.seek(float("nan"))
    with pytest.raises(OutOfRange):
        sink.append(np.zeros((4, 3), dtype=np.float32))
    sink.close()
