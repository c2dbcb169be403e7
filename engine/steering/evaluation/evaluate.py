"""The table of steering: continuations of held-out prompts, judged by the tagger."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from engine import locations
from engine.common import atomic
from engine.common.process_pool import spread
from engine.corpus.audio.render import Clips, clips, render
from engine.corpus.clip_format import RATE
from engine.errors import BadModel
from engine.steering.control.settings import TraitSetting, Tuning
from engine.steering.evaluation.trials import (
    LENGTH,
    PROMPT,
    Arm,
    TrialPrompt,
    continue_prompts,
    frechet,
    judge,
    prompts,
)
from engine.steering.probes.store import find
from engine.steering.spec import PARTS

RESULTS = "trials.jsonl"
CLIPS = 400
"""Clips that are rendered of each held-out split; enough for a hundred prompts of each part."""

TOGETHER = 16
"""Continuations that grow side by side."""

ROUNDS = 8
"""Rounds of Griffin-Lim in trials: as many as in what the tagger learned from."""

PUBLISHED = (
    ("none", 0.074, None),
    ("constant push (ITI)", 0.499, 0.420),
    ("SMITIN, alpha 5", 0.233, 0.336),
)
"""SMITIN, continuation, mean of its instruments: success by its own probes, FAD."""

STRENGTHS = {"iti": (2.0, 3.0, 4.0), "smitin": (6.0, 8.0, 10.0), "closed-loop": (4.0, 6.0, 8.0)}
"""Strengths among which validation tunes choose."""

COMPOSED = ("none", "closed-loop")
"""The arms in which composed measures are continued: what users compare on the screen."""

Trial = dict[str, Any]

_Task = tuple[str, str, int, int, Arm]
"""The split, the part, the prompt's number, the draw and the arm of a trial."""


def arms(part: str, strengths: dict[str, float]) -> list[Arm]:
    """Return the arms of a part: unsteered, the three laws, and two controls.

    The controls push along the probe's weights and along a random direction, at the constant
    push's strength and with its length.
    """

    def setting(arm: Any, **tuning: Any) -> TraitSetting:
        return TraitSetting.signed(
            part, strengths[arm], target=0.9, arm=arm, tuning=Tuning(**tuning)
        )

    return [
        Arm("none"),
        *(Arm(arm, setting(arm)) for arm in ("iti", "smitin", "closed-loop")),
        Arm("iti, probe weight", setting("iti", direction="probe")),
        Arm("iti, random", setting("iti", direction="random", seed=1)),
    ]


def evaluate(
    folder: Path,
    model: str,
    *,
    count: int = 100,
    seeds: int = 1,
    seed: int = 0,
    parts: Sequence[str] = PARTS,
    workers: int = 1,
    on_progress: Callable[[float, str], None] = lambda *_: None,
) -> dict[str, Any]:
    """Judge steering on test tunes with strengths that validation tunes chose.

    Trials are kept in ``folder`` as they are made, and an evaluation that was stopped goes
    on. Gives a document with one row for each part and arm. Raises `BadModel`.
    """
    atomic.make_folder(folder)
    # First, so that a model that is not there is told before clips are rendered.
    work = _Work(folder, model, seed, workers)
    held_out = {"validation": CLIPS, "test": CLIPS}
    render(
        folder / "clips",
        locations.CORPUS,
        seed=seed,
        counts=held_out,
        workers=workers,
        on_progress=lambda done, total: on_progress(0.1 * done / total, "clips"),
    )
    fewer = max(8, count // 4)
    chosen = {}
    for at, part in enumerate(parts):
        trials = work.do(
            "validation",
            part,
            fewer,
            1,
            [
                Arm("none"),
                *(
                    Arm(f"{law} {value:g}", TraitSetting.signed(part, value, target=0.9, arm=law))  # type: ignore[arg-type]
                    for law, values in STRENGTHS.items()
                    for value in values
                ),
            ],
        )
        chosen[part] = choose(trials)
        on_progress(0.1 + 0.3 * (at + 1) / len(parts), f"strengths for {part}")
    rows, played = [], []
    for at, part in enumerate(parts):
        trials = work.do("test", part, count, seeds, arms(part, chosen[part]))
        rows += summarise(part, trials)
        asked = [arm for arm in arms(part, chosen[part]) if arm.name in COMPOSED]
        played += rates(part, work.do("composed", part, count, seeds, asked))
        on_progress(0.4 + 0.6 * (at + 1) / len(parts), part)
    return {
        "model": work.digest,
        "prompts": count,
        "seeds": seeds,
        "prompt_seconds": PROMPT,
        "continued_seconds": LENGTH - PROMPT,
        "strengths": chosen,
        "rows": rows,
        "composed": played,
        "published": [
            {"arm": arm, "success": success, "frechet": distance}
            for arm, success, distance in PUBLISHED
        ],
    }


def settle(model: str, strengths: dict[str, dict[str, float]]) -> None:
    """Write the closed loop's chosen strength of each part into its probe's card.

    From then on it is what a user meets. Raises `CannotWrite`.
    """
    from engine.steering.musicgen.model import open_model
    from engine.steering.probes.store import load, shelf, write

    opened = open_model(model)
    try:
        for each in shelf().of(opened.spec):
            if each.card.name in strengths:
                probe = load(each.path, opened.spec)
                card = replace(probe.card, strength=strengths[each.card.name]["closed-loop"])
                write(replace(probe, card=card), each.path)
    finally:
        opened.close()


def choose(trials: Iterable[Trial]) -> dict[str, float]:
    """Return for each law the strength that validation trials favour.

    Success counts, and what is lost of the prompt's parts and of the beat beyond what the
    unsteered arm loses counts against it.
    """
    by_arm = _by_arm(trials)
    plain = by_arm["none"]

    def worth(found: list[Trial]) -> float:
        lost, slack = (
            max(0.0, 0.95 * (_mean(plain, name) or 0.0) - (_mean(found, name) or 0.0))
            for name in ("kept", "beat")
        )
        return (_mean(found, "success") or 0.0) - 2 * lost - slack

    return {
        law: max(values, key=lambda value: worth(by_arm[f"{law} {value:g}"]))
        for law, values in STRENGTHS.items()
    }


def summarise(part: str, trials: Sequence[Trial]) -> list[dict[str, Any]]:
    """Return a row for each arm of a part: its `rates`, and distances to real continuations."""
    by_arm = _by_arm(trials)
    real, plain = (_embeddings(by_arm[name]) for name in ("real, with", "real, without"))
    for row in (rows := rates(part, trials)):
        own = _embeddings(by_arm[row["arm"]])
        row |= {"frechet_with": frechet(own, real), "frechet_without": frechet(own, plain)}
    return rows


def rates(part: str, trials: Sequence[Trial]) -> list[dict[str, Any]]:
    """Return a row for each arm of a part: shares with 95 % intervals, and means."""
    rows = []
    for arm, found in _by_arm(trials).items():
        successes = sum(bool(trial["success"]) for trial in found)
        # Draws of one prompt are much alike, so that the interval counts prompts.
        low, high = _interval(successes / len(found), _prompts_of(found))
        rows.append(
            {
                "part": part,
                "arm": arm,
                "trials": len(found),
                "strength": found[0]["strength"],
                "success": successes / len(found),
                "low": low,
                "high": high,
                "probe_success": _mean(found, "probe_success"),
                "kept": _mean(found, "kept"),
                "beat": _mean(found, "beat"),
                "floor": _mean(found, "floor"),
                "silent": _mean(found, "silent"),
                "similarity": _mean(found, "similarity"),
                "gate": _mean(found, "gate"),
            }
        )
    return rows


class _Work:
    """Trials in worker processes; those that are done are read from the folder."""

    def __init__(self, folder: Path, model: str, seed: int, workers: int) -> None:
        from engine.steering.musicgen.model import open_model
        from engine.steering.tagger import load_tagger

        self.folder, self.model, self.seed, self.workers = folder, model, seed, workers
        load_tagger(locations.TINY_MUSICGEN)
        opened = open_model(model)
        self.digest = opened.spec.digest
        if opened.spec.sample_rate != RATE:
            raise BadModel(
                f"{opened.spec.name} sounds at {opened.spec.sample_rate} samples a second, and "
                f"the tagger hears {RATE}.",
                "Evaluate the small model that ships: --model tiny.",
            )
        probes = {part: find(part, opened.spec).card for part in PARTS}
        self.marks = {
            part: f"{card.seed}:{card.present}:{card.threshold:.6f}"
            for part, card in probes.items()
        }
        opened.close()
        self.done = self._read()

    def do(self, split: str, part: str, count: int, seeds: int, chosen: list[Arm]) -> list[Trial]:
        tasks: list[_Task] = [
            (split, part, number, seed, arm)
            for seed in range(seeds)
            for arm in chosen
            for number in range(count)
        ]
        wanted = [self._key(*task) for task in tasks]
        left = [task for task, key in zip(tasks, wanted, strict=True) if key not in self.done]
        # All trials of a prompt come after each other, so that it is encoded once or twice.
        left.sort(key=lambda task: (task[2], task[3]))
        batches = [left[at : at + TOGETHER] for at in range(0, len(left), TOGETHER)]
        work = partial(_trials, self.folder, self.model, self.seed, count)
        if batches:
            with (
                spread(work, batches, self.workers) as judged,
                (self.folder / RESULTS).open("a", encoding="utf-8") as lines,
            ):
                for batch, trials in zip(batches, judged, strict=True):
                    for task, found in zip(batch, trials, strict=True):
                        key = self._key(*task)
                        self.done[key] = found
                        lines.write(json.dumps({"key": key, **found}) + "\n")
                    lines.flush()
        real = [_real(self.folder, self.seed, split, part, count)] if split == "test" else []
        return [self.done[key] for key in wanted] + [trial for found in real for trial in found]

    def _key(self, split: str, part: str, number: int, seed: int, arm: Arm) -> str:
        asked = (split, part, number, seed, arm.name, arm.setting)
        return repr((self.digest, self.marks[part], *asked, "levelled"))

    def _read(self) -> dict[str, Trial]:
        path = self.folder / RESULTS
        found: dict[str, Trial] = {}
        if path.exists():
            for line in path.read_text(encoding="utf-8").splitlines():
                try:
                    trial = json.loads(line)
                    found[trial.pop("key")] = trial
                except (ValueError, KeyError):
                    # A kill may have cut the last line short.
                    continue
        return found


def _trials(
    folder: Path, model_name: str, seed: int, count: int, tasks: Sequence[_Task]
) -> list[Trial]:
    model, tagger, probes = _tools(model_name)
    asked = []
    for split, part, number, draw, arm in tasks:
        asked.append((_prompts(folder, seed, split, part, count)[number], arm, draw))
    # All tasks of a batch are of one part.
    probe = probes[tasks[0][1]]
    return [
        {
            "arm": arm.name,
            "prompt": number,
            "strength": arm.setting.strength if arm.setting else 0.0,
            "confidence": made.confidence,
            "probe_success": made.confidence >= probe.card.threshold,
            "gate": made.gate,
            **judge(tagger, prompt, made.wave, number),
        }
        for (_, _, number, _, arm), (prompt, _, _), made in zip(
            tasks, asked, continue_prompts(model, asked, [probe]), strict=True
        )
    ]


def _real(folder: Path, seed: int, split: str, part: str, count: int) -> list[Trial]:
    from engine.steering.tagger import load_tagger

    tagger = load_tagger(locations.TINY_MUSICGEN)
    found = []
    for number, prompt in enumerate(_prompts(folder, seed, split, part, count)):
        for name, wave in (("real, without", prompt.without), ("real, with", prompt.with_part)):
            judged = judge(tagger, prompt, wave, number)
            found.append(
                {
                    "arm": name,
                    "prompt": number,
                    "strength": 0.0,
                    "gate": None,
                    "probe_success": None,
                    **judged,
                }
            )
    return found


@lru_cache(maxsize=1)
def _tools(model_name: str) -> tuple[Any, Any, dict[str, Any]]:
    from engine.steering.musicgen.model import open_model
    from engine.steering.tagger import load_tagger

    model = open_model(model_name, device="cpu", threads=1)
    if hasattr(model.codec, "rounds"):
        model.codec.rounds = ROUNDS
    probes = {part: find(part, model.spec) for part in PARTS}
    return model, load_tagger(locations.TINY_MUSICGEN), probes


@lru_cache(maxsize=2)
def _prompts(folder: Path, seed: int, split: str, part: str, count: int) -> list[TrialPrompt]:
    if split == "composed":
        from engine.steering.evaluation.composed_prompts import composed

        return list(composed(part, count, seed))
    return list(prompts(part, _clips(folder, split), count, seed))


@lru_cache(maxsize=2)
def _clips(folder: Path, split: str) -> Clips:
    return clips(folder / "clips", split)


def _mean(trials: Sequence[Trial], name: str) -> float | None:
    values = [float(trial[name]) for trial in trials if trial[name] is not None]
    return float(np.mean(values)) if values else None


def _embeddings(trials: Sequence[Trial]) -> Any:
    return np.array([trial["embedding"] for trial in trials], dtype=np.float64)


def _by_arm(trials: Iterable[Trial]) -> dict[str, list[Trial]]:
    found: dict[str, list[Trial]] = defaultdict(list)
    for trial in trials:
        found[trial["arm"]].append(trial)
    return found


def _prompts_of(trials: Sequence[Trial]) -> int:
    return len({trial["prompt"] for trial in trials})


def _interval(share: float, count: int) -> tuple[float, float]:
    from engine.steering.probes.fit import wilson

    return wilson(share, count)
