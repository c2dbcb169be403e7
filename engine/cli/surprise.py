"""Surprise on the command line: `surprise FILE`."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.cli.options import SLOW, CountLine, ProgressLine, common, emit, say
from engine.common.printing import put
from engine.errors import OutOfRange
from engine.formats.song_file import SUFFIX
from engine.music.measure import Measure, silence
from engine.music.scales import Key, key_of
from engine.text import printable

if TYPE_CHECKING:
    from engine.phrase.surprise import MeasureSurprise

PIECE = 64
"""After so many measures it is said how far the work is."""


@dataclass(frozen=True)
class Melody:
    """What was read of a file: its measures, the key they are taken to be in, and what changed.

    ``certainty`` is that of a key that was found, None where it was given or is the song's.
    """

    measures: tuple[Measure, ...]
    key: Key
    certainty: float | None
    changes: tuple[str, ...]
    tempo: float


def add(words: Any) -> None:
    """Add `surprise`."""
    word = words.add_parser(
        "surprise", help="how unusual each measure and note is among the books', and why"
    )
    common(word)
    add_melody(word)
    word.set_defaults(run=_surprise)


def add_melody(word: argparse.ArgumentParser) -> None:
    """Add the options that name a melody."""
    word.add_argument("file", type=Path, metavar="FILE", help="a MIDI file or a song")
    word.add_argument("--track", type=int, help="its track, from 1 (the first with a melody)")
    word.add_argument("--key", help="the key it is in, as D dorian (the song's, or the one found)")


def melody(options: argparse.Namespace) -> Melody:
    """Read the melody that the options name; raises `OutOfRange` for one without notes."""
    from engine.harmony.key_finding import find_keys

    given = None if options.key is None else key_of(options.key)
    if options.file.suffix == SUFFIX:
        from engine.formats.song_file import read
        from engine.harmony.song_harmony import melody_of

        song = read(options.file).song
        asked = None if options.track is None else options.track - 1
        if asked is not None:
            song.check_melodic(asked)
        track = melody_of(song, 0) if asked is None else asked
        if track is None:
            raise OutOfRange("The song has no notes.", "Write some first.")
        # What sounds several notes at once is no melody, and nothing is said about it.
        measures = tuple(
            slot.measure if slot.pattern is None else silence(slot.grid)
            for slot in song.tracks[track].slots
        )
        return Melody(_sounding(measures), given or song.key, None, (), song.tempo)
    from engine.formats.midi_file import read as read_midi

    shown = ProgressLine(f"read {printable(options.file.name)}", after=SLOW)
    found = read_midi(options.file, options.track, shown.show)
    measures = _sounding(found.measures)
    if given is not None:
        return Melody(measures, given, None, found.changes, found.tempo)
    likely = find_keys(measures)[0]
    return Melody(measures, likely.key, likely.certainty, found.changes, found.tempo)


def _sounding(measures: tuple[Measure, ...]) -> tuple[Measure, ...]:
    if all(measure.silent for measure in measures):
        raise OutOfRange("The track has no notes.", "Name another track.")
    return measures


def _surprise(options: argparse.Namespace) -> None:
    from engine.phrase.model import shipped
    from engine.phrase.surprise import surprise

    model, found = shipped(), melody(options)
    line = CountLine("surprise", len(found.measures), "measures")
    rows: list[MeasureSurprise | None] = []
    for begin in range(0, len(found.measures), PIECE):
        wanted = range(begin, min(begin + PIECE, len(found.measures)))
        rows += surprise(model, found.measures, found.key, wanted)[begin : wanted.stop]
        line.show(wanted.stop / len(found.measures))
    if not any(rows):
        from engine.phrase.events import METRES

        raise OutOfRange(
            "No measure is in a metre that the tune books have.", f"They have {', '.join(METRES)}."
        )
    if options.json:
        emit(_document(found, rows, model.digest))
        return
    for change in found.changes:
        say(change)
    certain = "" if found.certainty is None else f", {found.certainty * 100:.0f} %"
    put(f"Key: {found.key.name}{certain}.")
    for number, row in enumerate(rows):
        _put(found, number, row)


def _put(found: Melody, number: int, row: MeasureSurprise | None) -> None:
    from engine.phrase.words import compared, repeated, words

    if row is None:
        why = "silent" if found.measures[number].silent else "not in a metre of the books"
        put(f"{number + 1:>4}        {why}")
        return
    same = repeated(found.measures, number)
    copy = "" if same is None else f"; repeats measure {same + 1}"
    put(f"{number + 1:>4}  {row.bits:5.1f} bits, {compared(row.percentile)}{copy}")
    for sentence in words(row, found.key):
        put(f"            {sentence}")


def _document(found: Melody, rows: list[MeasureSurprise | None], digest: str) -> dict[str, Any]:
    from engine.phrase.surprise import PARTS
    from engine.phrase.words import reason, repeated, words

    measures: list[dict[str, Any]] = []
    for number, row in enumerate(rows):
        if row is None:
            measures.append(
                {"index": number + 1, "bits": None, "percentile": None, "notes": [], "words": []}
            )
            continue
        measures.append(
            {
                "index": number + 1,
                "bits": round(row.bits, 4),
                "percentile": round(row.percentile, 1),
                "parts": {n: round(b, 4) for n, b in zip(PARTS, row.parts, strict=True)},
                "notes": [
                    {
                        "onset": round(float(row.onset(event)), 6),
                        "pitch": event.pitch,
                        "bits": round(event.bits, 4),
                        "parts": {n: round(b, 4) for n, b in zip(PARTS, event.parts, strict=True)},
                        "reason": reason(event, row.grid, found.key),
                    }
                    for event in row.events[:-1]
                ],
                "end": round(row.events[-1].bits, 4),
                "repeats": None if (same := repeated(found.measures, number)) is None else same + 1,
                "words": list(words(row, found.key)),
            }
        )
    certainty = None if found.certainty is None else round(found.certainty, 4)
    return {
        "key": {"name": found.key.name, "certainty": certainty},
        "measures": measures,
        "changes": found.changes,
        "model": digest,
    }
