"""Heads read at moments of waves: the features that a probe is fitted on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from engine.audio.synth import Wave
from engine.steering.musicgen.heads import outputs
from engine.steering.musicgen.model import AudioModel
from engine.steering.probes.probe import ReadOut

MEAN_SECONDS = 2.0


_BATCH = 8


@dataclass(frozen=True)
class Example:
    """A mix to be read: its wave [samples], whether the trait is there, its tune, its moments.

    ``places`` are seconds from the start of the wave.
    """

    wave: Wave
    present: bool
    group: int
    places: tuple[float, ...]


def read_heads(
    model: AudioModel,
    found: Iterator[Example],
    read_out: ReadOut,
    on_progress: Callable[[int], None] = lambda _: None,
) -> tuple[Tensor, Tensor, Tensor]:
    """Return features [N, layers, heads, size], labels [N] and groups [N] of examples.

    ``last`` reads one step, ``mean`` the mean of the last two seconds, at each place.
    """
    features, labels, groups = [], [], []
    rate = model.spec.frame_rate
    window = round(MEAN_SECONDS * rate)
    for batch in _batched(found):
        with model.working(mixed=False):
            waves = torch.from_numpy(np.stack([each.wave for each in batch]))
            codes, _ = model.codec.encode(waves[:, None].to(model.device))
        with model.working():
            seen = outputs(model.lm, codes, model.conditions(*[None] * len(batch))).float().cpu()
        for row, each in zip(seen, batch, strict=True):
            for place in each.places:
                at = min(round(place * rate), len(row)) - 1
                part = (
                    row[at] if read_out == "last" else row[max(0, at + 1 - window) : at + 1].mean(0)
                )
                features.append(part.clone())
                labels.append(each.present)
                groups.append(each.group)
        on_progress(len(features))
    return torch.stack(features), torch.tensor(labels), torch.tensor(groups)


def _batched(found: Iterator[Example]) -> Iterator[list[Example]]:
    batch: list[Example] = []
    for each in found:
        batch.append(each)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
