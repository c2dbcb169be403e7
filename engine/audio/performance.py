"""Measures and songs as they sound: each note at its moment, the last ones dying away."""

from __future__ import annotations

from collections.abc import Sequence

from engine.audio.synth import LONGEST, SoundedNote, Synth, Wave
from engine.errors import OutOfRange
from engine.midi.parsing import DRUMS
from engine.music.line import Line
from engine.music.measure import Measure
from engine.music.song import FASTEST, SLOWEST, Song, Track
from engine.music.touch import Touches

TAIL = 2.0
"""Seconds after the last measure in which its notes die away."""

LOUDNESS = 10 ** (-3 / 20)
"""The peak, 3 dB under full scale, that a performance is turned up or down to."""


def performed(
    measures: Sequence[Measure],
    tempo: float,
    velocity: int = 96,
    touches: Sequence[Touches] = (),
) -> tuple[tuple[SoundedNote, ...], float]:
    """Gives the notes of measures played once, and how many seconds the measures last.

    ``tempo`` is in quarter notes a minute, ``touches`` says how notes are played (see `Line`).
    A measure that begins with a hold goes on with the note before it; the last note ends with
    the last measure. Raises `OutOfRange` where there is no measure or the tempo is none a song
    can have.
    """
    if not measures:
        raise OutOfRange("There is no measure to render.")
    if not SLOWEST <= tempo <= FASTEST:
        raise OutOfRange(
            f"A tempo lies from {SLOWEST:g} to {FASTEST:g} quarter notes a minute, not {tempo:g}."
        )
    line, pace = Line(measures, touches), 60 / tempo
    notes = tuple(
        SoundedNote(
            note.start * pace,
            min(note.end, line.length) * pace,
            note.pitch,
            note.velocity or velocity,
        )
        for note in line.once()
    )
    return notes, line.length * pace


def render(
    synth: Synth,
    measures: Sequence[Measure],
    tempo: float,
    track: Track | None = None,
    tail: float = TAIL,
    touches: Sequence[Touches] = (),
) -> Wave:
    """Gives measures as a stereo wave [samples, 2] at the synth's rate, ``tail`` seconds longer.

    Its peak is 3 dB under full scale, unless nothing sounds. Raises `OutOfRange` where there
    is no measure or the whole is longer than an hour, `BadSoundFont` for a program that the
    SoundFont lacks.
    """
    track = track or Track()
    notes, seconds = performed(measures, tempo, track.velocity, touches)
    if seconds + tail > LONGEST:
        raise OutOfRange(
            f"These measures last {seconds / 60:.0f} minutes, and an hour is the most.",
            "Render fewer of them, or at a faster tempo.",
        )
    drums = track.channel == DRUMS
    wave = synth.render_stereo(notes, track.program, drums, seconds + tail)
    peak = max(float(wave.max()), -float(wave.min()))
    if peak:
        wave *= LOUDNESS / peak
    return wave


def render_song(synth: Synth, song: Song, tail: float = TAIL) -> Wave:
    """Gives one turn of a song's loop as a stereo wave, with its own tempo and instrument."""
    return render(
        synth, tuple(song.measures()), song.tempo, song.track, tail, tuple(song.touches())
    )
