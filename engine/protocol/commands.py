"""Everything that can be asked of the engine, as plain frozen values.

The queue, the recording and the tests carry the same objects. Slots and dimensions count
from 0. Commands with the same ``gesture`` (not 0) on the same gauges, tempo, track, groove or
key that follow each other are one step of undo; gestures below 0 are those of controllers, and
one of them is one step whatever it moves.

What touches files, ports, the corpus or the model's loading is met outside the state: the
loop answers it with one of the plain commands (`LoadMeasures`, `ReplaceSong`, `MarkSaved`,
`MarkPort`, `MarkRoutes`, `MarkInputs`, `MarkClock`, `MarkModel`, `MarkWaiting`), and only those
are recorded, so that a recording replays anywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from engine.errors import OutOfRange
from engine.midi.controllers.bindings import Binding
from engine.midi.controllers.targets import Target
from engine.music.groove import SwingUnit
from engine.music.measure import Measure
from engine.music.modulation import Modulation
from engine.music.performance import Touches
from engine.music.routes import Route
from engine.music.song import Origin, Song
from engine.protocol.events import (
    Click,
    ClickSound,
    ClockStatus,
    InputStatus,
    PortStatus,
    Prompt,
    RecordMode,
)
from engine.steering.spec import Arm, Mode


@dataclass(frozen=True, slots=True)
class Command:
    """Anything that can be asked."""


@dataclass(frozen=True, slots=True)
class SelectSlot(Command):
    """Shows another slot under the gauges."""

    slot: int


@dataclass(frozen=True, slots=True)
class SetLatent(Command):
    """Moves one gauge of a slot to ``value`` (-3 to 3) and decodes the measure there."""

    slot: int
    dimension: int
    value: float
    gesture: int = 0


@dataclass(frozen=True, slots=True)
class SetLatents(Command):
    """Moves several gauges of a slot at once; pairs of dimension and value."""

    slot: int
    values: tuple[tuple[int, float], ...]
    gesture: int = 0


@dataclass(frozen=True, slots=True)
class MoveLatent(Command):
    """Moves one gauge of a slot by ``by`` from where it stands, as far as it goes.

    It is for a gauge whose place is not known yet, as before the model is there.
    """

    slot: int
    dimension: int
    by: float
    gesture: int = 0


@dataclass(frozen=True, slots=True)
class ResetLatent(Command):
    """Brings one gauge (or, with None, all unlocked ones) of a slot back to its anchor.

    With all gauges at the anchor the slot sounds as it came in.
    """

    slot: int
    dimension: int | None = None


@dataclass(frozen=True, slots=True)
class LockDimension(Command):
    """Holds a dimension against every move (a map move passes it over), or lets it go."""

    dimension: int
    locked: bool


@dataclass(frozen=True, slots=True)
class Randomise(Command):
    """Moves all unlocked gauges of a slot towards a draw from the prior.

    ``amount`` runs from 0 (nothing) to 1 (the draw itself); the draw depends on ``seed`` alone.
    """

    slot: int
    amount: float
    seed: int


@dataclass(frozen=True, slots=True)
class LoadMeasures(Command):
    """Puts measures into slots from ``slot`` on, adding slots where needed.

    ``played`` says of each how its notes were played (none: of no measure). All that one pass
    of recording puts in has one ``gesture``.
    """

    slot: int
    measures: tuple[Measure, ...]
    origins: tuple[Origin, ...]
    played: tuple[Touches, ...] = ()
    gesture: int = 0


@dataclass(frozen=True, slots=True)
class Record(Command):
    """Records what is played into ``measures`` slots from ``slot`` on, while the loop runs.

    Where the loop stands it is started, after the measures that are counted in; where it runs,
    recording begins when it comes to the slot. At the end of each measure what was played in
    it goes into its slot: alone (``replace``), or over what is there (``overdub``). `Stop`
    ends it, and so does `EndRecording`. None is the selected slot, and all slots after it.
    """

    mode: RecordMode = "replace"
    slot: int | None = None
    measures: int | None = None


@dataclass(frozen=True, slots=True)
class EndRecording(Command):
    """Ends the recording; the loop runs on."""


@dataclass(frozen=True, slots=True)
class SetRecord(Command):
    """Sets what is not None of how playing is recorded: see `RecordSettings`."""

    strength: float | None = None
    latency: float | None = None
    click: Click | None = None
    count_in: int | None = None
    sound: ClickSound | None = None


@dataclass(frozen=True, slots=True)
class CaptureLast(Command):
    """Puts what was just played, the last eight measures, into slots from ``slot`` on.

    None is the selected slot.
    """

    slot: int | None = None


@dataclass(frozen=True, slots=True)
class Vary(Command):
    """Moves all unlocked gauges of a slot a way of ``amount`` from where they stand.

    ``amount`` is the length of the way in standard deviations of the prior, from 0 to 10; its
    direction depends on ``seed`` alone.
    """

    slot: int
    amount: float
    seed: int


@dataclass(frozen=True, slots=True)
class Interpolate(Command):
    """Inserts ``count`` measures after ``source`` that lead from it to ``target``.

    They lie on the straight line between both codes, at even steps of what is heard and not
    of the codes. Locked gauges stay where those of the source stand.
    """

    source: int
    target: int
    count: int = 3


@dataclass(frozen=True, slots=True)
class ImportMidi(Command):
    """Reads a track of a MIDI file into slots from ``slot`` on (None: its first with notes)."""

    slot: int
    path: str
    track: int | None = None


@dataclass(frozen=True, slots=True)
class LookIntoMidi(Command):
    """Asks which tracks a MIDI file has."""

    path: str


@dataclass(frozen=True, slots=True)
class CopySlot(Command):
    """Copies a slot onto another."""

    source: int
    target: int


@dataclass(frozen=True, slots=True)
class ClearSlot(Command):
    """Empties a slot."""

    slot: int


@dataclass(frozen=True, slots=True)
class InsertSlot(Command):
    """Adds an empty slot before position ``slot`` (the number of slots: at the end)."""

    slot: int


@dataclass(frozen=True, slots=True)
class RemoveSlot(Command):
    """Takes a slot out of the song."""

    slot: int


@dataclass(frozen=True, slots=True)
class SetTitle(Command):
    """Names the song."""

    title: str


@dataclass(frozen=True, slots=True)
class SetTempo(Command):
    """Sets the tempo in quarter notes a minute, 20 to 400."""

    tempo: float
    gesture: int = 0


@dataclass(frozen=True, slots=True)
class SetTrack(Command):
    """Sets what is not None of the track's MIDI channel, program and velocity."""

    channel: int | None = None
    program: int | None = None
    velocity: int | None = None
    gesture: int = 0


@dataclass(frozen=True, slots=True)
class SetBank(Command):
    """Sets the bank that the program is of: controllers 0 and 32, each None where not sent."""

    msb: int | None = None
    lsb: int | None = None
    gesture: int = 0


@dataclass(frozen=True, slots=True)
class SetGroove(Command):
    """Sets what is not None of the groove: see `engine.music.groove.Groove`."""

    swing: float | None = None
    unit: SwingUnit | None = None
    timing: float | None = None
    velocity: int | None = None
    seed: int | None = None
    gesture: int = 0


@dataclass(frozen=True, slots=True)
class SetKey(Command):
    """Sets what is not None of the key, and whether it constrains what is sounded.

    What is decoded is not constrained: the measures stay as they are.
    """

    tonic: int | None = None
    scale: str | None = None
    lock: bool | None = None
    gesture: int = 0


@dataclass(frozen=True, slots=True)
class SetModulation(Command):
    """Lets a gauge move a MIDI controller, in the place of the one that it moved."""

    modulation: Modulation
    gesture: int = 0


@dataclass(frozen=True, slots=True)
class RemoveModulation(Command):
    """Lets the gauge of a dimension move no controller any more."""

    dimension: int


@dataclass(frozen=True, slots=True)
class SetRoutes(Command):
    """Plays the notes to these ports and channels beside the song's own."""

    routes: tuple[Route, ...]
    gesture: int = 0


@dataclass(frozen=True, slots=True)
class SetEditTiming(Command):
    """Chooses when an edit is heard while playing: ``now``, or at the next ``beat``."""

    timing: Literal["now", "beat"]


@dataclass(frozen=True, slots=True)
class SetAudition(Command):
    """Chooses whether an edit while stopped sounds its measure once."""

    on: bool


@dataclass(frozen=True, slots=True)
class Play(Command):
    """Starts the loop at a slot (None: the selected one)."""

    slot: int | None = None


@dataclass(frozen=True, slots=True)
class Stop(Command):
    """Stops the loop and silences its notes."""


@dataclass(frozen=True, slots=True)
class Audition(Command):
    """Sounds a slot's measure once, if the loop is not running."""

    slot: int


@dataclass(frozen=True, slots=True)
class AuditionMeasures(Command):
    """Sounds measures that need not be in the song once, if the loop is not running.

    Without any it silences what was begun.
    """

    measures: tuple[Measure, ...] = ()


@dataclass(frozen=True, slots=True)
class Panic(Command):
    """Stops and silences everything on every channel in use."""


@dataclass(frozen=True, slots=True)
class Undo(Command):
    """Takes the last step back."""


@dataclass(frozen=True, slots=True)
class Redo(Command):
    """Takes a step that was taken back again."""


@dataclass(frozen=True, slots=True)
class OpenPort(Command):
    """Sends to the MIDI port called ``name`` from now on (None: to no port)."""

    name: str | None


@dataclass(frozen=True, slots=True)
class ListenTo(Command):
    """Hears the MIDI ports whose names contain one of ``names`` from now on (None: all)."""

    names: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class FollowClock(Command):
    """Keeps the clock of a MIDI input whose name contains ``source`` (empty: any that sends one).

    Start, stop, continue and song position are met, and the tempo and the phase of the pulses
    kept. The song's own tempo stays as it is stored.
    """

    source: str = ""


@dataclass(frozen=True, slots=True)
class BackToOwnTempo(Command):
    """Keeps the song's own tempo again, from where the music is."""


@dataclass(frozen=True, slots=True)
class SetThru(Command):
    """Passes what is played on to the instrument, or not.

    ``only`` are the channels (0-15) whose playing counts; empty: all.
    """

    on: bool
    only: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        for channel in self.only:
            if not 0 <= channel <= 15:
                raise OutOfRange(f"A channel lies from 0 to 15; {channel} does not.")


@dataclass(frozen=True, slots=True)
class WatchMidi(Command):
    """Has what passes over the MIDI ports told (see `MidiPassed`), or no longer.

    It ends by itself (see `engine.services.devices.midi_monitor.LEASE`): whoever goes on watching asks again.
    """

    on: bool


@dataclass(frozen=True, slots=True)
class ReplaceSong(Command):
    """Puts another song in the place of the present one; undo brings that back.

    ``path`` is the file it belongs to, ``saved`` whether that file holds it as it is;
    ``locks`` are the dimensions locked from now on (None: those that are).
    """

    song: Song
    path: str | None = None
    saved: bool = True
    locks: frozenset[int] | None = None


@dataclass(frozen=True, slots=True)
class MarkSaved(Command):
    """Tells that the file ``path`` holds ``song`` from now on."""

    path: str
    song: Song


@dataclass(frozen=True, slots=True)
class MarkModel(Command):
    """Tells that the model with ``digest`` is there, or (None) that none will be, and why."""

    digest: str | None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class MarkWaiting(Command):
    """Tells how many commands wait for the model."""

    count: int


@dataclass(frozen=True, slots=True)
class MarkPort(Command):
    """Tells what became of the MIDI port."""

    status: PortStatus


@dataclass(frozen=True, slots=True)
class MarkInputs(Command):
    """Tells which MIDI ports are heard."""

    status: InputStatus


@dataclass(frozen=True, slots=True)
class MarkRoutes(Command):
    """Tells what became of the ports of the routes, by the names that they have there."""

    statuses: tuple[tuple[str, PortStatus], ...]


@dataclass(frozen=True, slots=True)
class MarkClock(Command):
    """Tells whose clock is kept, and whether that clock started the music or stopped it."""

    status: ClockStatus
    playing: bool | None = None


@dataclass(frozen=True, slots=True)
class OpenSong(Command):
    """Opens a song file."""

    path: str


@dataclass(frozen=True, slots=True)
class RecoverSong(Command):
    """Brings back a song that was kept by itself (see `engine.services.session.autosave`), unsaved."""

    path: str


@dataclass(frozen=True, slots=True)
class ForgetKept(Command):
    """Removes a song that was kept by itself, so that it is not offered again."""

    path: str


@dataclass(frozen=True, slots=True)
class LeaveKept(Command):
    """Leaves a song that was kept by itself to whoever starts next."""

    path: str


@dataclass(frozen=True, slots=True)
class KeepUnsaved(Command):
    """Keeps every song that is not saved at once, as before the program ends.

    With ``copies`` what is not kept is written as songs of the player's own. It is answered.
    """

    copies: bool = False


@dataclass(frozen=True, slots=True)
class LetUnsavedGo(Command):
    """Says that what is not saved and could not be kept may be lost."""


@dataclass(frozen=True, slots=True)
class SaveSong(Command):
    """Writes the song (None: where it was last saved or opened).

    Unless it may ``replace`` anything, a file that holds what was not opened or saved here is
    left as it is, and this refused.
    """

    path: str | None = None
    replace: bool = False


@dataclass(frozen=True, slots=True)
class ExportMidi(Command):
    """Writes the song's loop as a MIDI file; with ``credits`` it says what each measure is like."""

    path: str
    credits: bool = False


@dataclass(frozen=True, slots=True)
class DrawMap(Command):
    """Fills a map of ``attribute`` over dimensions ``x`` and ``y`` around a slot's code."""

    slot: int
    x: int
    y: int
    attribute: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Explain(Command):
    """Measures what the gauges ``dimensions`` of a slot do from where they stand."""

    slot: int
    dimensions: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class AskInfluence(Command):
    """Asks which pieces of the training data a slot's measure lies near to.

    ``top`` are named, of ``books`` and ``licences`` alone (None: any) and of no cluster in
    ``without``. The measures around it count, unless it is asked about ``alone``. With
    ``gradients`` the model's gradients are asked about the matches too, which takes longer.
    """

    slot: int
    top: int = 10
    books: frozenset[str] | None = None
    licences: frozenset[str] | None = None
    without: frozenset[int] = frozenset()
    alone: bool = False
    gradients: bool = False


@dataclass(frozen=True, slots=True)
class AskTakeInfluence(Command):
    """Asks which tunes of the training clips a take lies near to, as `AskInfluence` does."""

    take: str
    top: int = 10
    books: frozenset[str] | None = None
    licences: frozenset[str] | None = None
    without: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class RegenerateAway(Command):
    """Moves all unlocked gauges of a slot to where its measure is near to none of ``without``.

    With none it leads away from what the measure is nearest to. ``amount`` is how far to go
    at most, as in `Randomise`; what is drawn depends on ``seed`` alone.
    """

    slot: int
    without: frozenset[int]
    amount: float
    seed: int


@dataclass(frozen=True, slots=True)
class WriteProvenance(Command):
    """Writes what each measure of the loop, or a ``take``, lies near to, as a JSON file."""

    path: str
    take: str | None = None


@dataclass(frozen=True, slots=True)
class BrowseCorpus(Command):
    """Looks for tunes whose title holds all words of ``query``."""

    query: str
    limit: int = 50


@dataclass(frozen=True, slots=True)
class PreviewTune(Command):
    """Asks for up to ``count`` measures of a corpus tune, from its ``first`` (from 1)."""

    tune: int
    first: int = 1
    count: int = 16


@dataclass(frozen=True, slots=True)
class LoadTune(Command):
    """Puts ``count`` measures of a corpus tune, from its ``first`` (from 1), into slots."""

    slot: int
    tune: int
    first: int
    count: int


@dataclass(frozen=True, slots=True)
class Cancel(Command):
    """Ends a job at its next step."""

    job: int


@dataclass(frozen=True, slots=True)
class OpenAudioModel(Command):
    """Loads an audio model, by name or folder, in place of the one that is loaded."""

    name: str = "tiny"


@dataclass(frozen=True, slots=True)
class CloseAudioModel(Command):
    """Unloads the audio model and frees its memory."""


@dataclass(frozen=True, slots=True)
class SetTrait(Command):
    """Sets what is not None of one trait; met at the next step while audio grows.

    ``strength`` runs from 0 to 10 in spreads of the probe's examples, ``target`` from 0 to 1.
    """

    name: str
    mode: Mode | None = None
    strength: float | None = None
    target: float | None = None
    arm: Arm | None = None


@dataclass(frozen=True, slots=True)
class SetGeneration(Command):
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
class Generate(Command):
    """Makes a take with the traits and settings as they stand."""


@dataclass(frozen=True, slots=True)
class PauseGeneration(Command):
    """Holds the take that grows at its next step, or lets it go on."""

    paused: bool


@dataclass(frozen=True, slots=True)
class MakeAgain(Command):
    """Makes a take again from its recipe."""

    take: str


@dataclass(frozen=True, slots=True)
class MakeTwin(Command):
    """Makes the unsteered twin of a take: the same prompt, seed and length, and no push."""

    take: str


@dataclass(frozen=True, slots=True)
class PlayTake(Command):
    """Plays a take (None: the one that grows) on the sound device, from ``at`` seconds."""

    take: str | None = None
    at: float = 0.0


@dataclass(frozen=True, slots=True)
class StopTake(Command):
    """Stops the take that plays."""


@dataclass(frozen=True, slots=True)
class SaveTake(Command):
    """Writes a take and its recipe to a file of the player's own (.wav or .flac)."""

    take: str
    path: str


@dataclass(frozen=True, slots=True)
class RemoveTake(Command):
    """Takes a take out of the list and removes its files."""

    take: str


@dataclass(frozen=True, slots=True)
class Learn(Command):
    """Binds the next control that moves decisively to a target."""

    target: Target


@dataclass(frozen=True, slots=True)
class CancelLearn(Command):
    """Waits for no control any more."""


@dataclass(frozen=True, slots=True)
class Forget(Command):
    """Takes what moves a target out of the map of a device (empty: of every device)."""

    target: Target
    device: str = ""


@dataclass(frozen=True, slots=True)
class SetBinding(Command):
    """Puts a binding into the map of a device, in the place of the one of its control."""

    device: str
    binding: Binding


AT_ONCE = (
    SelectSlot | Play | Stop | Audition | AuditionMeasures | Panic | OpenPort | SetEditTiming
    | SetAudition | Cancel | BrowseCorpus | PreviewTune | LookIntoMidi | MarkPort | MarkInputs
    | ListenTo | SetThru | WatchMidi | MarkModel | FollowClock | BackToOwnTempo | MarkClock
    | Record | EndRecording | SetRecord | MarkRoutes
    | OpenAudioModel | CloseAudioModel | SetTrait | SetGeneration | Generate | PauseGeneration
    | MakeAgain | MakeTwin | PlayTake | StopTake | SaveTake | RemoveTake | AskTakeInfluence
    | Learn | CancelLearn | Forget | SetBinding | KeepUnsaved | LetUnsavedGo | LeaveKept
)  # fmt: skip
"""What never waits for the model, and for no edit that does."""
