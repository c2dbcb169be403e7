"""MIDI files in and out: any track of any file to measures, and measures to a file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from io import BytesIO
from pathlib import Path

import mido

from engine.common import atomic
from engine.errors import BadMidiFile, OutOfRange
from engine.formats.midi_parser import ParsedFile, ParsedTrack, parse
from engine.midi.limits import TICKS_PER_QUARTER as CLOCKS_PER_QUARTER
from engine.music.form import FASTEST, SLOWEST
from engine.music.grid import FOUR_QUARTERS, GRIDS, Grid
from engine.music.grid_fitting import fit
from engine.music.groove import PLAIN, STRAIGHT, Groove, swing_text
from engine.music.loop_controllers import loop_messages
from engine.music.measure import Measure
from engine.music.metre_runs import MetreRuns
from engine.music.note_line import Line, Stretch
from engine.music.routes import Route
from engine.music.score_notes import Account, ScoreNote, Voice, count, voices_of
from engine.music.swing_finding import find_swing
from engine.music.tempo_map import TempoMap
from engine.music.track import DRUMS, HIGHEST_PITCH
from engine.music.track_line import TrackLine
from engine.text import printable

TICKS_PER_QUARTER = 480
"""Divisible by 24, so that every place of every grid is a whole tick."""

USUAL_TEMPO = 120.0
"""The tempo of a file that names none."""

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

    Swing is found and taken out, each beat is read as even parts or as triplets, pitches move
    by octaves into the range, and what sounds at once becomes one line: its highest, or the
    one that ``voice`` names. ``on_progress`` is told how much is done, 0 to 1;
    what it raises ends the reading. Raises `BadMidiFile` for a file that cannot be read or has
    no notes, `OutOfRange` for a track that it does not have.
    """
    path = Path(path)
    file = parse(path, lambda done: on_progress(_PARSED * done))
    tracks = _listed(file)
    chosen = _choose(path, tracks, track)
    parsed = file.tracks[chosen - 1]
    account = Account()
    notes = _without_drums(parsed, account)
    last = max(max(note.end for note in notes), parsed.end)
    runs = _metres(file, parsed, account)
    if runs.whole(last) > MOST_MEASURES:
        raise BadMidiFile(
            f"Track {chosen} of {path} is longer than {MOST_MEASURES} measures.",
            "Export a part of it.",
        )
    tempo = _tempo(file, parsed, account)
    groove = _groove(parsed, notes, runs, account)
    measures = fit(
        notes,
        parsed.end,
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


def write(
    path: Path | str,
    music: Sequence[Measure] | Sequence[TrackLine],
    tempo: float | TempoMap,
    *,
    title: str = "",
    texts: Sequence[tuple[int, str]] = (),
    markers: Sequence[tuple[int, str]] = (),
    chords: Sequence[tuple[float, str]] = (),
) -> None:
    """Write measures or parts to a MIDI file of type 1, whole or not at all.

    ``music`` is measures, written on the grid, or parts as they are heard. ``tempo`` is in
    quarter notes a minute. A measure that begins with a hold goes on with the note before it.
    ``texts`` are text events, each at the start of a measure (from 0), and so are ``markers``,
    both in order; ``chords`` are names of chords, each at a place in quarter notes, written as
    ``chord: Am7``. What the gauges
    of a track move goes into its track; each of its routes is a track of its own. Raises
    `OutOfRange` for a tempo that a song cannot have or where there is no measure, `CannotWrite`
    where nothing can be written.
    """
    if not music:
        raise OutOfRange("There is no measure to write.")
    parts = [each for each in music if isinstance(each, TrackLine)] or [
        TrackLine.of_measures(each for each in music if isinstance(each, Measure))
    ]
    if not isinstance(tempo, TempoMap):
        tempo = TempoMap.steady(tempo, parts[0].line.length)
    name = printable(title, "")
    file = mido.MidiFile(type=1, ticks_per_beat=TICKS_PER_QUARTER, charset="utf-8")
    file.tracks.append(_conductor(tempo, name, parts[0].line, texts, markers, chords))
    for number, part in enumerate(parts, 1):
        own = printable(part.track.name, "") or (name if len(parts) == 1 else f"Track {number}")
        file.tracks.append(_voice(part, own))
        file.tracks += [_route(part, own, route) for route in part.track.routes]
    content = BytesIO()
    file.save(file=content)
    atomic.write(Path(path), content.getvalue())


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


def _conductor(
    tempi: TempoMap,
    name: str,
    line: Line,
    texts: Sequence[tuple[int, str]],
    markers: Sequence[tuple[int, str]],
    chords: Sequence[tuple[float, str]],
) -> mido.MidiTrack:
    # At one tick a tempo comes first, then a metre, then words.
    events: list[tuple[int, int, mido.MetaMessage]] = [
        (_tick(place), 0, mido.MetaMessage("set_tempo", tempo=round(pace * 1e6)))
        for place, pace in tempi.paces(0.0, line.length)
    ]
    before = [None, *(each.grid.metre for each in line.measures)]
    events += [
        (_tick(start), 1, _signature(each.grid))
        for start, each, last in zip(line.starts, line.measures, before, strict=False)
        if each.grid.metre != last
    ]
    for kind, words in (("marker", markers), ("text", texts)):
        events += [
            (_tick(line.starts[at]), 2, mido.MetaMessage(kind, text=printable(text, "")))
            for at, text in words
        ]
    events += [
        (_tick(place), 2, mido.MetaMessage("text", text=printable(f"chord: {chord}", "")))
        for place, chord in chords
    ]
    track, at = mido.MidiTrack([mido.MetaMessage("track_name", name=name)]), 0
    for tick, _, message in sorted(events, key=lambda event: event[:2]):
        message.time = tick - at
        track.append(message)
        at = tick
    return track


def _signature(grid: Grid) -> mido.MetaMessage:
    return mido.MetaMessage(
        "time_signature",
        numerator=grid.numerator,
        denominator=grid.denominator,
        # A metronome that hears it strikes the beats.
        clocks_per_click=int(grid.beat * CLOCKS_PER_QUARTER),
    )


def _voice(part: TrackLine, name: str) -> mido.MidiTrack:
    track = part.track
    first = [
        *(_control(track.channel, control, bank) for control, bank in track.banks),
        mido.Message("program_change", channel=track.channel, program=track.program),
        *(_control(track.channel, control, value) for control, value in track.mix),
        mido.MetaMessage("text", text=swing_text(track.groove)),
    ]
    return _written(part, name, first, loop_messages(track, part.line))


def _route(part: TrackLine, name: str, route: Route) -> mido.MidiTrack:
    first = []
    if route.program is not None:
        message = mido.Message("program_change", channel=route.channel, program=route.program)
        first.append(message)
    there = replace(part.track, channel=route.channel)
    moved = _Moved(part.line, there, route.transpose)
    return _written(moved, f"{name} ({route.name})", first)


@dataclass(frozen=True, slots=True)
class _Moved(TrackLine):
    # The part as a route plays it, so many semitones higher.
    by: int = 0

    def notes(self) -> list[tuple[Stretch, int, int]]:
        notes = TrackLine.notes(self)
        return [
            (note, pitch + self.by, velocity)
            for note, pitch, velocity in notes
            if 0 <= pitch + self.by <= HIGHEST_PITCH
        ]


def _written(
    part: TrackLine,
    name: str,
    first: Sequence[mido.Message],
    controls: Sequence[tuple[float, bytes]] = (),
) -> mido.MidiTrack:
    # By tick, and at one tick ends come first, then what the notes after them are meant for.
    events = [(0, 1, message) for message in first]
    events += [(_tick(at), 1, mido.Message.from_bytes(data)) for at, data in controls]
    for note, pitch, velocity in part.notes():
        parts = {"channel": part.track.channel, "note": pitch}
        on = mido.Message("note_on", velocity=velocity, **parts)
        off = mido.Message("note_off", velocity=64, **parts)
        events += [(_tick(note.start), 2, on), (_tick(note.end), 0, off)]
    written, at = mido.MidiTrack([mido.MetaMessage("track_name", name=name)]), 0
    for tick, _, message in sorted(events, key=lambda event: event[:2]):
        message.time = tick - at
        written.append(message)
        at = tick
    written.append(mido.MetaMessage("end_of_track", time=_tick(part.line.length) - at))
    return written


def _control(channel: int, control: int, value: int) -> mido.Message:
    return mido.Message("control_change", channel=channel, control=control, value=value)


def _tick(position: float) -> int:
    return round(position * TICKS_PER_QUARTER)
