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
from tests.support.remote import Place
from tests.support.waiting import wait_until

pytestmark = pytest.mark.real


@pytest.fixture
def place(jack: JackServer) -> Iterator[Place]:
    """Yield an engine whose own player plays to nothing."""
    assert jack.running
    made = Place()
    yield made
    made.close()


def test_a_virtual_port_carries_the_song_and_ends_silent(
    place: Place, jack: JackServer, hear: Callable[[str], NoteReader]
) -> None:
    heard = hear("daw")
    bridge = subprocess.Popen([*child_command("engine"), "midi-bridge"], env=child_environment())
    try:
        jack.connect("armonica:out", "daw:in")
        wait_until(lambda: place.switchboard.far)
        place.engine.send(SetTempo(300.0))
        place.engine.send(Play())
        pitches = [p for each in place.engine.snapshot.song.measures() for p in each.pitches]
        heard.wait_until(lambda messages: len(note_starts(messages)) >= len(pitches))
        assert [data[1] for _, data in note_starts(heard.messages)][: len(pitches)] == pitches
        assert any(data == b"\xf8" for _, data in heard.messages)
        bridge.send_signal(signal.SIGTERM)
        assert bridge.wait(20) == 0
        heard.wait_until(lambda _: not heard.holding())
    finally:
        bridge.kill()
        bridge.wait()


def test_a_bridge_that_is_killed_leaves_no_note(
    place: Place, jack: JackServer, hear: Callable[[str], NoteReader]
) -> None:
    heard = hear("daw")
    bridge = subprocess.Popen(
        [*child_command("engine"), "midi-bridge", "--port", "virtual"], env=child_environment()
    )
    try:
        jack.connect("armonica:out", "daw:in")
        wait_until(lambda: place.switchboard.far)
        place.engine.send(Play())
        heard.wait_until(lambda messages: len(note_starts(messages)) > 3)
    finally:
        bridge.kill()
        bridge.wait()
    heard.wait_until(lambda _: not heard.holding())
