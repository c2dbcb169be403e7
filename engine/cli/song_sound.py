"""`armonica render SONG`: a song as MIDI or sound, and its tracks each in a file of its own."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from engine.cli.options import BadUsage, CountLine, emit
from engine.common.printing import put
from engine.errors import CannotWrite, OutOfRange
from engine.music.song import Song
from engine.music.track_line import TrackLine, track_lines

MIDI, SOUND = (".mid", ".midi"), (".wav", ".flac")

_RATE = 44_100


def options_of(word: argparse.ArgumentParser) -> None:
    """Add the options of songs to `render`."""
    word.add_argument("song_file", nargs="?", type=Path, metavar="SONG", help="render a song file")
    word.add_argument(
        "--stems", type=Path, metavar="FOLDER", help="of a song: one .wav a track that is heard"
    )


def render(options: argparse.Namespace) -> None:
    """Write a song to the file that is named, and its stems to their folder."""
    from engine.formats import song_file

    if options.base is not None or options.set or options.measures is not None:
        raise BadUsage(
            "--base, --set and --measures are of measures, and a song is rendered as it is.",
            "Leave them out, or leave out the song.",
        )
    song = song_file.read(options.song_file).song
    parts = track_lines(song)
    if not parts:
        raise OutOfRange("All tracks are muted, so there is nothing to write.", "Unmute one.")
    told: dict[str, Any] = {"song": str(options.song_file), "tracks": len(parts)}
    if options.out is not None and options.out.suffix.lower() in MIDI:
        from engine.formats.exporters import write_song

        write_song(options.out, song)
        told["file"] = str(options.out)
    if options.stems is not None or "file" not in told:
        told |= _sound(song, parts, options)
    if options.json:
        emit(told)
        return
    if options.out is not None:
        put(f"{options.out}: {song.title}, {len(song.steps)} measures at {song.tempo:g} a minute")
    for place in told.get("stems", ()):
        put(place)


def _sound(song: Song, parts: tuple[TrackLine, ...], options: argparse.Namespace) -> dict[str, Any]:
    from engine import config
    from engine.audio import files, soundfont
    from engine.audio import render as performance
    from engine.audio.synth import Synth, Wave

    synth = Synth(soundfont.find(config.load().settings.soundfont), _RATE)
    tempi = song.tempo_map(song.steps)
    shown = CountLine("render sound", tempi.seconds(parts[0].line.length), "s")
    told: dict[str, Any] = {"rate": _RATE, "soundfont": str(synth.soundfont)}
    if options.stems is None:
        mixed = performance.render(synth, parts, tempi, on_progress=shown.show)
        waves: list[Wave] = []
    else:
        waves, mixed = performance.stems(synth, parts, tempi, on_progress=shown.show)
    if options.out is not None and options.out.suffix.lower() in SOUND:
        written = files.write(options.out, mixed, _RATE)
        told |= {"file": str(options.out), "seconds": written.seconds}
    if waves:
        _make(options.stems)
        told["stems"] = []
        for part, wave in zip(parts, waves, strict=True):
            number = next(at for at, each in enumerate(song.tracks, 1) if each is part.track)
            place = options.stems / f"{number:02} {_file_name(part, number)}.wav"
            files.write(place, wave, _RATE)
            told["stems"].append(str(place))
    return told


def _file_name(part: TrackLine, number: int) -> str:
    name = "".join(sign if sign.isalnum() or sign in " -_" else "_" for sign in part.track.name)
    return name.strip() or f"Track {number}"


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = error.strerror or str(error)
        raise CannotWrite(f"{folder} cannot be made: {reason}.", "Name another folder.") from None
