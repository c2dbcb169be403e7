"""A JACK client whose name is control codes: the command line and the screens show text."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable

import pytest

from engine.text import printable
from tests.support.jack import NoteReader
from tui.byte_counter import terminal

pytestmark = pytest.mark.real

CLIENT = "ev\x1b[31m\x1b]0;pwn\x07"
COMMAND = [sys.executable, "-m", "engine"]
ENDING = 60.0


def test_a_client_called_by_control_codes_is_listed_as_text(
    hear: Callable[[str], NoteReader],
) -> None:
    hear(CLIENT)
    ended = subprocess.run(
        [*COMMAND, "ports"], capture_output=True, text=True, timeout=ENDING, check=True
    )
    assert "jack:ev?[31m?]0;pwn?:in" in ended.stdout
    assert all(printable(line) == line for line in ended.stdout.split("\n"))


def test_a_client_called_by_control_codes_is_shown_as_text(
    hear: Callable[[str], NoteReader], monkeypatch: pytest.MonkeyPatch
) -> None:
    hear(CLIENT)
    monkeypatch.setenv("ARMONICA_SONG", f"/songs/{CLIENT}")
    written = b""
    with terminal([*COMMAND, "--port", "0;pwn"]) as screen:
        end = time.monotonic() + ENDING
        while b"0;pwn" not in written and time.monotonic() < end:
            written += screen.read(quiet=0.5)
        screen.press("O")
        written += screen.read(quiet=1.0)
    assert b"0;pwn" in written
    # Textual itself sets the shape of the pointer.
    assert b"\x1b]" not in written.replace(b"\x1b]22;default\x07", b"")
    assert b"\x1b[31m" not in written
    assert os.fsencode(CLIENT) not in written
