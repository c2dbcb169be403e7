"""The studio as the engine thread sees it: commands in, one frozen state that is told."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from engine.config import Settings
from engine.errors import NotReady, UnknownName, UserError
from engine.jobs import Job, Jobs
from engine.music.song import Song
from engine.protocol.base import Command, Event
from engine.protocol.generation import (
    AudioModelStatus,
    CloseAudioModel,
    Generate,
    GenerationState,
    MakeAgain,
    MakeTwin,
    NudgeGeneration,
    NudgePlayback,
    NudgeTrait,
    OpenAudioModel,
    PauseGeneration,
    PlayTake,
    RemoveTake,
    SaveTake,
    SetGeneration,
    SetTrait,
    StopTake,
    TogglePlayback,
    Trait,
)
from engine.protocol.notices import Notice
from engine.services.base import Service, ServiceContext
from engine.services.generation import worker_events
from engine.services.generation.backends import StudioParts
from engine.services.generation.live_changes import Controls
from engine.services.generation.playback import Playback
from engine.services.generation.take_job import Order
from engine.services.generation.take_player import TakePlayer
from engine.services.generation.validation import (
    changed_generation,
    changed_trait,
    known,
    nudged_generation,
    nudged_trait,
    setting_of,
)
from engine.services.generation.worker import GenerationWorker, list_takes

if TYPE_CHECKING:
    from engine.services.generation.streaming_take import StreamingTake

MODEL, FILES = "audio", "takes"
"""The lanes of the studio's jobs: making a take holds up nothing else."""

GENERATE = "generate"


class GenerationService(Service):
    """Handles the commands of steering, and publishes its whole state whenever that changes.

    ``report`` is the way of reports from other threads to this one.
    """

    commands = (
        OpenAudioModel, CloseAudioModel, SetTrait, SetGeneration, NudgeTrait, NudgeGeneration,
        NudgePlayback, Generate, PauseGeneration, MakeAgain, MakeTwin, PlayTake, StopTake,
        TogglePlayback, SaveTake, RemoveTake,
    )  # fmt: skip
    reports = (worker_events.StudioReport,)

    def __init__(
        self,
        context: ServiceContext,
        jobs: Jobs,
        report: Callable[[Event], None],
        settings: Settings,
        parts: StudioParts,
    ) -> None:
        super().__init__(context)
        self._jobs, self._publish = jobs, context.publish
        self._check = parts.check
        self._bench = GenerationWorker(parts, settings.soundfont)
        self._shown = GenerationState()
        self._player = TakePlayer(
            jobs,
            Playback(parts, settings.audio, report),
            lambda: self._shown,
            self._show,
            context.publish,
        )
        self._opening: int | None = None
        self._visited = False
        self._controls = Controls()
        self._live = False

    @property
    def shown(self) -> GenerationState:
        """The state as it was told last."""
        return self._shown

    def handle(self, command: Command, now: float) -> None:
        """Start what is asked for, or change how the next take is made."""
        song = self.context.snapshot().song
        match command:
            case OpenAudioModel(name):
                self._open(name, command)
            case CloseAudioModel():
                self._close_model(command)
            case SetTrait():
                self._set_trait(command)
            case NudgeTrait(name):
                self._set_trait(nudged_trait(self._trait(name), command))
            case SetGeneration():
                self._set_generation(command)
            case NudgeGeneration():
                self._set_generation(nudged_generation(self._shown.generation, command))
            case Generate():
                self._generate(command, song)
            case PauseGeneration(paused):
                if self._shown.job is None:
                    raise UserError("Nothing grows that could be held.")
                self._controls.paused = paused
                self._show(paused=paused)
            case MakeAgain(take) | MakeTwin(take):
                self._repeat(known(take, self._ids()), command, song)
            case PlayTake(take, at):
                self._player.play(take, at, command.request)
            case TogglePlayback(take, at):
                self._player.toggle(take, at, command.request)
            case NudgePlayback(by):
                self._player.seek(by, command.request)
            case StopTake():
                self._player.stop(command.request)
            case SaveTake(take, path):
                self._save(known(take, self._ids()), path, command)
            case RemoveTake(take):
                self._remove(known(take, self._ids()), command)

    def on_report(self, report: Event, now: float) -> None:
        """Take in what a worker reports."""
        assert isinstance(report, worker_events.StudioReport)
        self._player.on_report(report, now)
        match report:
            case worker_events.ModelLoading(job, detail) if job == self._opening:
                self._show(model=replace(self._shown.model, detail=detail))
            case worker_events.ModelOpened(job, name, spec, memory, traits) if job == self._opening:
                status = AudioModelStatus(name, "ready", spec, memory)
                self._show(model=status, traits=self._as_set(traits))
            case worker_events.ModelRefused(job, error) if job == self._opening:
                status = AudioModelStatus(self._shown.model.name, "failed", detail=error.line())
                self._show(model=status, traits=())
            case worker_events.JobOver(job):
                self._over(job)
            case worker_events.TakesListed(takes):
                # What was made meanwhile is in both.
                found = {take.id: take for take in (*takes, *self._shown.takes)}
                self._show(takes=tuple(found[key] for key in sorted(found)))
            case worker_events.TakeMade():
                self._made(report)
            case worker_events.TakeRemoved(gone):
                self._removed(gone)

    def close(self, now: float) -> None:
        """End the sound, and let a take that grows be kept without being judged."""
        self._bench.closing = True
        self._player.close()

    def _open(self, name: str, command: Command) -> None:
        if not self._visited:
            self._visited = True
            self._jobs.start(FILES, "list takes", "listing the takes", list_takes, command.request)
            self._player.look(command.request)
        model = self._shown.model
        same = model.name == name
        if same and model.state == "loading":
            return
        if same and model.state == "ready":
            # Probes may have been trained since.
            def work(job: Job) -> None:
                self._bench.survey(job, name)
        else:
            self._check(name)
            self._cancel()
            self._show(model=AudioModelStatus(name, "loading"), traits=())

            def work(job: Job) -> None:
                self._bench.open(job, name)

        self._opening = self._jobs.start(
            MODEL, "audio model", f"loading {name}", work, command.request, self._ended
        )

    def _close_model(self, command: Command) -> None:
        self._cancel()
        self._opening = None
        self._jobs.start(
            MODEL, "audio model", "unloading the model", self._bench.drop, command.request
        )
        self._show(model=AudioModelStatus(), traits=())

    def _trait(self, name: str) -> Trait:
        self._ready()
        traits = {trait.name: trait for trait in self._shown.traits}
        if name not in traits:
            raise UnknownName("trait", name, traits)
        return traits[name]

    def _set_trait(self, command: SetTrait) -> None:
        old = self._trait(command.name)
        changed = changed_trait(old, command)
        if self._shown.job is not None and self._live:
            self._controls.turn(setting_of(changed))
        self._show(traits=tuple(changed if each is old else each for each in self._shown.traits))

    def _set_generation(self, command: SetGeneration) -> None:
        self._show(generation=changed_generation(self._shown.generation, command, self._ids()))

    def _generate(self, command: Command, song: Song) -> None:
        self._ready()
        shown = self._shown
        made = shown.generation
        if made.prompt.kind == "take":
            known(made.prompt.which, self._ids())
        titles = {take.id: take.title for take in shown.takes}
        signs = {"add": "+", "remove": "-"}
        active = [trait for trait in shown.traits if setting_of(trait).active]
        named = "".join(f" {signs[trait.mode]}{trait.name}" for trait in active)
        words = [("no-" if trait.mode == "remove" else "") + trait.name for trait in active]
        order = Order(
            id=self._new_id("-".join(words) or "plain"),
            title=_prompt_title(made.prompt.kind, made.prompt.which, song, titles) + named,
            made=_now(),
            generation=made,
            settings=tuple(map(setting_of, shown.traits)),
            song=song,
            parent=made.prompt.which if made.prompt.kind == "take" else None,
        )
        self._make(order, command)

    def _repeat(self, take: str, command: MakeAgain | MakeTwin, song: Song) -> None:
        self._ready()
        source = next(each for each in self._shown.takes if each.id == take)
        twin = isinstance(command, MakeTwin)
        order = Order(
            id=self._new_id("twin" if twin else "again"),
            title=f"{source.title}, {'unsteered' if twin else 'again'}",
            made=_now(),
            generation=self._shown.generation,
            settings=(),
            song=song,
            parent=take,
            repeats=take,
            twin=twin,
        )
        self._make(order, command)

    def _make(self, order: Order, command: Command) -> None:
        controls = self._controls = Controls()
        self._player.growth, self._live = None, order.repeats is None

        def began(growth: StreamingTake) -> None:
            if self._controls is controls:
                self._player.growth = growth

        def work(job: Job) -> None:
            self._bench.make(job, order, controls, began)

        name = f"growing {order.title}"
        job = self._jobs.start(MODEL, GENERATE, name, work, command.request, self._ended)
        self._show(job=job, growing=order.id, paused=False)

    def _save(self, take: str, path: str, command: Command) -> None:
        def work(job: Job) -> None:
            from engine.services.generation.take_store import export

            job.tell(Notice(f"Wrote {export(take, path)}.", request=command.request))

        self._jobs.start(FILES, f"save {path}", "writing the take", work, command.request)

    def _remove(self, take: str, command: Command) -> None:
        if self._shown.playing == take:
            self._player.stop(command.request)

        def work(job: Job) -> None:
            from engine.services.generation.take_store import remove

            remove(take)
            job.tell(worker_events.TakeRemoved(take))

        self._jobs.start(FILES, f"remove {take}", "removing the take", work, command.request)

    def _made(self, made: worker_events.TakeMade) -> None:
        kept = {take.id: take for take in self._shown.takes}
        kept[made.take.id] = made.take
        if made.twin_of in kept:
            kept[made.twin_of] = replace(kept[made.twin_of], twin=made.take.id)
        model = self._shown.model
        if model.state == "ready":
            model = replace(model, memory=made.memory)
        self._show(takes=tuple(kept[key] for key in sorted(kept)), model=model)

    def _removed(self, gone: str) -> None:
        left = (take for take in self._shown.takes if take.id != gone)
        takes = tuple(replace(take, twin=None) if take.twin == gone else take for take in left)
        self._show(takes=takes)

    def _over(self, job: int) -> None:
        if job == self._shown.job:
            self._player.growth = None
            self._show(job=None, growing=None, paused=False)
        if job == self._opening and self._shown.model.state == "loading":
            # Cancelled, perhaps before it freed the model that was there.
            self._jobs.start(MODEL, "audio model", "unloading the model", self._bench.drop)
            self._show(model=AudioModelStatus())

    def _cancel(self) -> None:
        if self._shown.job is not None:
            self._jobs.cancel(self._shown.job)

    def _ready(self) -> None:
        model = self._shown.model
        if model.state == "loading":
            raise NotReady(f"{model.name} is still loading.", "Wait a moment.")
        if model.state != "ready":
            raise NotReady("There is no audio model.", model.detail or "Load one.")

    def _ids(self) -> tuple[str, ...]:
        return tuple(take.id for take in self._shown.takes)

    def _new_id(self, words: str) -> str:
        name = f"{time.strftime('%Y%m%d-%H%M%S')}-{words[:50]}"
        taken, number, free = {*self._ids(), self._shown.growing}, 2, name
        while free in taken:
            free, number = f"{name}-{number}", number + 1
        return free

    def _as_set(self, traits: tuple[Trait, ...]) -> tuple[Trait, ...]:
        set_before = {trait.name: trait for trait in self._shown.traits}
        return tuple(
            replace(trait, mode=old.mode, strength=old.strength, target=old.target, arm=old.arm)
            if (old := set_before.get(trait.name))
            else trait
            for trait in traits
        )

    def _ended(self, job: Job) -> None:
        job.tell(worker_events.JobOver(job.number))

    def _show(self, **changes: Any) -> None:
        shown = replace(self._shown, **changes)
        if shown != self._shown:
            self._shown = shown
            self._publish(shown)


def _prompt_title(kind: str, which: str, song: Song, titles: dict[str, str]) -> str:
    if kind == "song":
        return song.title
    if kind == "take":
        return titles.get(which, which)
    return PurePath(which).name if kind == "file" else "from nothing"


def _now() -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S")
