"""Measures and parts to a MIDI file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path

import mido

from engine.common import atomic
from engine.errors import OutOfRange
from engine.midi.limits import TICKS_PER_QUARTER as CLOCKS_PER_QUARTER
from engine.music.grid import Grid
from engine.music.groove import swing_text
from engine.music.loop_controllers import loop_messages
from engine.music.measure import Measure
from engine.music.note_line import Line, Stretch
from engine.music.routes import Route
from engine.music.tempo_map import TempoMap
from engine.music.track import HIGHEST_PITCH
from engine.music.track_line import TrackLine
from engine.text import printable

TICKS_PER_QUARTER = 480
"""Divisible by 24, so that every place of every grid is a whole tick."""


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
