"""What the next move of a gauge would come to, worked out while nobody asks."""

from __future__ import annotations

from collections.abc import Iterator
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

PAUSE = 0.01
"""How long it waits after a change, in seconds: what is drawn of the change goes first."""

Way = tuple[int, float, Song]
"""A gauge, by how much it is moved, and the song from which the gesture began."""


class ForesightService(Service):
    """Asks a model that remembers its answers for those to the likely next moves of a gauge.

    These are, for the selected measure: the last move again, on in its gesture and as a gesture
    of its own, and back; the other steps that a key makes of the same gauge; a step of each other
    named gauge. Each is made as the edit would make it, so that the edit finds it. Whatever
    changes the song, the selection or the locks ends what is still being worked out.
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
        ways = list(self._likely(song))

        def work(job: Job) -> None:
            job.rest(PAUSE)
            for dimension, by, began in ways:
                job.step(0.0)
                try:
                    move = MoveLatent(at, dimension, by, track=track)
                    edit = resolve_edit(move, song, context)
                    apply_edit(edit, song, replace(context, began=began))
                except ArmonicaError:
                    # A gauge or a track that is locked.
                    continue

        self._jobs.start("foresight", "foresight", "looking ahead", work)

    def _likely(self, song: Song) -> Iterator[Way]:
        step = GAUGE_STEPS[0]
        dimension, by = self._last or (0, step)
        began = self._state.began()
        starts = (song,) if began is None else (began, song)
        sizes = [abs(by), *(size for size in GAUGE_STEPS if size != abs(by))]
        sign = 1.0 if by > 0 else -1.0
        ways = dict.fromkeys(way * size for size in sizes for way in (sign, -sign))
        for way in ways:
            yield from ((dimension, way, start) for start in starts)
        for other in range(len(ATTRIBUTES)):
            if other != dimension:
                yield from ((other, way, song) for way in (step, -step))


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
