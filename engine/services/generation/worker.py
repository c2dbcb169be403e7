"""The workers of the studio: one thread for the model, one for files, one for the sound."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from engine.errors import ArmonicaError, BadModel, NotReady
from engine.jobs import Cancelled, Job
from engine.protocol.generation import Trait
from engine.protocol.notices import Notice
from engine.services.generation import take_store, worker_events
from engine.services.generation.live_changes import Controls
from engine.services.generation.take_job import Order, TakeMaker
from engine.steering.probes import store
from engine.steering.spec import AudioSpec

if TYPE_CHECKING:
    from engine.services.generation.backends import Instrument, StudioParts
    from engine.services.generation.recipe import TakeRecipe
    from engine.services.generation.streaming_take import StreamingTake
    from engine.steering.musicgen.download import Fetching

TOLD = 0.25
"""Seconds between two tellings of how far a download is."""

log = logging.getLogger(__name__)


class GenerationWorker:
    """Holds the model, and does with it what jobs ask; they all run on one lane."""

    def __init__(self, parts: StudioParts, soundfont: str) -> None:
        self._parts, self._soundfont = parts, soundfont
        self._instrument: Instrument | None = None
        self.closing = False

    def open(self, job: Job, name: str) -> None:
        """Load a model in place of the one that is held, and tell its traits."""
        self.drop(job)
        told = 0.0

        def progress(fetching: Fetching) -> None:
            nonlocal told
            job.step(fetching.done / fetching.size if fetching.size else 0.0)
            if time.monotonic() - told >= TOLD:
                told = time.monotonic()
                job.tell(worker_events.ModelLoading(job.number, _progress_text(fetching)))

        try:
            instrument = self._parts.open_model(name, progress)
        except Cancelled:
            raise
        except ArmonicaError as error:
            job.tell(worker_events.ModelRefused(job.number, error))
            raise
        except Exception as error:
            log.exception("The audio model %s could not be loaded", name)
            told_as = BadModel(f"{name} cannot be loaded: {error}.", "See `armonica doctor`.")
            job.tell(worker_events.ModelRefused(job.number, told_as))
            raise told_as from error
        self._instrument = instrument
        if job.cancelled:
            self.drop(job)
            raise Cancelled
        self.survey(job, name)

    def survey(self, job: Job, name: str) -> None:
        """Describe what is held, and the traits that there are probes of."""
        if self._instrument is None:
            return
        spec, memory = self._instrument.spec, self._instrument.memory()
        traits, faults = _traits(spec)
        job.tell(worker_events.ModelOpened(job.number, name, spec, memory, traits))
        if self._instrument.decoder == "modules":
            from engine.services.generation.backends import SLOWER

            job.tell(Notice(f"{spec.name} {SLOWER}.", "warning"))
        if faults:
            more = f" {len(faults) - 1} more are damaged." if len(faults) > 1 else ""
            job.tell(Notice(f"A probe is passed over: {faults[0].message}{more}", "warning"))

    def drop(self, job: Job) -> None:
        """Free the model that is held."""
        del job
        held, self._instrument = self._instrument, None
        if held is not None:
            held.close()

    def make(
        self, job: Job, order: Order, controls: Controls, began: Callable[[StreamingTake], None]
    ) -> None:
        """Make a take and tell of it."""
        if self._instrument is None:
            raise NotReady("There is no audio model any more.", "Load one.")
        maker = TakeMaker(job, self._instrument, order, controls, self._parts, self._soundfont)
        made = maker.make(began, lambda: self.closing)
        if made.recipe is not None:
            self._report_made(job, order, made.recipe)
        if made.fault is not None:
            raise made.fault

    def _report_made(self, job: Job, order: Order, made: TakeRecipe) -> None:
        source = None if order.repeats is None else take_store.read(order.repeats)
        if source is not None and order.twin:
            take_store.amend(source.twinned(made.take.id))
        twin_of = order.repeats if order.twin else None
        memory = 0 if self._instrument is None else self._instrument.memory()
        job.tell(worker_events.TakeMade(job.number, made.take, memory, twin_of))
        if source is None or order.twin or made.steps != source.steps:
            return
        if (made.codes, made.audio) == (source.codes, source.audio):
            job.tell(Notice(f"Made again, bit for bit the same as {source.take.title}."))
        else:
            text = "Made again, and it came out otherwise: the machine or a version differs."
            job.tell(Notice(text, "warning"))


def list_takes(job: Job) -> None:
    """Tell the takes that are kept, and of those that cannot be read."""
    found = take_store.listed()
    job.tell(worker_events.TakesListed(found.takes))
    if found.faults:
        count = len(found.faults)
        some = "A take is" if count == 1 else f"{count} takes are"
        job.tell(Notice(f"{some} passed over: {found.faults[0].message}", "warning"))


def _traits(spec: AudioSpec) -> tuple[tuple[Trait, ...], tuple[ArmonicaError, ...]]:
    shelf = store.shelf()
    return tuple(
        Trait(
            name=each.card.name,
            accuracy=each.card.accuracy,
            low=each.card.low,
            high=each.card.high,
            chance=0.5,
            threshold=each.card.threshold,
            strength=each.card.strength,
            advised=each.card.strength,
            warnings=each.card.warnings,
            shipped=each.path.is_relative_to(store.SHIPPED),
        )
        for each in shelf.of(spec)
    ), shelf.faults


def _progress_text(fetching: Fetching) -> str:
    text = f"fetching {fetching.file}: {fetching.done / 1e6:.0f}"
    if fetching.size:
        text += f" of {fetching.size / 1e6:.0f}"
    text += f" MB, {fetching.rate / 1e6:.1f} MB/s"
    if fetching.left is not None:
        text += (
            f", {fetching.left / 60:.0f} min left"
            if fetching.left > 90
            else (f", {fetching.left:.0f} s left")
        )
    return text
