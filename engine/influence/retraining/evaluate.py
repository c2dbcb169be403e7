"""Influence put to the test: retrainings without what the rankings name, and what they changed."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import load as load_arrays
from safetensors.numpy import save as save_arrays

from engine import locations
from engine.common import atomic
from engine.corpus.table import Corpus
from engine.errors import BadFile
from engine.influence.attribution.evidence import FORMAT, SHIPPED
from engine.influence.retraining import comparison, rankings
from engine.influence.retraining.datamodel_score import correlations, datamodel
from engine.influence.retraining.queries import Query, name_of, queries, read
from engine.influence.retraining.removals import (
    RANKED,
    Clusters,
    Ranking,
    Removal,
    arms,
    full,
    subsets,
)
from engine.influence.retraining.retrain import Plan
from engine.influence.retraining.sweep import RESULTS, Spread, Sweep, run
from engine.influence.retraining.sweep import read as read_outcomes
from engine.latent.tokens import Floats

QUERIES, SCORES = "queries-{seed}.json", "scores-{seed}.safetensors"

ASKED = 120
"""Queries that every retraining is asked about; the arms are of the first of them."""

POOL = 15
"""Queries whose clusters are removed together, to be compared with the others'."""

KS = (1, 5, 20)
GRADIENT_SEEDS = (0, 1, 2)

CHANGED = 3.0
"""How many standard errors a query must change, beyond random removal, to count as confirmed.

Among the 120 pairs that are tried, chance confirms one in six sweeps.
"""

Show = Callable[[float, str], None]


@dataclass(frozen=True)
class Counts:
    """How much is retrained: queries of the arms, seeds, random draws, subsets, reseeds."""

    queries: int = 30
    seeds: int = 3
    draws: int = 5
    subsets: int = 32
    reseeds: int = 5


@dataclass(frozen=True)
class Study:
    """A sweep with the rankings it tests: ``scores`` [Q, C] of each by name."""

    sweep: Sweep
    clusters: Clusters
    scores: Mapping[str, Floats]

    def planned(self, counts: Counts) -> list[Removal]:
        """Return all retrainings, those first that make a smaller whole."""
        asked = {name: found[: counts.queries] for name, found in self.scores.items()}
        bases = full(counts.seeds, counts.reseeds)
        found: list[Removal] = []
        for seed in range(counts.seeds):
            found.append(bases[seed])
            found += arms(self.clusters, asked, ks=KS, pool=POOL, draws=counts.draws, seed=seed)
            found += subsets(self.clusters, counts.subsets, seed)
        return found + bases[counts.seeds :]


def usual(corpus: Corpus, clusters: Clusters, plan: Plan, folder: Path) -> dict[str, Ranking]:
    """Return the rankings that are tested, by name."""
    from engine.influence.measures.search import open_index
    from engine.latent.weights import load

    raw = rankings.raw(corpus, clusters)
    latent = rankings.latent(corpus, clusters, load(locations.MEASURE_VAE))

    def gradient(of: Any) -> Ranking:
        return rankings.by_gradients(corpus, clusters, plan, folder, GRADIENT_SEEDS, of)

    return {
        "search": rankings.searched(clusters, open_index()),
        "fused": rankings.fused(raw, latent),
        "raw": raw,
        "latent": latent,
        "gradient": gradient("loss"),
        "output": gradient("output"),
    }


def prepare(
    folder: Path,
    corpus: Corpus,
    plan: Plan,
    *,
    asked: int = ASKED,
    seed: int = 0,
    begin: bool = True,
    ranked: Callable[[Corpus, Clusters, Plan, Path], Mapping[str, Ranking]] = usual,
    on_progress: Show = lambda *_: None,
) -> Study:
    """Draw the queries and ranks the clusters for them, or read both from ``folder``.

    What is not there is made only where the study may ``begin``. Raises `CannotWrite`, and
    `BadFile` where the folder holds nothing, or what belongs elsewhere.
    """
    places = {folder / name.format(seed=seed): name for name in (QUERIES, SCORES)}
    if not begin and not all(place.exists() for place in places):
        raise BadFile(f"{folder} holds no retrainings.", "Begin with --retrain.")
    asking, scoring = places
    atomic.make_folder(folder)
    found = _queries(asking, corpus, asked, seed)
    clusters = Clusters(corpus)
    sweep = Sweep(plan, corpus, tuple(found))
    scores = _scores(scoring, sweep, clusters)
    if scores is None:
        measures = [query.measure for query in found]
        scores = rankings.scores(ranked(corpus, clusters, plan, folder), measures, on_progress)
        facts = {"of": f"{plan.digest(corpus.digest)} {name_of(found)}"}
        content = {name: np.ascontiguousarray(each) for name, each in scores.items()}
        atomic.write(scoring, save_arrays(content, metadata=facts))
    return Study(sweep, clusters, scores)


def retrain(
    folder: Path, study: Study, counts: Counts, spreading: Spread, on_progress: Show
) -> None:
    """Do all retrainings that are not done.

    Raises as `engine.influence.retraining.sweep.run` does.
    """
    run(folder, study.sweep, study.planned(counts), spreading, on_progress)


def summarise(folder: Path, study: Study, counts: Counts) -> dict[str, Any]:
    """Return the document of the retrainings that are done, which tells what is not.

    Raises `BadFile` where not even a training with nothing removed is.
    """
    outcomes = read_outcomes(folder / RESULTS)
    planned = study.planned(counts)
    keys = [study.sweep.key(removal) for removal in planned]
    done = [(r, outcomes[k]) for r, k in zip(planned, keys, strict=True) if k in outcomes]
    bases = [o for r, o in done if r.arm == "base"]
    if not bases:
        raise BadFile(
            f"{folder} holds no training with nothing removed.",
            "Go on with it: armonica evaluate influence --retrain.",
        )
    seeds = len({r.seed for r, _ in done if r.arm in RANKED}) or 1
    sweep = study.sweep
    return {
        "format": FORMAT,
        "model": sweep.plan.digest(sweep.corpus.digest),
        "plan": sweep.plan.as_dict(),
        "corpus": sweep.corpus.digest,
        "training_measures": study.clusters.count,
        "clusters": len(study.clusters),
        "samples": sweep.samples,
        "counts": {**asdict(counts), "pool": POOL, "asked": len(sweep.queries)},
        "queries": [query.as_dict() for query in sweep.queries[: counts.queries]],
        "retrainings": {"done": len({o.key for _, o in done}), "planned": len(set(keys))},
        "exact": float(np.mean([o.exact for o in bases])),
        "validation": float(np.mean([o.validation for o in bases])),
        "noise": {
            measured: comparison.noise(done, counts.queries, measured, seeds)
            for measured in ("bound", "plain")
        },
        "arms": _arms(done, counts),
        "datamodel": _datamodel(study, done),
        "confirmed": _confirmed(study, done, counts),
    }


def settle(found: dict[str, Any], path: Path = SHIPPED) -> None:
    """Write the document as the results that ship; raises `CannotWrite`."""
    atomic.make_folder(path.parent)
    atomic.write(path, (json.dumps(found, indent=1, allow_nan=False) + "\n").encode())


def _arms(done: comparison.Done, counts: Counts) -> list[dict[str, Any]]:
    rows = []
    bases = {r.seed: o for r, o in done if r.arm == "base"}
    for k in KS:
        found = {
            (arm, measured): comparison.changes(
                done, arm, k, queries=counts.queries, pool=POOL, measured=measured
            )
            for arm in (*RANKED, "random", "least")
            for measured in ("bound", "plain")
        }
        for arm in (*RANKED, "random", "least"):
            runs = [(r, o) for r, o in done if r.arm == arm and r.k == k and r.seed in bases]
            if not runs:
                continue
            row: dict[str, Any] = {
                "arm": arm,
                "k": k,
                "runs": len(runs),
                "removed": float(np.mean([len(r.removed) for r, _ in runs])),
                "learned": float(np.mean([o.learned for _, o in runs])),
                "validation": float(
                    np.mean([o.validation / bases[r.seed].validation - 1 for r, o in runs])
                ),
            }
            for measured in ("bound", "plain"):
                own, random = found[arm, measured], found["random", measured]
                if own is None:
                    continue
                row[measured] = {
                    "change": comparison.change(own, POOL).as_list(),
                    "beyond_others": comparison.beyond_others(own, POOL).as_list(),
                }
                if arm != "random" and random is not None:
                    beyond = comparison.beyond_random(own, random, POOL)
                    row[measured]["beyond_random"] = beyond.as_list()
            rows.append(row)
    return rows


def _datamodel(study: Study, done: comparison.Done) -> dict[str, Any] | None:
    halves = [(r, o) for r, o in done if r.arm == "subset"]
    seeds = sorted({r.seed for r, _ in halves})
    draws = sorted(
        draw
        for draw in {r.draw for r, _ in halves}
        if {r.seed for r, _ in halves if r.draw == draw} == set(seeds)
    )
    if len(draws) < 3:
        # A seed that has only begun is left for later.
        seeds = seeds[:1]
        draws = sorted({r.draw for r, _ in halves if r.seed in seeds})
    if len(draws) < 3:
        return None
    at = {(r.seed, r.draw): (r, o) for r, o in halves}
    gone = [at[seeds[0], draw][0].removed for draw in draws]
    kept = np.stack([~np.isin(study.clusters.ids, removed) for removed in gone])
    shape = (len(study.sweep.queries), len(study.clusters))
    scores = {"random": np.random.default_rng(0).normal(size=shape), **study.scores}
    found: dict[str, Any] = {"subsets": len(draws), "seeds": len(seeds), "queries": shape[0]}
    for measured in ("bound", "plain"):
        truth = np.array(
            [[getattr(at[seed, draw][1], measured) for draw in draws] for seed in seeds]
        )
        judged = datamodel(truth.mean(axis=0), kept, scores)
        if len(seeds) > 1:
            # What one seed's retrainings foretell of another's: no ranking can do much better.
            judged |= correlations(truth[0], {"another seed": truth[1]})
        found[measured] = {name: each.as_list() for name, each in judged.items()}
    return found


def _confirmed(study: Study, done: comparison.Done, counts: Counts) -> list[dict[str, Any]]:
    # A query and the one cluster that its pool's run removed for it, where it changed.
    found: dict[tuple[int, int], dict[str, Any]] = {}
    random = comparison.changes(
        done, "random", 1, queries=counts.queries, pool=POOL, measured="bound"
    )
    if random is None:
        return []
    spread = float(np.nanstd(random.own))
    for arm in RANKED:
        own = comparison.changes(done, arm, 1, queries=counts.queries, pool=POOL, measured="bound")
        if own is None or own.runs < 2:
            continue
        for query in range(counts.queries):
            values = own.own[:, 0, query]
            values = values[~np.isnan(values)]
            usual = float(np.nanmean(random.own[..., query]))
            beyond = float(values.mean()) - usual if len(values) else 0.0
            if len(values) > 1 and beyond > CHANGED * spread / np.sqrt(len(values)):
                cluster = int(study.clusters.ids[np.argmax(study.scores[arm][query])])
                found[query, cluster] = {
                    "query": query,
                    "cluster": cluster,
                    "ranked_first_by": arm,
                    "change": round(beyond, 4),
                    "random": round(usual, 4),
                    "seeds": len(values),
                }
    return [found[key] for key in sorted(found)]


def _queries(place: Path, corpus: Corpus, asked: int, seed: int) -> list[Query]:
    from engine.latent.weights import load

    if place.exists():
        try:
            return read(json.loads(place.read_bytes()))
        except (ValueError, RecursionError) as error:
            raise BadFile(f"{place} is damaged.", "Begin in another folder.") from error
    found = queries(corpus, load(locations.MEASURE_VAE), asked, seed)
    document = [query.as_dict() for query in found]
    atomic.write(place, (json.dumps(document) + "\n").encode())
    return found


def _scores(place: Path, sweep: Sweep, clusters: Clusters) -> dict[str, Floats] | None:
    if not place.exists():
        return None
    try:
        with safe_open(place, framework="numpy") as opened:
            of = (opened.metadata() or {}).get("of")
        found: dict[str, Floats] = load_arrays(place.read_bytes())
    except (SafetensorError, OSError) as error:
        raise BadFile(f"{place} is damaged.", "Begin in another folder.") from error
    shape = (len(sweep.queries), len(clusters))
    mine = f"{sweep.plan.digest(sweep.corpus.digest)} {name_of(sweep.queries)}"
    if of != mine or any(each.shape != shape for each in found.values()) or "fused" not in found:
        raise BadFile(f"{place} belongs to another model.", "Begin in another folder.")
    return found
