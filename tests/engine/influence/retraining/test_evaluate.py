"""What retrainings say: statistics that find a planted effect, a document, tables, a figure."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.cli.main import main
from engine.errors import BadFile
from engine.influence.attribution.evidence import confirmed, results
from engine.influence.retraining import comparison
from engine.influence.retraining.datamodel_score import datamodel, spearmans
from engine.influence.retraining.evaluate import Counts, prepare, retrain, settle, summarise
from engine.influence.retraining.queries import TURN, queries, read
from engine.influence.retraining.rankings import fuse, in_common, nearest
from engine.influence.retraining.removals import Clusters, Removal
from engine.influence.retraining.retrain import Plan
from engine.influence.retraining.sweep import Outcome
from engine.influence.retraining.table import plot, table
from engine.latent.evaluation.metrics import spearman
from engine.latent.tokens import relative
from engine.latent.weights import load
from engine.locations import MEASURE_VAE
from engine.music.measure import Measure
from tests.support.retraining import SMALL, corpus, here

QUERIES, POOL = 30, 15


def planted(effect: float, shift: float = 0.0) -> list[tuple[Removal, Outcome]]:
    """Return retrainings in which the fused arm costs its own queries ``effect`` nats a note."""
    random = np.random.default_rng(0)
    usual = random.normal(-3, 1, QUERIES)
    found = []

    def add(removal: Removal, lost: Any) -> None:
        values = usual + 0.02 * random.normal(size=QUERIES) - lost
        plain = tuple(values.tolist())
        found.append((removal, Outcome(f"{removal}", removal, plain, plain, -3.0, 0.5, 1.0)))

    for seed in range(3):
        add(Removal("base", seed=seed), 0.0)
        for group in range(2):
            mine = np.arange(QUERIES) // POOL == group
            # What a run gains or loses as a whole is chance.
            add(Removal("fused", (1,), 5, group, 0, seed), effect * mine + shift)
            for at in range(5):
                add(Removal("random", (2,), 5, group, at, seed), 0.0)
    return found + [
        (Removal("reseed", draw=at, seed=9), Outcome("", Removal("reseed"), (-3.0 + at / 10,) * 30,
         (-3.0 + at / 10,) * 30, -3.0, 0.5, 1.0))
        for at in (0, 1)
    ]  # fmt: skip


def gathered(done: comparison.Done, arm: str) -> comparison.Changes:
    found = comparison.changes(done, arm, 5, queries=QUERIES, pool=POOL, measured="bound")
    assert found is not None
    return found


def test_a_planted_effect_is_found_and_none_is_not() -> None:
    for effect in (0.0, 0.3):
        done = planted(effect)
        own, random = gathered(done, "fused"), gathered(done, "random")
        beyond = comparison.beyond_random(own, random, POOL)
        assert beyond.mean == pytest.approx(effect, abs=0.02)
        assert (beyond.low > 0) == (effect > 0)
        assert beyond.low < beyond.mean < beyond.high
        assert (own.runs, random.runs) == (3, 15)


def test_what_a_whole_run_loses_by_chance_is_no_influence() -> None:
    own = gathered(planted(0.1, shift=0.5), "fused")
    assert comparison.change(own, POOL).mean == pytest.approx(0.6, abs=0.03)
    assert comparison.beyond_others(own, POOL).mean == pytest.approx(0.1, abs=0.03)


def test_a_run_without_its_base_does_not_count() -> None:
    done = [(r, o) for r, o in planted(0.1) if not (r.arm == "base" and r.seed == 1)]
    assert gathered(done, "fused").runs == 2
    without = [(r, o) for r, o in done if r.arm != "base"]
    none = comparison.changes(without, "fused", 5, queries=QUERIES, pool=POOL, measured="bound")
    assert none is None


def test_the_noise_needs_several_trainings() -> None:
    assert comparison.noise(planted(0.0), QUERIES, "bound", 3)
    alone = [(r, o) for r, o in planted(0.0) if r.arm == "base"][:2]
    assert comparison.noise(alone, QUERIES, "bound", 3) is None


@settings(max_examples=30)
@given(st.lists(st.integers(0, 4), min_size=3, max_size=12), st.integers(0, 9))
def test_the_correlations_are_spearmans_also_with_ties(values: list[int], seed: int) -> None:
    first = np.array(values, dtype=float)
    second = np.random.default_rng(seed).integers(0, 4, len(values)).astype(float)
    found = spearmans(first[:, None], second[:, None])
    assert found[0] == pytest.approx(spearman(first, second), abs=1e-9)


def test_a_linear_world_is_foretold_by_its_own_scores_alone() -> None:
    random = np.random.default_rng(0)
    influence = random.random((20, 50)) ** 4
    kept = np.stack([random.permutation(50) < 25 for _ in range(32)])
    truth = kept @ influence.T
    judged = datamodel(truth, kept, {"own": influence, "other": random.random((20, 50))})
    assert judged["own"].mean == pytest.approx(1.0)
    assert judged["other"].low < judged["other"].mean < 0.4
    assert judged["own"].low > judged["other"].high


def test_notes_in_common_are_found_in_any_transposition() -> None:
    tokens = corpus().tokens[:8].astype(np.int64)
    higher = np.where(tokens > 1, tokens + 3, tokens)
    found = np.array([in_common(row, tokens) for row in higher])
    assert found.argmax(axis=1).tolist() == list(range(8))
    np.testing.assert_allclose(found.diagonal(), 1.0)
    assert ((found >= 0) & (found <= 1)).all()


def test_a_cluster_is_as_near_as_its_nearest_measure() -> None:
    clusters = Clusters(corpus())
    scores = np.zeros((1, clusters.count))
    scores[0, 7] = 1.0
    holders = clusters.ids[clusters.at[clusters.row == 7]]
    found = nearest(scores, clusters)
    assert set(clusters.ids[found[0] == 1.0]) == set(holders)
    assert fuse(found)[0].argmax() in np.flatnonzero(found[0])


def test_queries_are_half_generated_and_fewer_are_the_first_of_more() -> None:
    from engine.corpus.table import shipped

    model = load(MEASURE_VAE)
    more = queries(shipped(), model, 16, 0)
    assert more[:8] == queries(shipped(), model, 8, 0)
    assert [query.kind for query in more] == [*TURN, *TURN]
    held_out = {row.tobytes() for row in shipped().tokens[shipped().test()]}
    for query in more:
        if query.kind in ("held out", "near"):
            assert np.array(query.measure.tokens, dtype=np.uint8).tobytes() in held_out
    assert read(json.loads(json.dumps([query.as_dict() for query in more]))) == more


@pytest.mark.parametrize("found", [None, [1], [{"kind": "near"}], [{"kind": "x", "tokens": []}],
                                   [{"kind": "x", "tokens": [0] * 24}]])  # fmt: skip
def test_damaged_queries_are_told(found: Any) -> None:
    with pytest.raises(BadFile):
        read(found)


FEW = Counts(queries=4, seeds=1, draws=1, subsets=4, reseeds=2)


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return the document of a whole small study, of toy rankings."""
    folder = tmp_path_factory.mktemp("study")

    def toy(*_: object) -> dict[str, Any]:
        def score(measures: Any) -> Any:
            return np.random.default_rng(3).random((len(measures), 18))

        return {"fused": score, "raw": score}

    study = prepare(folder, corpus(), SMALL, asked=6, ranked=toy)
    with pytest.raises(BadFile, match="nothing removed"):
        summarise(folder, study, FEW)
    retrain(folder, study, FEW, here, lambda *_: None)
    again = prepare(folder, corpus(), SMALL, asked=6, begin=False, ranked=toy)
    assert again.planned(FEW) == study.planned(FEW)
    return summarise(folder, again, FEW)


def test_the_document_says_what_was_trained_and_what_is_missing(document: dict[str, Any]) -> None:
    assert document["model"] == SMALL.digest("made up")
    done = document["retrainings"]
    # Both toy rankings agree, so that their retrainings are one; of twenty clusters for each
    # query all are removed from above and below, and none is left to be drawn at random.
    assert done["done"] == done["planned"] == 1 + 3 + 3 + 1 + 4 + 2
    assert {row["arm"] for row in document["arms"]} == {"fused", "raw", "random", "least"}
    assert document["datamodel"]["subsets"] == 4
    assert all(row["bound"]["change"][1] <= row["bound"]["change"][2] for row in document["arms"])
    json.dumps(document, allow_nan=False)


def test_the_table_and_the_plot_speak_of_every_arm(document: dict[str, Any]) -> None:
    text = table(document)
    assert document["model"] in text
    assert "All 14 retrainings are done." in text
    assert text.count("| fused rank |") == 3
    drawn = plot(document).splitlines()
    assert len(drawn) == 1 + len(document["arms"])
    assert max(map(len, drawn)) <= 80
    assert "does the other 4" in table({**document, "retrainings": {"done": 12, "planned": 16}})


def test_the_figure_shows_every_arm_in_its_colour(document: dict[str, Any], tmp_path: Path) -> None:
    image_module = pytest.importorskip("PIL.Image", reason="pillow is in the extra `lab`")
    from engine.influence.retraining.figure import draw

    draw(document, tmp_path / "figure.png")
    with image_module.open(tmp_path / "figure.png") as image:
        assert image.format == "PNG"
        colours = {colour for _, colour in image.convert("RGB").getcolors(1 << 20) or ()}
    assert {(0, 114, 178), (213, 94, 0), (184, 134, 11)} <= colours
    draw({**document, "arms": [], "datamodel": None}, tmp_path / "empty.png")


def test_what_was_confirmed_is_found_in_any_transposition(
    document: dict[str, Any], tmp_path: Path
) -> None:
    path = tmp_path / "results.json"
    row = {"query": 1, "cluster": 7, "ranked_first_by": "raw", "change": 0.5, "random": 0.1,
            "seeds": 3}  # fmt: skip
    settle({**document, "confirmed": [row]}, path)
    tokens = document["queries"][1]["tokens"]
    higher = Measure(tuple(token + 2 if token > 1 else token for token in tokens))
    other = Measure(tuple(document["queries"][0]["tokens"]))
    assert confirmed([other], path) == {}
    found = confirmed([other, higher], path)
    assert (found[7].change, found[7].model) == (0.5, document["model"])
    assert confirmed([higher], tmp_path / "nowhere.json") == {}
    settle({**document, "confirmed": [{**row, "query": 99}]}, tmp_path / "bad.json")
    with pytest.raises(BadFile):
        confirmed([higher], tmp_path / "bad.json")


@settings(max_examples=30)
@given(st.one_of(st.binary(max_size=50), st.builds(
    lambda value: json.dumps(value).encode(),
    st.dictionaries(st.sampled_from(["format", "model", "queries", "arms", "confirmed"]),
                    st.one_of(st.integers(0, 2), st.text(max_size=3), st.lists(st.integers()))),
)))  # fmt: skip
def test_damaged_results_are_told(content: bytes) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "results.json"
        path.write_bytes(content)
        with suppress(BadFile):
            assert isinstance(results(path)["model"], str)


def test_a_folder_of_another_model_is_refused(tmp_path: Path) -> None:
    def toy(*_: object) -> dict[str, Any]:
        return {"fused": lambda measures: np.zeros((len(measures), 18))}

    with pytest.raises(BadFile, match="no retrainings"):
        prepare(tmp_path / "none", corpus(), SMALL, begin=False)
    prepare(tmp_path, corpus(), SMALL, asked=6, ranked=toy)
    with pytest.raises(BadFile, match="another model"):
        prepare(tmp_path, corpus(), Plan(), asked=6, ranked=toy)
    (tmp_path / "scores-0.safetensors").write_bytes(b"no tensors")
    with pytest.raises(BadFile, match="damaged"):
        prepare(tmp_path, corpus(), SMALL, asked=6, ranked=toy)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--settle"], "--run"),
        (["--ray", "local"], "--retrain"),
        (["--retrain", "--ray", "local", "--workers", "2"], "--workers"),
        (["--figure", "figure.svg"], "PNG"),
        (["--queries", "0", "--retrain"], "--queries"),
        (["--seeds", "0", "--retrain"], "--seeds"),
        (["--run", "nowhere/at/all"], "no retrainings"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(
    words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", "influence", *words]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert message in err.splitlines()[-1]
    assert "Traceback" not in err


def test_a_figure_without_pillow_is_refused_before_the_work(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("engine.cli.evaluate_influence.find_spec", lambda _: None)
    assert main(["evaluate", "influence", "--figure", "figure.png"]) == 1
    assert "extra `lab`" in capsys.readouterr().err


def test_relative_tokens_are_what_confirmations_are_kept_by() -> None:
    tokens = corpus().tokens[:4].astype(np.int64)
    assert np.array_equal(relative(tokens)[0], relative(np.where(tokens > 1, tokens + 1, 0))[0])
