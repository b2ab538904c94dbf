"""The study `paper`: agents that learned nothing are what they say, trials see no test rows, the summary pairs."""

import dataclasses
from typing import Any

import numpy as np
import pytest
import torch

from drr_tutorial.config import PRESETS, EmbeddingConfig, ExperimentConfig, TrainingConfig
from drr_tutorial.data.ratings import Ratings
from drr_tutorial.data.splits import random_split
from drr_tutorial.lab.pages import results_folder
from drr_tutorial.lab.studies import paper, paper_large
from drr_tutorial.lab.studies.runner import Row, key_of
from drr_tutorial.recommenders.drr import DRRRecommender
from drr_tutorial.representation.embeddings import scaled
from drr_tutorial.storage import read_json


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch, synthetic: Ratings) -> ExperimentConfig:
    """The preset with small vectors and a training of a moment, on a small world."""
    small = dataclasses.replace(
        PRESETS["paper"],
        embedding=EmbeddingConfig(method="pmf", n_factors=6, regularization=10.0, n_iterations=2),
        environment=dataclasses.replace(PRESETS["paper"].environment, num_envs=32),
        training=TrainingConfig(
            passes=0.3, batch_size=32, steps_per_update=64, replay="prioritized", exploration="epsilon",
            critic_first=0.0, reward_share=1.0, evaluations=1,
        ),
    )  # fmt: skip
    monkeypatch.setitem(PRESETS, "paper", small)
    monkeypatch.setattr(paper, "N_ONLINE", 3)
    monkeypatch.setattr(paper, "PASSES", {"ml-100k": 0.3, "ml-1m": 0.3})
    monkeypatch.setattr(paper, "prepare", lambda data, kind: random_split(synthetic))
    return small


def test_a_state_has_its_rate_in_actor_and_state(short: ExperimentConfig) -> None:
    config = paper.config_of("ml-1m", "drr-att", 1e-3, 4)
    assert (config.agent.state, config.agent.actor_lr, config.agent.state_lr) == ("drr-att", 1e-3, 1e-3)
    assert (config.dataset, config.seed, config.training.passes) == ("ml-1m", 4, 0.3)
    assert config.agent.gamma == 0.9 and config.environment.max_steps == 10


def test_the_untrained_agent_is_what_a_training_without_rates_leaves(
    short: ExperimentConfig, synthetic: Ratings
) -> None:
    train, users = random_split(synthetic).train, synthetic.user_ids[:20]
    still = dataclasses.replace(short, agent=dataclasses.replace(short.agent, actor_lr=0, critic_lr=0, state_lr=0))
    trained, resting = (DRRRecommender(config, progress=False).fit(train) for config in (short, still))
    start = paper.untrained(trained)
    np.testing.assert_array_equal(start.scores(users), resting.scores(users))
    trained.networks.actor.temper(0.5)  # whatever the trained one does, the untrained one has weights of its own
    np.testing.assert_array_equal(start.scores(users), resting.scores(users))
    assert not np.allclose(trained.scores(users), resting.scores(users))


def test_vectors_alone_rank_as_pmf(short: ExperimentConfig, synthetic: Ratings) -> None:
    agent = DRRRecommender(short, progress=False).fit(random_split(synthetic).train)
    pmf = agent.embeddings.users @ agent.embeddings.items.T
    scores = paper.vectors_alone(agent).scores(synthetic.user_ids)
    np.testing.assert_array_equal(scores.argsort(axis=1)[:, -1], pmf.argsort(axis=1)[:, -1])
    users, items = scaled(agent.embeddings)
    np.testing.assert_allclose(scores, 0.9 * users @ items.T, rtol=1e-3, atol=1e-4)
    assert not agent._config.agent.warm_start  # the agent itself is as it was


@pytest.mark.parametrize("state", paper.STATES)
def test_a_row_has_all_versions_on_the_same_lists(state: Any, short: ExperimentConfig) -> None:
    row = paper.trained("ml-100k", state, 1)
    tasks = {row[name]["detail"]["own items"]["task"] for name in paper.VERSIONS}
    assert len(tasks) == 1 and row["fit seconds"] > 0 and len(row["history"]) == 2
    played = {row["online"][name]["detail"]["simulated"]["task"] for name in ("fixed", "learning")}
    assert len(played) == 1 and row["online"]["learning"]["detail"]["simulated"]["lists"] == [1, 1, 1]
    assert row["trained"]["means"].keys() == {"own items", "simulated"}


def test_actions_say_how_saturated_and_how_alike_they_are(short: ExperimentConfig, synthetic: Ratings) -> None:
    agent = DRRRecommender(short, progress=False).fit(random_split(synthetic).train)
    last = agent.networks.actor.layers[-1]
    with torch.no_grad():
        last.weight.zero_()
        last.bias.copy_(torch.tensor([5.0, -5.0, 5.0, 0.1, 0.1, 0.1]))  # half of them at the ends, for everybody
    assert paper.actions(agent) == pytest.approx({"saturated": 0.5, "alike": 1.0})
    assert paper.actions(paper.vectors_alone(agent))["saturated"] == 0  # 0.9 is the largest there
    assert paper.actions(paper.vectors_alone(agent))["alike"] < 0.95


def test_a_trial_sees_no_test_rows(
    short: ExperimentConfig, synthetic: Ratings, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Ratings] = []

    class Spy(DRRRecommender):
        def fit(self, ratings: Ratings, **kwargs: Any) -> Any:
            seen.append(ratings)
            return super().fit(ratings, **kwargs)

    monkeypatch.setattr(paper, "DRRRecommender", Spy)
    found = paper.trial("drr-ave", 1e-3)
    assert [ratings.fingerprint() for ratings in seen] == [random_split(synthetic).fit.fingerprint()]
    assert 0 < found["nDCG@10"] <= 1


def test_the_rates_in_use_are_the_best_of_the_trials() -> None:
    for state, found in read_json(results_folder() / "paper.json")["summary"]["tuning"].items():
        assert max(found["trials"], key=found["trials"].get) == str(found["rate"]), state


def test_the_rate_in_use_is_one_of_the_grid() -> None:
    assert paper.RATES.keys() == set(paper.STATES) and set(paper.RATES.values()) <= set(paper.GRID)


def test_the_other_states_of_ml_1m_are_a_study_of_their_own_whose_rows_are_those_of_the_paper() -> None:
    own, large = ({row.key: row for row in study.rows()} for study in (paper, paper_large))
    assert [key for key in own if key.startswith("ml-1m.drr")] == [f"ml-1m.drr-ave.{seed}" for seed in range(5)]
    assert len([key for key in own if key.startswith("ml-100k.drr")]) == 20
    assert len([key for key in own if key.startswith("tuning.")]) == 16
    assert len([key for key in large if key.startswith("ml-1m.drr")]) == len(large) - 3 == 20
    for key in own.keys() & large.keys():
        assert key_of(own[key].compute) == key_of(large[key].compute)
        assert own[key].compute.args == large[key].compute.args  # type: ignore[attr-defined]
    assert len(own.keys() & large.keys()) == 8 and paper_large.STUDY.shares == paper.STUDY.name


def run(value: float, seeds: int = 1) -> dict[str, Any]:
    metrics = {"own items": "nDCG@10", "simulated": "reward@10"}
    return {
        "means": {p: {m: [value] * seeds} for p, m in metrics.items()},
        "detail": {p: {"task": p, "lists": [1, 1], m: [value, value]} for p, m in metrics.items()},
    }


def invented(rows: list[Row]) -> dict[str, Any]:
    """Figures of a study in which everything is learned."""
    figures: dict[str, Any] = {}
    for row in rows:
        if row.key.startswith("tuning."):
            figures[row.key] = {"nDCG@10": 0.8 if row.key.endswith(".0.0001") else 0.7}
        elif ".drr-" in row.key:
            versions = {"trained": run(0.6), "untrained": run(0.5), "PMF": run(0.8)}
            sessions = {"fixed": run(0.6), "learning": run(0.65)}
            acts = {name: {"saturated": 0.25, "alike": 0.5} for name in versions}
            figures[row.key] = versions | {"fit seconds": 10.0, "history": [], "actions": acts} | {"online": sessions}
        else:
            figures[row.key] = run(0.7, seeds=5 if row.key.endswith("random") else 1)
    return figures


def test_the_summary_of_ml_1m_has_all_states() -> None:
    found = paper_large.summarize(invented(paper_large.rows()))["data"]
    assert list(found) == ["ml-1m"]
    assert list(found["ml-1m"]["minus"]["DRR-ave"]["own items"]) == ["DRR-p", "DRR-u", "DRR-att"]
    assert len(found["ml-1m"]["minus"]["PMF"]["simulated"]) == 4


def test_the_summary_sets_a_training_against_what_learned_nothing() -> None:
    summary = paper.summarize(invented(paper.rows()))
    assert summary["tuning"]["drr-p"]["trials"] == {"1e-05": 0.7, "3e-05": 0.7, "0.0001": 0.8, "0.0003": 0.7}
    found = summary["data"]["ml-100k"]
    assert list(found["methods"]["own items"]) == [
        "DRR-p", "DRR-p, untrained", "DRR-u", "DRR-u, untrained", "DRR-ave", "DRR-ave, untrained",
        "DRR-att", "DRR-att, untrained", "PMF", "popularity", "average rating", "random",
    ]  # fmt: skip
    assert found["minus"].keys() == {"PMF", "untrained", "popularity", "DRR-ave"}
    assert list(found["minus"]["DRR-ave"]["own items"]) == ["DRR-p", "DRR-u", "DRR-att"]
    assert "DRR-ave" not in summary["data"]["ml-1m"]["minus"]
    for other, gap in (("PMF", -0.2), ("untrained", 0.1), ("popularity", -0.1)):
        difference = found["minus"][other]["simulated"]["DRR-u"]["reward@10"]
        assert difference["mean"] == pytest.approx(gap) and difference["over seeds"]["mean"] == pytest.approx(gap)
    assert found["fit seconds"]["drr-ave"] == 10
    assert found["learning in a session adds"]["drr-p"]["mean"] == pytest.approx(0.05)
    assert found["actions"]["drr-u"]["untrained"] == {"saturated": 0.25, "alike": 0.5}
    assert list(summary["data"]["ml-1m"]["minus"]["PMF"]["own items"]) == ["DRR-ave"]
