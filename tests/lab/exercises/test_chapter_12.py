"""Checks of chapter 12: right answers pass, usual wrong ones get their hint, other types do not raise."""

import re
from typing import Any

import numpy as np
import pytest

from drr_tutorial.evaluation import metrics
from drr_tutorial.lab.exercises import check
from drr_tutorial.lab.exercises.chapter_12 import CHECKS
from drr_tutorial.lab.sentences import standing


def test_right_answers_are_those_of_the_package() -> None:
    own = np.arange(6040) < 156
    ranks = metrics.rank(np.ones(6040), np.where(own, 1.0, 0.0)[:, None])
    assert check("12.1", metrics.hit_rate(ranks, 1).mean())
    assert check("12.2", metrics.precision([1, 2, 3], 5, [0, 0, 0])[0])
    assert check("12.3", sum((rating - 3) / 2 for rating in (5, 4, 2, 3)))
    assert check("12.4", standing({"mean": 0.004, "low": -0.002, "high": 0.010}))


@pytest.mark.parametrize(
    ("number", "answer", "hint"),
    [
        ("12.1", 1, "stands twice"),
        ("12.1", 156 / 6040, "share of lists with a tie"),
        ("12.1", 1 - 156 / 6040, "half a hit"),
        ("12.1", 5962, "Divide by all lists"),
        ("12.2", 0.75, "divides by 5"),
        ("12.2", 1, "Only three"),
        ("12.2", 0.8, "one of them is not liked"),
        ("12.2", 3, "Divide by k"),
        ("12.3", 2, "counted the likes"),
        ("12.3", 14, "sum of the stars"),
        ("12.3", 1.5, "left the 2 out"),
        ("12.3", 0.25, "mean"),
        ("12.4", "ahead", "reaches below 0"),
        ("12.4", "Behind", "above 0"),
        ("12.4", "equal", "Not shown either"),
    ],
)
def test_usual_mistakes_get_their_hint(number: str, answer: Any, hint: str) -> None:
    found = CHECKS[number](answer)
    assert found is not None
    assert re.search(hint, found), found
