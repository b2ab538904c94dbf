"""The study of the ingredients: recipes that differ in what they say, arithmetic by hand, one small row from scratch."""

import dataclasses
from typing import Any

import numpy as np
import pytest

from drr_tutorial.config import PRESETS
from drr_tutorial.data.ratings import Ratings
from drr_tutorial.data.splits import rated_split
from drr_tutorial.lab.studies.ablation import recipes, study as ablation
from drr_tutorial.lab.studies.runner import _rows
from drr_tutorial.recommenders.drr import DRRRecommender


def test_the_steps_lead_from_the_original_through_the_simple_agent_to_the_default() -> None:
    steps = list(recipes.steps().values())
    original, simple = (
        dataclasses.replace(PRESETS[name], dataset="ml-100k", seed=0) for name in ("original", "simple")
    )
    assert steps[0].config.agent == original.agent and steps[0].config.embedding == original.embedding
    assert simple in [step.config for step in steps]
    assert steps[-1].config == recipes.DEFAULT


def test_every_other_recipe_differs_from_the_default() -> None:
    ways = [(recipe.config, recipe.kind) for recipe in (recipes.without() | recipes.tried()).values()]
    assert len(set(ways)) == len(ways)
    assert (recipes.DEFAULT, DRRRecommender) not in ways
    assert all(config.dataset == "ml-100k" for config, _ in ways)


def test_every_recipe_has_its_seeds_and_the_default_five() -> None:
    keys = [row.key for row in _rows(ablation.STUDY, False)]
    assert len(keys) == sum(recipe.n_seeds for recipe in recipes.recipes().values()) + 1
    assert {recipe.n_seeds for recipe in recipes.recipes().values()} == {2, 3, 5}
    assert [key for key in keys if key.startswith("one-gate")] == [f"one-gate-for-all.{seed}" for seed in range(5)]


def figures(hits: list[float], lists: list[int], task: str = "lists") -> dict[str, Any]:
    """What `keep` says of one run: the same hits of each user by all protocols; nDCG is half of them."""
    detail = {"task": task, "lists": lists, "HR@10": hits, "nDCG@10": [hit / 2 for hit in hits]}
    means = {metric: [sum(detail[metric]) / sum(lists)] for metric in ablation.METRICS}
    return {
        "means": dict.fromkeys(recipes.PROTOCOLS, means),
        "detail": dict.fromkeys(recipes.PROTOCOLS, detail),
    }


def run(hits: list[float], lists: list[int]) -> dict[str, Any]:
    history = [{"step": 0, "hit": 0.1, "dcg": 0.1}, {"step": 8, "hit": hits[0] / lists[0], "dcg": 0.2}]
    versions = {"trained": figures(hits, lists), "before training": figures([0.0] * len(lists), lists)}
    about = {"fit seconds": 2.0, "correction share": 0.5, "history": history}
    return about | recipes.apart(versions)


def test_a_difference_is_paired_by_user_and_by_the_seeds_that_both_have() -> None:
    lists = [1, 3]
    ours = [figures([1.0, 2.0], lists), figures([1.0, 3.0], lists)]  # means 0.75, 1.0
    theirs = [figures([0.0, 2.0], lists), figures([0.0, 1.0], lists), figures([9.0, 9.0], lists)]  # 0.5, 0.25, ...
    found = ablation.difference(ours, theirs)["unseen"]
    assert found["HR@10"]["mean"] == pytest.approx((0.25 + 0.75) / 2)
    assert found["HR@10"]["over seeds"]["mean"] == pytest.approx(0.5)
    assert found["HR@10"]["over seeds"]["high"] == pytest.approx(0.5 + 12.7062 * 0.25, abs=1e-3)  # t of one degree
    assert found["nDCG@10"]["mean"] == pytest.approx(0.25)
    # Either user gains: by 1 on one list, by 1 on three (means over seeds). So no resample is outside these.
    assert 1 / 3 - 1e-9 <= found["HR@10"]["low"] <= found["HR@10"]["high"] <= 1


def test_differences_of_other_lists_are_refused() -> None:
    with pytest.raises(ValueError, match="same lists"):
        ablation.difference([figures([1.0], [1])], [figures([1.0], [1], task="others")])


def test_the_summary_from_rows_with_known_answers() -> None:
    names = list(recipes.recipes())
    rows = {
        f"{ablation.key(name)}.{seed}": run([place / 10, 0.0], [1, 1])
        for place, name in enumerate(names)
        for seed in range(2)
    }
    bars = {"popularity": figures([0.5, 0.5], [1, 1])}
    summary = ablation.summarize(rows | {"baselines": recipes.apart(bars)})
    assert summary["steps"] + summary["without"] + summary["tried"] == names
    last = summary["recipes"][recipes.LAST_STEP]
    assert last["trained"]["full"]["HR@10"]["mean"] == pytest.approx(1.0 / 2)
    assert last["trained"]["full"]["HR@10"]["seeds"] == pytest.approx([0.5, 0.5])
    assert last["training adds"]["unseen"]["HR@10"]["mean"] == pytest.approx(0.5)
    assert last["minus default"]["unseen"]["HR@10"]["mean"] == 0
    assert last["correction share"] == [0.5, 0.5] and last["n seeds"] == 2
    assert summary["recipes"]["bounded actions"]["training adds"] is None  # there is no warm start to compare with
    assert list(summary["step adds"]) == summary["steps"][1:]
    for added in summary["step adds"].values():
        assert added["unseen"]["HR@10"]["mean"] == pytest.approx(0.05)
    assert summary["history"]["gates"]["step"] == [[0, 8]] * 2
    assert np.allclose(summary["history"]["gates"]["dcg"], [[0.1, 0.2]] * 2)
    assert summary["baselines"]["popularity"]["unseen"]["nDCG@10"]["mean"] == pytest.approx(0.25)


@pytest.mark.parametrize("name", ["the original's recipe", recipes.LAST_STEP, "no RL: gates by softmax"])
def test_a_row_from_scratch(name: str, synthetic: Ratings, monkeypatch: pytest.MonkeyPatch) -> None:
    config = recipes.recipes()[name].config
    small = dataclasses.replace(
        config,
        embedding=dataclasses.replace(config.embedding, n_iterations=2),
        training=dataclasses.replace(config.training, batch_size=64, passes=0.05, evaluations=2),
    )
    monkeypatch.setattr(recipes, "recipes", lambda: {name: recipes.Recipe(small, 1)})
    monkeypatch.setattr(recipes, "prepare", lambda *_, **__: (synthetic, rated_split(synthetic)))
    row = recipes.trained_agent(name, 0)
    assert row["history"][0]["step"] == 0 and row["history"][-1]["step"] > 0
    assert ("before training" in row["means"]) == config.agent.warm_start
    for version, protocols in row["means"].items():
        for protocol in recipes.PROTOCOLS:
            detail = row["detail"][version][protocol]
            assert np.sum(detail["HR@10"]) / np.sum(detail["lists"]) == pytest.approx(
                protocols[protocol]["HR@10"][0], abs=1e-6
            )


def test_baselines_with_and_without_dislikes(synthetic: Ratings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recipes, "prepare", lambda *_, **__: (synthetic, rated_split(synthetic)))
    found = recipes.baselines()["means"]
    assert set(found) == {name + end for name in ("popularity", "EASE", "iALS") for end in ("", ", dislikes last")}
    assert found["iALS, dislikes last"]["unseen"]["HR@10"] > found["iALS"]["unseen"]["HR@10"]
