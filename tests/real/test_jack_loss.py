"""Programs, servers and ports that die while notes sound: none is left hanging."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from engine.bench.jack import JackStalled, Message
from engine.common.child_process import child_environment
from engine.midi import messages as m
from engine.midi.client import PlayerLink
from tests.support.fake_player import EventLog
from tests.support.jack import (
    JackServer,
    NoteReader,
    guards,
    note_starts,
    scale,
    strike,
)
from tests.support.waiting import wait_until

pytestmark = pytest.mark.real
Hear = Callable[[str], NoteReader]


PARENT = """
import sys, time
from engine.midi.client import PlayerLink
from engine.midi.messages import Notes, UsePort, PortOpened, Send, TimedNote
import threading
opened = threading.Event()
link = PlayerLink(lambda event: opened.set() if isinstance(event, PortOpened) else None)
link.send(UsePort("jack:listener:in"))
opened.wait(30)
now = time.monotonic()
link.send(Send(now, bytes((0xB1, 64, 127))))
chord = [TimedNote(now + n / 100, now + 60, 1, 48 + n, 90) for n in range(12)]
later = [TimedNote(now + 1 + n / 50, now + 60, 1, 60 + n, 90) for n in range(60)]
link.send(Notes(tuple(chord + later)))
time.sleep(60)
"""


def test_killing_the_application_silences_every_note_at_once(hear: Hear) -> None:
    listener = hear("listener")
    parent = subprocess.Popen([sys.executable, "-c", PARENT], env=child_environment())
    try:
        listener.wait_until(lambda messages: len(note_starts(messages)) >= 20)
    finally:
        killed = time.monotonic()
        parent.kill()
        parent.wait()
    listener.wait_until(lambda _: not listener.holding())
    listener.wait_until(lambda messages: any(data == b"\xb1\x40\x00" for _, data in messages))
    last = max(at for at, data in listener.messages if data[0] & 0xF0 == 0x80)
    assert last - killed < 0.2
    # Nothing starts afterwards, though more notes were scheduled.
    with pytest.raises(AssertionError):
        listener.wait_until(lambda _: bool(listener.holding()), timeout=0.5)


def test_killing_the_player_leaves_no_note_hanging(
    link: PlayerLink, log: EventLog, hear: Hear
) -> None:
    listener = hear("listener")
    log.wait_for(m.PortsSeen, lambda seen: "jack:listener:in" in seen.outputs)
    link.send(m.UsePort("listener"))
    log.wait_for(m.PortOpened)
    now = time.monotonic()
    link.send(m.Notes((m.TimedNote(now, now + 60, 3, 50, 90),)))
    listener.wait_until(lambda _: listener.holding() == {(3, 50)})
    os.kill(link.pid, signal.SIGKILL)
    assert log.wait_for(m.PlayerLost).restarted
    assert log.wait_for(m.PortOpened).name == "jack:listener:in"
    listener.wait_until(lambda _: not listener.holding())


def use(name: str, link: PlayerLink, log: EventLog, jack: JackServer) -> None:
    """Have the player open a port that leads to the listener."""
    link.send(m.UsePort(name))
    log.wait_for(m.PortOpened, lambda opened: opened.name == name)
    if name == "virtual":
        jack.connect("armonica:out", "listener:in")


@pytest.mark.parametrize("jack", ["free"], indirect=True)
@pytest.mark.parametrize("name", ["jack:listener:in", "virtual"])
def test_every_note_of_a_killed_player_is_ended_at_once_and_the_music_comes_back(
    name: str, jack: JackServer, hear: Hear
) -> None:
    assert jack.running
    listener = hear("listener")
    chord = {(channel, pitch) for channel in range(3) for pitch in (40, 44, 47)}
    for _ in range(KILLS):
        log = EventLog()
        link = PlayerLink(log)
        try:
            log.wait_for(m.PortsSeen, lambda seen: "jack:listener:in" in seen.outputs)
            others = guards(jack)
            use(name, link, log, jack)
            wait_until(lambda others=others: guards(jack) - others)  # type: ignore[misc]
            if not strike(listener, link, chord, turns=10):
                # Seen in 2 of 76 on a busy machine: connected, sent to, and never called by JACK.
                link.send(m.UsePort(None))
                use(name, link, log, jack)
                assert strike(listener, link, chord, turns=10), "not heard from a new port either"
                raise JackStalled("JACK called a client of the player no more.", "Run it again.")
            killed = time.monotonic()
            os.kill(link.pid, signal.SIGKILL)
            # By note: a synthesiser may pass over what ends all notes at once.
            await_ends(listener, chord, killed)
            last = max(at for at, data in listener.messages if data[0] & 0xF0 == 0x80)
            assert log.wait_for(m.PlayerLost).restarted
            log.wait_for(m.PortOpened, lambda opened: opened.name == name)
            until_heard(listener, link)
        finally:
            link.close()
        if last - killed < 0.2:
            break
    assert last - killed < 0.2


@pytest.mark.parametrize("name", ["jack:listener:in", "virtual"])
def test_a_server_that_dies_is_noticed_and_its_port_taken_up_again(
    name: str, jack: JackServer, link: PlayerLink, log: EventLog, hear: Hear
) -> None:
    listener = hear("listener")
    log.wait_for(m.PortsSeen, lambda seen: "jack:listener:in" in seen.outputs)
    link.send(m.UsePort(name))
    log.wait_for(m.PortOpened)
    if name == "virtual":
        jack.connect("armonica:out", "listener:in")
    now = time.monotonic()
    link.send(m.Notes((m.TimedNote(now, now + 60, 0, 50, 90),)))
    listener.wait_until(lambda _: listener.holding() == {(0, 50)})

    died = time.monotonic()
    jack.kill()
    assert log.wait_for(m.PortLost).name == name
    assert time.monotonic() - died < 2
    # While it is away time goes on, and nothing that fell due in between is played later.
    now = time.monotonic()
    link.send(m.Notes((m.TimedNote(now, now + 0.05, 0, 70, 90),)))

    listener.close()
    jack.start()
    again = hear("listener")
    assert log.wait_for(m.PortOpened).name == name
    if name == "virtual":
        jack.connect("armonica:out", "listener:in")
    else:
        again.wait_until(lambda messages: (b"\xb0\x7b\x00") in [data for _, data in messages])
    link.send(scale(time.monotonic() + 0.1, 0.05, 8))
    again.wait_until(lambda messages: len(note_starts(messages)) == 8 and not again.holding())
    assert [data[1] for _, data in note_starts(again.messages)] == [60, 62, 64, 65, 67, 69, 71, 72]


def test_a_port_that_goes_and_comes_back_is_taken_up_by_name(
    link: PlayerLink, log: EventLog, hear: Hear
) -> None:
    link.send(m.UsePort("jack:listener:in"))
    assert "no MIDI port called" in log.wait_for(m.PortFailed).reason
    link.send(m.ClockRun(time.monotonic(), 0.5 / 24))
    for _ in range(2):
        listener = hear("listener")
        log.wait_for(m.PortOpened)
        # A receiver that comes in the middle is told the place, then ticked on from there.
        listener.wait_until(lambda messages: [data[0] for _, data in messages].count(0xF8) > 12)
        kinds = [data[0] for _, data in listener.messages]
        assert 0xF2 in kinds
        assert 0xFB in kinds
        listener.close()
        log.wait_for(m.PortLost)


KILLS = 8
"""How often a player is killed until its notes end in time: a machine may be busy for a while,
and ends that come too late come too late every time."""


def until_heard(listener: NoteReader, link: PlayerLink) -> None:
    """Play a short note again and again until it is heard."""
    since = len(listener.messages)

    def received() -> bool:
        now = time.monotonic()
        link.send(m.Notes((m.TimedNote(now, now + 0.01, 5, 100, 90),)))
        return any(data[1:2] == b"\x64" for _, data in listener.messages[since:])

    wait_until(received)


def await_ends(listener: NoteReader, notes: set[tuple[int, int]], since: float) -> None:
    """Wait until each of these (channel, pitch) pairs was ended by a message of its own."""

    def ended(messages: Sequence[Message]) -> bool:
        ends = [data for at, data in messages if at >= since and data[0] & 0xF0 == 0x80]
        return notes <= {(data[0] & 0x0F, data[1]) for data in ends}

    listener.wait_until(ended)


def ended(process: int) -> bool:
    """Return whether a process has gone, or is nothing but its exit code."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] in "ZX"
    except OSError:
        return True


def children(process: int) -> set[int]:
    """Return the processes that a process has started."""
    listed = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(process)], capture_output=True, text=True, check=False
    )
    return set(map(int, listed.stdout.split()))


@pytest.mark.parametrize("jack", ["free"], indirect=True)
def test_a_server_that_hangs_takes_no_processor_and_the_player_comes_back(
    jack: JackServer, link: PlayerLink, log: EventLog, hear: Hear
) -> None:
    # Room for messages to a client that is called no more ends, and RtMidi waits for it spinning.
    hear("listener")
    log.wait_for(m.PortsSeen, lambda seen: "jack:listener:in" in seen.outputs)
    link.send(m.UsePort("listener"))
    log.wait_for(m.PortOpened)
    assert jack.process is not None
    os.kill(jack.process, signal.SIGSTOP)
    try:
        now = time.monotonic()
        for _ in range(4000):
            link.send(m.Send(now, b"\xb0\x10\x40"))
        assert log.wait_for(m.PlayerLost, timeout=60).restarted
    finally:
        os.kill(jack.process, signal.SIGCONT)


@pytest.mark.parametrize("jack", ["free"], indirect=True)
def test_a_guard_ends_though_the_server_hangs(
    jack: JackServer, link: PlayerLink, log: EventLog, hear: Hear
) -> None:
    listener = hear("listener")
    log.wait_for(m.PortsSeen, lambda seen: "jack:listener:in" in seen.outputs)
    link.send(m.UsePort("listener"))
    log.wait_for(m.PortOpened)
    assert strike(
        listener,
        link,
        {(channel, pitch) for channel in range(8) for pitch in range(40, 60)},
        turns=30,
    )
    family = children(link.pid)
    assert jack.process is not None
    os.kill(jack.process, signal.SIGSTOP)
    try:
        os.kill(link.pid, signal.SIGKILL)
        wait_until(lambda: all(map(ended, family)), timeout=90)
    finally:
        os.kill(jack.process, signal.SIGCONT)
