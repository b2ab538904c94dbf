"""What the actor learned: the mean of gates is the same for all, and the summary pairs what belongs together."""

import dataclasses
from typing import Any

import numpy as np
import pytest
import torch

from drr_tutorial.config import PRESETS, EmbeddingConfig, TrainingConfig
from drr_tutorial.data.ratings import Ratings
from drr_tutorial.data.splits import Split, rated_split
from drr_tutorial.lab.studies import correction as study
from drr_tutorial.lab.studies.fair import agents as fair_agents, table as fair_table
from drr_tutorial.recommenders.drr import DRRRecommender


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch, synthetic: Ratings) -> Split:
    """The default with small vectors and a training of a moment, on a small world."""
    preset = dataclasses.replace(
        PRESETS["default"],
        embedding=EmbeddingConfig(n_factors=6, n_iterations=2),
        training=TrainingConfig(passes=0.5, batch_size=32, critic_first=0.1, evaluations=2),
    )
    monkeypatch.setitem(PRESETS, "default", preset)
    split = rated_split(synthetic)
    for module in (study, fair_agents):
        monkeypatch.setattr(module, "prepare", lambda data, kind: split)
    return split


def agent_of(split: Split) -> DRRRecommender:
    return DRRRecommender(study.config_of("ml-100k", 0), progress=False).fit(split.train)


def test_an_agent_with_these_gates_scales_everybodys_vector_by_them(small: Split) -> None:
    agent = agent_of(small)
    gates = torch.tensor([0.5, 0.0, -1.0, 0.2, 0.0, -0.3])
    other, users = study.with_gates(agent, gates), np.array([1, 2, 3])
    warm = torch.atanh(agent.networks.see(torch.from_numpy(users), torch.from_numpy(agent.memory[users])).prior)
    expected = torch.tanh(warm * (1 + gates)) @ agent.networks.item_vectors().T
    actual = (
        other.networks.act(other.networks.see(torch.from_numpy(users), torch.from_numpy(agent.memory[users])))
        @ other.networks.item_vectors().T
    )
    torch.testing.assert_close(actual, expected)
    np.testing.assert_array_equal(
        agent.scores(small.ratings.user_ids[:3]), agent_of(small).scores(small.ratings.user_ids[:3])
    )


def test_gates_that_are_the_same_for_all_are_their_own_mean(small: Split) -> None:
    agent = study.with_gates(agent_of(small), torch.linspace(-0.2, 0.2, 6))
    gates = study.gates_of(agent)
    assert gates.shape == (small.ratings.n_users, 6) and gates.std(dim=0).max() == 0
    again = study.with_gates(agent, gates.mean(dim=0))
    np.testing.assert_allclose(again.scores(small.ratings.user_ids), agent.scores(small.ratings.user_ids), atol=1e-4)


def test_a_row_has_all_versions_and_the_summary_pairs_them(small: Split, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(study, "SEEDS", {"ml-100k": range(2)})
    row = study.trained("ml-100k", 0)
    assert {study.GATES, study.MEAN, study.BEFORE, "entries"} <= row.keys() and len(row["entries"]["mean"]) == 6
    figures: dict[str, Any] = {f"gates.ml-100k.{seed}": row for seed in range(2)}
    for seed in range(2):
        figures[f"ml-100k.rated.default.drr-ave.{seed}"] = row[study.GATES]
        figures |= {study._without_rl("ml-100k", name, seed): row[study.MEAN] for name in fair_table.WITHOUT_RL}
    found = study.summarize(figures)["ml-100k"]
    minus = found["minus"][study.MEAN]["unseen"]
    assert minus["gates by BPR"]["nDCG@10"]["mean"] == 0
    means = {name: row["nDCG@10"]["mean"] for name, row in found["methods"]["unseen"].items()}
    assert minus[study.GATES]["nDCG@10"]["mean"] == pytest.approx(means[study.GATES] - means[study.MEAN], abs=1e-6)
    assert means[study.SHARED] == means[study.GATES]


def test_rows_of_the_fair_table_are_shared() -> None:
    ours = {row.key: row.compute for row in study.rows()}
    theirs = {row.key: row.compute for row in fair_table.rows()}
    shared = ours.keys() & theirs.keys()
    assert len(shared) == 3 * (5 + 3)
    assert all(ours[key].func is theirs[key].func and ours[key].args == theirs[key].args for key in shared)  # type: ignore[attr-defined]
    assert study.STUDY.shares == "fair-table"
