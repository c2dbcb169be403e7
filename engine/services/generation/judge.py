"""What the tagger, which takes no part in steering, hears at the end of a take."""

from __future__ import annotations

import logging
from functools import lru_cache

import numpy as np
import soxr
import torch

from engine.audio.synth import Wave
from engine.errors import ArmonicaError
from engine.locations import TINY_MUSICGEN
from engine.steering.tagger import WINDOW_SECONDS, Tagger, load_tagger

RATE = 16_000
"""The rate that the tagger hears at."""

log = logging.getLogger(__name__)


def judge(wave: Wave, rate: int) -> tuple[tuple[str, float], ...]:
    """Return how sure the tagger is of each part in the last two seconds of a wave [samples].

    Nothing where there is no tagger, or where the wave is too short for it.
    """
    end = wave[-round(WINDOW_SECONDS * rate) :]
    heard = end if rate == RATE else soxr.resample(end, rate, RATE)
    try:
        sound = torch.from_numpy(np.ascontiguousarray(heard, dtype=np.float32))
        return tuple(_tagger().parts(sound).items())
    except ArmonicaError as error:
        log.info("A take was not judged: %s", error.line())
        return ()


@lru_cache(maxsize=1)
def _tagger() -> Tagger:
    return load_tagger(TINY_MUSICGEN)
