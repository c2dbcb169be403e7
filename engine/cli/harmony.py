"""Keys and chords: `chords FILE`, `train keys` and `evaluate keys`."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine import locations
from engine.cli.options import ProgressLine, add_voice, common, emit, say
from engine.common.printing import put
from engine.errors import OutOfRange
from engine.formats.song_file import SUFFIX
from engine.music.chords import ChordSymbol
from engine.music.scales import Key
from engine.text import printable

if TYPE_CHECKING:
    from engine.harmony.key_finding import FoundKey

SLOW = 2.0
"""Seconds of reading after which a bar is shown."""

KEYS = 5
"""How many keys the document names."""


def add(words: Any) -> None:
    """Add `chords` to the parser."""
    chords = words.add_parser("chords", help="find a melody's key, and chords that fit it")
    common(chords)
    chords.add_argument(
        "file", type=Path, metavar="FILE", help="the MIDI file, or the song whose chords to print"
    )
    chords.add_argument("--track", type=int, help="the track of the file, from 1")
    add_voice(chords)
    chords.add_argument("--key", help="the key to harmonise in, as D dorian (else the one found)")
    chords.add_argument(
        "--per-measure", type=int, choices=(1, 2, 4), default=1, help="chords a measure (1)"
    )
    chords.set_defaults(run=_chords)


def add_training(verbs: Any) -> None:
    """Add `train keys`."""
    keys = verbs.add_parser("keys", help="learn key profiles from the training tunes (seconds)")
    common(keys)
    keys.add_argument("-o", "--out", type=Path, default=locations.KEY_PROFILES, help="the file")
    keys.add_argument("--corpus", type=Path, default=locations.CORPUS, help="table to learn")
    keys.set_defaults(run=_train)


def add_evaluation(verbs: Any) -> None:
    """Add `evaluate keys`."""
    keys = verbs.add_parser("keys", help="judge found keys by those that held-out tunes print")
    common(keys)
    keys.add_argument("--corpus", type=Path, default=locations.CORPUS, help="table to use")
    keys.set_defaults(run=_evaluate)


def _chords(options: argparse.Namespace) -> None:
    if options.file.suffix == SUFFIX:
        _song_chords(options)
        return
    from engine.formats.midi_file import read
    from engine.harmony.chord_suggestions import suggest
    from engine.harmony.key_finding import find_keys
    from engine.music.note_line import Line
    from engine.music.scales import key_of

    shown = ProgressLine(f"read {printable(options.file.name)}", after=SLOW)
    imported = read(options.file, options.track, shown.show, options.voice)
    if all(measure.silent for measure in imported.measures):
        raise OutOfRange("The track has no notes, so no key and no chords.", "Name another track.")
    if len({measure.grid.metre for measure in imported.measures}) > 1:
        raise OutOfRange(
            "The metre changes on the way, and chords are suggested for one metre alone.",
            "Export a part of the file.",
        )
    found = find_keys(imported.measures)
    key = found[0].key if options.key is None else key_of(options.key)
    line = Line(imported.measures)
    beats = float(imported.measures[0].grid.length)
    length = beats / options.per_measure
    places = suggest(line.once(), key, line.length, length)
    for change in imported.changes:
        say(change)
    rows = [
        {
            "measure": int(place.start // beats) + 1,
            "beat": place.start % beats + 1,
            "symbol": place.options[0][0].name(key),
            "options": _options(place.options, key),
        }
        for place in places
    ]
    _print(options, found, key, "rule", rows, imported.changes)


def _song_chords(options: argparse.Namespace) -> None:
    from engine.formats.song_file import read
    from engine.harmony.song_harmony import keys_of_song, melody_of, suggest_at
    from engine.music.scales import key_of

    song = read(options.file).song
    asked = 0 if options.track is None else options.track - 1
    song.track(asked)
    if melody_of(song, asked) is None:
        raise OutOfRange("The song has no notes, so no key and no chords.", "Write some first.")
    key = song.key if options.key is None else key_of(options.key)
    song = replace(song, key=key)
    rows: list[dict[str, Any]] = [
        {
            "measure": each.slot + 1,
            "beat": float(each.place / song.grids[each.slot].beat) + 1,
            "symbol": each.name(key),
        }
        for each in song.chords
    ]
    source = "song" if rows else "rule"
    if not rows:
        grids = song.grids[: song.sounding]
        for slot, grid in enumerate(grids):
            for number in range(options.per_measure):
                place = grid.length * number / options.per_measure
                found = suggest_at(song, asked, slot, place).options
                rows.append(
                    {
                        "measure": slot + 1,
                        "beat": float(place / grid.beat) + 1,
                        "symbol": found[0][0].name(key),
                        "options": _options(found, key),
                    }
                )
    _print(options, keys_of_song(song, asked), key, source, rows, ())


def _options(options: Iterable[tuple[ChordSymbol, float]], key: Key) -> list[dict[str, Any]]:
    return [
        {"symbol": chord.name(key), "likelihood": round(likelihood, 4)}
        for chord, likelihood in options
    ]


def _print(
    options: argparse.Namespace,
    found: Sequence[FoundKey],
    key: Key,
    source: str,
    rows: Sequence[Mapping[str, Any]],
    changes: Sequence[str],
) -> None:
    from engine.harmony.key_finding import named

    if options.json:
        emit(
            {
                "key": {"name": found[0].key.name, "certainty": round(found[0].certainty, 4)},
                "keys": [
                    {"name": each.key.name, "certainty": round(each.certainty, 4)}
                    for each in found[:KEYS]
                ],
                "harmonised": key.name,
                "source": source,
                "chords": rows,
                "changes": changes,
            }
        )
        return
    put(f"Key: {named(found)}; next {named(found[1:])}.")
    if source == "song":
        put(f"Chords of the song, in {key.name}:")
    else:
        if key != found[0].key:
            put(f"Harmonised in {key.name}.")
        put("Chords by rule (no tune here has chords to learn from), with the likelihood of each:")
    for row in rows:
        others = row.get("options")
        words = "  ".join(f"{each['symbol']} {each['likelihood']:.2f}" for each in others or ())
        beat = f"{row['beat']:g}"
        put(f"{row['measure']:>4}.{beat:<4} {words or row['symbol']}")


def _train(options: argparse.Namespace) -> None:
    from engine.corpus.table import read
    from engine.harmony.key_profiles import save
    from engine.harmony.training import keyed, learn

    corpus = read(options.corpus)
    tunes = len(keyed(corpus, "train"))
    how = {"command": "armonica train keys", "corpus": corpus.digest, "tunes": tunes}
    options.out.parent.mkdir(parents=True, exist_ok=True)
    save(options.out, learn(corpus), how)
    if options.json:
        emit({"file": str(options.out), **how})
    else:
        put(f"{options.out}: {tunes} training tunes")


def _evaluate(options: argparse.Namespace) -> None:
    from dataclasses import asdict

    from engine.corpus.table import read
    from engine.harmony.evaluation import evaluate

    rows, certain = evaluate(read(options.corpus))
    if options.json:
        emit({"rows": [asdict(row) for row in rows], "certainty": [asdict(row) for row in certain]})
        return
    put(
        "| keys found by | tunes | key | tonic | same notes |",
        "|---|---|---|---|---|",
        *(
            f"| {row.name} | {row.tunes} | {row.exact:.2f} | {row.tonic:.2f} "
            f"| {row.signature:.2f} |"
            for row in rows
        ),
        "",
        "| certainty | tunes | mean certainty | key is right |",
        "|---|---|---|---|",
        *(
            f"| {row.low:.2f} to {row.high:.2f} | {row.tunes} | {row.certainty:.2f} "
            f"| {row.exact:.2f} |"
            for row in certain
        ),
    )
