"""A plain program hears the engine through `armonica midi-bridge`, as from any port."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable, Iterator

import pytest

from engine.common.child_process import child_command, child_environment
from engine.protocol.edit import SetTempo
from engine.protocol.transport import Play
from tests.support.jack import JackServer, NoteReader, note_starts
from tests.support.remote import ServedEngine
from tests.support.waiting import wait_until

pytestmark = pytest.mark.real


@pytest.fixture
def served(jack: JackServer) -> Iterator[ServedEngine]:
    """Yield an engine whose own player plays to nothing."""
    assert jack.running
    made = ServedEngine()
    yield made
    made.close()


def test_a_virtual_port_carries_the_song_and_ends_silent(
    served: ServedEngine, jack: JackServer, hear: Callable[[str], NoteReader]
) -> None:
    reader = hear("daw")
    bridge = subprocess.Popen([*child_command("engine"), "midi-bridge"], env=child_environment())
    try:
        jack.connect("armonica:out", "daw:in")
        wait_until(lambda: served.switchboard.far)
        served.engine.send(SetTempo(300.0))
        served.engine.send(Play())
        pitches = [p for each in served.engine.snapshot.song.measures() for p in each.pitches]
        reader.wait_until(lambda messages: len(note_starts(messages)) >= len(pitches))
        assert [data[1] for _, data in note_starts(reader.messages)][: len(pitches)] == pitches
        assert any(data == b"\xf8" for _, data in reader.messages)
        bridge.send_signal(signal.SIGTERM)
        assert bridge.wait(20) == 0
        reader.wait_until(lambda _: not reader.holding())
    finally:
        bridge.kill()
        bridge.wait()


def test_a_bridge_that_is_killed_leaves_no_note(
    served: ServedEngine, jack: JackServer, hear: Callable[[str], NoteReader]
) -> None:
    reader = hear("daw")
    bridge = subprocess.Popen(
        [*child_command("engine"), "midi-bridge", "--port", "virtual"], env=child_environment()
    )
    try:
        jack.connect("armonica:out", "daw:in")
        wait_until(lambda: served.switchboard.far)
        served.engine.send(Play())
        reader.wait_until(lambda messages: len(note_starts(messages)) > 3)
    finally:
        bridge.kill()
        bridge.wait()
    reader.wait_until(lambda _: not reader.holding())
