"""The rankings that retraining puts to the test: the search's, its plain parts, and by gradients.

Each scores the clusters of the training tunes for a measure; a cluster is as near as its nearest
measure is. Raw, latent and fused are the plain definitions, without candidates, calibration or
neighbours, so that the ideas are tested beside what the search makes of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors

from engine.common import atomic
from engine.corpus.table import Corpus
from engine.influence.attribution.gradients import Gradients, Of
from engine.influence.measures.search import MeasureInfluence
from engine.influence.retraining.removals import Clusters, Ranking
from engine.influence.retraining.retrain import Plan, model_of, train
from engine.latent.calibration import CalibratedCodec
from engine.latent.model import REGISTER, TrainedVAE
from engine.latent.network import MeasureVAE
from engine.latent.tokens import SPAN, Floats, Ints
from engine.music.measure import REST, Measure

FUSED_FROM = 60
"""The constant of reciprocal rank fusion (Cormack, Clarke and Buettcher 2009)."""


def raw(corpus: Corpus, clusters: Clusters) -> Ranking:
    """Rank by notes in common: the largest share that agrees in onset at one transposition.

    The cardinality score of Yin et al. 2022, without a shift in time, over the greater count.
    """
    known = _training(corpus)

    def score(measures: Sequence[Measure]) -> Floats:
        found = [in_common(row, known) for row in _tokens(measures)]
        return nearest(np.stack(found), clusters)

    return score


def latent(corpus: Corpus, clusters: Clusters, model: TrainedVAE) -> Ranking:
    """Rank by the distance of posterior means, each dimension in units of its own spread."""
    known = np.delete(model.encode_tokens(_training(corpus)), REGISTER, axis=1)
    spread = known.std(axis=0) + 1e-9

    def score(measures: Sequence[Measure]) -> Floats:
        asked = np.delete(model.encode_tokens(_tokens(measures)), REGISTER, axis=1)
        found = [-np.square((known - code) / spread).sum(axis=1) for code in asked]
        return nearest(np.stack(found), clusters)

    return score


def fused(*rankings: Ranking) -> Ranking:
    """Rank by the sum of 1 / (60 + rank) over rankings."""

    def score(measures: Sequence[Measure]) -> Floats:
        return np.asarray(np.sum([fuse(ranking(measures)) for ranking in rankings], axis=0))

    return score


def searched(clusters: Clusters, search: MeasureInfluence) -> Ranking:
    """Rank as the search shows its matches, each cluster by the unit that it belongs to."""
    unit = {t.cluster: u for t, u in zip(search.corpus.tunes, search.index.units, strict=True)}

    def score(measures: Sequence[Measure]) -> Floats:
        found = [search.rankings([measure], 0)["fused"] for measure in measures]
        own = [int(unit[cluster]) for cluster in clusters.ids.tolist()]
        return np.array([[each.get(name, 0.0) for name in own] for each in found])

    return score


def by_gradients(
    corpus: Corpus, clusters: Clusters, plan: Plan, folder: Path, seeds: Sequence[int], of: Of
) -> Ranking:
    """Rank by projected gradients, averaged over the plan's full models of ``seeds``.

    A model that is not in ``folder`` is trained first, and kept there.
    """
    known = _training(corpus)

    def score(measures: Sequence[Measure]) -> Floats:
        codec, found = CalibratedCodec.fitted(known), []
        for seed in seeds:
            network = full_model(corpus, plan, folder, seed)
            name = f"{plan.digest(corpus.digest)}{seed:04}"
            channel = Gradients(network, codec, plan.recipe, known, name, of=of, folder=folder)
            found.append(channel.score(_tokens(measures)))
        return clusters.summed(np.mean(found, axis=0))

    return score


def full_model(corpus: Corpus, plan: Plan, folder: Path, seed: int) -> MeasureVAE:
    """Return the plan's model of the whole training set, trained unless it is in ``folder``."""
    place = folder / f"full-{plan.digest(corpus.digest)}-{seed}.safetensors"
    network = MeasureVAE(plan.shape)
    try:
        network.load_state_dict(load_tensors(place.read_bytes()))
    except (OSError, SafetensorError, KeyError, RuntimeError):
        stack = train(corpus, plan, np.ones((1, len(corpus.training())), dtype=bool), seed)
        network = model_of(stack, 0)
        atomic.make_folder(folder)
        atomic.write(place, save_tensors(network.state_dict()))
    return network.eval()


def scores(
    rankings: Mapping[str, Ranking],
    measures: Sequence[Measure],
    on_progress: Callable[[float, str], None] = lambda *_: None,
) -> dict[str, Floats]:
    """Return what every ranking says of the measures, by name."""
    found = {}
    for at, (name, ranking) in enumerate(rankings.items()):
        on_progress(at / len(rankings), f"ranking: {name}")
        found[name] = ranking(measures)
    return found


def in_common(tokens: Ints, known: Ints) -> Floats:
    """Return the share of notes of a measure [24] that each known one [N, 24] has, transposed.

    The best transposition counts; the share is of the notes of the fuller measure.
    """
    both = (tokens > REST) & (known > REST)
    row, tick = both.nonzero()
    shift = known[row, tick] - tokens[tick] + SPAN
    counts = np.bincount(row * 2 * SPAN + shift, minlength=len(known) * 2 * SPAN)
    most = counts.reshape(len(known), -1).max(axis=1)
    fuller = np.maximum((tokens > REST).sum(), (known > REST).sum(axis=1)).clip(min=1)
    return np.asarray(most / fuller)


def nearest(of_rows: Floats, clusters: Clusters) -> Floats:
    """Return each cluster [Q, C] the best score [Q, N] among its measures."""
    found = np.full((len(of_rows), len(clusters)), -np.inf)
    np.maximum.at(found.T, clusters.at, of_rows.T[clusters.row])
    return found


def fuse(found: Floats) -> Floats:
    """Return 1 / (60 + rank) of scores [Q, C]; equal ones share their mean rank."""
    from engine.latent.evaluation.metrics import ranks

    order = np.stack([ranks(-row) for row in found])
    return np.asarray(1 / (FUSED_FROM + order))


def _training(corpus: Corpus) -> Ints:
    return corpus.tokens[corpus.training()].astype(np.int64)


def _tokens(measures: Sequence[Measure]) -> Ints:
    return np.array([measure.tokens for measure in measures], dtype=np.int64)
