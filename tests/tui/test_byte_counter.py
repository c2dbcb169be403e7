"""What the screen writes, counted on a pseudo-terminal."""

from __future__ import annotations

import sys

from tui.byte_counter import bytes_per_step, idle_bytes

SCREENS = (
    "from tests.support.fake_engine import FakeEngine; from tui.run import run; run(FakeEngine())"
)


def test_a_step_of_a_gauge_writes_less_than_its_rows() -> None:
    ours, other = bytes_per_step(steps=4)
    assert 0 < ours < 300
    assert ours < other / 2


def test_an_idle_screen_writes_nothing() -> None:
    assert idle_bytes([sys.executable, "-c", SCREENS], seconds=1.5, settle=1.0) == 0
