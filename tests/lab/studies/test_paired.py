"""Runs side by side: their figures are the reports', their differences have known answers."""

from typing import Any

import numpy as np
import pytest

from drr_tutorial.data.ratings import Ratings
from drr_tutorial.data.splits import original_split
from drr_tutorial.lab.studies.fair import protocols
from drr_tutorial.lab.studies.paired import difference, judged, kept
from drr_tutorial.recommenders.baselines import EASERecommender, PopularityRecommender


def run(sums: list[float], task: str = "lists") -> dict[str, Any]:
    """One training, judged on two lists of each user."""
    lists = [2] * len(sums)
    return {
        "means": {"full": {"nDCG@10": [sum(sums) / sum(lists)]}},
        "detail": {"full": {"task": task, "lists": lists, "nDCG@10": sums}},
    }


def test_means_are_over_seeds_and_every_seed_is_named() -> None:
    found = judged([run([0.2, 0.6]), run([0.4, 1.2])])["full"]["nDCG@10"]
    assert found["mean"] == pytest.approx(0.3) and found["seeds"] == pytest.approx([0.2, 0.4])
    assert found["low"] == pytest.approx(0.15) and found["high"] == pytest.approx(0.45)  # one user, or the other


def test_a_difference_is_paired_by_user_and_by_seed() -> None:
    theirs = [run([0.0, 1.0]), run([0.4, 0.2])]
    ours = [run([0.2, 1.2]), run([0.8, 0.6])]  # 0.1 more a list with the first seed, 0.2 with the second
    found = difference(ours, theirs)["full"]["nDCG@10"]
    assert [found[name] for name in ("mean", "low", "high")] == pytest.approx([0.15] * 3)  # all users gain as much
    assert found["over seeds"]["mean"] == pytest.approx(0.15)
    assert found["over seeds"]["high"] == pytest.approx(0.15 + 12.706 * 0.05, rel=1e-3)  # Student, one degree


def test_a_method_without_seeds_is_set_against_every_seed() -> None:
    found = difference([run([0.2, 0.2]), run([0.6, 0.6])], [run([0.0, 0.0])])["full"]["nDCG@10"]
    assert found["mean"] == pytest.approx(0.2)
    assert found["over seeds"]["mean"] == pytest.approx(0.2) and found["over seeds"]["low"] < 0.1
    assert "over seeds" not in difference([run([0.2, 0.2])], [run([0.0, 0.0])])["full"]["nDCG@10"]


def test_as_many_seeds_as_both_have() -> None:
    found = difference([run([0.2, 0.2]), run([0.4, 0.4]), run([9.0, 9.0])], [run([0.0, 0.0])] * 2)
    assert found["full"]["nDCG@10"]["mean"] == pytest.approx(0.15)


def test_other_lists_are_refused() -> None:
    with pytest.raises(ValueError, match="runs must be judged on the same lists of 'full'"):
        difference([run([0.2])], [run([0.2], task="others")])


def test_what_is_kept_is_what_the_fair_table_keeps_and_gives_the_reports_figures(synthetic: Ratings) -> None:
    split = original_split(synthetic)
    reports = [
        protocols.judge(one.fit(split.train), "original", split) for one in (EASERecommender(), PopularityRecommender())
    ]
    runs = [kept(each, protocols.METRICS) for each in reports]
    assert runs == [protocols.keep([each]) for each in reports]
    expected = reports[0]["unseen"].difference(reports[1]["unseen"], "nDCG@10")
    found = difference(runs[:1], runs[1:])["unseen"]["nDCG@10"]
    assert [found[name] for name in ("mean", "low", "high")] == pytest.approx(list(expected), abs=1e-5)
    assert np.isclose(judged(runs[:1])["unseen"]["HR@10"]["mean"], reports[0]["unseen"].mean("HR@10"))
