"""Edits of phrases: measures that were proposed come in."""

from __future__ import annotations

from dataclasses import replace

from engine.errors import OutOfRange
from engine.latent.spec import LatentSpec
from engine.music.locks import kept
from engine.music.slot import Origin, Slot
from engine.music.song import Song
from engine.protocol.phrase import PutProposal
from engine.services.editing.codes import encoded
from engine.services.editing.edits.base import EditContext, apply_edit, step_name
from engine.services.editing.edits.metres import measures_words


@apply_edit.register
def _(command: PutProposal, song: Song, context: EditContext) -> Song:
    if not command.proposed or len(command.proposed) != len(command.bits):
        raise OutOfRange("A proposal has at least one measure, and the bits of each.")
    for at, (measure, bits) in enumerate(
        zip(command.proposed, command.bits, strict=True), command.slot
    ):
        there = song.slot(at, command.row)
        if measure.grid != there.grid:
            raise OutOfRange(f"Measure {at + 1} is in {there.grid.name}, what is proposed is not.")
        # A locked measure is part of what the proposal fits, and stays.
        if there.locked:
            continue
        stays = kept(song.track(command.row).slots, at)
        origin = Origin("prior", "Proposed to fit", f"{bits:.0f} bits")
        slot = Slot.brought_in(stays.of(measure), origin)
        song = song.with_slot(at, replace(slot, locked_notes=there.locked_notes), command.row)
    return encoded([song], context.model)[0] if context.model else song


@step_name.register
def _(command: PutProposal, old: Song, new: Song, spec: LatentSpec | None) -> str:
    last = command.slot + len(command.proposed) - 1
    return f"propose {measures_words(command.slot, last)}"
