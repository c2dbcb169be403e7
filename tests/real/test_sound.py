"""Sound through a real sound server: the built-in synth, and waves as they are played."""

from __future__ import annotations

import shutil
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from engine.audio.devices import list_devices
from engine.audio.output import Playing, Sink
from engine.bench.jack import RATE, JackServer
from engine.midi import messages as m
from engine.midi.client import PlayerLink
from engine.midi.ports import BUILT_IN_SYNTH, list_ports
from tests.support.fake_player import EventLog
from tests.support.pitch_detection import pitch, tone

pytestmark = pytest.mark.real

OCARINA, STICK = 79, 37


@pytest.fixture
def sound(jack: JackServer) -> JackServer:
    """Return the server where PortAudio sees it as a sound device."""
    found = list_devices()
    if not found.devices:
        pytest.skip(f"PortAudio sees no device: {found.reason}")
    if shutil.which("jack_rec") is None:
        pytest.skip("jack_rec is missing.")
    return jack


def record(
    jack: JackServer, path: Path, seconds: float, play: Callable[[], None]
) -> NDArray[np.float32]:
    """Return what our sound client put out while ``play`` ran, and after, for so long."""
    command = ["jack_rec", "-f", str(path), "-d", str(seconds), "-b", "32", "PortAudio:out_0"]
    recorder = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 30
    while "jackrec" not in (jack.ask("jack_lsp") or "") and time.monotonic() < deadline:
        time.sleep(0.02)
    play()
    recorder.wait(seconds + 10)
    wave, rate = soundfile.read(path, dtype="float32", always_2d=True)
    assert rate == RATE
    return np.asarray(wave[:, 0], dtype=np.float32)


def onsets(wave: NDArray[np.float32], gap: int = RATE // 8) -> list[int]:
    """Return the samples at which something starts after that much of near silence."""
    loud = np.flatnonzero(np.abs(wave) > 0.02)
    return [
        int(at) for at, before in zip(loud, [-gap * 2, *loud], strict=False) if at - before > gap
    ]


def test_the_built_in_synth_plays_what_a_midi_port_would(
    sound: JackServer, link: PlayerLink, log: EventLog, tmp_path: Path
) -> None:
    assert (BUILT_IN_SYNTH, "out") in {(port.name, port.direction) for port in list_ports()}
    link.send(m.UsePort(BUILT_IN_SYNTH))
    log.wait_for(m.PortOpened, lambda opened: opened.name == BUILT_IN_SYNTH)

    def play() -> None:
        start = time.monotonic() + 0.2
        link.send(m.Send(start, bytes((0xC0, OCARINA))))
        scale = enumerate((60, 64, 67, 72))
        tune = tuple(
            m.TimedNote(start + at / 2, start + at / 2 + 0.2, 0, note, 110) for at, note in scale
        )
        link.send(m.Notes(tune))

    wave = record(sound, tmp_path / "tune.wav", 3.0, play)
    begins = onsets(wave)
    pitches = [pitch(wave[at + 1_000 : at + 9_000], RATE) for at in begins]
    assert pitches == pytest.approx([60, 64, 67, 72], abs=0.5)


def test_notes_of_the_built_in_synth_are_in_time(
    sound: JackServer, link: PlayerLink, log: EventLog, tmp_path: Path
) -> None:
    link.send(m.UsePort(BUILT_IN_SYNTH))
    log.wait_for(m.PortOpened, lambda opened: opened.name == BUILT_IN_SYNTH)
    beat = 0.2371

    def play() -> None:
        start = time.monotonic() + 0.2
        beats = range(8)
        link.send(
            m.Notes(
                tuple(
                    m.TimedNote(start + n * beat, start + n * beat + 0.1, 9, STICK, 120)
                    for n in beats
                )
            )
        )

    wave = record(sound, tmp_path / "beat.wav", 3.0, play)
    begins = np.array(onsets(wave)) / RATE
    assert len(begins) == 8
    errors = np.abs(np.diff(begins) - beat)
    # The exact sample is tried elsewhere; here a busy machine may hold up message and server.
    assert np.median(errors) < 0.02


def test_the_built_in_synth_goes_and_comes_back_with_its_sound_server(
    sound: JackServer, link: PlayerLink, log: EventLog
) -> None:
    link.send(m.UsePort(BUILT_IN_SYNTH))
    log.wait_for(m.PortOpened, lambda opened: opened.name == BUILT_IN_SYNTH)
    sound.kill()
    log.wait_for(m.PortLost, lambda lost: lost.name == BUILT_IN_SYNTH)
    log.wait_for(m.PortsSeen, lambda seen: BUILT_IN_SYNTH not in seen.outputs)
    link.send(m.UsePort(BUILT_IN_SYNTH))
    failed = log.wait_for(m.PortFailed, lambda failed: failed.name == BUILT_IN_SYNTH)
    assert "no sound device" in failed.reason
    # The same name again, so that its place in JACK's list is free at the end.
    sound.start()
    log.wait_for(m.PortOpened, lambda opened: opened.name == BUILT_IN_SYNTH)


class Watcher:
    """Keeps what a sink tells, for tests to wait on."""

    def __init__(self) -> None:
        self.status = Playing()
        self._changed = threading.Condition()

    def __call__(self, status: Playing) -> None:
        """Take the new status."""
        with self._changed:
            self.status = status
            self._changed.notify_all()

    def until(self, like: Callable[[Playing], bool]) -> Playing:
        """Wait until the status is like that."""
        with self._changed:
            assert self._changed.wait_for(lambda: like(self.status), 20), self.status
            return self.status


def test_a_growing_wave_sounds_waits_and_goes_on(
    sound: JackServer, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    watcher = Watcher()
    sink = Sink(watcher)
    low, high = (tone(frequency, 0.5, 32_000) for frequency in (261.63, 523.25))
    sink.load(32_000)
    watcher.until(lambda now: now.state == "paused")

    def play() -> None:
        sink.play()
        sink.append(low)
        watcher.until(lambda now: now.state == "waiting" and now.position > 0.4)
        time.sleep(0.3)  # A gap to be heard.
        sink.append(high, last=True)
        ended = watcher.until(lambda now: now.state == "ended")
        assert ended.position == pytest.approx(1, abs=0.01)

    wave = record(sound, tmp_path / "grown.wav", 4.0, play)
    begins = onsets(wave)
    pitches = [pitch(wave[at + 1_000 : at + 18_000], RATE) for at in begins]
    assert pitches == pytest.approx([60, 72], abs=0.2)
    sink.seek(0.25)
    watcher.until(lambda now: now.state == "paused" and now.position == pytest.approx(0.25))
    sink.close()
    assert capfd.readouterr().err == ""


def test_a_sink_whose_server_dies_says_so_and_is_not_held_up(sound: JackServer) -> None:
    watcher = Watcher()
    sink = Sink(watcher)
    sink.load(RATE, tone(440, 60, RATE))
    sink.play()
    watcher.until(lambda now: now.position > 0.1)
    sound.kill()
    assert "gone" in watcher.until(lambda now: now.state == "failed").reason
    sink.load(RATE, tone(440, 1, RATE))
    again = watcher.until(lambda now: now.state == "failed" and "gone" not in now.reason)
    assert again.reason
    sound.start()
    sink.load(RATE, tone(440, 1, RATE), last=True)
    sink.play()
    watcher.until(lambda now: now.state == "playing")
    sink.close()
