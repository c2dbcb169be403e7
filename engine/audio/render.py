"""Measures and songs as they sound: each note at its moment, the last ones dying away."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from engine.audio.synth import LONGEST, SoundedNote, Synth, Wave
from engine.errors import OutOfRange
from engine.music.measure import Measure
from engine.music.note_line import Line
from engine.music.song import DRUMS, FASTEST, SLOWEST, Track

TAIL = 2.0
"""Seconds after the last measure in which its notes die away."""

LOUDNESS = 10 ** (-3 / 20)
"""The peak, 3 dB under full scale, that a performance is turned up or down to."""


def performed(
    music: Sequence[Measure] | Line, tempo: float, track: Track | None = None
) -> tuple[tuple[SoundedNote, ...], float]:
    """Return the notes of measures played once, and how many seconds the measures last.

    ``music`` is measures that are heard as they are written, or the line that is heard.
    ``tempo`` is in quarter notes a minute. A measure that begins with a hold goes on with
    the note before it; the last note ends with the last measure. Raises `OutOfRange` where
    there is no measure or the tempo is none a song can have.
    """
    track = track or Track()
    if not isinstance(music, Line) and not music:
        raise OutOfRange("There is no measure to render.")
    if not SLOWEST <= tempo <= FASTEST:
        raise OutOfRange(
            f"A tempo lies from {SLOWEST:g} to {FASTEST:g} quarter notes a minute, not {tempo:g}."
        )
    line, pace = music if isinstance(music, Line) else Line(music), 60 / tempo
    notes = tuple(
        SoundedNote(
            note.start * pace, note.end * pace, note.pitch, track.struck(note.louder, note.velocity)
        )
        for note in line.once()
    )
    return notes, line.length * pace


def render(
    synth: Synth,
    music: Sequence[Measure] | Line,
    tempo: float,
    track: Track | None = None,
    tail: float = TAIL,
    on_progress: Callable[[float], None] = lambda _: None,
) -> Wave:
    """Return music as a stereo wave [samples, 2] at the synth's rate, ``tail`` seconds longer.

    ``music`` is as in `performed`; ``on_progress`` is told how much is done, 0 to 1.
    Its peak is 3 dB under full scale, unless nothing sounds. Raises `OutOfRange` where there
    is no measure or the whole is longer than an hour, `BadSoundFont` for a program that the
    SoundFont lacks.
    """
    track = track or Track()
    notes, seconds = performed(music, tempo, track)
    if seconds + tail > LONGEST:
        raise OutOfRange(
            f"These measures last {seconds / 60:.0f} minutes, and an hour is the most.",
            "Render fewer of them, or at a faster tempo.",
        )
    drums = track.channel == DRUMS
    wave = synth.render_stereo(notes, track.program, drums, seconds + tail, on_progress)
    peak = max(float(wave.max()), -float(wave.min()))
    if peak:
        wave *= LOUDNESS / peak
    return wave
