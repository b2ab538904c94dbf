"""Checks of chapter 13: right answers pass, usual wrong ones get their hint, other types do not raise."""

import re
from typing import Any

import numpy as np
import pytest

from drr_tutorial.evaluation.sampling import WholeRanks, expected_figures
from drr_tutorial.lab.exercises import check
from drr_tutorial.lab.exercises.chapter_13 import CHECKS


def test_right_answers_are_those_of_the_package() -> None:
    assert check("13.1", np.random.default_rng(0).hypergeometric(160, 1440, 99, size=4_000_000).mean())
    film = WholeRanks(np.zeros(1, int), np.array([3.0]), np.array([10]))
    assert check("13.2", expected_figures(film, 2, k=1)["HR@1"][0])
    assert check("13.3", (np.array([1, 3, 5, 7, 9]) > 4).mean())


@pytest.mark.parametrize(
    ("number", "answer", "hint"),
    [
        ("13.1", 160, "all items that are better"),
        ("13.1", 10.9, "That is the rank"),
        ("13.1", 10, "99 items"),
        ("13.1", 0.1, "single draw"),
        ("13.2", 0.49, "with replacement"),
        ("13.2", 0.7, "Two are drawn"),
        ("13.2", 48 / 90, "at least one"),
        ("13.2", 0.09, "You want none"),
        ("13.3", 0.4, "earlier"),
        ("13.3", 3, "Divide"),
        ("13.3", 60, "percentage"),
    ],
)
def test_usual_mistakes_get_their_hint(number: str, answer: Any, hint: str) -> None:
    found = CHECKS[number](answer)
    assert found is not None
    assert re.search(hint, found), found
