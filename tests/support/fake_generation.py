"""A studio of arithmetic: the commands of the steer screen met at once, on what a test gives it."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

from engine.errors import NotReady, UnknownName
from engine.protocol.base import Command, Event
from engine.protocol.generation import (
    PEAKS,
    AudioModelStatus,
    CloseAudioModel,
    Generate,
    GenerationState,
    MakeAgain,
    MakeTwin,
    Meter,
    NudgeGeneration,
    NudgePlayback,
    NudgeTrait,
    OpenAudioModel,
    PauseGeneration,
    PlaybackMoved,
    PlayTake,
    RemoveTake,
    SaveTake,
    SetGeneration,
    SetTrait,
    StopTake,
    Take,
    TakeProgressed,
    TogglePlayback,
    Trait,
)
from engine.protocol.notices import Cancel, CommandFailed, Notice
from engine.services.generation.validation import nudged_generation, nudged_trait
from engine.steering.spec import AudioSpec
from tests.support.fake_engine import FakeEngine

SPEC = AudioSpec("tiny", "a" * 16, 16000, 50.0, 4, 8, 8, 32, 30.0)

TRAITS = (
    Trait("drums", 0.964, 0.942, 0.981, 0.5, 0.61, "add", arm="closed-loop", target=0.85),
    Trait("bass", 0.948, 0.921, 0.968, 0.5, 0.55, "remove", arm="smitin", strength=2.5),
    Trait("guitar", 0.902, 0.871, 0.928, 0.5, 0.58, arm="iti"),
    Trait("piano", 0.811, 0.76, 0.853, 0.5, 0.52, "add", arm="iti", strength=6.0),
    Trait("pad", 0.87, 0.83, 0.91, 0.5, 0.5, arm="none"),
)

STEPS, PROMPT, OF = 400, 4.0, 12.0


def peaks(count: int, seed: float = 1.0) -> tuple[tuple[float, float], ...]:
    """Return a wave that swells with each beat."""
    found = []
    for at in range(count):
        beat = math.exp(-(at % 12) / 5) * (0.55 + 0.3 * math.sin(at / 17 * seed))
        high = 0.08 + beat * abs(math.cos(at * 1.7 * seed))
        found.append((-0.9 * high, high))
    return tuple(found)


def take(number: int, **changes: object) -> Take:
    """Return a take that was steered towards drums and away from bass."""
    made = Take(
        f"t{number}",
        f"The Rakes of Kildare {number}",
        f"2026-01-0{number}T12:00:00",
        12.0,
        4.0,
        "tiny",
        40 + number,
        "closed-loop",
        (("drums", 4.0), ("bass", -2.5)),
        (("bass", 0.04), ("drums", 0.98), ("guitar", 0.71), ("piano", 0.93), ("pad", 0.11)),
        peaks=peaks(PEAKS, number / 2),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def meters(step: int) -> tuple[Meter, ...]:
    """Return the meters at a step: drums rise over their threshold, bass falls."""
    rise = 1 / (1 + math.exp(-(step - 150) / 40))
    wave = 0.04 * math.sin(step / 5)
    return (
        Meter("drums", 0.12 + 0.72 * rise + wave, max(0.0, 0.95 - rise), step % 2 == 0),
        Meter("bass", 0.83 - 0.6 * rise - wave, -0.45 if step % 90 < 45 else 0.0, step % 5 == 0),
        Meter("guitar", 0.34 + wave, 0.0, False),
        Meter("piano", 0.5 + 0.2 * math.sin(step / 60), 1.0, True),
        Meter("pad", 0.2 - wave, 0.0, False),
    )


def grown(step: int, job: int = 7) -> TakeProgressed:
    """Return how the take is at a step."""
    seconds = PROMPT + (OF - PROMPT) * step / STEPS
    history = tuple(meters(each) for each in range(max(0, step - 128), step))
    return TakeProgressed(
        job,
        step,
        STEPS,
        seconds,
        PROMPT,
        OF,
        2.34,
        ((STEPS - step) / 150, (STEPS - step) / 90),
        meters(step),
        history,
        peaks(PEAKS)[: math.ceil(PEAKS * seconds / OF)],
    )


class FakeStudio(FakeEngine):
    """Answers the commands of the steer screen; jobs and sounds are told of by the test."""

    def __init__(self, studio: GenerationState | None = None) -> None:
        super().__init__()
        self.studio = studio if studio is not None else GenerationState(sound="speakers")
        self.at = 0.0
        self._jobs = itertools.count(7)

    def change(self, **changes: object) -> None:
        """Change the state of the studio and tell it."""
        self.studio = replace(self.studio, **changes)  # type: ignore[arg-type]
        self.tell(self.studio)

    def open(self) -> None:
        """Let the audio model arrive, and its traits."""
        status = AudioModelStatus("tiny", "ready", SPEC, 61 * 2**20)
        self.change(model=status, traits=TRAITS)

    def grow(self, step: int) -> None:
        """Let a take grow to a step, telling every sixth."""
        self.change(job=7, growing="t9")
        for each in [*range(0, step, 6), step]:
            self.tell(grown(each))

    @property
    def generation(self) -> GenerationState:
        """The state of the studio."""
        return self.studio

    def answer(self, command: Command) -> tuple[Event, ...]:
        """Return the events that a command brings about."""
        match command:
            case NudgeTrait(name):
                known = {each.name: each for each in self.studio.traits}
                if name not in known:
                    raise UnknownName("trait", name, tuple(known))
                return self.answer(nudged_trait(known[name], command))
            case NudgeGeneration():
                return self.answer(nudged_generation(self.studio.generation, command))
            case OpenAudioModel(name):
                return self._now(model=AudioModelStatus(name, "loading", detail="Reading …"))
            case CloseAudioModel():
                return self._now(model=AudioModelStatus(), traits=())
            case SetTrait(name):
                given = {
                    field: value
                    for field in ("mode", "strength", "target", "arm")
                    if (value := getattr(command, field)) is not None
                }
                traits = tuple(
                    replace(trait, **given) if trait.name == name else trait
                    for trait in self.studio.traits
                )
                return self._now(traits=traits)
            case SetGeneration(prompt):
                if prompt is not None and "missing" in prompt.which:
                    raise NotReady(f"{prompt.which} is not there.", "Check its name.")
                fields = ("prompt", "seconds", "seed", "text", "temperature", "top_k")
                given = {
                    field: value
                    for field in fields
                    if (value := getattr(command, field)) is not None
                }
                return self._now(generation=replace(self.studio.generation, **given))
            case Generate() | MakeAgain() | MakeTwin():
                if self.studio.model.state != "ready":
                    return (
                        CommandFailed.of(
                            NotReady("The audio model is not there."), command.request
                        ),
                    )
                if self.studio.job is not None:
                    return (CommandFailed.of(NotReady("A take grows already."), command.request),)
                return self._now(job=next(self._jobs), growing="t9")
            case PauseGeneration(paused):
                return self._now(paused=paused)
            case Cancel():
                return self._now(job=None, growing=None, paused=False)
            case PlayTake(ident, at):
                playing, self.at = ident or self.studio.growing, at
                return (*self._now(playing=playing), PlaybackMoved(playing, at))
            case NudgePlayback(by):
                self.send(PlayTake(self.studio.playing, self.at + by))
                return ()
            case TogglePlayback(ident, at) if ident == self.studio.playing:
                self.send(StopTake())
                return ()
            case TogglePlayback(ident, at):
                self.send(PlayTake(None if ident == self.studio.growing else ident, at))
                return ()
            case StopTake():
                return (*self._now(playing=None), PlaybackMoved(None, 0.0))
            case SaveTake(_, path):
                return (Notice(f"Written: {path}.", request=command.request),)
            case RemoveTake(ident):
                return self._now(takes=tuple(t for t in self.studio.takes if t.id != ident))
            case _:
                return super().answer(command)

    def _now(self, **changes: object) -> tuple[Event, ...]:
        self.studio = replace(self.studio, **changes)  # type: ignore[arg-type]
        return (self.studio,)
