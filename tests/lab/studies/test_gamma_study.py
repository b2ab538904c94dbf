"""The study `gamma`: a row is one training that looks so far ahead; percents add up."""

import dataclasses
from typing import Any

import pytest

from drr_tutorial.config import PRESETS, EmbeddingConfig, TrainingConfig
from drr_tutorial.data.ratings import Ratings
from drr_tutorial.data.splits import original_split
from drr_tutorial.lab.studies import gamma
from drr_tutorial.lab.studies.correction import config_of
from drr_tutorial.lab.studies.planning import study as planning
from drr_tutorial.recommenders.drr import DRRRecommender


def test_the_world_is_swept_with_the_same_discounts() -> None:
    assert {look.gamma for look in gamma.LOOKS["ml-100k"]} <= set(planning.GAMMAS)


def test_a_look_is_named_as_it_is() -> None:
    assert [str(look) for look in gamma.LOOKS["ml-100k"]] == ["0.0", "0.3", "0.6", "0.8", "0.9", "0.95", "0.9, 5 steps"]


@pytest.fixture
def fits(synthetic: Ratings, monkeypatch: pytest.MonkeyPatch) -> list[DRRRecommender]:
    """The preset as a training of a moment, on a small world; the agents that were fitted."""
    small = dataclasses.replace(
        PRESETS["default"],
        embedding=EmbeddingConfig(n_factors=8, n_iterations=2),
        training=TrainingConfig(passes=0.5, batch_size=32, evaluations=1),
    )
    made: list[DRRRecommender] = []

    class Spy(DRRRecommender):
        def fit(self, ratings: Ratings, **kwargs: Any) -> Any:
            made.append(self)
            return super().fit(ratings, **kwargs)

    monkeypatch.setitem(PRESETS, "default", small)
    monkeypatch.setattr(gamma, "prepare", lambda data, kind: original_split(synthetic))
    monkeypatch.setattr(gamma, "DRRRecommender", Spy)
    return made


def test_a_row_is_one_training_with_this_look_and_nothing_else_changed(fits: list[DRRRecommender]) -> None:
    row = gamma.trained("ml-100k", gamma.Look(0.9, 3), 2)
    agent, seeing = fits[0]._config.agent, config_of("ml-100k", 2).agent
    assert agent == dataclasses.replace(seeing, gamma=0.9, n_steps=3) and fits[0]._config.seed == 2
    assert agent.correction == "gates"  # one gate for all could not plan for anybody
    assert row["means"].keys() == gamma.METRICS.keys() == row["detail"].keys()
    assert {p: tuple(metrics) for p, metrics in row["means"].items()} == gamma.METRICS
    assert 0 <= row["means"]["log sessions"]["reward@20"][0] <= 20


def test_the_agent_before_training_is_judged_on_the_same_lists(fits: list[DRRRecommender]) -> None:
    row = gamma.trained("ml-100k", gamma.Look(0.0), 0)
    before, best = row["before training"], max(fits[0].history, key=lambda entry: entry["hit"] + entry["dcg"])
    assert row["kept step"] == best["step"]
    for protocol, detail in row["detail"].items():
        assert detail["task"] == before["detail"][protocol]["task"]
    assert (row["means"] == before["means"]) == (row["kept step"] == 0)


def log_run(value: float) -> dict[str, Any]:
    means = {p: {m: [value] for m in metrics} for p, metrics in gamma.METRICS.items()}
    detail = {
        p: {"task": p, "lists": [1, 1], **{m: [value, value] for m in metrics}} for p, metrics in gamma.METRICS.items()
    }
    return {"means": means, "detail": detail}


@pytest.mark.parametrize("full", [False, True])
def test_the_summary_says_by_how_many_percent_of_gamma_0(full: bool) -> None:
    figures: dict[str, Any] = {}
    for row in gamma.rows():
        if full or not row.full_only:
            about = {"fit seconds": 20.0, "correction share": 0.5, "kept step": 0, "before training": log_run(0.48)}
            figures[row.key] = about | log_run(0.5 if ".0.0.1." in row.key else 0.49)
    found = gamma.summarize(figures)
    assert found["curves"].keys() == {"ml-100k"} | ({"ml-1m"} if full else set())
    if full:
        assert list(found["curves"]["ml-1m"]) == ["0.9", "before training"]
        assert found["curves"]["ml-1m"]["before training"]["mean"] == pytest.approx(-4)
        assert len(found["logs"]["ml-1m"]["gammas"]["0.9"]["full"]["HR@10"]["seeds"]) == 5
    assert found["curves"]["ml-100k"]["0.9, 5 steps"]["mean"] == pytest.approx(-2)
    assert "0.0" not in found["curves"]["ml-100k"]
    assert found["logs"]["ml-100k"]["minus gamma 0"]["0.3"]["log sessions"]["reward@20"]["mean"] == pytest.approx(-0.01)
    assert found["logs"]["ml-100k"]["training adds"]["0.0"]["unseen"]["nDCG@10"]["mean"] == pytest.approx(0.02)
    assert found["logs"]["ml-100k"]["kept step"]["0.9"] == [0] * 5
