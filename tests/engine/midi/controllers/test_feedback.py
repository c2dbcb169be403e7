"""What devices are told back, and by which port."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import PortError
from engine.midi import wire
from engine.midi.controllers.controls import LAST, Control, ControlReader
from engine.midi.controllers.feedback import messages
from engine.midi.messages import Listen, Message, SendFeedback
from engine.midi.player import feedback_supervisor
from engine.midi.player.feedback_process import RETRY, FeedbackSender, counterparts
from tests.support.waiting import wait_until

CONTROLS = st.sampled_from(sorted(LAST)).flatmap(
    lambda kind: st.builds(Control, st.just(kind), st.integers(0, 15), st.integers(0, LAST[kind]))
)


@given(CONTROLS, st.floats(0, 1))
def test_a_device_is_told_what_it_would_say_itself(control: Control, place: float) -> None:
    reader = ControlReader({control: "absolute"})
    moved = [reader.read(0.0, each) for each in messages(control, place)]
    if control.kind in ("pressure", "program"):
        assert moved == []
        return
    last = moved[-1]
    assert last is not None
    assert last.control == control
    assert last.value == pytest.approx(place, abs=0.5 / 127 + 1e-9)


class FeedbackHarness:
    """Devices that listen, and what they were sent."""

    def __init__(self, *listening: str) -> None:
        self.listening = set(listening)
        self.sent: list[tuple[str, bytes]] = []
        self.tries = 0
        self.now = 0.0
        self.speaker = FeedbackSender(self._open, lambda: self.now)

    def _open(self, name: str, api: str) -> Port:
        assert name.startswith(f"{api}:")
        self.tries += 1
        if name not in self.listening:
            raise PortError("It is not there.")
        return Port(self, name)


class Port:
    """An open port."""

    def __init__(self, harness: FeedbackHarness, name: str) -> None:
        self.harness, self.name = harness, name

    def send(self, data: bytes) -> None:
        """Keep what is sent; fails where the device has gone."""
        if self.name not in self.harness.listening:
            raise PortError("It has gone.")
        self.harness.sent.append((self.name, data))

    def close(self) -> None:
        """Have nothing to close."""


@pytest.mark.parametrize(
    ("source", "listens"),
    [
        ("alsa:BCR2000:BCR2000 MIDI 1", "alsa:BCR2000:BCR2000 MIDI 1"),
        ("jack:system:midi_capture_3", "jack:system:midi_playback_3"),
        ("jack:fader:out", "jack:fader:in"),
    ],
)
def test_a_device_is_spoken_to_by_its_own_port(source: str, listens: str) -> None:
    assert listens in counterparts(source)
    harness = FeedbackHarness(listens)
    harness.speaker.send(source, b"\xb0\x10\x40")
    assert harness.sent == [(listens, b"\xb0\x10\x40")]


def test_one_that_does_not_listen_is_left_alone_for_a_while() -> None:
    harness = FeedbackHarness()
    for _ in range(100):
        harness.speaker.send("alsa:keys", b"\xb0\x10\x40")
    assert harness.tries == 1
    harness.listening.add("alsa:keys")
    harness.now = RETRY
    harness.speaker.send("alsa:keys", b"\xb0\x10\x41")
    assert harness.sent == [("alsa:keys", b"\xb0\x10\x41")]


def test_one_that_goes_is_let_go_and_found_again() -> None:
    harness = FeedbackHarness("alsa:keys")
    harness.speaker.send("alsa:keys", b"\xb0\x10\x01")
    harness.listening.clear()
    harness.speaker.send("alsa:keys", b"\xb0\x10\x02")
    harness.listening.add("alsa:keys")
    harness.speaker.keep(())
    harness.speaker.send("alsa:keys", b"\xb0\x10\x03")
    assert [data[2] for _, data in harness.sent] == [1, 3]


@given(st.text())
def test_any_name_has_itself_for_a_counterpart(port: str) -> None:
    assert next(counterparts(port)) == port


def test_a_process_says_what_was_said_before_it_began_and_is_replaced_when_it_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feedback_supervisor, "_PAUSE", 0.0)
    record = tmp_path / "said"
    started: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        with record.open("ab") as out:
            started.append(subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=out))
        return started[-1]

    def lines() -> list[Message]:
        return [wire.decode(line) for line in record.read_bytes().splitlines()]

    made = feedback_supervisor.Feeder(start)
    first, second = SendFeedback("alsa:a", b"\xb0\x10\x01"), SendFeedback("alsa:a", b"\xb0\x10\x02")
    made.tend()
    assert not started
    made.feed(first)
    made.keep(("alsa:a",))
    made.tend()
    made.feed(second)
    wait_until(lambda: record.exists() and len(lines()) == 3)
    assert lines() == [Listen(("alsa:a",)), first, second]
    started[0].kill()
    started[0].wait()
    made.tend()
    made.feed(first)
    made.tend()
    wait_until(lambda: len(lines()) == 5)
    assert len(started) == 2
    made.close()
    assert started[1].poll() is not None
