"""An independent JACK client that keeps what it receives, and notes to send."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence

from engine.bench.jack import QUESTION, JackListener, JackServer, Message, starts
from engine.midi.client import PlayerLink
from engine.midi.messages import Notes, TimedNote

__all__ = [
    "PERIOD",
    "STRETCHES",
    "Hear",
    "JackServer",
    "NoteReader",
    "deaf",
    "guards",
    "note_starts",
    "scale",
    "strike",
]

PERIOD = 128
"""Frames of a period: JACK's own clock slips whenever it is held up for longer than one."""

Note = tuple[int, int]
"""Channel and pitch."""

STRETCHES = 16
"""How often time is measured by JACK's clock, which slips now and then on a busy machine. A
player that kept wrong time would be wrong in every stretch."""


class NoteReader(JackListener):
    """What an independent client hears, for tests to wait on."""

    def wait_until(self, like: Callable[[Sequence[Message]], bool], timeout: float = 30.0) -> None:
        """Wait until what was heard is like that."""
        assert self.wait_for(like, timeout), f"heard in {timeout} s only {self.messages}"


Hear = Callable[[str], NoteReader]
"""What starts a reader under a client name."""


def guards(jack: JackServer) -> set[str]:
    """Return the guards' ports that are connected to the listener."""
    lines = (jack.ask("jack_lsp", "-c", "listener:in") or "").split()
    return {line for line in lines if line.startswith("armonica-guard")}


def strike(
    listener: JackListener, link: PlayerLink, chord: Collection[Note], turns: int = 5
) -> bool:
    """Play notes for a minute, and those again that a server which waits for nobody has lost.

    False where they are never heard, a second each turn.
    """
    wanted = set(chord)
    for _ in range(turns):
        now = time.monotonic()
        missing = sorted(wanted - listener.holding())
        link.send(Notes(tuple(TimedNote(now, now + 60, *note, 90) for note in missing)))
        if listener.wait_for(lambda _: listener.holding() >= wanted, 1.0):
            return True
    return False


def deaf(reader: NoteReader, jack: JackServer) -> bool:
    """Return whether a reader receives nothing from a client that has no part in the test."""
    if reader.closed:
        return False
    count = len(reader.messages)

    def came() -> bool:
        return any(data == QUESTION for _, data in reader.messages[count:])

    return not jack.reaches(f"{reader.client}:in", came)


def note_starts(messages: Sequence[Message]) -> list[Message]:
    """Return the note-ons among what was heard."""
    return [(at, data) for at, data in messages if starts(data)]


def scale(first: float, step: float, count: int) -> Notes:
    """Return a scale of C on channel 2 from that moment, a note each ``step`` seconds."""
    pitches = (60, 62, 64, 65, 67, 69, 71, 72)
    return Notes(
        tuple(
            TimedNote(first + n * step, first + (n + 0.9) * step, 2, pitches[n % 8], 100)
            for n in range(count)
        )
    )
