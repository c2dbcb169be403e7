"""The guard is there while the player is, and no longer."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator

import pytest

from engine.midi.player import guard_supervisor as guard_module
from engine.midi.player.guard_supervisor import Guard


@pytest.fixture
def guard(monkeypatch: pytest.MonkeyPatch) -> Iterator[Guard]:
    monkeypatch.setattr(guard_module, "_PAUSE", 0.0)
    guard = Guard()
    yield guard
    if guard.process is not None:
        guard.process.kill()
        guard.process.wait()


def test_it_ends_when_nobody_holds_its_pipe(guard: Guard) -> None:
    guard.start()
    assert guard.process is not None
    assert guard.process.stdin is not None
    guard.process.stdin.close()
    assert guard.process.wait(30) == 0


def test_one_that_ended_is_started_again_and_none_before_the_first(guard: Guard) -> None:
    guard.tend()
    assert running(guard) is None
    guard.start()
    first = running(guard)
    assert first is not None
    guard.start()
    guard.tend()
    assert running(guard) is first
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    guard.tend()
    assert running(guard) not in (None, first)


def running(guard: Guard) -> subprocess.Popen[bytes] | None:
    """Return the process that guards now."""
    return guard.process


def test_without_memory_to_share_notes_are_played_unguarded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse() -> None:
        raise OSError("no memory")

    monkeypatch.setattr(guard_module, "shared_table", refuse)
    guard = Guard()
    guard.start()
    assert guard.process is None
    guard.rows[0].open("alsa:synth")
    guard.rows[0].sending(b"\x90\x3c\x64")
