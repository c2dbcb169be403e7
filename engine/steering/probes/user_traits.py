"""A trait of the user's own: a probe from two folders of recordings, with it and without it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from engine.audio import files
from engine.audio.files import BadAudioFile
from engine.audio.levels import level
from engine.errors import BadFile, OutOfRange
from engine.steering.spec import AudioSpec
from engine.text import printable

if TYPE_CHECKING:
    from engine.audio.synth import Wave
    from engine.steering.musicgen.model import AudioModel
    from engine.steering.probes.head_readings import Example
    from engine.steering.probes.probe import Probe, ReadOut

SECONDS = 3.0
"""The length of a segment where nothing else is said."""

SHORTEST, LONGEST = 0.5, 30.0
"""The shortest and the longest segment in seconds."""

HEARD_OF_FILE = 600.0
"""Seconds of a file that are read; of a longer one those at its beginning."""

MOST_SEGMENTS = 2000
"""The most segments of a side; files share them evenly."""

MOST_FILES = 10_000

SILENCE = -60.0
"""A segment whose level in dB of full scale is below this is silent."""

_SLACK = 0.01
"""Seconds that the last segment may lack: resampling rounds."""

_FEW_FILES = 10


class BadFolder(BadFile):
    """A folder of recordings that is missing, or holds none that can be used."""

    title = "Recordings"


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file that was not used, and why."""

    path: Path
    why: str


@dataclass(frozen=True, slots=True)
class TraitRecording:
    """A file of one side: its group, and how many segments of it are read at most.

    Files of one group are held out together; ``cut`` says that the file goes on behind what
    is read.
    """

    path: Path
    present: bool
    group: int
    segments: int
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Recordings:
    """What two folders hold, found without reading the sound itself."""

    found: tuple[TraitRecording, ...]
    left_out: tuple[LeftOut, ...]
    seconds: float

    @property
    def segments(self) -> int:
        """How many segments there are to read at most."""
        return sum(each.segments for each in self.found)


@dataclass(frozen=True, slots=True)
class OwnTrait:
    """A probe of the user's own, and what it was made of.

    ``files`` and ``segments`` count those with the trait and those without; ``silent`` counts
    segments that were left out.
    """

    probe: Probe
    files: tuple[int, int]
    segments: tuple[int, int]
    silent: int
    left_out: tuple[LeftOut, ...]


def check_seconds(seconds: float, spec: AudioSpec | None = None) -> float:
    """Return a length that segments can have, for a model where one is named.

    Raises `OutOfRange`.
    """
    longest = LONGEST if spec is None else min(LONGEST, spec.longest)
    if not SHORTEST <= seconds <= longest:
        whose = "" if spec is None else f" for {spec.name}"
        raise OutOfRange(
            f"A segment lasts from {SHORTEST:g} to {longest:g} seconds{whose}, not {seconds:g}."
        )
    return seconds


def survey(present: Path, absent: Path, seconds: float = SECONDS) -> Recordings:
    """Return what the folders with and without a trait hold; files that cannot be used are named.

    Files of one name, whatever their suffix and side, are one group: a recording with the
    trait and the same without it are then held out together. Raises `BadFolder` and
    `OutOfRange`.
    """
    check_seconds(seconds)
    _check_apart(present, absent)
    sides = {True: _files(present), False: _files(absent)}
    stems = sorted({path.stem for paths in sides.values() for path in paths})
    groups = {stem: at for at, stem in enumerate(stems)}
    found: list[TraitRecording] = []
    left_out: list[LeftOut] = []
    for side, paths in sides.items():
        lengths: list[tuple[Path, float]] = []
        for path in paths:
            try:
                lengths.append((path, files.inspect(path).seconds))
            except BadAudioFile as error:
                left_out.append(LeftOut(path, error.message))
        share = max(1, MOST_SEGMENTS // max(1, len(lengths)))
        for path, length in lengths:
            whole = int((min(length, HEARD_OF_FILE) + _SLACK) // seconds)
            if whole:
                cut = length > HEARD_OF_FILE
                found.append(TraitRecording(path, side, groups[path.stem], min(share, whole), cut))
            else:
                why = f"{path} lasts {length:.2f} s, less than a segment of {seconds:g} s."
                left_out.append(LeftOut(path, why))
        if not any(each.present == side for each in found):
            raise _nothing(present if side else absent, left_out)
    return Recordings(tuple(found), tuple(left_out), seconds)


def train(
    model: AudioModel,
    name: str,
    recordings: Recordings,
    *,
    read_out: ReadOut = "last",
    seed: int = 0,
    on_progress: Callable[[float], None] = lambda _: None,
) -> OwnTrait:
    """Train a probe of the trait ``name`` on every head of a model; told how far it is, 0 to 1.

    The interval of its accuracy counts files and not segments, because those of one file are
    much alike. Raises `TooFewExamples`, `OutOfRange` and `BadProbe`.
    """
    from engine.steering.probes.fit import LEAST, TooFewExamples, fit, wilson
    from engine.steering.probes.head_readings import MEAN_SECONDS, read_heads
    from engine.steering.probes.probe import trait_name

    trait_name(name)
    seconds = check_seconds(recordings.seconds, model.spec)
    reader = _RecordingReader(recordings, model.spec.sample_rate)
    for side, what in ((True, "with"), (False, "without")):
        _require(LEAST, reader.planned(side), what, "")
    examples = iter(reader)
    # An empty set has no heads to read.
    first = next(examples, None)
    begun = chain(() if first is None else (first,), examples)
    if first is None:
        raise TooFewExamples(
            f"All {reader.silent} segments are silent.", "Name folders of files that sound."
        )
    features, labels, groups = read_heads(
        model, begun, read_out, lambda _: on_progress(0.9 * reader.share)
    )
    heard = reader.tally
    for side, what in ((True, "with"), (False, "without")):
        _require(LEAST, (heard.files(side), heard.segments(side)), what, reader.description())
    probe = fit(
        features,
        labels,
        groups,
        name=name,
        spec=model.spec,
        read_out=read_out,
        window=round(min(MEAN_SECONDS, seconds) * model.spec.frame_rate)
        if read_out == "mean"
        else 1,
        origin=f"{heard.files(True)} files with it and {heard.files(False)} without",
        seed=seed,
        progress=lambda done, total: on_progress(0.9 + 0.1 * done / total),
    )
    independent = 4 / (1 / heard.files(True) + 1 / heard.files(False))
    low, high = wilson(probe.card.accuracy, independent)
    card = replace(probe.card, low=low, high=high)
    card = replace(card, warnings=_doubts(card.accuracy, low, high, probe, reader))
    return OwnTrait(
        replace(probe, card=card),
        (heard.files(True), heard.files(False)),
        (heard.segments(True), heard.segments(False)),
        reader.silent,
        (*recordings.left_out, *reader.left_out),
    )


class _Tally:
    """Counts what was heard: segments of each file of each side."""

    def __init__(self) -> None:
        self.counts: dict[bool, dict[Path, int]] = {True: {}, False: {}}

    def add(self, recording: TraitRecording) -> None:
        side = self.counts[recording.present]
        side[recording.path] = side.get(recording.path, 0) + 1

    def files(self, present: bool) -> int:
        return len(self.counts[present])

    def segments(self, present: bool) -> int:
        return sum(self.counts[present].values())

    def largest(self, present: bool) -> int:
        return max(self.counts[present].values(), default=0)


class _RecordingReader:
    """Gives the segments of recordings at a rate, and counts what it leaves out."""

    def __init__(self, recordings: Recordings, rate: int) -> None:
        self._recordings, self._rate = recordings, rate
        self.tally = _Tally()
        self.silent, self.share = 0, 0.0
        self.cut = sum(each.cut for each in recordings.found)
        self.left_out: list[LeftOut] = []

    def planned(self, present: bool) -> tuple[int, int]:
        side = [each for each in self._recordings.found if each.present == present]
        return len(side), sum(each.segments for each in side)

    def description(self) -> str:
        parts = []
        if self.silent:
            parts.append(f"{self.silent} silent segments")
        if count := len(self.left_out) + len(self._recordings.left_out):
            parts.append(f"{count} files that cannot be used")
        return f" beside {' and '.join(parts)}" if parts else ""

    def __iter__(self) -> Iterator[Example]:
        from engine.steering.probes.head_readings import Example

        seconds, done = self._recordings.seconds, 0
        for each in self._recordings.found:
            try:
                wave = files.read(each.path, self._rate, first=HEARD_OF_FILE)
            except BadAudioFile as error:
                self.left_out.append(LeftOut(each.path, error.message))
            else:
                for segment in _segments(wave, round(seconds * self._rate), each.segments):
                    if level(segment) < SILENCE:
                        self.silent += 1
                        continue
                    self.tally.add(each)
                    yield Example(segment, each.present, each.group, (seconds,))
            done += each.segments
            self.share = done / self._recordings.segments


def _segments(wave: Wave, size: int, most: int) -> Iterator[Wave]:
    # Of a file with more segments than its share, some from all over it.
    count = (len(wave) + round(_SLACK * size)) // size
    for at in np.unique(np.linspace(0, count - 1, min(most, count)).round().astype(int)):
        segment = wave[at * size : (at + 1) * size]
        yield np.pad(segment, (0, size - len(segment)))


def _check_apart(present: Path, absent: Path) -> None:
    for folder in (present, absent):
        if not folder.is_dir():
            what = "is not a folder" if folder.exists() else "is not there"
            raise BadFolder(f"{folder} {what}.", "Name a folder of recordings.")
    one, other = present.resolve(), absent.resolve()
    if one == other or one in other.parents or other in one.parents:
        raise BadFolder(
            f"{present} and {absent} share recordings.",
            "Keep those with the trait and those without it in two folders apart.",
        )


def _files(folder: Path) -> list[Path]:
    try:
        found = sorted(
            path
            for path in folder.rglob("*")
            if path.is_file() and not any(p.startswith(".") for p in path.relative_to(folder).parts)
        )
    except OSError as error:
        raise BadFolder(f"{folder} cannot be read: {error.strerror or error}.") from error
    if len(found) > MOST_FILES:
        raise BadFolder(
            f"{folder} holds {len(found)} files.", f"Name a folder of at most {MOST_FILES}."
        )
    if not found:
        raise BadFolder(f"{folder} holds no files.", "Put recordings into it (WAV, FLAC, MP3).")
    return found


def _nothing(folder: Path, left_out: list[LeftOut]) -> BadFolder:
    inside = [each for each in left_out if folder in each.path.parents]
    return BadFolder(
        f"{folder} holds no recording that can be used. {inside[0].why}",
        "Put longer or other recordings into it, or shorten --seconds.",
    )


def _require(least: int, counted: tuple[int, int], side: str, beside: str) -> None:
    from engine.steering.probes.fit import TooFewExamples

    count, segments = counted
    if count < 2 or segments < least:
        raise TooFewExamples(
            f"There are {count} files {side} the trait, of {segments} segments{beside}; a probe "
            f"needs at least 2 files and {least} segments on each side.",
            "Add files, or shorten --seconds.",
        )


def _doubts(
    accuracy: float, low: float, high: float, probe: Probe, reader: _RecordingReader
) -> tuple[str, ...]:
    from engine.steering.probes.probe import CHANCE

    card, heard, said = probe.card, reader.tally, []
    have, lack = heard.files(True), heard.files(False)
    if min(have, lack) < _FEW_FILES:
        said.append(
            f"{have} files with it and {lack} without are few: the accuracy lies between "
            f"{low:.2f} and {high:.2f}, and others may be read less well."
        )
    counts = heard.segments(True), heard.segments(False)
    if max(counts) > 2 * min(counts):
        said.append(
            f"{counts[0]} segments with it and {counts[1]} without: the fewer decide how far the "
            "accuracy can be trusted."
        )
    for side, total in zip((True, False), counts, strict=True):
        if heard.files(side) > 2 and heard.largest(side) > total / 2:
            said.append(
                f"One file gives {heard.largest(side)} of the {total} segments "
                f"{'with' if side else 'without'} it."
            )
    if low <= CHANCE:
        said.append(f"The meter is right in {accuracy:.2f} of cases, which may be chance.")
    if card.best <= card.shuffled_best:
        said.append(
            "No head is better than the best one on labels without meaning "
            f"({card.shuffled_best:.2f})."
        )
    if reader.cut:
        said.append(f"Of {reader.cut} files only the first {HEARD_OF_FILE / 60:g} minutes count.")
    return tuple(printable(each) for each in said)
