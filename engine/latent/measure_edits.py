"""Measures that lie one edit from another: notes moved, added, dropped, at other pitches."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engine.latent.tokens import Ints
from engine.music.measure import HIGHEST, HOLD, LOWEST, REST

PITCHES = np.array([-12, -7, -4, -3, -2, -1, 1, 2, 3, 4, 7, 12])
"""By how many semitones one note is moved."""

WAYS = np.array([-3, -2, -1, 1, 2, 3])
"""By how many ticks one onset is moved."""

BESIDE = np.array([-2, 0, 2])
"""How far an added note lies from the one before it, in semitones; it may also be the next one."""


def edited(rows: Ints) -> Ints:
    """Return the measures [M, 24] that are one edit from measures [B, 24], all in absolute tokens.

    A note is moved in pitch or in time, dropped (the one before it goes on, or rests), or added
    where none starts; a note is put to rest where it goes on. The order is always the same.
    """
    onset = rows > REST
    before = _token_before(rows)
    row, tick = np.nonzero(onset)
    nearby, place = np.nonzero(~onset)
    return np.concatenate(
        [
            _repitched(rows, row, tick),
            _dropped(rows, row, tick, before),
            _moved(rows, row, tick),
            _added(rows, nearby, place),
            _rested(rows, nearby, place, before),
        ]
    )


def _repitched(rows: Ints, row: Ints, tick: Ints) -> Ints:
    pitch = rows[row, tick][:, None] + PITCHES
    which, way = np.nonzero((pitch >= LOWEST) & (pitch <= HIGHEST))
    return _set(rows, row[which], tick[which], pitch[which, way])


def _dropped(rows: Ints, row: Ints, tick: Ints, before: Ints) -> Ints:
    # A measure must not begin with a hold that goes on with what lies before it.
    inside = tick > 0
    held = _set(rows, row[inside], tick[inside], HOLD)
    follows = ~inside | (before[row, tick] > REST)
    return np.concatenate([held, _set(rows, row[follows], tick[follows], REST)])


def _moved(rows: Ints, row: Ints, tick: Ints) -> Ints:
    ticks = rows.shape[1]
    to = tick[:, None] + WAYS
    inside = (to >= 0) & (to < ticks)
    # Between here and there no other note may start.
    starts = np.concatenate([np.zeros((len(rows), 1), int), (rows > REST).cumsum(axis=1)], axis=1)
    low, high = np.minimum(tick[:, None], to), np.maximum(tick[:, None], to)
    low, high = low.clip(0, ticks - 1), high.clip(0, ticks - 1)
    passed = starts[row[:, None], high + 1] - starts[row[:, None], low]
    which, way = np.nonzero(inside & (passed == 1))
    at, here = row[which], tick[which]
    made = _set(rows, at, here, np.where(here == 0, REST, HOLD))
    made[np.arange(len(made)), to[which, way]] = rows[at, here]
    return made


def _added(rows: Ints, row: Ints, tick: Ints) -> Ints:
    last, following = _sounded_before(rows)[row, tick], _sounded_after(rows)[row, tick]
    last = np.where(last > REST, last, following)
    following = np.where(following > REST, following, last)
    pitch = np.concatenate([last[:, None] + BESIDE, following[:, None]], axis=1)
    which, way = np.nonzero((pitch >= LOWEST) & (pitch <= HIGHEST) & (last > REST)[:, None])
    return _set(rows, row[which], tick[which], pitch[which, way])


def _rested(rows: Ints, row: Ints, tick: Ints, before: Ints) -> Ints:
    sounds = (rows[row, tick] == HOLD) & (before[row, tick] > REST)
    return _set(rows, row[sounds], tick[sounds], REST)


def _set(rows: Ints, row: Ints, tick: Ints, token: Ints | int) -> Ints:
    made = rows[row]
    made[np.arange(len(made)), tick] = token
    return made


def _at_or_before(marked: npt.NDArray[np.bool_]) -> Ints:
    places = np.where(marked, np.arange(marked.shape[1]), -1)
    return np.asarray(np.maximum.accumulate(places, axis=1))


def _token_before(rows: Ints) -> Ints:
    """Return what goes on before each tick [B, 24]: a pitch or a rest; hold where nothing does."""
    return _shifted(rows, rows != HOLD)


def _sounded_before(rows: Ints) -> Ints:
    """Return the pitch that was struck last before each tick [B, 24], hold where none was."""
    return _shifted(rows, rows > REST)


def _sounded_after(rows: Ints) -> Ints:
    return _shifted(rows[:, ::-1], rows[:, ::-1] > REST)[:, ::-1]


def _shifted(rows: Ints, marked: npt.NDArray[np.bool_]) -> Ints:
    at = _at_or_before(marked)
    found = np.where(at >= 0, np.take_along_axis(rows, at.clip(min=0), axis=1), HOLD)
    return np.concatenate([np.full((len(rows), 1), HOLD), found[:, :-1]], axis=1)
