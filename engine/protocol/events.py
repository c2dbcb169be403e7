"""Everything the engine tells: snapshots of its state, and what happens beside it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self

from engine.errors import ArmonicaError, OutOfRange
from engine.influence.spec import Found
from engine.latent.attribute_map import Surface
from engine.latent.sensitivity import Effect, Sensitivity
from engine.latent.spec import LatentSpec
from engine.midi.controllers.bindings import Binding
from engine.midi.controllers.targets import Target
from engine.midi.sync.clock_tracker import Lock
from engine.music.measure import Measure
from engine.music.song import Song
from engine.steering.spec import Arm, AudioSpec, Mode
from engine.text import printable

if TYPE_CHECKING:
    from engine.protocol.commands import AskInfluence, AskTakeInfluence, Command


@dataclass(frozen=True, slots=True)
class Event:
    """Anything that can be told."""


@dataclass(frozen=True, slots=True)
class ModelStatus:
    """Whether the model can be asked; ``detail`` says what went wrong when it failed."""

    state: Literal["loading", "ready", "failed"] = "loading"
    spec: LatentSpec | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class PortStatus:
    """The MIDI port in use: its name (None: none chosen) and whether it is there."""

    name: str | None = None
    state: Literal["none", "opening", "open", "lost", "failed"] = "none"
    detail: str = ""
    known: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class InputStatus:
    """The MIDI ports that are heard.

    ``wanted`` are parts of names (None: all ports), ``heard`` the ports that are open now,
    ``failed`` those that cannot be, each with the reason, and ``known`` all that there are.
    With ``thru`` playing goes on to the instrument, from the channels in ``only`` (none: all).
    """

    wanted: tuple[str, ...] | None = None
    heard: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    thru: bool = True
    only: tuple[int, ...] = ()


MOST_LATENCY = 500.0
"""The most milliseconds by which a key can be reckoned to be heard late."""

MOST_COUNT_IN = 4
"""The most measures that are counted in."""

RecordMode = Literal["replace", "overdub"]
Click = Literal["recording", "count-in", "never"]
ClickSound = Literal["wood block", "high note"]


@dataclass(frozen=True, slots=True)
class RecordSettings:
    """How what is played becomes measures.

    ``strength`` runs from 0 (as it was played) to 1 (on the grid). ``latency`` is how late a
    key is heard, in milliseconds. ``click`` says while what beats are struck, ``count_in`` how
    many measures go before, and ``sound`` by what: a wood block of the percussion channel, or
    a high note of the track's instrument, where that is all there is.
    """

    strength: float = 1.0
    latency: float = 0.0
    click: Click = "recording"
    count_in: int = 1
    sound: ClickSound = "wood block"

    def __post_init__(self) -> None:
        if not 0 <= self.strength <= 1:
            raise OutOfRange(f"A quantise strength lies from 0 to 1; {self.strength} does not.")
        if not 0 <= self.latency <= MOST_LATENCY:
            raise OutOfRange(
                f"A latency lies from 0 to {MOST_LATENCY:.0f} ms; {self.latency} does not."
            )
        if not 0 <= self.count_in <= MOST_COUNT_IN:
            raise OutOfRange(
                f"0 to {MOST_COUNT_IN} measures are counted in, and not {self.count_in}."
            )


@dataclass(frozen=True, slots=True)
class RecordStatus:
    """What is recorded into: ``measures`` slots from ``slot`` on, whenever the loop is there."""

    mode: RecordMode
    slot: int
    measures: int


@dataclass(frozen=True, slots=True)
class ClockStatus:
    """Whose clock the music keeps.

    ``follow`` is a part of a MIDI input's name, empty for whichever sends a clock, or None for
    our own tempo. ``port`` is the input that is followed now, ``lock`` how well it is known.
    """

    follow: str | None = None
    port: str = ""
    lock: Lock = "silent"


@dataclass(frozen=True, slots=True)
class Snapshot(Event):
    """The whole state at one revision, in plain values.

    ``undo`` and ``redo`` name the steps that can be taken back or again, newest first.
    ``routed`` tells of the ports of the song's routes, by the names that they have there;
    ``waiting`` is how many edits wait for the model.
    ``document`` numbers the songs that were opened, and ``unsaved`` are the titles of those
    that were left without being saved.
    """

    revision: int = 0
    song: Song = field(default_factory=Song)
    selected: int = 0
    locks: frozenset[int] = frozenset()
    playing: bool = False
    timing: Literal["now", "beat"] = "now"
    audition: bool = True
    undo: tuple[str, ...] = ()
    redo: tuple[str, ...] = ()
    path: str | None = None
    saved: bool = True
    document: int = 0
    unsaved: tuple[str, ...] = ()
    model: ModelStatus = ModelStatus()
    port: PortStatus = PortStatus()
    routed: tuple[tuple[str, PortStatus], ...] = ()
    inputs: InputStatus = InputStatus()
    clock: ClockStatus = ClockStatus()
    record: RecordSettings = RecordSettings()
    recording: RecordStatus | None = None
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class PlayheadMoved(Event):
    """Where the music is: slot, quarter notes into it; ``slot`` is None when stopped."""

    slot: int | None
    beat: float


@dataclass(frozen=True, slots=True)
class KeysHeard(Event):
    """What is being played on a keyboard: the pitches that sound now.

    While the loop runs ``notes`` are those of the measure at hand, in ``slot``: start and end
    in quarter notes into it, and pitch. All pitches lie in the range of a measure, by octaves,
    as they would come in. ``count`` is how many beats are left until recording
    begins; 0 where it has begun, or none is to.
    """

    held: tuple[int, ...] = ()
    slot: int | None = None
    notes: tuple[tuple[float, float, int], ...] = ()
    count: int = 0


@dataclass(frozen=True, slots=True)
class LatenessMeasured(Event):
    """How late messages left in the last seconds, in milliseconds."""

    p50: float
    p99: float
    worst: float


Way = Literal["in", "out"]


@dataclass(frozen=True, slots=True)
class MidiLine:
    """One MIDI message that came in or went out over a port, at ``at`` seconds since 1970.

    ``late`` is in milliseconds; None for what came in.
    """

    at: float
    way: Way
    port: str
    data: bytes
    late: float | None = None


@dataclass(frozen=True, slots=True)
class MidiPassed(Event):
    """The MIDI messages since the last telling, told to whoever watches.

    The latest are there; ``missed_in`` and ``missed_out`` count those that were passed over.
    """

    lines: tuple[MidiLine, ...]
    missed_in: int = 0
    missed_out: int = 0

    def then(self, later: MidiPassed, most: int) -> MidiPassed:
        """Gives this telling and a later one as one, with ``most`` messages at most."""
        lines = self.lines + later.lines
        over, kept = lines[:-most], lines[-most:]
        came = sum(line.way == "in" for line in over)
        return MidiPassed(
            kept,
            self.missed_in + later.missed_in + came,
            self.missed_out + later.missed_out + len(over) - came,
        )


@dataclass(frozen=True, slots=True)
class ClockFollowed(Event):
    """The clock that is followed: quarter notes a minute, and how far the music is off it.

    ``drift`` is the mean of the last quarter in milliseconds, positive where the music is
    late, None where it rests; ``jitter`` is how far the pulses are off their own line.
    """

    tempo: float
    drift: float | None
    jitter: float


@dataclass(frozen=True, slots=True)
class MapFilled(Event):
    """A map, whole or as far as it is filled; ``revision`` is the snapshot it was drawn from."""

    slot: int
    revision: int
    surface: Surface
    done: bool


@dataclass(frozen=True, slots=True)
class Explained(Event):
    """What the gauges of a slot do from here, measured at snapshot ``revision``."""

    slot: int
    revision: int
    effects: tuple[Effect, ...]
    sensitivity: Sensitivity


@dataclass(frozen=True, slots=True)
class Beside:
    """The measures of a match: those of the song (none in a take), and those in print."""

    ours: tuple[Measure, ...] = ()
    theirs: tuple[Measure, ...] = ()


@dataclass(frozen=True, slots=True)
class InfluenceFound(Event):
    """What a measure or a take lies near to, asked at snapshot ``revision``.

    ``found`` is None where nothing can be told, and then ``lack`` says why. ``beside`` goes
    with the matches. ``books`` and ``licences`` are all that can be asked for.
    """

    asked: AskInfluence | AskTakeInfluence
    revision: int
    found: Found | None
    lack: str = ""
    beside: tuple[Beside, ...] = ()
    books: tuple[str, ...] = ()
    licences: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TuneFound:
    """A tune of the corpus: its row in the table, title, book, number, metre, key, length."""

    tune: int
    title: str
    book: str
    number: int
    metre: str
    key: str
    measures: int


@dataclass(frozen=True, slots=True)
class CorpusBrowsed(Event):
    """The tunes found for a query, and how many more there are."""

    query: str
    tunes: tuple[TuneFound, ...]
    more: int


@dataclass(frozen=True, slots=True)
class TunePreviewed(Event):
    """Measures of a tune, from its ``first`` (from 1)."""

    tune: int
    first: int
    measures: tuple[Measure, ...]


@dataclass(frozen=True, slots=True)
class TrackFound:
    """A track of a MIDI file: its number from 1, its name, its notes, whether all are drums."""

    number: int
    name: str
    notes: int
    drums: bool


@dataclass(frozen=True, slots=True)
class MidiLookedInto(Event):
    """The tracks of a MIDI file, also those without notes."""

    path: str
    tracks: tuple[TrackFound, ...]


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
    """How the next take is made; `engine.protocol.commands.SetGeneration` says what each means."""

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
class StudioShown(Event):
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
class TakeGrown(Event):
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
class TakePlayed(Event):
    """Where the take that plays is, in seconds; ``take`` is None when nothing plays."""

    take: str | None
    at: float


@dataclass(frozen=True, slots=True)
class Bound:
    """A binding, where its control stands (0 to 1; None: not known), and whether it has hold."""

    binding: Binding
    place: float | None = None
    held: bool = False


@dataclass(frozen=True, slots=True)
class DeviceShown:
    """A controller: its name, the port it is at (empty: not there), and the file of its map.

    A map that ships is not written to: what is learned goes to a file of the player's own.
    """

    device: str
    port: str = ""
    file: str = ""
    shipped: bool = False
    note: str = ""
    bindings: tuple[Bound, ...] = ()


@dataclass(frozen=True, slots=True)
class ControlsShown(Event):
    """All controllers and what they move, and the target that waits for a control, if one does."""

    devices: tuple[DeviceShown, ...] = ()
    learning: Target | None = None


@dataclass(frozen=True, slots=True)
class ControlLearned(Event):
    """A control was bound; ``replaced`` says what gave way."""

    device: str
    binding: Binding
    replaced: tuple[Binding, ...] = ()


@dataclass(frozen=True, slots=True)
class JobProgressed(Event):
    """A job's name and how far it is, 0 to 1 (1: done)."""

    job: int
    name: str
    done: float


@dataclass(frozen=True, slots=True)
class Refused(Event):
    """A command that could not be met: an error's title, message and remedy.

    ``answers`` is that command; None where no command was at fault. ``again`` is the one that
    does it all the same, where the player is to be asked.
    """

    title: str
    message: str
    remedy: str
    answers: Command | None = None
    again: Command | None = None

    @classmethod
    def of(
        cls, error: ArmonicaError, answers: Command | None = None, again: Command | None = None
    ) -> Self:
        """Tells an error."""
        return cls(error.title, error.message, error.remedy, answers, again)


@dataclass(frozen=True, slots=True)
class Noticed(Event):
    """Something worth a line: a port gone or back, a file written, what an import changed.

    ``answers`` is the command about a file that was met by it, if one was.
    """

    text: str
    kind: Literal["information", "warning"] = "information"
    answers: Command | None = None


@dataclass(frozen=True, slots=True)
class AtTheEnd:
    """What became of a song that was not saved when the program ended.

    ``path`` is where it is kept, None where it is lost; ``offered`` says whether the next start
    offers it; ``reason`` why it is not where it should be.
    """

    title: str
    path: Path | None = None
    offered: bool = False
    reason: str = ""

    def line(self) -> str:
        """Gives the one line that is said about it."""
        title, place = printable(self.title), printable(str(self.path))
        if self.path is None:
            return f"{title} is not saved and could not be kept: {self.reason}"
        if self.offered:
            return f"{title} is not saved; it is kept as {place} and offered at the next start."
        return f"{title} is not saved; it is in {place} now. {self.reason}".strip()


@dataclass(frozen=True, slots=True)
class Kept:
    """A song that a program which is no longer there had not saved.

    ``time`` is when it was kept, in seconds since 1970; ``belongs_to`` the file it was
    opened from, if any. `engine.protocol.commands.RecoverSong` with ``path`` brings it back,
    `engine.protocol.commands.LeaveKept` leaves it, and `engine.protocol.commands.ForgetKept` removes it.
    """

    path: str
    time: float
    title: str
    belongs_to: str | None = None
