"""From notes at any time and pitch to measures on the grid, with an account of what changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from fractions import Fraction

from engine.music.groove import PLAIN, Groove
from engine.music.measure import HOLD, REST, Measure
from engine.music.metre_runs import MetreRuns
from engine.music.note_placing import PlacedScoreNote, Placing
from engine.music.score_notes import Account, ScoreNote, Voice, folded

_TOLD = 256
"""Measures between two tellings of how much is done."""


def fit(
    notes: Iterable[ScoreNote],
    length: Fraction,
    runs: MetreRuns,
    account: Account,
    on_progress: Callable[[float], None] = lambda _: None,
    *,
    pace: float = 0.5,
    groove: Groove = PLAIN,
    voice: Voice = "top",
) -> list[Measure]:
    """Return the measures that one voice made of ``notes`` fills, silence to ``length`` included.

    ``notes`` come in the order of their starts; times are in quarter notes from the start of
    the first measure, and ``pace`` is in seconds a quarter note. Notes that swing as ``groove``
    does stand where they stand without it. What had to be changed is added to ``account``.
    ``on_progress`` is told how much is done, 0 to 1.
    """
    placed = Placing(runs, pace, groove, account).placed(list(notes))
    on_progress(0.5)
    line = _voice(placed, voice, account)
    ticks = max((note.end for note in line), default=0)
    grids = list(runs.grids(max(runs.reaching(ticks), runs.whole(length))))
    tokens = [HOLD] * sum(grid.ticks for grid in grids)
    free = 0
    for note in line:
        if free < note.start:
            tokens[free] = REST
        tokens[note.start] = folded(note.source.pitch, account)
        free = note.end
    if free < len(tokens):
        tokens[free] = REST
    measures = []
    resting, start = True, 0
    for grid in grids:
        bar = tokens[start : start + grid.ticks]
        start += grid.ticks
        if resting and bar[0] == HOLD:
            bar[0] = REST
        measures.append(Measure.from_tokens(bar, grid))
        resting = next((token == REST for token in reversed(bar) if token != HOLD), resting)
        if not len(measures) % _TOLD:
            on_progress(0.5 + 0.5 * start / len(tokens))
    on_progress(1.0)
    return measures


def _voice(placed: list[PlacedScoreNote], voice: Voice, account: Account) -> list[PlacedScoreNote]:
    account.voice = voice
    if voice == "bass":
        return _line(placed, account, -1)
    if voice == "inner":
        outer = [
            note
            for side in (1, -1)
            for note in _line([replace(each) for each in placed], Account(), side)
        ]
        taken = {id(note.source) for note in outer}
        account.below += len(taken)
        placed = [note for note in placed if id(note.source) not in taken]
    return _line(placed, account, 1)


def _line(placed: list[PlacedScoreNote], account: Account, side: int) -> list[PlacedScoreNote]:
    # The highest line where ``side`` is 1, the lowest where it is -1.
    line: list[PlacedScoreNote] = []
    for note in sorted(placed, key=lambda note: (note.start, -side * note.source.pitch, -note.end)):
        before = line[-1] if line else None
        if before is None or note.start >= before.end:
            line.append(note)
        elif note.start == before.start:
            together = min(note.source.end, before.source.end) > max(
                note.source.start, before.source.start
            )
            account.below += together
            account.crowded += not together
        # A higher note that sounds through most of a lower one hides it; one that only
        # reaches into it, as in legato, gives way.
        elif side * (note.source.pitch - before.source.pitch) < 0 and 2 * (
            min(before.end, note.end) - note.start
        ) > (note.end - note.start):
            account.below += 1
        else:
            account.cut += 1
            before.end = note.start
            line.append(note)
    return line
