"""What users continue: measures drawn on the gauges, rendered alone as the prompt of trials."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from engine import locations
from engine.audio.levelling import levelled
from engine.audio.render import render
from engine.audio.soundfont import find
from engine.audio.synth import Synth, to_mono
from engine.corpus.clip_format import LEVEL, RATE
from engine.latent.prior import draw
from engine.latent.weights import load
from engine.steering.evaluation.trials import PROMPT, TrialPrompt

MEASURES = 4
TEMPO = (80.0, 140.0)


def composed(part: str, count: int, seed: int) -> Iterator[TrialPrompt]:
    """Yield ``count`` prompts of a lone melody: the end of four measures drawn from the prior.

    Nothing really follows them, so that ``with_part`` is the prompt itself.
    """
    model, synth = load(locations.MEASURE_VAE), Synth(find(""), RATE)
    size = len(model.spec.dimensions)
    samples = round(PROMPT * RATE)
    for number in range(count):
        random = np.random.default_rng([seed, 29, number])
        points = [draw(size, int(each)) for each in random.integers(0, 2**31, MEASURES)]
        measures = model.decode(points)
        wave = to_mono(render(synth, measures, float(random.uniform(*TEMPO)), tail=0.0))
        wave = levelled(wave, LEVEL["melody"])[-samples:].copy()
        yield TrialPrompt(part, number, wave, wave, ("melody",))
