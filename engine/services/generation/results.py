"""What became of the traits of a take: where their meters stood at the end, and whether there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean

from engine.protocol.generation import Meter, TraitResult
from engine.services.generation.recipe import Change, SteeredTrait, rounded
from engine.steering.control.settings import TraitSetting

JUDGED = 2.0
"""Seconds at the end over which a meter is averaged: those that the tagger hears."""

SLACK = 0.1
"""By how much a meter may fall short of its aim: a closed loop swings about its target."""


def results(
    traits: Sequence[SteeredTrait],
    changes: Sequence[Change],
    trace: Sequence[Sequence[Meter]],
    thresholds: Mapping[str, float],
    frame_rate: float,
) -> tuple[TraitResult, ...]:
    """Return a result for each trait that was metered, as it was set at the end.

    A closed loop is to come within `SLACK` of its target. Other arms have none, and what is
    metered alone is not aimed at anything: there it is the probe's threshold that counts.
    """
    settings = {each.setting.name: each.setting for each in traits}
    settings |= {each.setting.name: each.setting for each in changes}
    last = trace[-max(1, round(JUDGED * frame_rate)) :]
    found = []
    for name, setting in settings.items():
        read = [meter.confidence for step in last for meter in step if meter.name == name]
        if read:
            found.append(_result(setting, fmean(read), thresholds.get(name, 0.5)))
    return tuple(found)


def _result(setting: TraitSetting, level: float, threshold: float) -> TraitResult:
    held = setting.active and setting.arm == "closed-loop"
    aim, slack = (setting.aim, SLACK) if held else (threshold, 0.0)
    removed = setting.mode == "remove"
    reached = level <= aim + slack if removed else level >= aim - slack
    mode = setting.mode if setting.active else "off"
    return TraitResult(setting.name, mode, rounded(level), rounded(aim), reached)
