"""`armonica bench latency`: from a key to the note it changes, against an echo of keys."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from engine.bench import Result, echo
from engine.bench.fixture import Stage, load, measure_song, stage
from engine.bench.gauge_script import GaugeStep, walk
from engine.bench.jack import starts
from engine.bench.large_songs import beside
from engine.bench.terminal import PseudoTerminal
from engine.errors import NotReady
from engine.music.song import Song
from engine.runtime.startup import load_model

KEYS = 60
"""How many keys are pressed in each of the programs, while it rests and while it plays."""

TEMPO = 20.0
"""So slow that the nearest notes are a quarter of a second apart: none is taken for another."""

LONGEST_WAIT = 2.0
"""How long a key waits for a place of the loop at which its note changes at once, in seconds."""

MOST_UNHEARD = 6
"""How many keys may go unheard, of both programs together, before the bench gives up."""

BUSY_TEMPO, BUSY_NOTES = 23.0, 2000
"""The tempo at which 16 tracks of one measure play so many notes a minute."""

ALONE, AMONG = "while playing", "while 16 tracks play"


def run(keys: int = KEYS) -> tuple[Result, ...]:
    """Press keys in both programs in turn, and compares medians and tails."""
    return (*_run(keys, measure_song(TEMPO), ALONE), *_among(keys))


def _among(keys: int) -> tuple[Result, ...]:
    song = beside(measure_song(BUSY_TEMPO), BUSY_NOTES)
    return _run(keys, song, AMONG)


def _run(keys: int, song: Song, playing: str) -> tuple[Result, ...]:
    with stage(song) as parts, parts.bare("engine.bench.echo") as bare:
        turns = _Turns(parts, bare, walk(song, load_model()), 60 / song.tempo)
        if playing == ALONE:
            turns.at_rest(keys)
        turns.playing(keys, parts.play(), playing)
        results = []
        for when, times in turns.found.items():
            how = (
                f"from a key to the first note that it changes {when}, at a port of "
                f"{parts.jack.description}, read by a process of its own; {len(times)} keys, "
                f"{turns.unheard} not heard, {load()}; the other is a bare mido program that sends "
                "a note for every key"
            )
            for name, share in (("p50", 50), ("p99", 99)):
                ours, other = np.percentile(np.array(times) * 1000, share, axis=0)
                name = f"latency {when} {name}"
                results.append(Result(name, float(ours), float(other), "ms", how))
    return tuple(results)


@dataclass
class _Turns:
    """Ours, then the other's, over and over."""

    parts: Stage
    bare: PseudoTerminal
    steps: Iterator[GaugeStep]
    quarter: float
    found: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    unheard: int = 0

    def at_rest(self, keys: int) -> None:
        times = self.found.setdefault("at rest", [])
        while len(times) < keys:
            step = self._prepared()
            if step.at_once is None:
                self.parts.terminal.press(step.key)
            else:
                self._count(times, self._ours(step.key, step.at_once), self._other())

    def playing(self, keys: int, began: float, when: str) -> None:
        times = self.found.setdefault(when, [])
        while len(times) < keys:
            step = self._prepared()
            waits = {self._until(place, began): pitch for place, pitch in step.places.items()}
            wait = min(waits, default=LONGEST_WAIT)
            if wait >= LONGEST_WAIT:
                self.parts.terminal.press(step.key)
            else:
                # Somewhat after the place, so that its own note is not taken for the answer.
                time.sleep(wait + 0.05 + 0.05 * _uneven(len(times)))
                self._count(times, self._ours(step.key, waits[wait]), self._other())

    def _count(
        self, times: list[tuple[float, float]], ours: float | None, other: float | None
    ) -> None:
        if ours is not None and other is not None:
            times.append((ours, other))
            return
        # JACK drops a client's message now and then on a busy machine; a pair is then no pair.
        self.unheard += 1
        if self.unheard > MOST_UNHEARD:
            raise NotReady(
                f"Of the keys pressed, {self.unheard} were not heard as notes.",
                "See `armonica doctor`.",
            )

    def _prepared(self) -> GaugeStep:
        step = next(self.steps)
        if step.prepare:
            self.parts.terminal.press(step.prepare)
        # Uneven pauses, so that no key falls into step with what is drawn.
        time.sleep(0.04 + 0.04 * _uneven(len(self.parts.listener.messages)))
        return step

    def _until(self, place: float, began: float) -> float:
        return (place * self.quarter - (time.monotonic() - began)) % (4 * self.quarter)

    def _ours(self, key: str, pitch: int) -> float | None:
        return self._answer(
            self.parts.terminal,
            key,
            lambda data: starts(data) and data[0] & 0x0F == 0 and data[1] == pitch,
        )

    def _other(self) -> float | None:
        time.sleep(0.04 + 0.04 * _uneven(len(self.parts.listener.messages)))
        return self._answer(
            self.bare, "x", lambda data: starts(data) and data[0] & 0x0F == echo.CHANNEL
        )

    def _answer(
        self, terminal: PseudoTerminal, key: str, like: Callable[[bytes], bool]
    ) -> float | None:
        heard = len(self.parts.listener.messages)
        pressed = terminal.press(key)
        message = self.parts.listener.first(like, heard)
        return message[0] - pressed if message is not None else None


def _uneven(count: int) -> float:
    return count * 0.618 % 1
