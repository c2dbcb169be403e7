"""What becomes of keys between the terminal and the screens."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import pytest
from textual.events import Key, MouseMove, MouseUp
from textual.message import Message

from engine.protocol.base import Command
from engine.protocol.edit import SetTitle
from engine.protocol.tracks import Nudge
from tests.support.fake_engine import FakeEngine
from tests.support.waiting import until
from tui import key_gate
from tui.app import ArmonicaApp
from tui.key_gate import MOST, PAUSE, KeyGate
from tui.terminal_driver import KeyReader


class GateHarness:
    """Take what comes through a gate, as many at a time as there is room for."""

    def __init__(self, room: int | None = 100) -> None:
        self.room = room
        self.now = 0.0
        self.received: list[str] = []
        self.dropped: list[int] = []
        self.gate = KeyGate(
            asyncio.get_running_loop(),
            room=lambda: self.room,
            post=self.receive,
            left_out=self.drop,
            urgent=("Q", "ctrl+c"),
            clock=lambda: self.now,
        )

    def receive(self, message: Message) -> None:
        """Handle a message."""
        self.received.append(message.key if isinstance(message, Key) else type(message).__name__)

    def drop(self, count: int) -> None:
        """Receive how many keys were left out."""
        self.dropped.append(count)

    def type(self, text: str) -> None:
        """Type on the keyboard."""
        for letter in text:
            self.gate.put(Key(letter, letter))

    async def until(self, holds: Callable[[], object]) -> None:
        """Let the loop run until something holds."""
        end = time.monotonic() + 30
        while not holds():
            assert time.monotonic() < end, self.received[-20:]
            await asyncio.sleep(0.001)


def moved(kind: type[MouseMove | MouseUp]) -> MouseMove | MouseUp:
    """Return an event of the pointer."""
    return kind(None, 1, 1, 0, 0, 0, False, False, False)


async def test_what_a_slow_line_held_back_is_met_whole_and_in_order() -> None:
    harness = GateHarness()
    text = "hjkl+-uz23" * 30
    harness.type(text)
    await harness.until(lambda: len(harness.received) == 300)
    assert "".join(harness.received) == text
    assert not harness.dropped


async def test_a_held_key_is_met_however_long_it_is_held() -> None:
    harness = GateHarness(room=1)
    for _ in range(2000):
        harness.now += 0.02
        harness.type("l")
        await asyncio.sleep(0)
    await harness.until(lambda: len(harness.received) == 2000)
    assert not harness.dropped


async def test_a_run_that_nobody_types_is_left_out_and_said_once() -> None:
    harness = GateHarness()
    harness.type("x" * 100_000)
    # It is still the same run while keys come.
    harness.now += PAUSE * 0.9
    harness.type("x" * 1000)
    harness.now += PAUSE * 1.1
    await harness.until(lambda: harness.dropped)
    harness.type("abc")
    await harness.until(lambda: harness.received[-3:] == ["a", "b", "c"])
    assert len(harness.received) <= 103
    assert harness.dropped == [101_000 - len(harness.received) + 3]


async def test_silence_passes_a_run_by_and_what_waits_before_it() -> None:
    harness = GateHarness(room=None)
    harness.type("x" * (MOST - 1))
    harness.gate.put(Key("ctrl+c", "\x03"))
    harness.type("y" * (MOST * 2))
    harness.gate.put(Key("ctrl+c", "\x03"))
    harness.room = 100
    await harness.until(lambda: harness.received)
    assert harness.received == ["ctrl+c"]


async def test_the_order_of_few_keys_is_kept_before_one_that_silences() -> None:
    harness = GateHarness()
    harness.type("ab")
    harness.gate.put(Key("ctrl+c", "\x03"))
    await harness.until(lambda: len(harness.received) == 3)
    assert harness.received == ["a", "b", "ctrl+c"]


async def test_a_letter_that_ends_counts_where_it_is_the_last_of_a_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(key_gate, "ALONE", 0.0)
    harness = GateHarness(room=None)
    harness.type("xQ" * MOST + "x")
    harness.room = 100
    await asyncio.sleep(0.01)
    assert "Q" not in harness.received
    harness.type("Q")
    await harness.until(lambda: "Q" in harness.received)


async def test_a_button_that_is_let_go_is_let_go_in_a_run_too() -> None:
    harness = GateHarness(room=None)
    for _ in range(50):
        harness.gate.put(moved(MouseMove))
    harness.gate.put(moved(MouseUp))
    harness.type("x" * (MOST * 2))
    harness.room = 100
    await harness.until(lambda: len(harness.received) == 2)
    assert harness.received == ["MouseMove", "MouseUp"]


async def test_what_is_typed_ahead_goes_where_the_keys_before_it_lead() -> None:
    engine = FakeEngine()
    app = ArmonicaApp(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        gate = key_gate.key_gate(app, asyncio.get_running_loop(), app.urgent)
        reader = KeyReader()
        # All at once, as a slow line brings it: a form is opened, emptied, mended and sent.
        for message in reader.read(b"T\x15Zx\x7fq\x1b[D1\r+"):
            gate.put(message)

        def edits() -> list[Command]:
            return [each for each in engine.sent if isinstance(each, SetTitle | Nudge)]

        await until(pilot, lambda: any(isinstance(each, Nudge) for each in edits()))
        assert [type(each) for each in edits()] == [SetTitle, Nudge]
        assert engine.snapshot.song.title == "Z1q"
