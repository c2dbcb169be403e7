"""Makes a take: a prompt, step after step behind it, and all of it kept."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from engine.common.fields import bad
from engine.errors import OutOfRange
from engine.jobs import Cancelled, Job
from engine.music.song import Song
from engine.protocol.generation import PEAKS, Generation, Meter, Take, TakeProgressed
from engine.protocol.notices import Notice
from engine.services.generation import take_store
from engine.services.generation.eta import Pace
from engine.services.generation.live_changes import Controls, LiveTraitChanges, hand_on
from engine.services.generation.loudness import Levelling, finished, finisher, measured, planned
from engine.services.generation.recipe import (
    Change,
    SteeredTrait,
    TakeRecipe,
    pushed_traits,
    rounded,
    versions,
)
from engine.services.generation.recipe import OtherModel as OtherModel
from engine.services.generation.results import results
from engine.steering.control.settings import TraitSetting
from engine.steering.spec import AudioSpec, DecoderName

if TYPE_CHECKING:
    from torch import Tensor

    from engine.audio.synth import Wave
    from engine.services.generation.backends import Heard, Instrument, StudioParts
    from engine.services.generation.streaming_take import StreamingTake
    from engine.services.generation.take_store import Codes
    from engine.steering.musicgen.generate import Request

TOLD = 0.05
"""Seconds between two tellings at least: 20 a second at most."""

CHUNK = 0.5
"""Seconds of sound that are decoded at a time while a take grows."""

REST = 0.05
"""Seconds after which a take that is held looks whether it may go on."""

HISTORY = 128
"""Steps whose meters are told along."""

log = logging.getLogger(__name__)


class TakeShelf(Protocol):
    """Where a take is kept; `engine.services.generation.take_store` is the studio's own."""

    def prepare(self) -> None:
        """Make sure that there is a place; raises `CannotWrite`."""

    def write(self, recipe: TakeRecipe, wave: Wave, codes: Codes) -> TakeRecipe:
        """Keep a take whole or not at all, and return its recipe as it was written."""


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """What is made again: its recipe, and the codes [K, T] of its prompt."""

    recipe: TakeRecipe
    prompt: Tensor | None


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be made: under which name, from which settings, of which song.

    ``repeats`` is the take that is made again, or, with ``twin``, whose unsteered twin is
    made; everything is then as its recipe says. ``source`` stands for a take that is not in
    the list.
    """

    id: str
    title: str
    made: str
    generation: Generation
    settings: tuple[TraitSetting, ...]
    song: Song
    parent: str | None = None
    repeats: str | None = None
    source: Source | None = None
    twin: bool = False


@dataclass(frozen=True, slots=True)
class Made:
    """What became of an order: what was kept, if anything, and what ended it before its time."""

    recipe: TakeRecipe | None
    fault: Exception | None = None


@dataclass(frozen=True, slots=True)
class _Plan:
    prompt: Tensor | None
    frames: int
    stop: int | None
    traits: tuple[SteeredTrait, ...]
    changes: tuple[Change, ...]
    levelling: Levelling | None
    decoder: DecoderName


class TakeMaker:
    """Makes one take on an instrument; it belongs to the instrument's thread."""

    def __init__(
        self,
        job: Job,
        instrument: Instrument,
        order: Order,
        controls: Controls,
        parts: StudioParts,
        soundfont: str = "",
        shelf: TakeShelf = take_store,
    ) -> None:
        self._job, self._instrument, self._order = job, instrument, order
        self._controls, self._parts, self._soundfont = controls, parts, soundfont
        self._shelf = shelf
        self._pace = Pace()
        self._trace: list[tuple[Meter, ...]] = []
        self._recent: deque[tuple[Meter, ...]] = deque(maxlen=HISTORY)
        self._told = float("-inf")
        self._codes: Tensor | None = None
        self._steps = 0
        self._whole = False
        self._hand: LiveTraitChanges | None = None
        self._traits: tuple[SteeredTrait, ...] = ()
        self.growth: StreamingTake | None = None

    def make(self, began: Callable[[StreamingTake], None], quiet: Callable[[], bool]) -> Made:
        """Make the take and keep it, also where it is cancelled or fails on the way.

        ``began`` is told of the sound that grows; where ``quiet`` says so at the end, nobody
        is asked what is heard. Raises `Cancelled` or an error where nothing has grown.
        """
        self._job.step(0.0)
        # Long work asks before it begins, so that its result has a place to go.
        self._shelf.prepare()
        plan = self._planned()
        self._job.step(0.0)
        fault: Exception | None = None
        try:
            self._grow(plan, began)
        except Cancelled:
            pass
        except Exception as error:
            fault = error
        try:
            return Made(self._keep(plan, quiet), fault)
        except Exception as error:
            # What went wrong first is what the user can mend.
            if fault is not None:
                log.warning("What there was could not be kept: %s", error)
                raise fault from error
            raise
        finally:
            if self.growth is not None:
                self.growth.finish()

    def _planned(self) -> _Plan:
        from engine.services.generation.prompts import most_frames, prompt_codes
        from engine.steering.musicgen.generate import LONGEST

        order, spec = self._order, self._instrument.spec
        source = order.source
        if source is None and order.repeats is not None:
            source = kept(order.repeats)
        if source is not None:
            recipe, prompt = source.recipe, source.prompt
            _same_model(recipe, spec)
            self._order = replace(order, generation=recipe.generation)
            traits, changes = recipe.traits, recipe.changes
            if order.twin:
                traits = tuple(replace(t, setting=replace(t.setting, mode="off")) for t in traits)
                changes = ()
            levelling = recipe.levelling
            if levelling is not None:
                levelling = levelling.before(recipe.prompt_frames)
            return _Plan(
                prompt, recipe.frames, recipe.steps, traits, changes, levelling, recipe.decoder
            )
        added = max(1, round(order.generation.seconds * spec.frame_rate))
        most = 0 if order.generation.prompt.kind == "nothing" else most_frames(spec, added)
        if added + most > int(LONGEST * spec.frame_rate):
            raise OutOfRange(
                f"A piece lasts at most {LONGEST:g} seconds, the prompt's among them.",
                "Ask for fewer seconds.",
            )
        prompt = prompt_codes(
            self._instrument, order.generation.prompt, order.song, most, self._soundfont
        )
        begin = 0 if prompt is None else prompt.shape[-1]
        traits = tuple(SteeredTrait(setting, "") for setting in order.settings)
        earlier = None
        if order.generation.prompt.kind == "take":
            before = take_store.read(order.generation.prompt.which)
            earlier = before.levelling if before.digest == spec.digest else None
        levelling = planned(self._instrument, prompt, earlier)
        decoder = self._instrument.decoder
        return _Plan(prompt, begin + added, None, traits, (), levelling, decoder)

    def _grow(self, plan: _Plan, began: Callable[[StreamingTake], None]) -> None:
        from engine.services.generation.streaming_take import StreamingTake

        spec = self._instrument.spec
        hop = spec.sample_rate / spec.frame_rate
        growth = self.growth = StreamingTake(spec.sample_rate, round(plan.frames * hop))
        began(growth)
        audio = self._instrument.growing()
        finish = finisher(spec, plan.levelling)
        decoded = 0
        # What is made again is turned by its recipe alone.
        controls = self._controls if plan.stop is None else None
        self._hand, self._traits = hand_on(spec, plan.traits, plan.changes, controls)
        request = self._request(plan)
        with closing(self._instrument.generate(request, self._hand)) as steps:
            since = time.monotonic()
            for step in steps:
                if plan.stop is not None and plan.stop > step.total:
                    bad(f"it ends after {plan.stop} steps, and there are {step.total}")
                self._codes, self._steps = step.codes, step.number + 1
                last = step.number + 1 == step.total
                stops = last or step.number + 1 == plan.stop
                if stops and step.frames <= _length(plan.prompt):
                    bad(f"it ends after step {step.number + 1}, before anything has grown")
                self._note()
                if stops or step.frames - decoded >= CHUNK * spec.frame_rate:
                    decoded = step.frames
                    grown = audio.add(step.codes, last=stops).numpy()
                    growth.add(finish(grown, stops))
                now = time.monotonic()
                self._pace.add(now - since)
                if stops or now - self._told >= TOLD:
                    self._report_progress(plan, step.number, step.total, step.frames, now)
                if stops:
                    self._whole = last
                    return
                self._job.step((step.number + 1) / (plan.stop or step.total))
                if self._controls.paused:
                    self._report_progress(plan, step.number, step.total, step.frames, now)
                    self._hold()
                since = time.monotonic()

    def _hold(self) -> None:
        while self._controls.paused and not self._job.cancelled:
            self._job.rest(REST)
        if self._job.cancelled:
            raise Cancelled

    def _request(self, plan: _Plan) -> Request:
        from engine.steering.musicgen.generate import Request

        asked = self._order.generation
        return Request(
            frames=plan.frames,
            prompt=plan.prompt,
            seed=asked.seed,
            temperature=asked.temperature,
            top_k=asked.top_k,
            decoder=plan.decoder,
            text=(asked.text or None) if self._instrument.spec.text else None,
        )

    def _note(self) -> None:
        if self._hand is not None:
            meters = self._hand.meters()
            self._trace.append(meters)
            self._recent.append(meters)

    def _report_progress(
        self, plan: _Plan, number: int, total: int, frames: int, now: float
    ) -> None:
        assert self.growth is not None
        self._told = now
        rate = self._instrument.spec.frame_rate
        self._job.tell(
            TakeProgressed(
                job=self._job.number,
                step=number + 1,
                steps=total,
                seconds=frames / rate,
                prompt_seconds=_length(plan.prompt) / rate,
                of=plan.frames / rate,
                rate=self._pace.rate / rate,
                left=self._pace.left((plan.stop or total) - number - 1),
                meters=self._recent[-1] if self._recent else (),
                history=tuple(self._recent),
                peaks=self.growth.peaks(),
            )
        )

    def _keep(self, plan: _Plan, quiet: Callable[[], bool]) -> TakeRecipe | None:
        codes, begin = self._codes, _length(plan.prompt)
        if codes is None or codes.shape[-1] <= begin:
            if self._steps:
                self._job.tell(Notice("Nothing had grown yet, so nothing is kept."))
            return None
        from engine.audio.waveform import outline

        spec, order = self._instrument.spec, self._order
        made = self._instrument.decode(codes).numpy()
        wave, levelling = finished(spec, plan.levelling, made)
        heard: Heard = () if quiet() else self._judged(wave)
        changes = tuple(self._hand.changes) if self._hand is not None else ()
        pushed, arm = pushed_traits(self._traits, changes)
        thresholds = {} if self._hand is None else self._hand.thresholds
        take = Take(
            id=order.id,
            title=order.title,
            made=order.made,
            seconds=rounded(len(wave) / spec.sample_rate),
            prompt_seconds=rounded(begin / spec.frame_rate),
            model=spec.name,
            seed=order.generation.seed,
            arm=arm,
            pushed=pushed,
            heard=heard,
            parent=order.parent,
            whole=self._whole,
            peaks=outline(wave, PEAKS),
            results=results(self._traits, changes, self._trace, thresholds, spec.frame_rate),
            loudness=measured(wave, round(begin * spec.sample_rate / spec.frame_rate)),
        )
        recipe = TakeRecipe(
            take=take,
            generation=order.generation,
            digest=spec.digest,
            rate=spec.sample_rate,
            frame_rate=spec.frame_rate,
            prompt_frames=begin,
            frames=plan.frames,
            steps=self._steps,
            prompt="",
            codes="",
            audio="",
            traits=self._traits,
            changes=changes,
            trace=tuple(self._trace),
            versions=versions(plan.decoder),
            levelling=levelling,
        )
        return self._shelf.write(recipe, wave, codes.cpu().numpy().astype("int32"))

    def _judged(self, wave: Wave) -> Heard:
        try:
            found = self._parts.hear(wave, self._instrument.spec.sample_rate)
        except Exception:
            # A judge that fails must not cost the take.
            log.exception("A take was not judged")
            return ()
        return tuple((name, rounded(sure)) for name, sure in found)


def kept(take: str) -> Source:
    """Return a take that is kept as a source; raises `BadTake` or `UnknownName`."""
    import torch

    recipe = take_store.read(take)
    codes = take_store.read_codes(recipe)[:, : recipe.prompt_frames]
    return Source(recipe, torch.from_numpy(codes).long() if recipe.prompt_frames else None)


def _same_model(recipe: TakeRecipe, spec: AudioSpec) -> None:
    if recipe.digest != spec.digest:
        raise OtherModel(
            f"The take was made by {recipe.take.model} ({recipe.digest[:8]}), and {spec.name} "
            f"({spec.digest[:8]}) is loaded.",
            "Load that model first.",
        )


def _length(prompt: Tensor | None) -> int:
    return 0 if prompt is None else int(prompt.shape[-1])
