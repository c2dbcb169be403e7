"""The built-in synth: each message at its sample, and clear words where it cannot sound."""

from __future__ import annotations

import time

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.audio import soundfont, synth_probe
from engine.audio.builtin_synth import PreviewPort
from engine.audio.builtin_synth_process import Preview, Voices
from engine.audio.devices import Device, SoundDevices
from engine.audio.synth_probe import SoundSystem
from engine.errors import PortError
from engine.midi import messages as m
from engine.midi.player.reconnecting_port import ReconnectingPort
from engine.midi.ports import BUILT_IN_SYNTH, Census
from engine.services.devices.output_port import OutputPort
from tests.support.pitch_detection import pitch

RATE = 48_000
BLOCK = 256
DELAY = BLOCK / RATE + 0.005

OCARINA, STICK = 79, 37


def listen(
    messages: list[tuple[float, bytes]], seconds: float, late: float = 0.0
) -> NDArray[np.float32]:
    """Return what the preview plays, its buffers asked for up to ``late`` seconds too late."""
    preview = Preview(Voices(soundfont.find(), RATE), RATE)
    blocks = round(seconds * RATE / BLOCK)
    wave = np.zeros((blocks * BLOCK, 2), dtype=np.float32)
    waiting = list(messages)
    uneven = np.random.default_rng(1).uniform(0, late, blocks)
    for block in range(blocks):
        now = block * BLOCK / RATE + float(uneven[block])
        while waiting and waiting[0][0] <= now:
            preview.take(*waiting.pop(0))
        part = wave[block * BLOCK : (block + 1) * BLOCK]
        preview.play(part.data.cast("B"), BLOCK, now)
    return wave[:, 0]


def starts(wave: NDArray[np.float32]) -> list[int]:
    loud = np.flatnonzero(np.abs(wave) > 1e-3)
    return [int(at) for at in loud[np.diff(loud, prepend=-RATE) > RATE // 8]]


def test_each_message_is_heard_at_its_sample_after_one_delay() -> None:
    times = [0.1, 0.4003, 0.73333, 1.1]
    hits = [(at, bytes((0x99, STICK, 120))) for at in times]
    found = starts(listen(hits, 1.5))
    # Where a hit becomes audible is the same for all, so what lies between them is exact.
    assert found[0] == pytest.approx((0.1 + DELAY) * RATE, abs=RATE // 200)
    between = [round((at - times[0]) * RATE) for at in times]
    assert [at - found[0] for at in found] == pytest.approx(between, abs=1)


def test_a_device_that_asks_unevenly_moves_no_note_by_a_millisecond() -> None:
    times = [0.2 + 0.25 * n for n in range(6)]
    found = starts(listen([(at, bytes((0x99, STICK, 120))) for at in times], 2.0, late=0.003))
    assert np.diff(found) / RATE == pytest.approx(0.25, abs=0.001)


def test_programs_pitches_and_ends_are_obeyed() -> None:
    wave = listen(
        [
            (0.0, bytes((0xC2, OCARINA))),
            (0.1, bytes((0x92, 60, 100))),
            (0.5, bytes((0x82, 60, 0))),
            (0.8, bytes((0x92, 67, 100))),
            (1.2, bytes((0x92, 67, 0))),
        ],
        2.0,
    )
    assert pitch(wave[8_000:22_000], RATE) == pytest.approx(60, abs=0.3)
    assert pitch(wave[42_000:56_000], RATE) == pytest.approx(67, abs=0.3)
    assert np.abs(wave[-9_000:]).max() < 1e-3


def test_all_sounds_off_is_silence() -> None:
    held = [(0.0, bytes((0xC0, 16))), (0.1, bytes((0x90, 60, 100))), (0.5, bytes((0xB0, 120, 0)))]
    wave = listen(held, 1.0)
    assert np.abs(wave[12_000:20_000]).max() > 0.01
    assert np.abs(wave[30_000:]).max() < 1e-4


def test_messages_that_have_no_sound_are_taken() -> None:
    odd = [bytes((0xA0, 60, 1)), bytes((0xD0, 1)), bytes((0xE0, 0, 64)), bytes((0xB0, 7, 100))]
    assert not listen([(0.1, data) for data in odd], 0.3).any()


def test_a_stall_does_not_hold_up_what_follows() -> None:
    preview = Preview(Voices(soundfont.find(), RATE), RATE)
    block = np.zeros((BLOCK, 2), dtype=np.float32)
    preview.play(block.data.cast("B"), BLOCK, 0.0)
    preview.take(0.01, bytes((0x99, STICK, 120)))
    # The machine slept; what was due meanwhile sounds at once.
    for at in range(4):
        preview.play(block.data.cast("B"), BLOCK, 60.0 + at * BLOCK / RATE)
    assert np.abs(block).max() > 1e-3


def test_without_a_device_choosing_it_says_so() -> None:
    reports: list[m.FromPlayer] = []
    outlet = ReconnectingPort(reports.append, lambda: None)
    outlet.see(Census({"jack": (("jack:synth:in",), ())}))
    outlet.want(BUILT_IN_SYNTH)
    assert isinstance(reports[-1], m.PortFailed)
    assert "no sound device" in reports[-1].reason
    assert "doctor" in reports[-1].reason


def test_a_synth_that_cannot_start_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARMONICA_SOUNDFONT", "/none/at/all.sf2")
    with pytest.raises(PortError, match=r"all\.sf2 cannot be read") as caught:
        PreviewPort()
    assert "built-in synth is not there" in caught.value.message


def test_it_is_chosen_where_there_is_no_instrument() -> None:
    def chosen(*outputs: str) -> list[m.ToPlayer]:
        return OutputPort().on_report(m.PortsSeen(outputs))[0]

    assert chosen("virtual", BUILT_IN_SYNTH) == [m.UsePort(BUILT_IN_SYNTH, hush=True)]
    assert chosen("virtual", "alsa:Synth", BUILT_IN_SYNTH) == [m.UsePort("alsa:Synth", hush=True)]
    assert chosen("virtual", "alsa:A", "alsa:B", BUILT_IN_SYNTH) == [
        m.UsePort("virtual", hush=True)
    ]


def test_devices_survive_the_pipe() -> None:
    sound = SoundDevices((Device("Lautsprecher für Ü", "ALSA", usual=True),))
    assert SoundDevices.read(sound.line()) == sound
    for bad in (b"", b"[]", b'{"devices":[1]}', b'{"devices":[{}],"reason":""}'):
        with pytest.raises(ValueError):  # noqa: PT011
            SoundDevices.read(bad)


def test_the_census_follows_servers_that_come_and_go(monkeypatch: pytest.MonkeyPatch) -> None:
    import subprocess

    running = False

    def looking() -> subprocess.Popen[bytes]:
        found = SoundDevices((Device("system", "JACK", usual=True),) if running else ())
        return subprocess.Popen(["printf", found.line().decode()], stdout=subprocess.PIPE)

    monkeypatch.setattr(synth_probe, "start_looking", looking)
    system = SoundSystem(lambda: running)
    assert system.look() is None
    running = True
    deadline = time.monotonic() + 60
    while system.look() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    assert system.look() == (["built-in synth"], [])
