"""Checks of chapter 6: right answers pass, usual wrong ones get their hint, other types do not raise."""

import re
from typing import Any

import numpy as np
import pytest

from drr_tutorial.evaluation import metrics
from drr_tutorial.lab.exercises import check
from drr_tutorial.lab.exercises.chapter_6 import CHECKS


def test_right_answers_are_those_of_the_package() -> None:
    scores, others = np.array([0.7]), np.array([[0.9, 0.8, 0.7, 0.7, 0.7, 0.7] + [0.1] * 93])
    constant = metrics.rank(np.ones(1), np.ones((1, 99)))
    assert check("6.1", metrics.ndcg([3], 10)[0])
    assert check("6.2", metrics.expected_ranks(scores, others)[0])
    assert check("6.3", metrics.hit_rate(constant, 10)[0])
    assert check("6.4", 99 * 100 / 995)
    assert check("6.5", "EASE")


def test_training_items_among_negatives_agrees_with_a_simulation() -> None:
    drawn = np.random.default_rng(0).hypergeometric(100, 895, 99, size=4_000_000)
    assert check("6.4", drawn.mean())


def test_the_rank_in_a_sample_agrees_with_a_simulation() -> None:
    above = np.random.default_rng(0).hypergeometric(99, 1500, 99, size=1_000_000)
    assert check("6.6", 1 + above.mean())


@pytest.mark.parametrize(
    ("number", "answer", "hint"),
    [
        ("6.6", 99 * 99 / 1599, "Ranks start at 1"),
        ("6.6", 1 + 99 * 100 / 1600, "1,599 others"),
        ("6.6", 99 * 100 / 1600, "and ranks start at 1"),
        ("6.6", 100, "whole catalogue"),
        ("6.6", 50, "Not half"),
        ("6.6", 3, "99 in 1,599"),
        ("6.1", 1 / 3, "reciprocal rank"),
        ("6.1", 1 / np.log2(3), r"1 / log2\(1 \+ rank\)"),
        ("6.1", 1 / np.log(4), "base 2"),
        ("6.1", 1, "hit rate"),
        ("6.1", 2, "one over"),
        ("6.2", 3, "best case"),
        ("6.2", 7, "worst case"),
        ("6.2", 4, "start at 1"),
        ("6.2", 4.5, "3 to 7"),
        ("6.3", 1, "in its favour"),
        ("6.3", 0, "50.5, for the rank"),
        ("6.3", 50.5, "That is the expected rank"),
        ("6.3", 10, "Divide by all places"),
        ("6.4", 9.9, "995 items"),
        ("6.4", round(99 * 100 / 995, 1), "pass all digits"),
        ("6.4", 10, "Pass all digits"),
        ("6.4", 0, "`unseen`"),
        ("6.4", 99 * 100 / 895, "left out the training items"),
        ("6.4", 100 / 995, "99 draws"),
        ("6.4", 100, "Only 99"),
        ("6.5", "random", "next to nothing"),
        ("6.5", "Popularity", "least"),
        ("6.5", "iALS", "Compare shares"),
        ("6.5", "item-kNN", "Compare shares"),
        ("6.5", "DRR", "baselines only"),
    ],
)
def test_usual_mistakes_get_their_hint(number: str, answer: Any, hint: str) -> None:
    found = CHECKS[number](answer)
    assert found is not None
    assert re.search(hint, found), found


@pytest.mark.parametrize("number", CHECKS)
@pytest.mark.parametrize("answer", [None, "x", [], {}, np.zeros(3), Ellipsis, float("nan")], ids=repr)
def test_other_answers_get_a_hint_and_do_not_raise(number: str, answer: Any) -> None:
    assert re.match("Pass|Find", CHECKS[number](answer) or "")
