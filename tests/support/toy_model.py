"""A made-up model with a trait planted in a few heads, small enough for any test."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import normalize

from engine.steering.musicgen.intervention import Steering
from engine.steering.probes.fit import fit
from engine.steering.probes.probe import Probe, ReadOut
from engine.steering.spec import AudioSpec

SPEC = AudioSpec("toy", "d1g3st-of-the-toy", 16_000, 50.0, 4, 3, 4, 32, 30.0)
SHAPE = (SPEC.layers, SPEC.heads, SPEC.head_size)
PLANTED = ((0, 1), (1, 2), (2, 0), (2, 3))


class Toy:
    """Heads write into a state that decays; the state is heard in planted heads and aloud.

    What is aloud, the `sound`, is made from the state alone: it knows nothing of probes.
    """

    def __init__(self, seed: int = 0, traits: int = 1) -> None:
        made = torch.Generator().manual_seed(seed)
        self.scales = torch.exp(torch.randn(SHAPE, generator=made) * 0.5)
        self.offsets = torch.randn(SHAPE, generator=made)
        self.shown = torch.zeros(traits, *SHAPE)
        self.written = torch.zeros(traits, *SHAPE)
        for trait in range(traits):
            for layer, head in PLANTED:
                shown = normalize(torch.randn(SPEC.head_size, generator=made), dim=0)
                other = normalize(torch.randn(SPEC.head_size, generator=made), dim=0)
                self.shown[trait, layer, head] = shown
                # What a head writes is akin to what it shows, and not the same.
                self.written[trait, layer, head] = normalize(shown + 0.5 * other, dim=0)

    def outputs(self, level: Tensor, noise: torch.Generator) -> Tensor:
        """Return the heads' outputs at these levels [traits] of the traits, -1 to 1 or so."""
        shown = 1.5 * torch.einsum("t,tlhd->lhd", level, self.shown)
        return self.offsets + self.scales * (shown + 0.5 * torch.randn(SHAPE, generator=noise))

    def examples(self, tunes: int, seed: int = 1, trait: int = 0) -> tuple[Tensor, Tensor, Tensor]:
        """Return features, labels and groups: each tune once with the trait and once without."""
        noise = torch.Generator().manual_seed(seed)
        features, labels = [], []
        for _ in range(tunes):
            level = 0.3 * torch.randn(len(self.shown), generator=noise)
            for present in (True, False):
                level[trait] = 1.0 if present else -1.0
                features.append(self.outputs(level, noise))
                labels.append(present)
        groups = torch.arange(tunes).repeat_interleave(2)
        return torch.stack(features), torch.tensor(labels), groups

    def probe(
        self,
        name: str = "drums",
        tunes: int = 60,
        trait: int = 0,
        read_out: ReadOut = "last",
        window: int = 1,
    ) -> Probe:
        features, labels, groups = self.examples(tunes, trait=trait)
        return fit(
            features,
            labels,
            groups,
            name=name,
            spec=SPEC,
            read_out=read_out,
            window=window,
            origin="a toy",
        )

    def generate(
        self, steering: Steering | None, steps: int = 300, seed: int = 2, start: float = -1.0
    ) -> Tensor:
        """Return what is heard of each trait at each step: [steps, traits]."""
        noise = torch.Generator().manual_seed(seed)
        level = torch.full((len(self.shown),), start)
        sounding = []
        for step in range(steps):
            push = steering.push(step) if steering else None
            outputs = self.outputs(level, noise)
            if steering:
                steering.read(step, outputs)
            if push is not None:
                # The write reaches the state through the planted heads alone.
                outputs = outputs + push
                written = torch.einsum("tlhd,lhd->t", self.written, push / self.scales)
                level = level + 0.02 * written
            level = (
                level + 0.05 * (start - level) + 0.05 * torch.randn(level.shape, generator=noise)
            )
            level = level.clamp(-2, 2)
            sounding.append(level + 0.3 * torch.randn(level.shape, generator=noise))
        return torch.stack(sounding)


def present(sounding: Tensor, trait: int = 0) -> float:
    """Judge by the sound alone: the share of the second half in which the trait is there."""
    return float((sounding[len(sounding) // 2 :, trait] > 0).float().mean())
