"""The player as a process, on a machine that may have no MIDI at all."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.common.child_process import child_command, child_environment
from engine.common.line_pipe import MAX_LINE
from engine.midi import messages as m
from engine.midi import wire
from engine.midi.ports import list_ports

Process = subprocess.Popen[bytes]


@pytest.fixture
def player() -> Iterator[Process]:
    process = subprocess.Popen(
        child_command("engine.midi.player.process"),
        env=child_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    with process:
        yield process
        process.kill()


ON_A_PORT = """
import sys
from engine.midi.backends import table
from engine.midi.player import process

class Port:
    def __init__(self, name, api):
        self.name, self.api = name, api
    def send(self, data):
        pass
    def close(self):
        pass

CENSUS = '{"alsa":[["alsa:synth"],[]]}'
table.MidiOutput = Port
process.child_command = lambda *_: [
    sys.executable, "-c", f"import sys; print({CENSUS!r}, flush=True); sys.stdin.read()"
]
process.main()
"""


@pytest.fixture
def player_on_a_port() -> Iterator[Process]:
    """Yield a player that plays to a port which takes everything."""
    process = subprocess.Popen(
        [sys.executable, "-c", ON_A_PORT],
        env=child_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    with process:
        say(process, wire.encode(m.UsePort("synth")))
        assert receive(process, m.PortOpened) == m.PortOpened("alsa:synth")
        yield process
        process.kill()


def say(process: Process, *lines: bytes) -> None:
    assert process.stdin is not None
    process.stdin.write(b"".join(lines))
    process.stdin.flush()


def send(process: Process, *messages: m.Message) -> None:
    say(process, *(wire.encode(message) for message in messages))


def receive(process: Process, kind: type[m.Message]) -> m.Message:
    assert process.stdout is not None
    for line in process.stdout:
        if isinstance(message := wire.decode(line), kind):
            return message
    raise AssertionError(f"the player ended without {kind.__name__}")


def running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def children(pid: int) -> list[int]:
    listing = Path(f"/proc/{pid}/task/{pid}/children")
    if not listing.exists():
        pytest.skip("this system does not list the children of a process in /proc")
    return [int(child) for child in listing.read_text().split()]


def wait_until_gone(pid: int) -> None:
    deadline = time.monotonic() + 30
    while running(pid):
        assert time.monotonic() < deadline, f"process {pid} is still there"
        time.sleep(0.02)


def test_it_says_that_it_is_ready_and_ends_with_its_input(player: Process) -> None:
    ready = receive(player, m.Ready)
    assert isinstance(ready, m.Ready)
    assert ready.pid == player.pid
    (watcher,) = children(player.pid)
    assert player.stdin is not None
    player.stdin.close()
    assert player.wait(30) == 0
    wait_until_gone(watcher)


def test_quit_and_sigterm_end_it_and_other_signals_do_not(player: Process) -> None:
    receive(player, m.Ready)
    player.send_signal(signal.SIGINT)
    player.send_signal(signal.SIGHUP)
    say(player, wire.encode(m.UsePort(None)))
    assert receive(player, m.PortOpened) == m.PortOpened(None)
    player.send_signal(signal.SIGTERM)
    assert player.wait(30) == 0


def test_a_bad_line_is_refused_and_the_next_is_obeyed(player: Process) -> None:
    say(
        player,
        b"nonsense\n",
        b'{"type":"Notes","notes":[[2,1,0,60,90]]}\n',
        b"x" * (3 * MAX_LINE) + b"\n",
        wire.encode(m.PortLost("mine")),
        wire.encode(m.UsePort(None)),
    )
    reasons = [receive(player, m.Rejected) for _ in range(4)]
    assert "PortLost is not for the player" in str(reasons[3])
    assert receive(player, m.PortOpened) == m.PortOpened(None)
    say(player, wire.encode(m.Quit()))
    assert player.wait(30) == 0


def test_notes_without_a_port_keep_time_and_are_counted(player: Process) -> None:
    receive(player, m.Ready)
    now = time.monotonic()
    notes = tuple(m.TimedNote(now + n / 50, now + n / 50 + 0.01, 0, 60 + n, 90) for n in range(8))
    say(player, wire.encode(m.UsePort(None)), wire.encode(m.Notes(notes)))
    lateness = receive(player, m.Lateness)
    assert isinstance(lateness, m.Lateness)
    assert lateness.count >= 1
    assert 0 <= lateness.p50 <= lateness.p99 <= lateness.worst < 1000


def test_what_is_sent_is_told_to_whoever_wants_to_know(player_on_a_port: Process) -> None:
    player = player_on_a_port
    now = time.monotonic()
    note = m.TimedNote(now + 0.1, now + 0.2, 2, 60, 90)
    untold = m.Send(now, b"\xb0\x07\x10")
    send(player, untold, m.Monitor(True), m.Notes((note,)))
    for at, data in ((note.on, b"\x92\x3c\x5a"), (note.off, b"\x82\x3c\x00")):
        sent = receive(player, m.Sent)
        assert isinstance(sent, m.Sent)
        assert (sent.port, sent.data[:2], sent.missed) == ("alsa:synth", data[:2], 0)
        assert sent.late >= 0
        assert sent.at - sent.late == pytest.approx(at, abs=1e-6)
    # A panic is told as well, and what follows the end of the telling is not.
    send(player, m.SilenceAll())
    sent = receive(player, m.Sent)
    assert isinstance(sent, m.Sent)
    assert sent.data[0] & 0xF0 == 0xB0
    later = m.Send(time.monotonic(), b"\xc0\x07")
    send(player, m.Monitor(False), later, m.UsePort(None))
    assert player.stdout is not None
    lines = list(iter(player.stdout.readline, wire.encode(m.PortOpened(None))))
    assert not any(b'"c007"' in line for line in lines)


def test_a_port_that_is_not_there_is_answered(player: Process) -> None:
    say(player, wire.encode(m.UsePort("no such port")))
    failed = receive(player, m.PortFailed)
    assert isinstance(failed, m.PortFailed)
    assert "There is no MIDI port called 'no such port'" in failed.reason


@pytest.mark.parametrize(
    "module", ["engine.midi.player.process", "engine.midi.player.port_watcher"]
)
def test_it_loads_neither_models_nor_screens(module: str) -> None:
    check = (
        f"import sys, {module};"
        "print([name for name in ('torch', 'numpy', 'textual', 'tui') if name in sys.modules])"
    )
    seen = subprocess.run(
        [sys.executable, "-c", check], capture_output=True, check=True, env=child_environment()
    )
    assert seen.stdout == b"[]\n"


def test_listing_ports_works_on_any_machine(capfd: pytest.CaptureFixture[str]) -> None:
    for port in list_ports():
        assert port.name == "virtual" or port.name.startswith(f"{port.api}:")
    assert capfd.readouterr() == ("", "")


ORPHAN = """
import os, subprocess, sys
player = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
player.stdout.readline()
os.set_inheritable(player.stdin.fileno(), True)
keeper = subprocess.Popen([sys.executable, "-c", "input()"], stdin=sys.stdin, close_fds=False)
print(player.pid, flush=True)
keeper.wait()
"""


def test_it_ends_with_its_parent_even_when_another_keeps_its_input_open() -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", ORPHAN, *child_command("engine.midi.player.process")],
        env=child_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        parent.kill()
        wait_until_gone(pid)
