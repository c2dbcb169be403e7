"""Which rendered training clips, hence which tunes, a piece of sound lies closest to.

Three channels look at passages of up to eight seconds: chroma that is aligned with every clip
in any key (raw), tokens of the codec that are shared (raw), and the state of a middle layer of
the language model (latent). Their ranks are fused, never their magnitudes. All of it is
similarity: nothing here says that a clip had a part in what was made.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import numpy.typing as npt
import soxr

from engine.audio.files import SILENT
from engine.corpus.table import Corpus, shipped
from engine.errors import OutOfRange, UserError
from engine.influence.alerts import alert
from engine.influence.clips import hidden_states
from engine.influence.clips.alignment import MEASURE, SLOTS, Aligned, Aligner
from engine.influence.clips.chroma import CLASSES, RATE, chroma
from engine.influence.clips.codec_tokens import TokenIndex, tokens
from engine.influence.clips.index import REMEDY, SHIPPED, SPANS, BadClipIndex, ClipIndex, read
from engine.influence.clips.rank_fusion import fused
from engine.influence.licences import licence
from engine.influence.spec import InfluenceAnswer, Match, Originality

if TYPE_CHECKING:
    from engine.steering.musicgen.model import AudioModel

    Codes = npt.NDArray[Any]

WINDOW = 8.0
"""Seconds of a passage that is looked for, the length of a clip."""

HOP = 4.0
"""Seconds from one passage to the next."""

MOST = 6
"""How many passages are looked for; those of a longer piece lie evenly over it."""

SHORTEST = 3.0
"""The shortest piece in seconds: in less, many tunes begin alike."""

_SLACK = 0.25
"""Seconds by which codes may be shorter than their sound: the last frame may not be whole."""

CLOSE = 95.0
"""A match is close from this percentile on."""

Floats = npt.NDArray[np.float32]

Thing = TypeVar("Thing")


class NoPassage(UserError):
    """Sound in which nothing can be looked for."""

    title = "Sound"


@dataclass(frozen=True, slots=True)
class _WavePassage:
    # Of what was asked about: where it begins in seconds, and its wave at 16 kHz.
    start: float
    wave: Floats

    @property
    def seconds(self) -> float:
        return len(self.wave) / RATE


@dataclass(frozen=True, slots=True)
class _Looked:
    # What was found: similarities of chroma [passages, clips], and of each channel by cluster.
    passages: list[_WavePassage]
    aligned: list[Aligned]
    raw: Floats
    channels: dict[str, Floats]


class AudioInfluence:
    """Clips, the model they were indexed with, and the search of both.

    Its words may be called from several threads at once. A passage takes about a second of
    one core among 12,000 clips, and at most `MOST` are looked for.
    """

    def __init__(self, index: ClipIndex, corpus: Corpus, model: AudioModel) -> None:
        self.index, self.corpus, self._model = index, corpus, model
        # Its middle layer is listened to, which two threads cannot do at a time.
        self._model_is_free = threading.Lock()
        self._aligner = Aligner(index.levels)
        self._tokens = TokenIndex(index.tokens)
        self._hidden = hidden_states.HiddenIndex(index.states)
        self._space = hidden_states.HiddenStateSpace(index.mean, index.directions)
        of_tune = np.array([tune.cluster for tune in corpus.tunes])
        self._clusters, self._cluster = np.unique(of_tune[index.tune], return_inverse=True)

    def of_wave(
        self,
        wave: Floats,
        rate: int,
        *,
        top: int = 10,
        codes: Codes | None = None,
        on_progress: Callable[[float], None] = lambda _: None,
    ) -> InfluenceAnswer:
        """Return the tunes of the clips closest to a mono wave [samples].

        ``codes`` [codebooks, frames] are used where they are known, and else heard.
        ``on_progress`` is told how much is done, 0 to 1. Raises
        `NoPassage` for what is too short, silent or no sound, and `OutOfRange`.
        """
        if not 1 <= top <= 1000:
            raise OutOfRange(f"From 1 to 1000 matches are listed, not {top}.")
        return self._found(self._looked(wave, rate, codes, on_progress), top)

    def similarities(self, wave: Floats, rate: int) -> dict[str, Floats]:
        """Return how near each cluster of tunes lies to a wave, [clusters] by channel.

        Clusters are in the order of `clusters`; else as `of_wave`.
        """
        return self._looked(wave, rate, None).channels

    def percentile(self, raw: float, seconds: float) -> float:
        """Return the share, 0 to 100, of held-out clips whose best match is not as near.

        ``raw`` is the similarity of a match to a piece that lasts ``seconds``. A longer piece
        has more chances to lie near: each of its passages must stay below.
        """
        passages = spans(seconds)
        share = (self.index.raw < raw).sum(axis=1) / (self.index.raw.shape[1] + 1)
        return float(100 * (_between(passages[0][1]) @ share) ** len(passages))

    @property
    def clusters(self) -> npt.NDArray[np.int64]:
        """The clusters of tunes that the clips are of."""
        return self._clusters

    @property
    def _rate(self) -> int:
        return self._model.spec.sample_rate

    def _looked(
        self,
        wave: Floats,
        rate: int,
        codes: Codes | None,
        on_progress: Callable[[float], None] = lambda _: None,
    ) -> _Looked:
        wave = np.asarray(wave, np.float32)
        if wave.ndim != 1 or not np.isfinite(wave).all():
            raise NoPassage("The sound holds what is no number, or more than one channel.")
        seconds = len(wave) / rate
        if seconds < SHORTEST:
            raise NoPassage(
                f"{seconds:.1f} s are too little to tell tunes apart.",
                f"Ask about at least {SHORTEST:g} s.",
            )
        peak = float(np.abs(wave).max())
        if peak < SILENT:
            raise NoPassage("The sound is silent.", "Ask about sound.")
        # Each passage is heard, put to the model, and aligned with the clips.
        steps = _Steps(3 * len(spans(seconds)), on_progress)
        if codes is None:
            heard = wave if rate == self._rate else soxr.resample(wave, rate, self._rate)
            cut = [self._codes_of(heard, *each) for each in steps.over(spans(seconds))]
        else:
            given = self._checked(codes)
            if abs(given.shape[1] / self._model.spec.frame_rate - seconds) > _SLACK:
                raise OutOfRange("The codes are not as long as the sound.")
            cut = [self._cut(given, *each) for each in steps.over(spans(seconds))]
        mono = wave / np.float32(peak)
        mono = mono if rate == RATE else soxr.resample(mono, rate, RATE)
        passages = [
            _WavePassage(start, mono[round(start * RATE) : round((start + length) * RATE)])
            for start, length in spans(seconds)
        ]
        shared = [self._tokens.shared(tokens(each)) for each in cut]
        # The model sets torch to one thread, which is as the alignment likes it too.
        near = [self._hidden.similar(self._state(each)) for each in steps.over(cut)]
        aligned = [self._aligner.align(chroma(each.wave)) for each in steps.over(passages)]
        raw = np.stack([each.similarity for each in aligned])
        channels = {"chroma": raw.max(axis=0), "tokens": np.max(shared, axis=0)}
        channels["hidden"] = np.max(near, axis=0)
        channels = {name: self._by_cluster(each) for name, each in channels.items()}
        return _Looked(passages, aligned, raw, channels)

    def _codes_of(self, wave: Floats, start: float, length: float) -> npt.NDArray[np.int64]:
        first, last = round(start * self._rate), round((start + length) * self._rate)
        with self._model_is_free:
            return np.asarray(self._model.encode(wave[first:last]).numpy(), np.int64)

    def _cut(self, codes: npt.NDArray[np.int64], start: float, length: float) -> Any:
        rate = self._model.spec.frame_rate
        return codes[:, round(start * rate) : round((start + length) * rate)]

    def _checked(self, codes: Codes) -> npt.NDArray[np.int64]:
        found = np.asarray(codes)
        spec, most = self._model.spec, int(self._model.lm.card)
        if found.ndim != 2 or found.shape[0] != spec.codebooks or found.dtype.kind not in "iu":
            raise OutOfRange(f"Codes of {spec.name} are whole numbers of {spec.codebooks} rows.")
        if not found.size or found.min() < 0 or found.max() >= most:
            raise OutOfRange(f"Codes of {spec.name} lie from 0 to {most - 1}.")
        return found.astype(np.int64)

    def _state(self, codes: npt.NDArray[np.int64]) -> Floats:
        import torch

        with self._model_is_free:
            state = hidden_states.states(self._model, torch.from_numpy(codes)[None])
        found: Floats = self._space.project(state)[0]
        return found

    def _found(self, looked: _Looked, top: int) -> InfluenceAnswer:
        passages, raw = looked.passages, looked.raw
        best, state = looked.channels["chroma"], looked.channels["hidden"]
        scores = fused(looked.channels)
        order = np.argsort(-scores, kind="stable")[:top]
        seconds = passages[-1].start + passages[-1].seconds
        matches = []
        for rank, cluster in enumerate(order[scores[order] > 0], 1):
            rows = np.flatnonzero(self._cluster == cluster)
            at, row = np.unravel_index(raw[:, rows].argmax(), (len(passages), len(rows)))
            matches.append(
                self._match(
                    rank,
                    int(rows[row]),
                    passages[at],
                    looked.aligned[at],
                    latent=float(state[cluster]),
                    score=float(scores[cluster]),
                    percentile=self.percentile(float(best[cluster]), seconds),
                )
            )
        nearest = float(best.max())
        low, high = self._usual(seconds)
        return InfluenceAnswer(
            matches=tuple(matches),
            originality=Originality(1 - nearest, 1 - high, 1 - low, 0),
            close=self.percentile(nearest, seconds) >= CLOSE,
            corpus=self.corpus.digest,
            model=self.index.card.digest,
            tunes=len(np.unique(self.index.tune)),
            items=len(self.index),
            unit="second",
        )

    def _match(
        self,
        rank: int,
        clip: int,
        passage: _WavePassage,
        aligned: Aligned,
        *,
        latent: float,
        score: float,
        percentile: float,
    ) -> Match:
        index, row = self.index, int(self.index.tune[clip])
        terms = licence(self.corpus.tunes[row].book)
        tune, length = self.corpus.tunes[row], len(self.corpus.rows_of(row))
        slot, slots = int(aligned.slot[clip]), int(aligned.slots[clip])
        sounding = np.flatnonzero(index.levels[clip].any(axis=(0, 2)))
        end = min(slot + slots, int(sounding[-1]) + 1 if len(sounding) else SLOTS)
        low, high = max(slot, 0) // MEASURE, -(-max(end, 1) // MEASURE)
        # A clip that passes the end of its tune begins it again.
        measure = (int(index.first[clip]) - 1 + low) % length + 1
        began = passage.start + max(-slot, 0) * passage.seconds / slots
        turned = (int(index.transposed[clip]) - int(aligned.higher[clip]) + 6) % CLASSES - 6
        return Match(
            rank=rank,
            cluster=tune.cluster,
            tune=row,
            title=tune.title,
            book=tune.book,
            number=tune.number,
            measure=measure,
            measures=max(1, high - low),
            asked=int(began) + 1,
            transposed=turned,
            raw=float(aligned.similarity[clip]),
            latent=min(latent, 1.0),
            score=score,
            percentile=percentile,
            licence=terms,
            alert=alert(terms, 0, percentile),
        )

    def _by_cluster(self, values: Floats) -> Floats:
        found = np.zeros(len(self._clusters), np.float32)
        np.maximum.at(found, self._cluster, values)
        return found

    def _usual(self, seconds: float) -> tuple[float, float]:
        # The nearest of as many passages has a quantile of one passage at the root of its own.
        passages = spans(seconds)
        at = np.array([0.025, 0.975]) ** (1 / len(passages))
        low, high = _between(passages[0][1]) @ np.quantile(self.index.raw, at, axis=1).T
        return float(low), float(high)


class _Steps:
    """Tells how many of so many steps are done."""

    def __init__(self, count: int, on_progress: Callable[[float], None]) -> None:
        self._count, self._done, self._on_progress = count, 0, on_progress

    def over(self, things: Iterable[Thing]) -> Iterator[Thing]:
        """Yield things, each of which is a step."""
        for each in things:
            yield each
            self._done += 1
            self._on_progress(self._done / self._count)


def open_clips(
    model: str | Path = "tiny", folder: Path = SHIPPED, corpus: Corpus | None = None
) -> AudioInfluence:
    """Open an index of clips with a model of its own, by name or folder.

    Raises `BadClipIndex` where there is none, or where it was made with another model, codec or
    corpus, and what `open_model` raises.
    """
    from engine.steering.musicgen.model import open_model

    index = read(folder)
    corpus = corpus or shipped()
    if index.card.corpus != corpus.digest or index.tune.max() >= len(corpus.tunes):
        raise BadClipIndex(f"The index in {folder} is of clips of another corpus.", REMEDY)
    opened = open_model(model, threads=1)
    spec = opened.spec
    if index.card.digest != spec.digest or index.card.layer != hidden_states.middle(spec.layers):
        raise BadClipIndex(
            f"The index in {folder} was made with {index.card.model} ({index.card.digest[:8]}), "
            f"and not with {spec.name} ({spec.digest[:8]}).",
            f"Make it anew: armonica corpus index --clips FOLDER --model {model}.",
        )
    if index.card.ears != hidden_states.ears(opened):
        raise BadClipIndex(f"The index in {folder} was made with another codec.", REMEDY)
    return AudioInfluence(index, corpus, opened)


def spans(seconds: float) -> list[tuple[float, float]]:
    """Return where passages of a piece begin and how long they are, in seconds.

    They begin `HOP` apart, and where that gives more than `MOST`, evenly over the piece.
    """
    if seconds <= WINDOW:
        return [(0.0, seconds)]
    count = min(MOST, int(np.ceil((seconds - WINDOW) / HOP)) + 1)
    return [(float(start), WINDOW) for start in np.linspace(0, seconds - WINDOW, count)]


def _between(seconds: float) -> npt.NDArray[np.float64]:
    # How much each calibrated length counts for a passage of this one.
    share = float(np.clip((seconds - SPANS[0]) / (SPANS[1] - SPANS[0]), 0, 1))
    return np.array([1 - share, share])
