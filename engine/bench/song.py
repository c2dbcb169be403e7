"""`armonica bench song`: a song of 16 tracks and 500 measures, against one of one measure."""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median

import numpy as np

from engine.bench import Result
from engine.bench.fixture import load, measure_song
from engine.bench.gauge_script import LESS, MORE
from engine.bench.large_songs import MEASURES, TRACKS, large_song
from engine.bench.terminal import SIZE, PseudoTerminal, application
from engine.formats.song_file import SUFFIX, Document, write
from engine.runtime.startup import load_model

ROUNDS, KEYS = 5, 30
"""How often each song is opened, and how many keys move a gauge in each."""

_OPEN, _ENTER = "\x0f", "\r"
_ASK, _LARGE, _SMALL = "Open a song", "Sixteen voices", "One measure"
_TEMPO = 100.0


def run(rounds: int = ROUNDS, keys: int = KEYS, measures: int = MEASURES) -> tuple[Result, ...]:
    """Open both in turn and move a gauge in each, all by keys on a terminal."""
    with tempfile.TemporaryDirectory() as home:
        model = load_model()
        small = Path(home) / f"small{SUFFIX}"
        write(small, Document(replace(measure_song(_TEMPO), title=_SMALL)))
        large = Path(home) / f"large{SUFFIX}"
        write(large, Document(large_song(model, _LARGE, measures)))
        command = application("--song", str(small), "--port", "none", "--keymap", "default")
        with PseudoTerminal(command, {"ARMONICA_HOME": home}) as terminal:
            terminal.wait_for("asks ")
            turns = _SongTurns(terminal)
            for _ in range(rounds):
                turns.opened(large, _LARGE)
                turns.edits(keys // rounds, _LARGE)
                turns.opened(small, _SMALL)
                turns.edits(keys // rounds, _SMALL)
    size = f"{TRACKS} tracks of {measures} measures"
    opens = (
        f"from Enter in the sheet that opens songs to the title of a song of {size} on a terminal "
        f"of {SIZE[0]}x{SIZE[1]}; median of {rounds} turns, {load()}; the other is a song of one "
        "measure"
    )
    moves = (
        f"from a key that moves a gauge of a song of {size} to the first bytes that the screen "
        f"writes of it; {len(turns.keys[_LARGE])} keys, {load()}; the other is a song of one "
        "measure"
    )
    results = [
        Result("song opened", median(turns.opens[_LARGE]), median(turns.opens[_SMALL]), "s", opens)
    ]
    for name, share in (("p50", 50), ("p99", 99)):
        ours, other = (
            float(np.percentile(np.array(turns.keys[title]) * 1000, share))
            for title in (_LARGE, _SMALL)
        )
        results.append(Result(f"song edited {name}", ours, other, "ms", moves))
    return tuple(results)


@dataclass
class _SongTurns:
    """What was measured by the title of the song."""

    terminal: PseudoTerminal
    opens: dict[str, list[float]] = field(default_factory=lambda: {_LARGE: [], _SMALL: []})
    keys: dict[str, list[float]] = field(default_factory=lambda: {_LARGE: [], _SMALL: []})

    def opened(self, path: Path, title: str) -> None:
        """Open a song by its path."""
        shown = self.terminal.mark()
        self.terminal.press(_OPEN)
        self.terminal.wait_for(_ASK, shown)
        self.terminal.type(str(path))
        shown = self.terminal.mark()
        pressed = self.terminal.press(_ENTER)
        self.opens[title].append(self.terminal.wait_for(title, shown) - pressed)
        self.terminal.rest()

    def edits(self, keys: int, title: str) -> None:
        """Move the first gauge up and down."""
        for number in range(keys):
            written = self.terminal.mark()
            pressed = self.terminal.press(MORE if number % 2 == 0 else LESS)
            self.keys[title].append(self.terminal.answered(written) - pressed)
            self.terminal.rest()
            # Uneven pauses, so that no key falls into step with what is drawn.
            time.sleep(0.05 + 0.05 * (number * 0.618 % 1))
