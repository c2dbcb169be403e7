"""Edits of accompaniment: which rule plays a track's empty measures, and its freezing to notes."""

from __future__ import annotations

import math
from dataclasses import replace

from engine.errors import OutOfRange
from engine.latent.spec import LatentSpec
from engine.music.accompaniment.style import STYLES, Accompaniment, gauge_word
from engine.music.song import Song
from engine.protocol.base import Edit
from engine.protocol.parameters import accompaniment_numbers
from engine.protocol.tracks import FreezeAccompaniment, NudgeAccompaniment, SetAccompaniment
from engine.services.editing.codes import encoded
from engine.services.editing.edits.base import (
    EditContext,
    apply_edit,
    resolve_edit,
    step_name,
)


@resolve_edit.register
def _(command: NudgeAccompaniment, song: Song, context: EditContext) -> Edit:
    track = song.track(command.row)
    rule, by = track.accompaniment, command.by
    if not math.isfinite(by):
        raise OutOfRange(f"A gauge moves by a number, and {by} is none.")
    if command.part == "style":
        styles = _styles(song, command.row)
        # From none on to the first, and past the last to none again.
        stands = -1 if rule is None or rule.style not in styles else styles.index(rule.style)
        to = (stands + 1 + round(by)) % (len(styles) + 1) - 1
        chosen = None if to < 0 else replace(rule or Accompaniment(styles[to]), style=styles[to])
        return SetAccompaniment(chosen, command.gesture, track=command.track)
    if rule is None:
        raise OutOfRange("No rule plays this track.", "Choose a style of accompaniment first.")
    number = accompaniment_numbers(rule)[command.part]
    moved = number.ask(number.moved(by), command.gesture)
    assert isinstance(moved, SetAccompaniment)  # Its gauges are set by nothing else.
    return replace(moved, track=command.track)


def _styles(song: Song, row: int) -> tuple[str, ...]:
    kind = song.track(row).kind
    if kind not in STYLES:
        raise OutOfRange(
            "A rule plays tracks of bass, chords or drums.", "Make the track one of these kinds."
        )
    return STYLES[kind]


@apply_edit.register
def _(command: SetAccompaniment, song: Song, context: EditContext) -> Song:
    rule = command.accompaniment
    if rule is not None and rule.style not in _styles(song, command.row):
        kind = song.track(command.row).kind
        raise OutOfRange(
            f"{rule.style} is no style of {kind}.", f"Known: {', '.join(STYLES[kind])}."
        )
    return song.with_track(command.row, accompaniment=rule)


@step_name.register
def _(command: SetAccompaniment, old: Song, new: Song, spec: LatentSpec | None) -> str:
    was, now = old.track(command.row).accompaniment, new.track(command.row).accompaniment
    where = f"of track {command.row + 1}"
    if now is None:
        return f"no accompaniment {where}"
    if was is None or was.style != now.style:
        return f"accompaniment {now.style} {where}"
    moved = [
        f"{name} {gauge_word(name, getattr(now, name))}"
        for name in ("density", "complexity", "register", "swing")
        if getattr(was, name) != getattr(now, name)
    ]
    return f"{', '.join(moved) or 'accompaniment'} {where}"


@apply_edit.register
def _(command: FreezeAccompaniment, song: Song, context: EditContext) -> Song:
    track = song.track(command.row)
    if track.accompaniment is None:
        raise OutOfRange("No rule plays this track.", "Choose a style of accompaniment first.")
    # As far as it is heard: the loop is to stay as long as it is.
    sounding = song.sounding
    slots = (*song.heard(command.row)[:sounding], *track.slots[sounding:])
    frozen = song.with_track(command.row, slots=slots, accompaniment=None)
    return encoded([frozen], context.model)[0] if context.model else frozen


@step_name.register
def _(command: FreezeAccompaniment, old: Song, new: Song, spec: LatentSpec | None) -> str:
    rule = old.track(command.row).accompaniment
    return f"freeze {rule.style if rule else 'accompaniment'} of track {command.row + 1}"
