"""The words about measures: `encode`, `sweep`, `map`, `render`."""

from __future__ import annotations

import argparse
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine import locations
from engine.cli import groove_options, song_sound
from engine.cli.options import (
    SLOW,
    BadUsage,
    CountLine,
    ProgressLine,
    add_voice,
    common,
    emit,
    number,
)
from engine.common.printing import put
from engine.errors import OutOfRange
from engine.latent.prior import draw
from engine.latent.spec import CANDIDATES, LIMIT, check_served
from engine.music.attributes import NAMES, attribute, attributes
from engine.music.form import FASTEST, SLOWEST
from engine.music.measure import Measure
from engine.music.note_line import Line
from engine.music.score_notes import Voice
from engine.text import printable

if TYPE_CHECKING:
    from engine.formats.midi_file import MidiImport
    from engine.latent.model import TrainedVAE

MOST_MEASURES = 10_000
TEMPO = 100.0
RATE = 44_100
"""Samples a second of what is rendered as sound."""

_MIDI, _SOUND = (".mid", ".midi"), (".wav", ".flac")


def add(words: Any) -> None:
    """Add the words to the parser."""
    encode = words.add_parser("encode", help="read a MIDI file's measures and their codes")
    common(encode)
    encode.add_argument("file", type=Path, metavar="FILE.mid")
    encode.add_argument("--track", type=int, help="which track (the first that has notes)")
    add_voice(encode)
    encode.set_defaults(run=_encode)

    sweep = words.add_parser("sweep", help="move one gauge and see what the measure does")
    common(sweep)
    sweep.add_argument("dimension", metavar="DIMENSION")
    _base(sweep)
    sweep.add_argument("--from", dest="start", default="-3", metavar="A", help="first value (-3)")
    sweep.add_argument("--to", dest="end", default="3", metavar="B", help="last value (3)")
    sweep.add_argument("--steps", type=int, default=11, help="how many values (11)")
    _plain(sweep)
    sweep.set_defaults(run=_sweep)

    surface = words.add_parser("map", help="draw an attribute over two dimensions")
    common(surface)
    surface.add_argument("--x", default="rhythmic_complexity", metavar="DIM")
    surface.add_argument("--y", default="note_density", metavar="DIM")
    surface.add_argument("--attribute", default="note_density", metavar="NAME")
    _base(surface)
    surface.add_argument("--width", type=int, default=60, help="cells across (60)")
    surface.add_argument("--height", type=int, default=20, help="cells up (20)")
    surface.set_defaults(run=_map)

    render = words.add_parser("render", help="write measures as MIDI or sound, gauges moved")
    common(render)
    _base(render)
    render.add_argument(
        "--set", action="append", default=[], metavar="DIM=VALUE", help="move a gauge (repeat)"
    )
    render.add_argument("--measures", type=int, help="how many measures (all of the base, or 4)")
    groove_options.add(render)
    render.add_argument("--tempo", default=None, metavar="BPM", help="quarter notes a minute")
    render.add_argument("-o", "--out", type=Path, metavar="FILE", help="FILE.mid, .wav or .flac")
    song_sound.options_of(render)
    _plain(render)
    render.set_defaults(run=_render)


def _base(word: argparse.ArgumentParser) -> None:
    word.add_argument("--base", type=Path, metavar="FILE.mid", help="start from this file")
    word.add_argument("--measure", type=int, default=None, metavar="N", help="its measure N")
    word.add_argument("--track", type=int, help="its track")
    add_voice(word)


def _plain(word: argparse.ArgumentParser) -> None:
    word.add_argument(
        "--candidates",
        type=int,
        default=CANDIDATES,
        metavar="N",
        help=f"choose among N codes around each point ({CANDIDATES}; 1: decode plainly)",
    )


def _check_base(options: argparse.Namespace) -> None:
    if options.base is None and (options.measure, options.track) != (None, None):
        raise BadUsage("--measure and --track need --base.", "Name the file they are in.")


def _model() -> TrainedVAE:
    from engine.latent.weights import load

    return load(locations.MEASURE_VAE)


def _read(file: Path, track: int | None, voice: Voice) -> MidiImport:
    # mido takes a moment to import, and complaints about words should not wait for it.
    from engine.formats.midi_file import read

    line = ProgressLine(f"read {printable(file.name)}", after=SLOW)
    return read(file, track, line.show, voice)


def _chosen(options: argparse.Namespace, model: TrainedVAE) -> tuple[float, ...]:
    # The code to start from: a measure of a file, or the mean of the prior.
    if options.base is None:
        return model.spec.origin
    measure = _the(_read(options.base, options.track, options.voice).measures, options)
    check_served([measure], options.measure or 1)
    return model.encode([measure])[0]


def _the(measures: tuple[Measure, ...], options: argparse.Namespace) -> Measure:
    at = 1 if options.measure is None else options.measure
    if not 1 <= at <= len(measures):
        raise OutOfRange(f"{options.base} has measures 1 to {len(measures)}, not {at}.")
    return measures[at - 1]


def _notes(measure: Measure) -> list[list[float]]:
    return [[_plainly(n.onset), _plainly(n.duration), n.pitch] for n in measure.notes]


def _plainly(value: Fraction) -> float:
    return round(float(value), 6)


def _encode(options: argparse.Namespace) -> None:
    found = _read(options.file, options.track, options.voice)
    measures, model = found.measures, _model()
    # Three passes: into codes, back, and what is told of both.
    line, passes = CountLine("encode", len(measures), "measures"), 3 * len(measures)
    codes = model.encode(measures, lambda done: line.show(done / passes))
    decoded = model.decode(
        codes, candidates=1, on_done=lambda done: line.show((len(measures) + done) / passes)
    )
    if options.json:
        told = []
        for at, (measure, code, back) in enumerate(zip(measures, codes, decoded, strict=True), 1):
            told.append(
                {
                    "index": at,
                    "latent": [round(value, 6) for value in code],
                    "attributes": attributes(measure),
                    "notes": _notes(measure),
                    "decoded": _notes(back),
                    "exact": measure.tokens == back.tokens,
                }
            )
            line.show((2 * len(measures) + at) / passes)
        emit({"measures": told, "changes": found.changes, "model": model.spec.digest})
        return
    line.show(1.0)
    for change in found.changes:
        put(f"# {change}")
    put("measure  " + "  ".join(f"{d.label:>10}" for d in model.spec.dimensions[:4]) + "  exact")
    for at, (code, back, measure) in enumerate(zip(codes, decoded, measures, strict=True), 1):
        values = "  ".join(f"{value:+10.2f}" for value in code[: len(NAMES)])
        put(f"{at:7}  {values}  {'yes' if measure.tokens == back.tokens else 'no'}")


def _sweep(options: argparse.Namespace) -> None:
    start = number("--from", options.start, -LIMIT, LIMIT)
    end = number("--to", options.end, -LIMIT, LIMIT)
    if not 2 <= options.steps <= 1001:
        raise OutOfRange(f"--steps lies from 2 to 1001; {options.steps} does not.")
    candidates = _candidates(options)
    _check_base(options)
    model = _model()
    dimension = model.spec.dimension(options.dimension)
    base = _chosen(options, model)
    values = [start + (end - start) * at / (options.steps - 1) for at in range(options.steps)]
    points = [(*base[: dimension.index], v, *base[dimension.index + 1 :]) for v in values]
    line = CountLine("sweep", len(points), "values")
    measures = model.decode(
        points,
        candidates=candidates,
        moved=(dimension.index,),
        on_done=lambda done: line.show(done / len(points)),
    )
    if options.json:
        emit(
            {
                "dimension": dimension.name,
                "points": [
                    {"value": value, "notes": _notes(m), "attributes": attributes(m)}
                    for value, m in zip(values, measures, strict=True)
                ],
            }
        )
        return
    put(f"{dimension.label:>10}  " + "  ".join(f"{name:>21}" for name in NAMES))
    for value, measure in zip(values, measures, strict=True):
        told = (attribute(name).say(found) for name, found in attributes(measure).items())
        put(f"{value:+10.2f}  " + "  ".join(f"{text:>21}" for text in told))


def _map(options: argparse.Namespace) -> None:
    from engine.latent.attribute_map import surface
    from engine.latent.attribute_map_text import render

    wanted = attribute(options.attribute)
    _check_base(options)
    model = _model()
    x, y = model.spec.dimension(options.x), model.spec.dimension(options.y)
    base = _chosen(options, model)
    width, height = options.width, options.height
    line = CountLine("map", width * height, "cells")
    drawn = surface(model, base, x.index, y.index, wanted.name, width, height, line.show)
    if options.json:
        emit({"x": drawn.xs, "y": drawn.ys, "values": drawn.values, "attribute": wanted.name})
    else:
        put(*render(drawn, model.spec, (base[x.index], base[y.index])).split("\n"))


def _render(options: argparse.Namespace) -> None:
    if options.out is None and (options.song_file is None or options.stems is None):
        raise BadUsage("No file is named to write.", "Name one with -o.")
    if options.stems is not None and options.song_file is None:
        raise BadUsage("--stems is of a song.", "Name a song file.")
    if options.out is not None and options.out.suffix.lower() not in _MIDI + _SOUND:
        raise BadUsage(
            f"{options.out} is neither .mid, .wav nor .flac.",
            "Name the output FILE.mid, FILE.wav or FILE.flac.",
        )
    if options.song_file is not None:
        song_sound.render(options)
        return
    if options.measures is not None and not 1 <= options.measures <= MOST_MEASURES:
        raise OutOfRange(f"--measures lies from 1 to {MOST_MEASURES}, not {options.measures}.")
    candidates = _candidates(options)
    tempo = TEMPO
    if options.tempo is not None:
        tempo = number("--tempo", options.tempo, SLOWEST, FASTEST)
    groove, key = groove_options.read(options)
    _check_base(options)
    model = _model()
    moves = dict(_move(model, text) for text in options.set)
    measures: tuple[Measure, ...] = ()
    if options.base is None:
        size = len(model.spec.dimensions)
        points = [draw(size, options.seed + at) for at in range(options.measures or 4)]
    else:
        found = _read(options.base, options.track, options.voice)
        if options.swing is None:
            groove = replace(groove, swing=found.groove.swing, unit=found.groove.unit)
        measures = found.measures
        tempo = tempo if options.tempo is not None else found.tempo
        if options.measure is not None:
            measures = (_the(measures, options),) * (options.measures or 1)
        measures = measures[: options.measures]
        # Measures that no gauge moves may be in any metre.
        points = model.encode(measures) if moves else []
    # A measure of the file that no gauge has moved sounds as it came.
    if moves or options.base is None:
        moved = [tuple(moves.get(at, z) for at, z in enumerate(point)) for point in points]
        line = CountLine("render", len(moved), "measures")
        measures = tuple(
            model.decode(
                moved,
                candidates=candidates,
                moved=tuple(moves),
                on_done=lambda done: line.show(done / len(moved)),
            )
        )
    told = _write(options.out, Line(measures, groove, key, tempo), tempo)
    sounded = groove_options.groove_fields(groove, key, measures)
    if options.json:
        emit(
            {
                "file": str(options.out),
                **told,
                "sounded": sounded,
                "measures": [
                    {"index": at, "notes": _notes(measure), "attributes": attributes(measure)}
                    for at, measure in enumerate(measures, 1)
                ],
            }
        )
    else:
        put(f"{options.out}: {len(measures)} measures at {tempo:g} a minute")
        if key is not None:
            notes = sum(len(measure.pitches) for measure in measures)
            put(f"{key.name} moves {sounded['moved']} of {notes} notes as they are sounded")


def _write(out: Path, line: Line, tempo: float) -> dict[str, Any]:
    from engine.music.track_line import TrackLine

    # Gives what is told of sound beside the file and its measures.
    if out.suffix.lower() in _MIDI:
        from engine.formats.midi_writer import write

        write(out, [TrackLine(line)], tempo, title=out.stem)
        return {}
    from engine import config
    from engine.audio import files, soundfont
    from engine.audio import render as performance
    from engine.audio.synth import Synth

    synth = Synth(soundfont.find(config.load().settings.soundfont), RATE)
    shown = CountLine("render sound", line.length * 60 / tempo, "s")
    wave = performance.render(synth, [TrackLine(line)], tempo, on_progress=shown.show)
    written = files.write(out, wave, RATE)
    return {"seconds": written.seconds, "rate": RATE, "soundfont": str(synth.soundfont)}


def _candidates(options: argparse.Namespace) -> int:
    if not 1 <= options.candidates <= 512:
        raise OutOfRange(f"--candidates lies from 1 to 512; {options.candidates} does not.")
    return int(options.candidates)


def _move(model: TrainedVAE, text: str) -> tuple[int, float]:
    name, equals, value = text.partition("=")
    if not equals:
        raise BadUsage(f"--set {text!r} is not DIM=VALUE.", "Write for example note_density=1.5.")
    return model.spec.dimension(name).index, number(name, value, -LIMIT, LIMIT)
