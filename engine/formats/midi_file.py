"""MIDI files in: any track of any file to measures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from engine.errors import BadMidiFile, OutOfRange
from engine.formats.midi_following import USUAL_TEMPO, FollowedNotes, beside, followed, moved
from engine.formats.midi_parser import ParsedFile, ParsedTrack, parse
from engine.music.form import FASTEST, SLOWEST
from engine.music.grid import FOUR_QUARTERS, GRIDS, Grid
from engine.music.grid_fitting import fit
from engine.music.groove import PLAIN, STRAIGHT, Groove
from engine.music.measure import Measure
from engine.music.metre_runs import MetreRuns
from engine.music.score_notes import Account, ScoreNote, Voice, count, voices_of
from engine.music.swing_finding import find_swing
from engine.music.track import DRUMS
from engine.text import printable

MOST_MEASURES = 10_000
"""The most measures that are read from a file."""

_EQUAL = {"2/2": "4/4"}
"""Time signatures whose measures are those of another."""

_PARSED = 0.7
"""The share of the time of reading in which bytes become notes."""


@dataclass(frozen=True, slots=True)
class TrackInfo:
    """A track of a file: its number from 1, its name, its notes, and whether all are drums.

    ``voices`` are the lines that its notes can be read as.
    """

    number: int
    name: str
    notes: int
    drums: bool
    voices: tuple[Voice, ...] = ("top",)


@dataclass(frozen=True, slots=True)
class MidiImport:
    """What was read: measures of one track, the tempo, and what was changed to make them fit.

    ``track`` is the number of the track, from 1, and ``title`` its name or the file's.
    ``changes`` holds a sentence for each kind of change; ``groove`` has the swing that the notes
    had, and that the measures do not have.
    """

    measures: tuple[Measure, ...]
    tempo: float
    track: int
    title: str
    tracks: tuple[TrackInfo, ...]
    changes: tuple[str, ...]
    groove: Groove = PLAIN


def read(
    path: Path | str,
    track: int | None = None,
    on_progress: Callable[[float], None] = lambda _: None,
    voice: Voice = "top",
) -> MidiImport:
    """Read a track of a MIDI file, from 1; without one, the first that has more than drums.

    The beat of what was played freely is followed, swing is found and taken out, each beat is
    read as even parts or as triplets, pitches move by octaves into the range, and what sounds at
    once becomes one line: its highest, or the one that ``voice`` names. ``on_progress`` is told
    how much is done, 0 to 1; what it raises ends the reading. Raises `BadMidiFile` for a file
    that cannot be read or has no notes, `OutOfRange` for a track that it does not have.
    """
    path = Path(path)
    file = parse(path, lambda done: on_progress(_PARSED * done))
    tracks = _listed(file)
    chosen = _choose(path, tracks, track)
    parsed = file.tracks[chosen - 1]
    account = Account()
    notes = _without_drums(parsed, account)
    runs, end = _metres(file, parsed, account), parsed.end
    free = followed(file, parsed, notes, runs.first)
    if free is not None:
        runs, notes, end = MetreRuns([(Fraction(0), runs.first)]), free.notes, free.end
    elif parsed.groove is None and (behind := beside(file, parsed)):
        notes = moved(notes, -behind)
        where = "behind" if behind > 0 else "before"
        account.others.append(
            f"All notes lay {abs(float(behind)):.2f} quarter notes {where} the beat."
        )
    last = max(max(note.end for note in notes), end)
    if runs.whole(last) > MOST_MEASURES:
        raise BadMidiFile(
            f"Track {chosen} of {path} is longer than {MOST_MEASURES} measures.",
            "Export a part of it.",
        )
    tempo = (
        _tempo(file, parsed, account) if free is None else _middle(free, runs.first.name, account)
    )
    groove = _groove(parsed, notes, runs, account)
    measures = fit(
        notes,
        end,
        runs,
        account,
        lambda done: on_progress(_PARSED + (1 - _PARSED) * done),
        pace=60 / tempo,
        groove=groove,
        voice=voice,
    )
    return MidiImport(
        measures=tuple(measures),
        tempo=tempo,
        track=chosen,
        title=parsed.name or printable(path.stem),
        tracks=tracks,
        changes=account.sentences(),
        groove=groove,
    )


def tracks(
    path: Path | str, on_progress: Callable[[float], None] = lambda _: None
) -> tuple[TrackInfo, ...]:
    """List the tracks of a MIDI file, with ``on_progress`` as in `read`.

    Raises `BadMidiFile` where it cannot be read or is mute.
    """
    path = Path(path)
    listed = _listed(parse(path, on_progress))
    _with_notes(path, listed)
    return listed


def _listed(file: ParsedFile) -> tuple[TrackInfo, ...]:
    return tuple(_info(number, one) for number, one in enumerate(file.tracks, 1))


def _with_notes(path: Path, tracks: tuple[TrackInfo, ...]) -> list[TrackInfo]:
    found = [track for track in tracks if track.notes]
    if not found:
        raise BadMidiFile(f"{path} holds no notes.", "Name a file with notes in it.")
    return found


def _info(number: int, track: ParsedTrack) -> TrackInfo:
    drums = bool(track.notes) and all(note.channel == DRUMS for note in track.notes)
    voices = ("top",) if drums else voices_of(track.notes)
    return TrackInfo(number, track.name, len(track.notes), drums, voices)


def _choose(path: Path, tracks: tuple[TrackInfo, ...], wanted: int | None) -> int:
    with_notes = _with_notes(path, tracks)
    listed = ", ".join(
        f"{track.number}" + (f" {track.name!r}" if track.name else "") for track in with_notes[:12]
    )
    if wanted is None:
        playing = [track for track in with_notes if not track.drums]
        if not playing:
            raise BadMidiFile(
                f"{path} holds nothing but drums.", f"Ask for a track by number: {listed}."
            )
        return playing[0].number
    if not 1 <= wanted <= len(tracks):
        raise OutOfRange(
            f"{path} has no track {wanted}; it has {count(len(tracks), 'track')}, from 1.",
            f"Tracks with notes: {listed}.",
        )
    if not tracks[wanted - 1].notes:
        raise BadMidiFile(
            f"Track {wanted} of {path} holds no notes.", f"Tracks with notes: {listed}."
        )
    return wanted


def _without_drums(track: ParsedTrack, account: Account) -> tuple[ScoreNote, ...]:
    # A track of drums alone is only read when asked for, and then as it is.
    notes = tuple(note for note in track.notes if note.channel != DRUMS)
    if not notes:
        return track.notes
    if left := len(track.notes) - len(notes):
        account.others.append(f"{count(left, 'note')} of the drum channel left out.")
    return notes


def _middle(free: FollowedNotes, metre: str, account: Account) -> float:
    account.others.append(
        "The notes keep to no beat of the file: their own was followed, from "
        f"{free.slowest:.0f} to {free.fastest:.0f} a minute, in measures of {metre}."
    )
    return round(min(max(free.tempo, SLOWEST), FASTEST), 2)


def _tempo(file: ParsedFile, track: ParsedTrack, account: Account) -> float:
    changes = sorted(change for one in file.about(track) for change in one.tempi)
    # The last of several at the start of the file is the one that holds there.
    at_start = [tempo for place, tempo in changes if place <= track.notes[0].start]
    named = at_start[-1] if at_start else changes[0][1] if changes else USUAL_TEMPO
    tempo = round(named, 2)
    different = {round(other, 2) for place, other in changes if place > track.notes[0].start}
    if different - {tempo}:
        account.others.append(f"The tempo changes on the way; the first, {tempo:g}, is kept.")
    kept = min(max(tempo, SLOWEST), FASTEST)
    if kept != tempo:
        account.others.append(f"The tempo {tempo:g} became {kept:g}, the nearest that is played.")
    return kept


def _metres(file: ParsedFile, track: ParsedTrack, account: Account) -> MetreRuns:
    changes = sorted((change for one in file.about(track) for change in one.metres), key=_place)
    runs: list[tuple[Fraction, Grid]] = [(Fraction(0), FOUR_QUARTERS)]
    others: list[str] = []
    late = False
    for place, metre in changes:
        grid = GRIDS.get(_EQUAL.get(metre, metre), FOUR_QUARTERS)
        if _EQUAL.get(metre, metre) not in GRIDS:
            others.append(metre)
        start, before = runs[-1]
        if grid == before:
            continue
        bars = max(0, -((start - place) // before.length))
        late = late or start + bars * before.length != place
        if bars:
            runs.append((start + bars * before.length, grid))
        else:
            # The last of several at one place is the one that holds.
            runs[-1] = (start, grid)
    if others:
        found = list(dict.fromkeys(others))
        named = ", ".join(found[:4]) + (", ..." if len(found) > 4 else "")
        account.others.append(
            f"The metre {named} is not known and read in measures of {FOUR_QUARTERS.name}."
        )
    if late:
        account.others.append("The metre changes within a measure; it holds from the next one on.")
    return MetreRuns(runs)


def _groove(
    track: ParsedTrack, notes: Sequence[ScoreNote], runs: MetreRuns, account: Account
) -> Groove:
    groove = track.groove
    if groove is None:
        onsets = (runs.quarter(note.start) for note in notes)
        groove = find_swing(at for at in onsets if at is not None)
    if groove is None or groove.swing == STRAIGHT:
        return PLAIN
    account.others.append(f"The {groove.unit} swing ({groove.swing:g} %); they are written evenly.")
    return groove


def _place(change: tuple[Fraction, str]) -> Fraction:
    return change[0]
