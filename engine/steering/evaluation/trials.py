"""Trials of steering: prompts without a part, their continuations, and what a stranger hears."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from engine.audio.leveller import Leveller
from engine.audio.levelling import level_of
from engine.audio.synth import Wave
from engine.corpus.audio.render import Clips
from engine.corpus.clip_format import CLIP_PARTS, RATE, SECONDS
from engine.corpus.table import SPLITS
from engine.steering.control.settings import TraitSetting
from engine.steering.control.steerer import Steerer
from engine.steering.evaluation.beat_strength import onsets, regularity, shuffled
from engine.steering.musicgen.batch_generate import generate_many
from engine.steering.musicgen.generate import Request
from engine.steering.musicgen.model import AudioModel
from engine.steering.probes.probe import Probe
from engine.steering.spec import AudioSpec
from engine.steering.tagger import Tagger
from engine.steering.training.mixes import Mixture, draw, mix
from engine.steering.training.probe_examples import with_other

PROMPT, LENGTH = 2.0, 6.0
"""Seconds of a prompt, and of prompt and continuation together."""

JUDGED = 2.0
"""The last seconds are judged."""

_HEARD = 0.5
_SILENT = 10 ** (-50 / 20)
_ACTIVE = 0.2


@dataclass(frozen=True)
class TrialPrompt:
    """Two seconds without a part, and what really follows, without and with it.

    The waves ``without`` and ``with_part`` [samples] last six seconds, the prompt at their
    beginning; ``parts`` sound in the prompt.
    """

    part: str
    number: int
    without: Wave
    with_part: Wave
    parts: tuple[str, ...]

    @property
    def wave(self) -> Wave:
        """The two seconds to be continued."""
        return self.without[: round(PROMPT * RATE)]


def prompts(part: str, source: Clips, count: int, seed: int) -> Iterator[TrialPrompt]:
    """Yield ``count`` prompts that lack a part, from clips in which it would sound at the end."""
    which = CLIP_PARTS.index(part)
    split = SPLITS.index(source.sheets[0].split)
    random = np.random.default_rng([seed, 23, split, which])
    samples, tail = round(LENGTH * RATE), round(JUDGED * RATE)
    made = 0
    for number in random.permutation(len(source)):
        if made >= count:
            return
        # Anywhere in the clip: what is continued begins on a measure by chance alone.
        start = int(random.uniform(0, SECONDS - LENGTH) * RATE)
        stems = source.stems[number][:, start : start + samples]
        mixture = with_other(draw(random, LENGTH), which)
        parts = tuple(
            name
            for at, name in enumerate(CLIP_PARTS)
            if mixture.before[at] and at != which and _active(stems[at, : round(PROMPT * RATE)])
        )
        if not parts or not _active(stems[which, -tail:]):
            continue
        yield TrialPrompt(
            part,
            int(number),
            mix(stems, _having(mixture, which, False)),
            mix(stems, _having(mixture, which, True)),
            parts,
        )
        made += 1


@dataclass(frozen=True)
class Arm:
    """One way to steer in a trial, by name; no setting is the unsteered model."""

    name: str
    setting: TraitSetting | None = None


@dataclass(frozen=True)
class Continued:
    """What became of a prompt: the wave [samples], the prompt included, and how it was pushed.

    ``confidence`` is the probe's own of the part in the last second, ``gate`` the mean of the
    push over all steps.
    """

    wave: Wave
    confidence: float
    gate: float


def continue_prompts(
    model: AudioModel, asked: Sequence[tuple[TrialPrompt, Arm, int]], probes: Sequence[Probe]
) -> list[Continued]:
    """Continue prompts side by side, each with an arm and a seed of its own."""
    rate = model.spec.frame_rate
    requests, steerers = [], []
    encoded: dict[int, Tensor] = {}
    for prompt, arm, seed in asked:
        if prompt.number not in encoded:
            encoded[prompt.number] = model.encode(prompt.wave)
        settings = [] if arm.setting is None else [arm.setting]
        steerers.append(Steerer(probes, settings, pace=rate))
        requests.append(
            Request(
                frames=round(LENGTH * rate),
                prompt=encoded[prompt.number],
                seed=seed * 1_000_003 + prompt.number,
            )
        )
    codes = generate_many(model, requests, steerers)
    found = []
    for (prompt, _, _), row, steerer in zip(asked, codes, steerers, strict=True):
        last = steerer.trace[-round(rate) :]
        confidence = np.mean([each.readings[prompt.part].confidence for each in last])
        gate = np.mean([abs(each.readings[prompt.part].gate) for each in steerer.trace])
        wave = _levelled(model.decode(row).numpy(), model.spec)
        found.append(Continued(wave, float(confidence), float(gate)))
    return found


def judge(tagger: Tagger, prompt: TrialPrompt, wave: Wave, seed: int) -> dict[str, Any]:
    """Return what the tagger and the onsets say of a continuation.

    ``heard`` is the chance of each part in the last two seconds, ``kept`` the share of the
    prompt's parts, as the tagger hears them there, that it still hears.
    """
    before = torch.from_numpy(wave[: round(PROMPT * RATE)])
    after = torch.from_numpy(wave[round(LENGTH * RATE) - round(JUDGED * RATE) :].copy())
    first, last = tagger.parts(before), tagger.parts(after)
    there = [part for part in prompt.parts if first[part] > _HEARD]
    continued = wave[round(PROMPT * RATE) :]
    envelope = onsets(continued)
    with torch.inference_mode():
        embedded = tagger.embedding(torch.stack([before, after]))
    return {
        "heard": {name: round(value, 4) for name, value in last.items()},
        "success": last[prompt.part] > _HEARD,
        "kept": sum(last[part] > _HEARD for part in there) / len(there) if there else None,
        "beat": regularity(envelope),
        "floor": shuffled(envelope, seed),
        "silent": bool(np.sqrt(np.mean(after.numpy() ** 2)) < _SILENT),
        "similarity": float(torch.cosine_similarity(embedded[0], embedded[1], dim=0)),
        "embedding": [round(float(value), 4) for value in embedded[1]],
    }


def frechet(ours: npt.NDArray[np.float64], others: npt.NDArray[np.float64]) -> float:
    """Return the Frechet distance of two sets of embeddings [N, size], taken as normal."""
    mean = float(((ours.mean(0) - others.mean(0)) ** 2).sum())
    a, b = np.cov(ours, rowvar=False), np.cov(others, rowvar=False)
    # The trace of the root of a product is the sum of the roots of its eigenvalues.
    roots = np.sqrt(np.maximum(np.linalg.eigvals(a @ b).real, 0))
    # Rounding may leave equal sets a little below nothing.
    return max(0.0, mean + float(np.trace(a) + np.trace(b) - 2 * roots.sum()))


def _levelled(wave: Wave, spec: AudioSpec) -> Wave:
    # As a user hears it: a take is turned down where it grows louder than its prompt.
    hop = spec.sample_rate / spec.frame_rate
    begin = round(PROMPT * spec.frame_rate)
    reference = level_of(wave[: round(begin * hop)])
    held = Leveller(spec.sample_rate, hop, (0.0,) * (begin + 1), reference)
    return held.add(wave, last=True)


def _active(stem: npt.NDArray[np.int16]) -> bool:
    level = np.sqrt((stem.astype(np.float32) ** 2).mean())
    return bool(level > _ACTIVE * 10 ** (-25 / 20) * 32768)


def _having(mixture: Mixture, which: int, present: bool) -> Mixture:
    sounding = mixture.before.copy()
    sounding[which] = present
    return Mixture(sounding, sounding, mixture.gains, mixture.change)
