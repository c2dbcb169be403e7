"""In step with jack_midi_clock, which knows nothing of us, as jack_midi_dump sees both."""

from __future__ import annotations

import itertools
import math
import os
import re
import shutil
import statistics
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import pytest

from engine.bench.jack import RATE
from engine.config import Settings
from engine.music.measure import HOLD, Measure
from engine.music.slot import Origin, Slot
from engine.protocol.transport import ClockSyncMeasured
from engine.runtime.engine import Engine
from tests.support.clock_streams import PULSE, START, STOP
from tests.support.events import Listener
from tests.support.fakes import FakeModel
from tests.support.jack import JackServer
from tests.support.songs import one_track

pytestmark = pytest.mark.real

Seen = Sequence[tuple[int, bytes]]
"""Frames of JACK's clock, and bytes."""

TEMPO = 117.0
PITCHES = (60, 61, 62, 63, 64, 65, 66, 67, 68, 69, 70, 71)
PULSES_A_NOTE = 8
SONG = one_track(
    "Thirds of a quarter, at a tempo that is not the clock's",
    90.0,
    slots=(
        Slot.brought_in(
            Measure(tuple(token for pitch in PITCHES for token in (pitch, HOLD))),
            Origin("corpus", "The Tune"),
        ),
    ),
)

FIRST, NOTES = 3, 120
"""The first note that counts comes a quarter after Start; and so many count."""

STRETCHES = 5
"""How often it is tried: on a busy machine JACK itself is held up at times."""

WINDOW = 0.5
"""Seconds over which it is looked at whether JACK's own clock keeps time."""

SLIPS = 0.003
"""Share of a second by which JACK's own clock may be off ours."""

STAMP = """
import sys, time
for line in iter(sys.stdin.readline, ""):
    print(time.monotonic(), line, end="", flush=True)
"""
"""Put before each line when it came, by a process that what is tested cannot hold up."""

ALLOWED = 3.0
"""Milliseconds that 99 of a hundred notes may be off the pulse that they belong to."""


@dataclass
class Monitor:
    """What jack_midi_dump sees: frames of JACK's clock, and bytes."""

    client: str
    seen: list[tuple[int, bytes]] = field(default_factory=list)
    read: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._process = subprocess.Popen(
            ["stdbuf", "-oL", "jack_midi_dump", "-a", self.client], stdout=subprocess.PIPE
        )
        self._stamp = subprocess.Popen(
            [sys.executable, "-c", STAMP],
            stdin=self._process.stdout,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        assert self._stamp.stdout is not None
        for line in self._stamp.stdout:
            if found := re.match(r"([\d.]+)\s+(\d+): ((?:[0-9a-f]{2}\b ?){1,3})", line):
                with self._changed:
                    self.seen.append((int(found[2]), bytes.fromhex(found[3])))
                    self.read.append(float(found[1]))
                    self._changed.notify_all()

    def wait_for_notes(self, since: int, count: int) -> None:
        """Wait until that many notes have begun since a place."""
        with self._changed:
            there = self._changed.wait_for(lambda: len(struck(self.seen[since:])) > count, 120)
        assert there, f"of {count} notes only {len(struck(self.seen[since:]))}: {self.seen[-5:]}"

    def wait_for_stop(self, since: int) -> None:
        """Wait until the clock's Stop has come since a place."""
        with self._changed:
            there = self._changed.wait_for(lambda: bool(times(self.seen[since:], STOP)), 30)
        assert there, f"no Stop among {len(self.seen) - since} messages: {self.seen[-5:]}"

    def tempo(self, since: int) -> float:
        """Return the tempo in our time of the pulses since a place: JACK's own clock may slip."""
        pulses = [
            at
            for at, (_, data) in zip(self.read[since:], self.seen[since:], strict=False)
            if data == b"\xf8"
        ]
        return 60 / 24 * (len(pulses) - 1) / (pulses[-1] - pulses[0])

    def slip(self, since: int) -> float:
        """Return by what share of a second JACK's own clock was off ours at worst since a place.

        What came in a window with the least delay says how the two clocks stood then.
        """
        least: dict[int, float] = {}
        for at, (frame, _) in zip(self.read[since:], self.seen[since:], strict=False):
            window = int(at / WINDOW)
            least[window] = min(at - frame / RATE, least.get(window, math.inf))
        apart = [b - a for a, b in itertools.pairwise(least[key] for key in sorted(least))]
        return max(map(abs, apart), default=0.0) / WINDOW

    def close(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait()
        self._stamp.wait()
        self._thread.join()


@pytest.fixture
def monitors(jack: JackServer) -> Iterator[tuple[Monitor, Monitor]]:
    """Yield two independent programs, by one time: one that sees the clock, one that sees us."""
    for tool in ("jack_midi_dump", "jack_midi_clock", "jack_transport"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is missing: apt-get install jackd2 jack-midi-clock")
    assert jack.running
    both = Monitor("clock-seen"), Monitor("music-seen")
    yield both
    for each in both:
        each.close()


@pytest.fixture
def clock(jack: JackServer) -> Iterator[None]:
    """Yield an independent clock, which stands."""
    process = subprocess.Popen(
        ["jack_midi_clock", "-b", str(TEMPO)], stdout=subprocess.DEVNULL, env=os.environ
    )
    for seen in ("clock-seen:input", "music-seen:input"):
        jack.connect("jack_midi_clock:mclk_out", seen)
    yield
    process.terminate()
    process.wait()


def transport(*words: str) -> None:
    """Tell JACK's transport what to do."""
    subprocess.run(
        ["jack_transport"],
        input="".join(f"{word}\n" for word in (*words, "quit")),
        text=True,
        stdout=subprocess.DEVNULL,
        check=True,
    )


@pytest.mark.parametrize("jack", [64], indirect=True)
def test_notes_meet_the_pulses_of_an_independent_clock(
    monitors: tuple[Monitor, Monitor], clock: None
) -> None:
    # JACK's dummy driver sleeps for a period at a time; a machine that wakes it late makes it slow,
    # and the clock that is followed then jumps. Of such a stretch nothing can be said.
    del clock
    listener = Listener()
    engine = Engine(
        FakeModel, song=SONG, settings=Settings(port="music-seen", clock="jack_midi_clock")
    )
    engine.subscribe(listener)
    engine.start()
    try:
        listener.until(lambda: engine.snapshot.port.state == "open")
        source = "jack:jack_midi_clock:mclk_out"
        listener.until(lambda: source in engine.snapshot.inputs.heard)
        found, slips = [], []
        for _ in range(STRETCHES):
            begun, before = [len(monitor.seen) for monitor in monitors], len(listener.events)
            transport("play")
            monitors[1].wait_for_notes(begun[1], FIRST + NOTES)
            measured = [e for e in listener.events[before:] if isinstance(e, ClockSyncMeasured)]
            true = monitors[0].tempo(begun[0])
            slower = abs(statistics.median(each.tempo for each in measured) - true)
            transport("stop", "locate 0")
            listener.until(lambda: not engine.snapshot.playing)
            monitors[0].wait_for_stop(begun[0])
            late = off(*(m.seen[at:] for m, at in zip(monitors, begun, strict=True)))
            slips.append(monitors[0].slip(begun[0]))
            found.append((*late, slower))
            if late[1] <= ALLOWED and slower <= 0.5:
                break
        print(f"off the pulses by p50, p99, worst in ms, and off the tempo: {found}")
        print(f"JACK's own clock was off by shares of a second at worst: {slips}")
        if found[-1][1] > ALLOWED and min(slips) > SLIPS:
            pytest.xfail(f"JACK's own clock slips here by {min(slips):.1%} of a second or more")
        assert found[-1][1] <= ALLOWED
        assert found[-1][3] <= 0.5
    finally:
        engine.close()


def off(clock: Seen, music: Seen) -> tuple[float, float, float]:
    """Return median, p99 and worst of how far notes were off their pulses, in milliseconds.

    Infinity stands for a note whose pulse did not come, and for one long after Stop.
    """
    # Each counts frames from its own beginning, and both saw the clock's Start.
    apart = times(music, START)[0] - times(clock, START)[0]
    pulses = [at + apart for at in whole(times(clock, PULSE))]
    notes = struck(music)
    assert [pitch for _, pitch in notes] == [PITCHES[n % 12] for n in range(len(notes))]
    over = times(clock, STOP)[0] + apart + RATE * ALLOWED / 1000
    sizes = sorted(
        abs(at - pulses[count * PULSES_A_NOTE]) * 1000 / RATE
        if count * PULSES_A_NOTE < len(pulses) and notes[-1][0] <= over
        else math.inf
        for count, (at, _) in enumerate(notes[: FIRST + NOTES])
        if count >= FIRST
    )
    return sizes[len(sizes) // 2], sizes[int(len(sizes) * 0.99)], sizes[-1]


def whole(pulses: list[int]) -> list[int]:
    """Return pulses with those that JACK lost, where it was held up, put in between."""
    found = pulses[:1]
    for at in pulses[1:]:
        before, missing = found[-1], round((at - found[-1]) / (RATE * 60 / TEMPO / 24)) - 1
        found += [before + (at - before) * n // (missing + 1) for n in range(1, missing + 1)]
        found.append(at)
    return found


def times(seen: Seen, data: bytes) -> list[int]:
    """Return the frames at which a message came."""
    return [at for at, each in seen if each == data]


def struck(seen: Seen) -> list[tuple[int, int]]:
    """Return frame and pitch of each note that began."""
    return [(at, data[1]) for at, data in seen if data[0] == 0x90 and data[2]]
