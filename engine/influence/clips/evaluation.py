"""Judges the search among clips: what is known to be there must be found, the rest must not.

Training clips are asked about as other mixes than the one that is indexed, as other passages,
and in other keys, each by its own tune; held-out clips show how often a stranger is called close.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from engine.audio.soundfont import find
from engine.audio.synth import Synth, Wave
from engine.corpus.audio.render import CARD, Clips, arrangement, clips, sound
from engine.corpus.clip_format import RATE
from engine.corpus.table import SPLITS, Corpus
from engine.errors import BadCorpus
from engine.influence.clips.rank_fusion import fused
from engine.influence.clips.search import CLOSE, AudioInfluence
from engine.influence.spec import InfluenceAnswer
from engine.steering.training.encoded_clips import mixture_of
from engine.steering.training.mixes import mix

ASKED = 40
"""How many clips of each kind are asked about."""

OVERLAP = 0.2
"""The most that the first ten of two strangers may share, else the list is one of hubs."""

TRIALS = {
    "another mix": "other parts, levels and changes than the mix that is indexed",
    "5 s of it": "the five seconds from 1.5 s of that mix",
    "melody alone": "no accompaniment",
    "no melody": "all parts but the melody and the drums",
    "transposed": "played again, 1 to 6 semitones higher or lower",
}
"""The ways in which training clips are asked about."""

_TURN = 7
"""A turn of mixes that nothing was trained on or indexed with."""

_TOP = 10


def evaluate(
    influence: AudioInfluence,
    clips_folder: Path,
    *,
    asked: int = ASKED,
    seed: int = 0,
    on_progress: Callable[[float, str], None] = lambda *_: None,
) -> dict[str, Any]:
    """Return the figures of `table`: for each trial how often a clip's own tune is found.

    Test clips are asked about too, whose tunes no index holds. Raises `BadCorpus`.
    """
    source, strangers = clips(clips_folder, "train"), clips(clips_folder, "test")
    random = np.random.default_rng([seed, 41])
    indexed = influence.index.number
    chosen = random.choice(indexed, min(asked, len(indexed)), replace=False).tolist()
    trials = []
    for at, name in enumerate(TRIALS):
        rows = []
        for done, (number, wave) in enumerate(
            _asked(name, source, chosen, influence.corpus, clips_folder)
        ):
            rows.append(_judged(influence, wave, source.sheets[number].cluster))
            on_progress((at + (done + 1) / len(chosen)) / (len(TRIALS) + 1), name)
        trials.append({"trial": name, **{key: _mean(rows, key) for key in rows[0]}})
    found = []
    for number in range(min(asked, len(strangers))):
        wave = mix(strangers.stems[number], mixture_of(seed, "test", 0, number))
        found.append(influence.of_wave(wave, RATE, top=_TOP))
        share = (number + 1) / min(asked, len(strangers))
        on_progress((len(TRIALS) + share) / (len(TRIALS) + 1), "held out")
    return {
        "model": influence.index.card.model,
        "digest": influence.index.card.digest,
        "corpus": influence.corpus.digest,
        "clips": len(influence.index),
        "clusters": len(influence.clusters),
        "asked": len(chosen),
        "trials": trials,
        "strangers": len(found),
        "strangers_close": float(np.mean([each.close for each in found])),
        "overlap": overlap(found),
    }


def overlap(found: list[InfluenceAnswer]) -> float:
    """Return the mean Jaccard index of the listed clusters of pairs of answers, from 0 to 1."""
    lists = [{match.cluster for match in each.matches} for each in found]
    shares = [len(a & b) / max(1, len(a | b)) for a, b in combinations(lists, 2)]
    return float(np.mean(shares)) if shares else 0.0


def table(found: dict[str, Any]) -> str:
    """Return the figures as the lines of a Markdown table and two sentences."""
    lines = [
        "| a training clip as | tune first | by chroma | by tokens | by state | in the first ten "
        "| called close |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for each in found["trials"]:
        shares = ("first", "chroma", "tokens", "hidden", "ten", "close")
        cells = " | ".join(f"{each[name]:.2f}" for name in shares)
        lines.append(f"| {each['trial']} | {cells} |")
    return "\n".join(
        [
            *lines,
            "",
            f"{found['asked']} of {found['clips']} clips ({found['clusters']} tunes), model "
            f"{found['model']} ({found['digest'][:8]}). Of {found['strangers']} clips of held-out "
            f"tunes {found['strangers_close']:.2f} are called close; the first ten of two of "
            f"them share {found['overlap']:.3f} (at most {OVERLAP}).",
        ]
    )


def _judged(influence: AudioInfluence, wave: Wave, cluster: int) -> dict[str, float]:
    channels = influence.similarities(wave, RATE)
    own = int(np.flatnonzero(influence.clusters == cluster)[0])
    scores, nearest = fused(channels), float(channels["chroma"].max())
    firsts = {name: float(each.argmax() == own) for name, each in channels.items()}
    return {
        "first": float(scores.argmax() == own),
        **firsts,
        "ten": float((scores > scores[own]).sum() < _TOP),
        "close": float(influence.percentile(nearest, len(wave) / RATE) >= CLOSE),
    }


def _mean(rows: list[dict[str, float]], key: str) -> float:
    return float(np.mean([row[key] for row in rows]))


def _asked(
    name: str, source: Clips, chosen: list[int], corpus: Corpus, folder: Path
) -> Iterator[tuple[int, Wave]]:
    if name == "transposed":
        yield from _transposed(chosen, corpus, folder)
        return
    for number in chosen:
        mixture = mixture_of(0, "train", _TURN, number)
        if name in ("melody alone", "no melody"):
            sounding = np.zeros(len(mixture.before), bool)
            sounding[0] = True
            if name == "no melody":
                sounding = ~sounding
                sounding[1] = False
            mixture = replace(mixture, before=sounding, after=sounding)
        wave = mix(source.stems[number], mixture)
        yield number, wave[RATE * 3 // 2 : RATE * 13 // 2] if name == "5 s of it" else wave


def _transposed(chosen: list[int], corpus: Corpus, folder: Path) -> Iterator[tuple[int, Wave]]:
    # A clip depends on its seed, split and number alone, and so it can be played once more.
    try:
        card = json.loads((folder / CARD).read_text(encoding="utf-8"))
        seed = int(card["seed"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadCorpus(f"{folder} does not say how its clips were made.") from error
    split = SPLITS.index("train")
    tunes = np.array([row for row, tune in enumerate(corpus.tunes) if tune.split == "train"])
    synth = Synth(find(""), RATE * 2)
    for number in chosen:
        made, _ = arrangement(corpus, tunes, np.random.default_rng([seed, split, number]))
        random = np.random.default_rng([seed, 43, number])
        by = int(random.choice([-6, -5, -4, -3, -2, -1, 1, 2, 3, 4, 5, 6]))
        parts = tuple(
            part
            if part.drums
            else replace(part, notes=tuple(replace(n, pitch=n.pitch + by) for n in part.notes))
            for part in made.parts
        )
        waves = sound(replace(made, parts=parts), synth)
        stems = np.clip(np.round(waves * 32767), -32768, 32767).astype(np.int16)
        yield number, mix(stems, mixture_of(0, "train", _TURN, number))
