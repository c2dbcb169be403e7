"""Commands and events of audio: the model, its traits, and takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from engine.protocol.base import Event, Overtaking
from engine.steering.spec import Arm, AudioSpec, Mode


@dataclass(frozen=True, slots=True)
class AudioModelStatus:
    """The audio model: which it is, whether it can be asked, and what it holds of memory.

    ``memory`` is in bytes; ``detail`` says what goes on while it loads (a download's rate and
    time left, too) and what went wrong when it failed.
    """

    name: str = ""
    state: Literal["none", "loading", "ready", "failed"] = "none"
    spec: AudioSpec | None = None
    memory: int = 0
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Trait:
    """One trait: what its probe is worth, and how it is set.

    ``accuracy`` is that of its meter on held-out tunes, from ``low`` to ``high`` by its
    doubt, against ``chance``; ``threshold`` is where its meter says that it is there.
    ``advised`` is the strength that its probe advises.
    """

    name: str
    accuracy: float
    low: float
    high: float
    chance: float
    threshold: float
    mode: Mode = "off"
    strength: float = 4.0
    target: float = 0.8
    arm: Arm = "closed-loop"
    warnings: tuple[str, ...] = ()
    shipped: bool = True
    advised: float = 4.0


PromptKind = Literal["song", "take", "file", "nothing"]


@dataclass(frozen=True, slots=True)
class Prompt:
    """What is continued: the song as it sounds, a take, an audio or MIDI file, or nothing.

    ``which`` is a take's id or a file's path.
    """

    kind: PromptKind = "song"
    which: str = ""


@dataclass(frozen=True, slots=True)
class Generation:
    """How the next take is made.

    `engine.protocol.generation.SetGeneration` says what each means.
    """

    prompt: Prompt = Prompt()
    seconds: float = 8.0
    seed: int = 0
    text: str = ""
    temperature: float = 0.9
    top_k: int = 60


PEAKS = 160
"""Columns of the wave of a whole take; one that grows has those that have begun."""


@dataclass(frozen=True, slots=True)
class Loudness:
    """How loud a take is: the levels of prompt and continuation while they sound, in dB.

    0 is full scale; None is silent, or no prompt. ``clipped`` is the share of the samples that
    lie at full scale.
    """

    prompt: float | None
    continuation: float | None
    clipped: float


@dataclass(frozen=True, slots=True)
class TraitResult:
    """What became of a trait in a take.

    ``mode`` is what was asked for at the end, "off" where it was metered alone; ``level`` the
    meter's mean confidence over the last two seconds, ``aim`` the confidence it was to come
    to, and ``reached`` whether it did.
    """

    name: str
    mode: Mode
    level: float
    aim: float
    reached: bool

    @property
    def missed(self) -> bool:
        """Whether something was asked for and not reached."""
        return self.mode != "off" and not self.reached


@dataclass(frozen=True, slots=True)
class Take:
    """A piece of audio that was made, as a list shows it; its recipe lies beside its file.

    ``prompt_seconds`` of its ``seconds`` are the prompt. ``pushed`` are the traits that were
    steered, with their signed strengths. ``heard`` is how sure the independent tagger is of
    each part in the last seconds. ``parent`` is the take it continues or repeats, ``twin``
    its unsteered twin; ``whole`` is false where it was cancelled on the way. ``peaks`` are
    pairs of the lowest and highest sample for each of the `PEAKS` columns of a drawn wave.
    ``results`` tell what became of the traits and ``loudness`` how loud it is; takes of older
    versions tell neither.
    """

    id: str
    title: str
    made: str
    seconds: float
    prompt_seconds: float
    model: str
    seed: int
    arm: Arm
    pushed: tuple[tuple[str, float], ...] = ()
    heard: tuple[tuple[str, float], ...] = ()
    parent: str | None = None
    twin: str | None = None
    whole: bool = True
    peaks: tuple[tuple[float, float], ...] = ()
    results: tuple[TraitResult, ...] = ()
    loudness: Loudness | None = None


@dataclass(frozen=True, slots=True)
class GenerationState(Event):
    """The whole state of steering: model, traits, settings, takes, what grows and what plays.

    ``job`` is the job that grows a take, and ``growing`` the id that the take will have;
    ``playing`` is the id of the one that plays. ``sound`` names the sound device, or is
    empty, and then ``silence`` says why none is there.
    """

    model: AudioModelStatus = AudioModelStatus()
    traits: tuple[Trait, ...] = ()
    generation: Generation = Generation()
    takes: tuple[Take, ...] = ()
    job: int | None = None
    paused: bool = False
    playing: str | None = None
    sound: str = ""
    silence: str = ""
    growing: str | None = None


@dataclass(frozen=True, slots=True)
class Meter:
    """One trait at one step: confidence, gate (signed), and whether it was pushed just now."""

    name: str
    confidence: float
    gate: float
    pushed: bool


@dataclass(frozen=True, slots=True)
class TakeProgressed(Event):
    """The take that grows, 10 to 20 times a second.

    ``seconds`` of ``of`` are there, the prompt's included; ``rate`` is seconds of sound made
    in a second; ``left`` is the time that is left at least and at most. ``history`` are the
    meters of the last 128 steps at most, the oldest first, so that a telling that is passed
    over loses nothing. ``peaks`` are as in `Take`.
    """

    job: int
    step: int
    steps: int
    seconds: float
    prompt_seconds: float
    of: float
    rate: float
    left: tuple[float, float]
    meters: tuple[Meter, ...]
    history: tuple[tuple[Meter, ...], ...]
    peaks: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class PlaybackMoved(Event):
    """Where the take that plays is, in seconds; ``take`` is None when nothing plays."""

    take: str | None
    at: float


@dataclass(frozen=True, slots=True)
class OpenAudioModel(Overtaking):
    """Loads an audio model, by name or folder, in place of the one that is loaded."""

    name: str = "tiny"


@dataclass(frozen=True, slots=True)
class CloseAudioModel(Overtaking):
    """Unloads the audio model and frees its memory."""


@dataclass(frozen=True, slots=True)
class SetTrait(Overtaking):
    """Sets what is not None of one trait; met at the next step while audio grows.

    ``strength`` runs from 0 to 10 in spreads of the probe's examples, ``target`` from 0 to 1.
    """

    name: str
    mode: Mode | None = None
    strength: float | None = None
    target: float | None = None
    arm: Arm | None = None


@dataclass(frozen=True, slots=True)
class SetGeneration(Overtaking):
    """Sets what is not None of how the next take is made.

    ``seconds`` is the length of what is added to the prompt; ``seed`` decides every draw.
    """

    prompt: Prompt | None = None
    seconds: float | None = None
    seed: int | None = None
    text: str | None = None
    temperature: float | None = None
    top_k: int | None = None


@dataclass(frozen=True, slots=True)
class NudgeTrait(Overtaking):
    """Pushes a trait harder by so much, and goes on by so many modes and arms, round and round.

    An arm that pushes towards a target moves that by ``target``, another one its strength by
    ``strength``, as far as they go.
    """

    name: str
    strength: float = 0.0
    target: float = 0.0
    mode: int = 0
    arm: int = 0


@dataclass(frozen=True, slots=True)
class NudgeGeneration(Overtaking):
    """Moves the length and the temperature of the next take by so much.

    The length goes down to 1 second, the temperature up to 2; what is typed may go further.
    """

    seconds: float = 0.0
    temperature: float = 0.0


@dataclass(frozen=True, slots=True)
class Generate(Overtaking):
    """Makes a take with the traits and settings as they stand."""


@dataclass(frozen=True, slots=True)
class PauseGeneration(Overtaking):
    """Holds the take that grows at its next step, or lets it go on."""

    paused: bool


@dataclass(frozen=True, slots=True)
class MakeAgain(Overtaking):
    """Makes a take again from its recipe."""

    take: str


@dataclass(frozen=True, slots=True)
class MakeTwin(Overtaking):
    """Makes the unsteered twin of a take: the same prompt, seed and length, and no push."""

    take: str


@dataclass(frozen=True, slots=True)
class PlayTake(Overtaking):
    """Plays a take (None: the one that grows) on the sound device, from ``at`` seconds."""

    take: str | None = None
    at: float = 0.0


@dataclass(frozen=True, slots=True)
class TogglePlayback(Overtaking):
    """Stops a take where it plays when the engine comes to it, or else plays it from ``at``.

    The empty id is the take that plays, or else the newest.
    """

    take: str = ""
    at: float = 0.0


@dataclass(frozen=True, slots=True)
class NudgePlayback(Overtaking):
    """Goes on or back by seconds in the take that plays, as far as it goes."""

    seconds: float


@dataclass(frozen=True, slots=True)
class StopTake(Overtaking):
    """Stops the take that plays."""


@dataclass(frozen=True, slots=True)
class SaveTake(Overtaking):
    """Writes a take and its recipe to a file of the user's own (.wav or .flac)."""

    take: str
    path: str


@dataclass(frozen=True, slots=True)
class RemoveTake(Overtaking):
    """Takes a take out of the list and removes its files."""

    take: str
