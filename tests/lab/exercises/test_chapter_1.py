"""Exercises of chapter 1: right answers pass, usual mistakes get their hint, nothing raises."""

import re
from typing import Any

import numpy as np
import pytest

from drr_tutorial.data.load import Ratings
from drr_tutorial.lab.exercises import chapter_1, check
from drr_tutorial.lab.exercises.chapter_1 import CHECKS

DISCOUNTS = 1 / np.log2(np.arange(2, 12))


@pytest.fixture(autouse=True)
def toy(monkeypatch: pytest.MonkeyPatch) -> Ratings:
    """40 films: film i is liked by 40 - 2 i users (none from film 20 on), and 7 users dislike each film."""
    likes = np.maximum(40 - 2 * np.arange(40), 0)
    items = np.repeat(np.arange(40), likes + 7)
    users = np.concatenate([np.arange(count + 7) for count in likes])
    stars = np.concatenate([np.repeat([5, 1], [count, 7]) for count in likes])
    ratings = Ratings.from_columns(users, items, stars)
    monkeypatch.setattr(chapter_1, "load_ratings", lambda *args, **kwargs: ratings)
    return ratings


RIGHT = {
    "1.1": (40 + 38 + 36 + 34) / 420,  # 10 % of 40 films; the likes are 2 + 4 + .. + 40
    "1.2": 1.375,
    "1.3": 0.1,
    "1.4": DISCOUNTS.sum() / 100,
}


@pytest.mark.parametrize("number", RIGHT)
def test_right_answers_as_python_and_numpy_numbers(number: str) -> None:
    for kind in (float, np.float64, np.asarray):
        assert check(number, kind(RIGHT[number]))


def test_every_exercise_is_tried() -> None:
    assert set(RIGHT) == set(CHECKS)


@pytest.mark.parametrize(
    ("number", "answer", "hint"),
    [
        ("1.1", 0.0, "other way round"),
        ("1.1", (148 + 28) / (420 + 280), "good and bad"),
        ("1.1", (40 + 38) / 420, "take 10 % of all"),
        ("1.1", 100 * 148 / 420, "percentage"),
        ("1.1", 148, "between 0 and 1"),
        ("1.1", 0.9, "Count the likes"),
        ("1.2", 3, "plain sum"),
        ("1.2", 0.6875, "not discounted"),
        ("1.2", 1.75, "counts as a step"),
        ("1.2", 1 + 0.5 + 0.125, "started from the last"),
        ("1.2", 1.375 / 4, "not a mean"),
        ("1.2", -1, "Write down"),
        ("1.3", 10 / 99, "in all"),
        ("1.3", 10 / 101, "not 100 others"),
        ("1.3", 0.01, "first place"),
        ("1.3", 10, "percentage"),
        ("1.3", 1 - 0.99**10, "exclude each other"),
        ("1.3", 0.5, "as likely"),
        ("1.4", DISCOUNTS.mean(), "given a hit"),
        ("1.4", DISCOUNTS.sum(), "chance of each place"),
        ("1.4", DISCOUNTS.sum() / 99, "100 places"),
        ("1.4", 0.1, "hit rate"),
        ("1.4", 0.045, "four decimals"),
        ("1.4", 0.0448, "Sum 1"),
        ("1.4", (1 / np.log(np.arange(2, 12))).sum() / 100, "base 2"),
        ("1.4", 0.9, "Sum 1"),
    ],
)
def test_usual_mistakes_get_their_hint(number: str, answer: float, hint: str) -> None:
    found = CHECKS[number](answer)
    assert found is not None
    assert re.search(hint, found), found


@pytest.mark.parametrize("number", RIGHT)
@pytest.mark.parametrize("answer", [None, "0.1", True, [0.1, 0.2], {}, float("nan"), float("inf"), object(), len])
def test_what_is_no_number_is_refused_without_an_error(number: str, answer: Any) -> None:
    assert (CHECKS[number](answer) or "").startswith("Pass one number")


def test_random_scores_reach_what_exercises_3_and_4_say() -> None:
    ranks = np.random.default_rng(0).integers(1, 101, size=2_000_000)
    gains = np.where(ranks <= 10, 1 / np.log2(1 + ranks), 0)
    np.testing.assert_allclose([(ranks <= 10).mean(), gains.mean()], [RIGHT["1.3"], RIGHT["1.4"]], atol=1e-3)


def test_the_head_of_ml_100k(ml_100k: Ratings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chapter_1, "load_ratings", lambda *args, **kwargs: ml_100k)
    likes = np.sort(np.bincount(ml_100k.items[ml_100k.ratings > 3], minlength=1682))
    for n_head in (168, 169):
        assert check("1.1", likes[-n_head:].sum() / 55_375)
    assert not check("1.1", likes[-145:].sum() / 55_375)
