"""Somebody under a real JACK server hears the clicks, plays along, and is written down."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from engine.config import Settings
from engine.music.slot import Slot
from engine.protocol.transport import CaptureLast, Record, Stop
from engine.runtime.engine import Engine
from tests.support.events import Listener
from tests.support.fakes import FakeModel
from tests.support.jack import Hear, JackServer, NoteReader, note_starts
from tests.support.jack_keyboard import KEYS, Keyboard
from tests.support.songs import one_track

pytestmark = pytest.mark.real

CLICKS, PACE = 0x99, 0.5


@pytest.fixture
def engine(jack: JackServer, hear: Hear, keyboard: Keyboard) -> Iterator[tuple[Engine, NoteReader]]:
    """Yield an engine with an empty song, the listener that it plays to, and ears for the keys."""
    del jack, keyboard
    reader = hear("listener")
    listener = Listener()
    song = one_track("New", 60 / PACE, slots=(Slot(),) * 4)
    made = Engine(FakeModel, song=song, settings=Settings(port="listener", thru=False))
    made.subscribe(listener)
    made.start()
    listener.until(
        lambda: (
            made.snapshot.port.state == "open"
            and made.snapshot.model.state == "ready"
            and KEYS in made.snapshot.inputs.heard
        ),
    )
    yield made, reader
    made.close()


def play(keys: Keyboard, *notes: tuple[float, int, int]) -> None:
    """Play quarter notes at times, each let go a little before the next."""
    for at, pitch, velocity in notes:
        time.sleep(max(0.0, at - time.monotonic()))
        keys.play(f"90 {pitch:02x} {velocity:02x}")
        time.sleep(0.85 * PACE)
        keys.play(f"80 {pitch:02x} 00")


def settled(made: Engine, slot: int) -> Slot:
    """Wait until something was written into a slot."""
    end = time.monotonic() + 20
    while made.snapshot.row.slots[slot].empty:
        assert time.monotonic() < end, "nothing was written"
        time.sleep(0.02)
    return made.snapshot.row.slots[slot]


def test_whoever_plays_with_the_clicks_is_written_down(
    engine: tuple[Engine, NoteReader],
    keyboard: Keyboard,
) -> None:
    made, listener = engine
    made.send(Record(slot=1, measures=1))

    def clicks() -> list[float]:
        return [at for at, data in note_starts(listener.messages) if data[0] == CLICKS]

    listener.wait_until(lambda _: len(clicks()) >= 3)
    start = clicks()[0] + 4 * PACE
    play(keyboard, *((start + beat * PACE, 60 + 2 * beat, 40 + 20 * beat) for beat in range(4)))
    slot = settled(made, 1)
    assert [(int(note.onset), note.pitch) for note in slot.measure.notes] == [
        (beat, 60 + 2 * beat) for beat in range(4)
    ]
    assert [touch.velocity for touch in slot.touches if touch] == [40, 60, 80, 100]
    assert slot.latent is not None
    # The loop comes round and sounds it as it was played.
    listener.wait_until(
        lambda messages: (
            [data[1:] for _, data in note_starts(messages) if data[0] == 0x90][:2]
            == [bytes((60, 40)), bytes((62, 60))]
        )
    )
    made.send(Stop())
    listener.wait_until(lambda _: not listener.holding())


def test_what_was_just_played_is_there_afterwards(
    engine: tuple[Engine, NoteReader],
    keyboard: Keyboard,
) -> None:
    made, _ = engine
    start = time.monotonic() + 0.1
    play(keyboard, *((start + beat * PACE, 60 + beat, 90) for beat in range(6)))
    made.send(CaptureLast(0))
    first = settled(made, 0)
    assert first.measure.pitches == (60, 61, 62, 63)
    assert made.snapshot.row.slots[1].measure.pitches == (64, 65)
