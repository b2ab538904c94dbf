"""Beyond accuracy: rows become methods, seeds are averaged user by user, differences are paired."""

import dataclasses
import functools
from typing import Any

import numpy as np
import pytest

from drr_tutorial.config import PRESETS, EmbeddingConfig, TrainingConfig
from drr_tutorial.data.ratings import Ratings
from drr_tutorial.data.splits import original_split, rated_split
from drr_tutorial.lab.pages import results_folder
from drr_tutorial.lab.studies import beyond_accuracy as study
from drr_tutorial.recommenders.baselines import EASERecommender, PopularityRecommender
from drr_tutorial.storage import read_json

MAKERS = {"original": original_split, "rated": rated_split}


@pytest.fixture
def small(synthetic: Ratings, monkeypatch: pytest.MonkeyPatch) -> None:
    """All data are the synthetic ones."""
    monkeypatch.setattr(study, "prepare", lambda data, kind: MAKERS[kind](synthetic))


@pytest.fixture(scope="module")
def rows(synthetic: Ratings) -> dict[str, Any]:
    """Rows as they would be, of two methods only: agents are EASE with other weights, all others popularity."""
    split = rated_split(synthetic)
    ease = [study.judge(EASERecommender(weight).fit(split.train), split) for weight in (50.0, 500.0, 5000.0)]
    popularity = study.judge(PopularityRecommender().fit(split.train), split)
    return {
        row.key: {**ease[row.compute.args[2]], study.BEFORE: popularity} if "DRR" in row.key else popularity
        for row in study.rows()
    }


def test_every_method_has_its_rows_and_longest_come_first() -> None:
    keys = [row.key for row in study.rows()]
    assert len(keys) == len(set(keys)) == 2 * 3 + 7 + 4 * 3 + 1
    assert keys[0] == "ml-100k.DRR.0" and {"ml-100k.DRR-likes-only.2", "ml-100k.iALS.2", "ml-100k.EASE.0"} <= set(keys)


def test_settings_are_those_that_the_fair_table_found() -> None:
    settings = read_json(results_folder() / "fair-table.json")["summary"]["settings"]
    for data in study.DATA:
        for name, method in study.METHODS.items():
            if not name.startswith("gates"):
                partly = method.make.keywords if isinstance(method.make, functools.partial) else {}
                found = settings[f"{data}.original.{name.replace(' ', '-')}"]
                assert partly == found, (data, name)


def test_a_bar_has_figures_of_lists_and_values_of_users(small: None, synthetic: Ratings) -> None:
    row = study.bar("ml-100k", "item-kNN", 0)
    assert row["means"].keys() == {*study.METRICS, *study.OVERALL}
    values, split = row["detail"]["values"], rated_split(synthetic)
    for metric in study.METRICS:
        assert np.mean(values[metric]) == pytest.approx(row["means"][metric], abs=1e-6)
    users = np.unique(split.test.users)
    assert row["detail"]["ratings"] == [int((split.train.users == user).sum()) for user in users]


def test_an_agents_row_has_its_lists_before_training(small: None, monkeypatch: pytest.MonkeyPatch) -> None:
    short = dataclasses.replace(
        PRESETS["default"],
        embedding=EmbeddingConfig(n_factors=8, n_iterations=2),
        training=TrainingConfig(passes=0.5, batch_size=32, evaluations=1),
    )
    monkeypatch.setitem(PRESETS, "default", short)
    row = study.agent("ml-100k", "DRR", 1)
    assert row[study.BEFORE]["detail"]["task"] == row["detail"]["task"]
    likes_only = study.agent("ml-100k", "DRR, likes only", 1)
    assert study.BEFORE not in likes_only and likes_only["detail"]["task"] == row["detail"]["task"]


def test_the_summary_averages_seeds_by_user(rows: dict[str, Any]) -> None:
    summary = study.summarize(rows)
    methods = summary["methods"]["ml-100k"]
    assert methods.keys() == {*study.METHODS, *study.AGENTS, study.BEFORE}
    of_seeds = [rows[f"ml-100k.DRR.{seed}"]["means"] for seed in study.SEEDS]
    for metric in study.METRICS:
        assert methods["DRR"][metric]["mean"] == pytest.approx(np.mean([m[metric] for m in of_seeds]), abs=1e-6)
        assert methods["DRR"][metric]["low"] < methods["DRR"][metric]["mean"] < methods["DRR"][metric]["high"]
    assert methods["DRR"]["coverage@10"]["seeds"] == [m["coverage@10"] for m in of_seeds]
    assert len(methods["popularity"]["gini@10"]["seeds"]) == 1


def test_differences_are_those_of_the_means(rows: dict[str, Any]) -> None:
    summary = study.summarize(rows)
    methods, minus = (summary[name]["ml-100k"] for name in ("methods", "minus"))
    for one, other in study.PAIRS:
        found = minus[f"{one} minus {other}"]
        assert found.keys() == {"all", "few", "many"}
        for metric in study.METRICS:
            expected = methods[one][metric]["mean"] - methods[other][metric]["mean"]
            assert found["all"][metric]["mean"] == pytest.approx(expected, abs=1e-9)
    assert minus["DRR, likes only minus iALS"]["all"]["popularity@10"]["high"] < 0  # EASE's lists against popularity's


def test_groups_have_their_own_users(rows: dict[str, Any]) -> None:
    summary = study.summarize(rows)
    few, many = (summary["groups"]["ml-100k"][name] for name in ("few", "many"))
    assert few["most"] < many["least"] and few["users"] > 50 < many["users"]
    detail = rows["ml-100k.EASE.0"]["detail"]
    members = np.array(detail["ratings"]) <= few["most"]
    expected = np.array(detail["values"]["nDCG@10"])[members].mean()
    assert summary["by activity"]["ml-100k"]["EASE"]["few"]["nDCG@10"]["mean"] == pytest.approx(expected)


def test_methods_judged_on_other_lists_are_refused(rows: dict[str, Any]) -> None:
    other = {**rows["ml-100k.EASE.0"], "detail": {**rows["ml-100k.EASE.0"]["detail"], "task": "another"}}
    with pytest.raises(ValueError, match="all methods must be judged on the same lists of ml-100k"):
        study.summarize({**rows, "ml-100k.EASE.0": other})
