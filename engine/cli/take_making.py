"""Makes a take into a file of the user's own, as an order says, and shows how far it is."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.cli.audio_models import opened
from engine.cli.options import BadUsage, ProgressLine, duration, say
from engine.cli.take_report import described, document
from engine.errors import ArmonicaError, CannotWrite

if TYPE_CHECKING:
    from engine.jobs import Job
    from engine.protocol.base import Event
    from engine.services.generation.backends import Instrument
    from engine.services.generation.recipe import TakeRecipe
    from engine.services.generation.take_job import Order, Source
    from engine.steering.probes.probe import ProbeCard
    from engine.steering.spec import AudioSpec


class Interrupted(ArmonicaError):
    """Work that was ended on the way; what there was is kept."""

    title = "Interrupted"
    exit_code = 128 + signal.SIGINT


@dataclass
class Workbench:
    """A model that is loaded, and the probes of it that are asked for."""

    instrument: Instrument
    soundfont: str
    cards: dict[str, ProbeCard]

    @property
    def spec(self) -> AudioSpec:
        """What the model is."""
        return self.instrument.spec


@dataclass(frozen=True)
class MadeTake:
    """What was made: all that is told of it, its recipe and source, and what ended it early."""

    told: dict[str, Any]
    recipe: TakeRecipe
    source: Source
    fault: Exception | None


def check_places(outputs: list[Path], report: Path | None) -> None:
    """Raise an `ArmonicaError` where the result of long work would have no place to go."""
    from engine.services.generation import take_store
    from engine.services.generation.take_export import ExportedTake

    for path in outputs:
        ExportedTake(path).prepare()
    if report is None:
        return
    if report in {*outputs, *map(take_store.beside, outputs)}:
        raise BadUsage(f"{report} is written already, as the sound or its recipe.", "Rename it.")
    if report.is_dir() or not report.parent.is_dir():
        raise CannotWrite(f"{report} cannot be written.", "Name a file in a folder that is there.")


def open_workbench(model: str) -> Workbench:
    """Load a model, and show what is fetched for it."""
    from engine import config
    from engine.services.generation.backends import SLOWER, Loaded

    instrument = Loaded(opened(model))
    if instrument.decoder == "modules":
        say(f"{instrument.spec.name} {SLOWER}.")
    return Workbench(instrument, config.load().settings.soundfont, {})


def make(bench: Workbench, order: Order, out: Path, report: Path | None) -> MadeTake:
    """Make a take and write it as ``out``; raises `Interrupted` where nothing was made."""
    from engine.jobs import Cancelled, Job
    from engine.services.generation.backends import StudioParts
    from engine.services.generation.live_changes import Controls
    from engine.services.generation.take_export import ExportedTake
    from engine.services.generation.take_job import TakeMaker

    def more(recipe: TakeRecipe) -> dict[Path, bytes]:
        return {} if report is None else {report: document(described(bench.cards, recipe, out))}

    shelf = ExportedTake(out, more)
    job = Job(1, "steer", "steer", lambda _: None, _Shown(f"steer {out.name}"))
    maker = TakeMaker(
        job, bench.instrument, order, Controls(), StudioParts(), bench.soundfont, shelf
    )
    try:
        with _cancelling(job):
            made = maker.make(lambda _: None, lambda: False)
    except Cancelled:
        made = None
    if made is not None and made.recipe is None and made.fault is not None:
        raise made.fault
    if made is None or made.recipe is None:
        raise Interrupted("Interrupted before anything had grown; nothing was written.")
    told = described(bench.cards, made.recipe, out)
    return MadeTake(told, made.recipe, shelf.source, made.fault)


class _Shown:
    """Shows on standard error what a job tells."""

    def __init__(self, name: str) -> None:
        self._line = ProgressLine(name)

    def __call__(self, event: Event) -> None:
        from engine.protocol.generation import TakeProgressed

        if isinstance(event, TakeProgressed):
            least, most = (duration(seconds) for seconds in event.left)
            left = least if least == most else f"{least} to {most}"
            meters = ", ".join(
                f"{meter.name} {meter.confidence:.2f} ({meter.gate:+.2f})" for meter in event.meters
            )
            self._line.show(
                event.step / event.steps,
                f"{event.seconds:.1f} of {event.of:.1f} s, {event.rate:.2f} s/s",
                left if event.step < event.steps else "",
                meters,
            )


@contextmanager
def _cancelling(job: Job) -> Iterator[None]:
    # The first Ctrl-C ends the work at its next step, so that what there is can be kept.
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(*_: object) -> None:
        if job.cancelled:
            raise KeyboardInterrupt
        job.cancel()

    before = signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def end(made: MadeTake, out: Path, whole: bool | None = None) -> None:
    """Raise what ended a take before it was whole, if anything did."""
    if made.fault is not None:
        raise made.fault
    if not (made.recipe.take.whole if whole is None else whole):
        there = made.recipe.take.seconds
        raise Interrupted(f"Interrupted: {out} holds the {there:.1f} s that had grown.")
