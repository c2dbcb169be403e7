"""Tracks in words: their names, their switches, and how they are played."""

from __future__ import annotations

from functools import cache

from engine.formats import instrument_names
from engine.formats.instrument_names import BadNames, InstrumentNames
from engine.music.accompaniment.style import knows
from engine.music.song import Song
from engine.music.track import Track


@cache
def instruments() -> InstrumentNames:
    """Return what instruments are called; a file of names that is bad is left out."""
    try:
        return instrument_names.read()
    except BadNames:
        return InstrumentNames()


def program_words(track: Track) -> str:
    """Name a track's instrument: ``prog 5 Electric Piano 1``, the first by its number alone."""
    name = instruments().of(track)
    usual = track.instrument == (0, None, None) and track.kind != "drums"
    return "prog 1" if usual and not instruments().own else f"prog {track.program + 1} {name}"


def kind_words(track: Track) -> str:
    """Say what a track is for and which rule plays it; nothing of a melody."""
    rule = track.accompaniment
    by = f"by rule: {rule.style}" if rule is not None else ""
    return " ".join(part for part in ("" if track.kind == "melody" else track.kind, by) if part)


def rule_words(song: Song, track: int, slot: int) -> str:
    """Say what becomes of an empty measure: ``empty``, or that its rule rests in the metre."""
    rule, grid = song.tracks[track].accompaniment, song.grid(slot)
    rests = rule is not None and not knows(rule.style, grid)
    return f"{rule.style} rests in {grid.name}" if rule is not None and rests else "empty"


def name_of(track: Track, number: int) -> str:
    """Return what a track is called, with its number from 1."""
    return f"{number + 1} {track.name or f'Track {number + 1}'}"


def switches(track: Track) -> str:
    """Return a letter for each switch that is on: muted, solo, locked."""
    pairs = (("M", track.muted), ("S", track.solo), ("L", track.locked))
    return "".join(letter for letter, on in pairs if on)


def mixer(track: Track) -> str:
    """Describe how a track is played in a few words."""
    parts = [short_mixer(track)]
    if track.level is not None:
        parts.append(f"lev {track.level}")
    if track.pan is not None:
        parts.append(pan_words(track.pan))
    return " ".join(parts)


def short_mixer(track: Track) -> str:
    """Describe how a track is played in fewer words: its channel, program and register."""
    higher = track.register + track.transpose
    register = f" {higher:+d}" if higher else ""
    return f"ch {track.channel + 1} prog {track.program + 1}{register}"


def full_mixer(track: Track) -> str:
    """Describe how a track is played, with the name of its instrument."""
    return mixer(track).replace(f"prog {track.program + 1}", program_words(track), 1)


def pan_words(pan: int | None) -> str:
    """Describe a pan as users write it: ``L 20``, ``C``, ``R 63``."""
    if pan is None:
        return "not sent"
    away = pan - 64
    return "C" if not away else f"{'L' if away < 0 else 'R'} {abs(away)}"
