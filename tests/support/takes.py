"""One take that was kept: its recipe, its codes and its sound."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from engine.protocol.generation import Generation, Loudness, Meter, Prompt, Take, TraitResult
from engine.services.generation.loudness import Levelling
from engine.services.generation.recipe import Change, SteeredTrait, TakeRecipe
from engine.steering.control.settings import TraitSetting, Tuning

NAME = "20261122-201500-drums"
DIGEST = "0123456789abcdef" * 4
SETTING = TraitSetting("drums", "add", 4.5, 0.7, "smitin", Tuning(heads="all", limit=0.5))
RECIPE = TakeRecipe(
    take=Take(
        id=NAME,
        title="Söng +drums",
        made="2026-11-22 20:15:00",
        seconds=0.5,
        prompt_seconds=0.2,
        model="toy",
        seed=2**62,
        arm="smitin",
        pushed=(("drums", 4.5),),
        heard=(("drums", 0.25),),
        parent="20261122-201400-plain",
        whole=False,
        peaks=((-0.5, 0.5),),
        results=(TraitResult("drums", "add", 0.25, 0.5, False),),
        loudness=Loudness(-20.0, None, 0.001),
    ),
    generation=Generation(Prompt("file", "/tmp/\udce9.wav"), 0.3, 2**62, "a tune", 0.9, 60),
    digest="abc",
    rate=16_000,
    frame_rate=50.0,
    prompt_frames=10,
    frames=25,
    steps=20,
    prompt=DIGEST,
    codes=DIGEST,
    audio=DIGEST,
    traits=(SteeredTrait(SETTING, DIGEST),),
    changes=(Change(3, replace(SETTING, mode="remove")),),
    trace=((Meter("drums", 0.5, -0.25, True),),) * 2,
    versions=(("torch", "2"),),
    levelling=Levelling(-20.125, (0.0,) * 20 + (-3.25, -0.5)),
)
WAVE = np.asarray(np.sin(np.arange(8_000) / 20) / 2, dtype=np.float32)
CODES = np.arange(100, dtype=np.int32).reshape(4, 25)
