"""Commands and events of playing, recording and the clock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from engine.music.measure import Measure
from engine.music.pattern import Hit
from engine.protocol.base import Event, Overtaking, TrackCommand, measures
from engine.protocol.snapshot import Click, ClickSound, RecordMode


@dataclass(frozen=True, slots=True)
class PlayheadMoved(Event):
    """Where the music is: slot, quarter notes into it; ``slot`` is None when stopped.

    ``entry`` is the entry of the order that is played, and ``repeat`` counts its repeats from 0.
    ``jump_slot`` and ``jump_entry`` are where it is to jump to, None where it is not.
    """

    slot: int | None
    beat: float
    entry: int | None = None
    repeat: int = 0
    jump_slot: int | None = None
    jump_entry: int | None = None


@dataclass(frozen=True, slots=True)
class KeysPlayed(Event):
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


@dataclass(frozen=True, slots=True)
class ClockSyncMeasured(Event):
    """The clock that is followed: quarter notes a minute, and how far the music is off it.

    ``drift`` is the mean of the last quarter in milliseconds, positive where the music is
    late, None where it rests; ``jitter`` is how far the pulses are off their own line.
    """

    tempo: float
    drift: float | None
    jitter: float


@dataclass(frozen=True, slots=True)
class Record(Overtaking, TrackCommand):
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
class EndRecording(Overtaking):
    """Ends the recording; the loop runs on."""


@dataclass(frozen=True, slots=True)
class SetRecord(Overtaking):
    """Sets what is not None of how playing is recorded: see `RecordSettings`."""

    strength: float | None = None
    latency: float | None = None
    click: Click | None = None
    count_in: int | None = None
    sound: ClickSound | None = None


@dataclass(frozen=True, slots=True)
class CaptureLast(TrackCommand):
    """Puts what was just played, the last eight measures, into slots from ``slot`` on.

    None is the selected slot.
    """

    slot: int | None = None

    def parts(self) -> tuple[range, ...]:
        """Return all slots from there on, as it fills nobody knows how many."""
        return (measures(self.slot or 0, None),)


@dataclass(frozen=True, slots=True)
class SetEditTiming(Overtaking):
    """Chooses when an edit is heard while playing: ``now``, or at the next ``beat``."""

    timing: Literal["now", "beat"]


@dataclass(frozen=True, slots=True)
class SetAudition(Overtaking):
    """Chooses whether an edit while stopped sounds its measure once."""

    on: bool


@dataclass(frozen=True, slots=True)
class Play(Overtaking):
    """Starts the loop at a slot (None: the selected one), to the end of its turn where ``once``."""

    slot: int | None = None
    once: bool = False


@dataclass(frozen=True, slots=True)
class Stop(Overtaking):
    """Stops the loop and silences its notes."""


@dataclass(frozen=True, slots=True)
class Audition(Overtaking, TrackCommand):
    """Sounds a slot's measure once, if the loop is not running."""

    slot: int


@dataclass(frozen=True, slots=True)
class AuditionMeasures(Overtaking):
    """Sounds measures that need not be in the song once, if the loop is not running.

    Without any it silences what was begun.
    """

    measures: tuple[Measure, ...] = ()


@dataclass(frozen=True, slots=True)
class AuditionHits(Overtaking):
    """Sounds notes of a pattern once on the track that is shown, if the loop is not running."""

    hits: tuple[Hit, ...]


@dataclass(frozen=True, slots=True)
class Panic(Overtaking):
    """Stops and silences everything on every channel in use."""


@dataclass(frozen=True, slots=True)
class FollowClock(Overtaking):
    """Keeps the clock of a MIDI input whose name contains ``source`` (empty: any that sends one).

    Start, stop, continue and song position are met, and the tempo and the phase of the pulses
    kept. The song's own tempo stays as it is stored.
    """

    source: str = ""


@dataclass(frozen=True, slots=True)
class BackToOwnTempo(Overtaking):
    """Keeps the song's own tempo again, from where the music is."""
