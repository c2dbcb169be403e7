"""Probing sets from rendered clips: mixes with a part and the same mixes without it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import soxr

from engine.corpus.audio.render import Clip, Clips
from engine.corpus.clip_format import CLIP_PARTS, RATE, SECONDS
from engine.corpus.table import Corpus
from engine.errors import UnknownName
from engine.steering.musicgen.model import AudioModel
from engine.steering.probes.fit import fit
from engine.steering.probes.head_readings import MEAN_SECONDS, Example, read_heads
from engine.steering.probes.probe import Probe, ReadOut
from engine.steering.spec import PARTS
from engine.steering.training.mixes import Mixture, draw, mix

SLOW_TRAITS = ("fast", "minor", "dense")
"""Traits of a whole passage, which are read as a mean over the last seconds."""

TRAITS = (*PARTS, *SLOW_TRAITS)

PLACES = 3
"""How many moments of a mix are read; what lies within one tune is held out together."""

_EARLIEST, _LATEST = 2.0, 7.8
_HEARD = 0.15
"""A part is heard where the second before has this share of its level in the clip."""

_MIDDLE = (1 / 3, 2 / 3)


def examples(trait: str, source: Clips, corpus: Corpus, count: int, seed: int) -> Iterator[Example]:
    """Return ``count`` examples of a trait, half of them with it; raises `UnknownName`."""
    if trait not in TRAITS:
        raise UnknownName("trait", trait, TRAITS)
    random = np.random.default_rng([seed, TRAITS.index(trait)])
    order = random.permutation(len(source))
    if trait in PARTS:
        return _of_part(trait, source, order, count, random)
    return _of_passage(trait, source, corpus, order, count, random)


def _of_part(
    part: str, source: Clips, order: npt.NDArray[np.int64], count: int, random: Any
) -> Iterator[Example]:
    which, made = CLIP_PARTS.index(part), 0
    for number in order:
        if made >= count:
            return
        stems = source.stems[number]
        places = tuple(
            float(at)
            for at in random.uniform(_EARLIEST, _LATEST, PLACES)
            if _sounds(stems[which], float(at))
        )
        mixture = with_other(draw(random, SECONDS), which)
        if not places:
            continue
        for present in (True, False):
            yield Example(
                mix(stems, _with(mixture, which, present)),
                present,
                source.sheets[number].cluster,
                places,
            )
        made += 2


def _of_passage(
    trait: str,
    source: Clips,
    corpus: Corpus,
    order: npt.NDArray[np.int64],
    count: int,
    random: Any,
) -> Iterator[Example]:
    if trait == "minor":
        values = np.array([float(sheet.minor) for sheet in source.sheets])
        low, high = 0.5, 0.5
    else:
        measured = {"fast": lambda sheet: sheet.tempo, "dense": notes_a_second(corpus)}[trait]
        values = np.array([measured(sheet) for sheet in source.sheets])
        # What lies in the middle is neither.
        low, high = np.quantile(values, _MIDDLE)
    left = {True: count // 2, False: count - count // 2}
    for number in order:
        value = values[number]
        present = bool(value > high)
        if (not present and value >= low) or not left[present]:
            continue
        left[present] -= 1
        mixture = draw(random, SECONDS)
        # Mode and density are in the tune: it must be heard.
        mixture.before[0] = mixture.after[0] = True
        places = tuple(float(at) for at in random.uniform(4.0, _LATEST, PLACES))
        wave = mix(source.stems[number], mixture)
        yield Example(wave, present, source.sheets[number].cluster, places)


def notes_a_second(corpus: Corpus) -> Callable[[Clip], float]:
    """Return what counts the melody's notes in a second of a clip."""
    rows = {tune.id: at for at, tune in enumerate(corpus.tunes)}
    notes = (corpus.tokens > 1).sum(axis=1)

    def measured(sheet: Clip) -> float:
        own = corpus.rows_of(rows[sheet.tune])
        chosen = [own[(sheet.first - 1 + at) % len(own)] for at in range(sheet.measures)]
        return float(notes[chosen].mean()) / sheet.measure_seconds

    return measured


def with_other(mixture: Mixture, which: int) -> Mixture:
    """Return the mixture with something beside part ``which``, and nothing entering or leaving."""
    sounding = mixture.before.copy()
    if not np.delete(sounding, which).any():
        sounding[0 if which else 1] = True
    return replace(mixture, before=sounding, after=sounding.copy())


def _with(mixture: Mixture, which: int, present: bool) -> Mixture:
    sounding = mixture.before.copy()
    sounding[which] = present
    return replace(mixture, before=sounding, after=sounding)


def _sounds(stem: npt.NDArray[np.int16], at: float) -> bool:
    window = stem[max(0, int((at - 1) * RATE)) : int(at * RATE)].astype(np.float32)
    whole = float(np.sqrt((stem.astype(np.float32) ** 2).mean()))
    return whole > 1 and float(np.sqrt((window**2).mean())) > _HEARD * whole


def train_probe(
    model: AudioModel,
    trait: str,
    source: Clips,
    corpus: Corpus,
    *,
    count: int = 600,
    seed: int = 0,
    read_out: ReadOut | None = None,
    on_progress: Callable[[float], None] = lambda _: None,
) -> Probe:
    """Fit the probe of a trait on ``count`` mixes of clips, brought to the model's own rate.

    Parts are read at the last step and passages as a mean, unless ``read_out`` says
    otherwise. Raises `UnknownName`.
    """
    chosen: ReadOut = read_out or ("mean" if trait in SLOW_TRAITS else "last")
    features, labels, groups = read_heads(
        model,
        _at_rate(examples(trait, source, corpus, count, seed), model.spec.sample_rate),
        chosen,
        lambda done: on_progress(min(1.0, done / (count * PLACES))),
    )
    return fit(
        features,
        labels,
        groups,
        name=trait,
        spec=model.spec,
        read_out=chosen,
        window=round(MEAN_SECONDS * model.spec.frame_rate) if chosen == "mean" else 1,
        origin="rendered clips",
        seed=seed,
    )


def _at_rate(found: Iterator[Example], rate: int) -> Iterator[Example]:
    for each in found:
        yield each if rate == RATE else replace(each, wave=soxr.resample(each.wave, RATE, rate))
