"""The whole engine under a real JACK server: a song and its edits arrive at another client."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from engine import commands as c
from engine.config import Settings
from engine.loop import Engine
from tests.engine.conftest import Listener
from tests.fakes import FakeModel
from tests.real.conftest import Heard, JackServer, note_starts

pytestmark = pytest.mark.real
Hear = Callable[[str], Heard]


@pytest.fixture
def engine(jack: JackServer, hear: Hear) -> Iterator[tuple[Engine, Heard]]:
    """Gives an engine with the song that ships, and the listener that it plays to."""
    del jack
    heard = hear("listener")
    listener = Listener()
    made = Engine(FakeModel, settings=Settings(port="listener"))
    made.subscribe(listener)
    made.start()
    listener.until(
        lambda: made.snapshot.port.state == "open" and made.snapshot.model.state == "ready",
    )
    yield made, heard
    made.close()


def test_the_song_that_ships_arrives_note_by_note(engine: tuple[Engine, Heard]) -> None:
    made, heard = engine
    made.send(c.SetTempo(300))
    made.send(c.Play())
    expected = [pitch for measure in made.snapshot.song.measures() for pitch in measure.pitches]
    heard.wait_until(lambda messages: len(note_starts(messages)) >= len(expected))
    program = next(place for place, (_, data) in enumerate(heard.messages) if data[0] == 0xC0)
    first = next(place for place, (_, data) in enumerate(heard.messages) if data[0] == 0x90)
    assert program < first
    assert [data[1] for _, data in note_starts(heard.messages)][: len(expected)] == expected
    made.send(c.Stop())
    heard.wait_until(lambda messages: any(data == b"\xfc" for _, data in messages))
    heard.wait_until(lambda _: not heard.holding())


def test_an_edit_is_heard_and_closing_leaves_no_note(engine: tuple[Engine, Heard]) -> None:
    made, heard = engine
    made.send(c.SetLatent(0, 2, -1.0))
    heard.wait_until(lambda messages: bool(note_starts(messages)))
    edited = made.snapshot.song.slots[0].measure
    assert note_starts(heard.messages)[0][1][1] == edited.pitches[0]
    made.close()
    heard.wait_until(lambda _: not heard.holding())
