"""The long questions: maps and explanations of the model, tunes of the corpus, tracks of files."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

from engine.errors import OutOfRange
from engine.jobs import PAUSE, Job
from engine.latent.attribute_map import Surface, axis, rows
from engine.latent.sensitivity import effects, sensitivity
from engine.latent.spec import Latent, LatentModel, check_dimension, check_grid
from engine.locations import meant
from engine.music.attributes import NAMES, attribute
from engine.music.locks import kept
from engine.protocol.analysis import DrawMap, Explain, MapComputed, SensitivityComputed
from engine.protocol.files import (
    BrowseCorpus,
    CorpusBrowsed,
    LookIntoMidi,
    MidiLookedInto,
    PreviewTune,
    TrackFound,
    TuneFound,
    TunePreviewed,
)
from engine.protocol.snapshot import Snapshot

REMEMBERED = 8
"""How many maps are remembered, so that another attribute of one is there at once."""

_Cells = list[list[tuple[float, ...]]]


class LatentQueries:
    """Makes the work of jobs out of commands; what cannot be met is refused before it starts."""

    def __init__(self) -> None:
        self._maps: OrderedDict[tuple[object, ...], _Cells] = OrderedDict()

    def map(
        self, command: DrawMap, snapshot: Snapshot, model: LatentModel
    ) -> Callable[[Job], None]:
        """Return the work of filling a map, told row by row from the top; raises `OutOfRange`."""
        x, y, width, height = command.x, command.y, command.width, command.height
        base = _base(snapshot, command, model)
        which = NAMES.index(attribute(command.attribute).name)
        for dimension in (x, y):
            check_dimension(model.spec, dimension)
        if x == y:
            raise OutOfRange("A map needs two different dimensions.")
        xs, ys = axis(width), tuple(reversed(axis(height)))
        key = (model.spec.digest, base, x, y, width, height)

        def work(job: Job) -> None:
            occupancy = model.occupancy(x, y, width, height)

            def tell(cells: _Cells) -> None:
                values = tuple(tuple(cell[which] for cell in row) for row in cells)
                surface = Surface(x, y, command.attribute, xs, ys, values, occupancy)
                done = len(cells) == height
                job.tell(MapComputed(command.slot, snapshot.revision, surface, done, command.row))

            cells: _Cells = self._maps.get(key, [])
            told = time.monotonic()
            if not cells:
                for row in rows(model, base, x, y, width, height):
                    cells.append(row)
                    job.step(len(cells) / height)
                    if len(cells) < height and time.monotonic() - told >= PAUSE:
                        told = time.monotonic()
                        tell(cells)
                self._remember(key, cells)
            tell(cells)

        return work

    def explain(
        self, command: Explain, snapshot: Snapshot, model: LatentModel
    ) -> Callable[[Job], None]:
        """Return the work of measuring what gauges do from where they stand."""
        base = _base(snapshot, command, model)
        slot = snapshot.song.slot(command.slot, command.row)
        keeps = kept(snapshot.song.track(command.row).slots, command.slot)
        for dimension in command.dimensions:
            check_dimension(model.spec, dimension)

        def work(job: Job) -> None:
            job.step(0.0)
            heard = None if slot.empty else slot
            steps = effects(model, base, command.dimensions, slot=heard, kept=keeps)
            job.step(0.5)
            slopes = sensitivity(model, base, command.dimensions)
            job.step(1.0)
            job.tell(
                SensitivityComputed(command.slot, snapshot.revision, steps, slopes, command.row)
            )

        return work

    def browse(self, command: BrowseCorpus) -> Callable[[Job], None]:
        """Return the work of looking for tunes by their titles."""
        if not 0 <= command.limit <= 10_000:
            raise OutOfRange(f"A list shows 0 to 10000 tunes, not {command.limit}.")

        def work(job: Job) -> None:
            from engine.corpus.table import shipped

            corpus = shipped()
            job.step(0.5)
            found = corpus.search(command.query)
            tunes = []
            for row in found[: command.limit]:
                tune, length = corpus.tunes[row], len(corpus.rows_of(row))
                tunes.append(
                    TuneFound(row, tune.title, tune.book, tune.number, tune.metre, tune.key, length)
                )
            job.tell(CorpusBrowsed(command.query, tuple(tunes), len(found) - len(tunes)))

        return work

    def preview(self, command: PreviewTune) -> Callable[[Job], None]:
        """Return the work of reading a tune's measures, as far as it has them."""

        def work(job: Job) -> None:
            from engine.corpus.table import shipped

            corpus = shipped()
            rows = corpus.rows_of(command.tune)
            first = max(1, command.first)
            chosen = rows[first - 1 : first - 1 + max(0, command.count)]
            measures = tuple(corpus.measure(int(row)) for row in chosen)
            job.tell(TunePreviewed(command.tune, first, measures))

        return work

    def look(self, command: LookIntoMidi) -> Callable[[Job], None]:
        """Return the work of listing the tracks of a MIDI file."""

        def work(job: Job) -> None:
            from engine.formats.midi_file import tracks

            found = tuple(
                TrackFound(each.number, each.name, each.notes, each.drums, each.voices)
                for each in tracks(meant(command.path), job.step)
            )
            job.tell(MidiLookedInto(command.path, found, command.request))

        return work

    def _remember(self, key: tuple[object, ...], cells: _Cells) -> None:
        self._maps[key] = cells
        while len(self._maps) > REMEMBERED:
            self._maps.popitem(last=False)


def _base(snapshot: Snapshot, command: DrawMap | Explain, model: LatentModel) -> Latent:
    # An empty slot stands where its first gauge move would start.
    slot = snapshot.song.slot(command.slot, command.row)
    check_grid(slot.grid, command.slot + 1)
    return slot.latent or model.spec.origin
