"""What the next move of a gauge would come to, worked out while nobody asks."""

from __future__ import annotations

import math
from contextlib import suppress
from dataclasses import replace

from engine.errors import ArmonicaError
from engine.jobs import Job, Jobs
from engine.latent.remembered import RememberedTurns
from engine.latent.spec import DECIMALS, serves
from engine.music.attributes import ATTRIBUTES
from engine.music.slot import Slot
from engine.music.song import Song
from engine.protocol.base import Command
from engine.protocol.edit import GAUGE_STEPS, MoveLatent
from engine.protocol.snapshot import Snapshot
from engine.services.base import Service, ServiceContext
from engine.services.editing.edits import EditContext, apply_edit, resolve_edit
from engine.services.editing.state import State

PAUSE, LATER = 0.01, 0.3
"""How long it waits after a change, in seconds: what is drawn of it goes first, and what is less
likely waits until the hand rests, so that keys that follow each other find the processor free."""

Way = tuple[int, float, Song]
"""A gauge, by how much it is moved, and the song from which the gesture began."""


class ForesightService(Service):
    """Asks a model that remembers its answers for those to the likely next moves of a gauge.

    These are, for the selected measure: the last move again, on in its gesture and as a gesture
    of its own, and back; after a while the other steps that a key makes of the same gauge, and a
    step of each other named gauge. Each is made as the edit would make it, so that the edit finds
    it. Whatever changes the song, the selection or the locks ends what is not worked out yet.
    """

    def __init__(self, context: ServiceContext, jobs: Jobs, state: State) -> None:
        super().__init__(context)
        self._jobs, self._state = jobs, state
        self._last: tuple[int, float] | None = None
        self._due = False

    def on_state(self, command: Command, before: Snapshot, after: Snapshot, now: float) -> None:
        """Note which gauge was moved, and that all must be worked out anew."""
        if _seen(before) == _seen(after):
            return
        self._due = True
        here = (after.track, after.selected)
        if here == (before.track, before.selected):
            self._last = _move(before.slot, after.slot) or self._last

    def settle(self, now: float) -> None:
        """Begin with what is likely now."""
        if not self._due:
            return
        self._due = False
        model, shown = self._state.model, self.context.snapshot()
        slot = shown.slot
        if not isinstance(model, RememberedTurns) or slot.latent is None or not serves(slot.grid):
            return
        song, at, track = shown.song, shown.selected, shown.track
        context = EditContext(model, shown.locks, shown.port.others)
        stages = tuple(self._likely(song))

        def work(job: Job) -> None:
            for pause, ways in zip((PAUSE, LATER), stages, strict=True):
                job.rest(pause)
                for way in ways:
                    # Nothing is told: nobody has asked for it.
                    if job.cancelled:
                        return
                    make(*way)

        def make(dimension: int, by: float, began: Song) -> None:
            move = MoveLatent(at, dimension, by, track=track)
            # A gauge or a track may be locked.
            with suppress(ArmonicaError):
                edit = resolve_edit(move, song, context)
                apply_edit(edit, song, replace(context, began=began))

        self._jobs.start("foresight", "foresight", "looking ahead", work)

    def _likely(self, song: Song) -> tuple[list[Way], list[Way]]:
        """Return what is most likely, and what is likely beside it."""
        step = GAUGE_STEPS[0]
        dimension, by = self._last or (0, step)
        began = self._state.began()
        starts = (song,) if began is None else (began, song)
        first = [(dimension, way, start) for way in (by, -by) for start in starts]
        sizes = [size for size in GAUGE_STEPS if size != abs(by)]
        signs = math.copysign(1.0, by), -math.copysign(1.0, by)
        beside = [(dimension, s * size, start) for size in sizes for s in signs for start in starts]
        others = [other for other in range(len(ATTRIBUTES)) if other != dimension]
        beside += [(other, sign * step, song) for other in others for sign in signs]
        return first, beside


def _seen(shown: Snapshot) -> tuple[object, ...]:
    # A song is compared by being the same one: what is equal would come to the same answers.
    return id(shown.song), shown.selected, shown.track, shown.locks, shown.model


def _move(before: Slot, after: Slot) -> tuple[int, float] | None:
    """Return the one gauge by which two codes differ, and by how much."""
    if before.latent is None or after.latent is None:
        return None
    pairs = enumerate(zip(before.latent, after.latent, strict=False))
    moved = [(at, round(there - here, DECIMALS)) for at, (here, there) in pairs if here != there]
    return moved[0] if len(moved) == 1 else None
