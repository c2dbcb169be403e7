"""Makes the index of rendered clips: what is heard of each, and what the model makes of it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import safetensors.numpy
import soxr
from safetensors import SafetensorError

from engine.common import atomic
from engine.common.process_pool import spread
from engine.corpus.audio.render import CARD, Clips, clips
from engine.corpus.clip_format import CLIP_PARTS, QUARTERS, RATE
from engine.corpus.table import Corpus
from engine.errors import BadCorpus, OutOfRange
from engine.influence.clips import codec_tokens, hidden_states
from engine.influence.clips.alignment import MEASURE, SLOTS, Aligner, levels
from engine.influence.clips.chroma import HOP, chroma, over_slots
from engine.influence.clips.index import SPANS, ClipIndex, IndexCard

if TYPE_CHECKING:
    from engine.steering.musicgen.model import AudioModel

TURN = 0
"""The mix of each clip whose codes and states are kept: the first that is learned from."""

HELD_OUT = 120
"""Validation clips with which similarity is calibrated."""

_BATCH, _HEARD_BATCH = 50, 6
_DRUMS = CLIP_PARTS.index("drums")

Floats = npt.NDArray[np.float32]
Arrays = dict[str, npt.NDArray[Any]]


@dataclass(frozen=True, slots=True)
class _IndexWork:
    # All that a process needs to know.
    clips: Path
    run: Path
    model: str
    seed: int
    ears: str
    digest: str
    size: int


def build(
    run: Path,
    clips_folder: Path,
    corpus: Corpus,
    model: AudioModel,
    model_name: str,
    *,
    seed: int,
    count: int | None = None,
    held_out: int = HELD_OUT,
    workers: int = 1,
    on_progress: Callable[[float, str], None] = lambda *_: None,
) -> ClipIndex:
    """Return the index of the training clips in a folder, or of the first ``count`` of them.

    What is found on the way is kept in ``run``, where another call goes on; what is heard stays
    when a language model of the same codec is trained anew. ``model_name`` opens ``model`` again
    in other processes. Raises `BadCorpus` where clips and corpus do not belong together, and
    `OutOfRange`.
    """
    source, calm = clips(clips_folder, "train"), clips(clips_folder, "validation")
    count = len(source) if count is None else count
    if not 2 <= count <= len(source) or not 1 <= held_out <= len(calm):
        raise OutOfRange(
            f"{count} clips with {held_out} held out cannot be indexed.",
            f"There are {len(source)}, and {len(calm)} held out.",
        )
    known = hashlib.sha256((clips_folder / CARD).read_bytes()).hexdigest()[:16]
    rows = _tunes(source, corpus, count)
    card = IndexCard(
        clips=known,
        corpus=corpus.digest,
        ears=hidden_states.ears(model),
        model=model.spec.name,
        digest=model.spec.digest,
        layer=hidden_states.middle(model.spec.layers),
        seed=seed,
    )
    place = run / f"{known}-{card.ears}-{seed}"
    atomic.make_folder(place)
    work = _IndexWork(clips_folder, place, model_name, seed, card.ears, card.digest, count)
    batches = [(at, min(at + _BATCH, count)) for at in range(0, count, _BATCH)]
    heard, states = [], []
    with spread(partial(_index, work), batches, workers) as found:
        for (_, last), (each, reached) in zip(batches, found, strict=True):
            heard.append(each)
            states.append(reached)
            on_progress(0.9 * last / count, f"{last} of {count} clips")
    reached = np.concatenate(states)
    space = hidden_states.fit(reached)
    projected = hidden_states.kept(space.project(reached))
    parts = np.concatenate([each["levels"] for each in heard])
    raw, calm_states = _calibrate(work, parts, held_out, workers, on_progress)
    nearest = hidden_states.HiddenIndex(projected)
    latent = [float(nearest.similar(state).max()) for state in space.project(calm_states)]
    sheets = source.sheets[:count]
    return ClipIndex(
        card=card,
        tune=rows,
        first=np.array([each.first for each in sheets], np.int32),
        transposed=np.array([each.transposed for each in sheets], np.int32),
        number=np.array([each.number for each in sheets], np.int32),
        levels=parts,
        tokens=np.concatenate([each["tokens"] for each in heard]),
        states=projected,
        mean=space.mean,
        directions=space.directions,
        raw=raw,
        latent=np.array(latent, np.float32),
    )


def heard_parts(stems: npt.NDArray[np.int16], tempo: float) -> npt.NDArray[np.uint8]:
    """Return the levels, uint8 [2, 40, 12], of a clip's stems [parts, samples] at its tempo."""
    whole = stems.astype(np.float32) / np.float32(32768)
    rest = whole.sum(axis=0) - whole[0] - whole[_DRUMS]
    slot = QUARTERS * 60 / tempo / MEASURE
    return levels(np.stack([over_slots(chroma(w), 0.0, slot, SLOTS) for w in (whole[0], rest)]))


def _tunes(source: Clips, corpus: Corpus, count: int) -> npt.NDArray[np.int32]:
    row = {tune.id: at for at, tune in enumerate(corpus.tunes)}
    try:
        return np.array([row[sheet.tune] for sheet in source.sheets[:count]], np.int32)
    except KeyError as error:
        raise BadCorpus(
            f"The clips are of a tune {error} that the corpus lacks.",
            "Name the table they were rendered from with --corpus.",
        ) from error


def _index(work: _IndexWork, batch: tuple[int, int]) -> tuple[Arrays, Floats]:
    first, last = batch
    name = f"{first:06}-{last:06}.safetensors"
    heard = _kept(work.run / name, ("levels", "tokens", "codes"))
    if heard is None:
        source, _ = _tools(work, "train")
        heard = {
            "levels": np.stack(
                [heard_parts(source.stems[at], source.sheets[at].tempo) for at in range(*batch)]
            ),
            "codes": _codes(work, "train", batch),
        }
        heard["tokens"] = np.stack(
            [
                codec_tokens.packed(codec_tokens.tokens(each.astype(np.int64)))
                for each in heard["codes"]
            ]
        )
        atomic.write(work.run / name, safetensors.numpy.save(heard))
    path = work.run / f"{work.digest}-{name}"
    reached = _kept(path, ("states",))
    if reached is None:
        reached = {"states": _states(work, heard["codes"])}
        atomic.write(path, safetensors.numpy.save(reached))
    return {name: heard[name] for name in ("levels", "tokens")}, reached["states"]


def _calibrate(
    work: _IndexWork,
    parts: npt.NDArray[np.uint8],
    held_out: int,
    workers: int,
    on_progress: Callable[[float, str], None],
) -> tuple[Floats, Floats]:
    whole = work.run / f"levels-{work.size}.safetensors"
    atomic.write(whole, safetensors.numpy.save({"levels": parts}))
    batches = [(at, min(at + _HEARD_BATCH, held_out)) for at in range(0, held_out, _HEARD_BATCH)]
    raw, states = [], []
    with spread(partial(_index_held_out, work), batches, workers) as found:
        for (_, last), (each, reached) in zip(batches, found, strict=True):
            raw.append(each)
            states.append(reached)
            on_progress(0.9 + 0.1 * last / held_out, f"{last} of {held_out} held out")
    return np.concatenate(raw, axis=1), np.concatenate(states)


def _index_held_out(work: _IndexWork, batch: tuple[int, int]) -> tuple[Floats, Floats]:
    first, last = batch
    path = work.run / f"held-out-{work.size}-{first:06}-{last:06}.safetensors"
    heard = _kept(path, ("raw", "codes"))
    if heard is None:
        import torch

        torch.set_num_threads(1)
        aligner = _aligner(work)
        raw = np.zeros((len(SPANS), last - first), np.float32)
        for at in range(first, last):
            frames = chroma(_mix(work, "validation", at))
            for row, span in enumerate(SPANS):
                passage = frames[: round(span * RATE / HOP)]
                raw[row, at - first] = aligner.align(passage).similarity.max()
        heard = {"raw": raw, "codes": _codes(work, "validation", batch)}
        atomic.write(path, safetensors.numpy.save(heard))
    return heard["raw"], _states(work, heard["codes"])


def _codes(work: _IndexWork, split: str, batch: tuple[int, int]) -> npt.NDArray[np.uint16]:
    _, model = _tools(work, split)
    rate = model.spec.sample_rate
    waves = [_mix(work, split, at) for at in range(*batch)]
    if rate != RATE:
        waves = [soxr.resample(each, RATE, rate) for each in waves]
    return np.stack([model.encode(each).numpy() for each in waves]).astype(np.uint16)


def _states(work: _IndexWork, codes: npt.NDArray[np.uint16]) -> Floats:
    import torch

    _, model = _tools(work, "train")
    return hidden_states.states(model, torch.from_numpy(codes.astype(np.int64)))


def _mix(work: _IndexWork, split: str, number: int) -> Floats:
    from engine.steering.training.encoded_clips import mixture_of
    from engine.steering.training.mixes import mix

    source, _ = _tools(work, split)
    return mix(source.stems[number], mixture_of(work.seed, split, TURN, number))


def _kept(path: Path, names: tuple[str, ...]) -> Arrays | None:
    # What a kill or a full disk left of a file is made anew.
    try:
        found: Arrays = safetensors.numpy.load_file(path)
        return found if all(name in found for name in names) else None
    except (OSError, SafetensorError):
        return None


@lru_cache(maxsize=2)
def _tools(work: _IndexWork, split: str) -> tuple[Clips, AudioModel]:
    return clips(work.clips, split), _model(work.model)


@lru_cache(maxsize=1)
def _model(name: str) -> AudioModel:
    from engine.steering.musicgen.model import open_model

    return open_model(name, threads=1)


@lru_cache(maxsize=1)
def _aligner(work: _IndexWork) -> Aligner:
    path = work.run / f"levels-{work.size}.safetensors"
    return Aligner(safetensors.numpy.load_file(path)["levels"])
