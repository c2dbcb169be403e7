"""Evidence of gradients for the matches of a search, on demand.

The model that ships is asked, by its own gradients (`engine.influence.attribution.gradients`),
whether the measures in print pull it the way that the measures asked about do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from engine.corpus.table import Corpus
from engine.influence.attribution.gradients import CONFIRMED, Gradients
from engine.influence.spec import InfluenceAnswer, Match
from engine.latent.model import TrainedVAE
from engine.latent.network import MeasureVAE
from engine.latent.tokens import Ints
from engine.latent.training_recipe import ARMONICA
from engine.locations import cache_folder
from engine.music.measure import REST, Measure


class Pulls:
    """The gradients of one model and the corpus it learned from; the first question takes a pass.

    The pass over all training measures (some 10 s) is kept in the user's cache.
    """

    def __init__(
        self,
        corpus: Corpus,
        model: TrainedVAE,
        on_progress: Callable[[float], None] = lambda _: None,
    ) -> None:
        self._corpus = corpus
        # The length of the logits says more of retraining than the loss does: see the table of
        # datamodeling scores in `engine/influence/README.md`.
        self._gradients = Gradients(
            MeasureVAE.of(model.network),
            model.codec,
            ARMONICA,
            corpus.tokens[corpus.training()].astype(np.int64),
            model.spec.digest,
            of="output",
            folder=cache_folder() / "influence",
            on_progress=on_progress,
        )

    def weighed(self, found: InfluenceAnswer, measures: Sequence[Measure]) -> InfluenceAnswer:
        """Return the answer about ``measures`` with what gradients confirm of its matches.

        A match is confirmed where its measures, by the median, pull the model more than 99 in
        100 training measures do; what retraining has confirmed stays so.
        """
        return replace(
            found, matches=tuple(self._weighed(match, measures) for match in found.matches)
        )

    def _weighed(self, match: Match, measures: Sequence[Measure]) -> Match:
        pull = self.pull(match, measures)
        sure = pull is not None and pull >= CONFIRMED
        evidence = "gradient" if sure and match.evidence == "similar" else match.evidence
        return replace(match, pull=pull, evidence=evidence)

    def pull(self, match: Match, measures: Sequence[Measure]) -> float | None:
        """Return the share, 0 to 100, of training measures that a match outdoes; None: no notes."""
        asked = np.array(
            [m.tokens for m in measures[match.asked - 1 : match.asked - 1 + match.measures]],
            np.int64,
        )
        theirs: Ints = self._corpus.tokens[match.row : match.row + match.measures].astype(np.int64)
        sound = ((asked > REST).any(axis=1)) & ((theirs > REST).any(axis=1))
        if not sound.any():
            return None
        return float(np.median(self._gradients.percentiles(asked[sound], theirs[sound]).diagonal()))
