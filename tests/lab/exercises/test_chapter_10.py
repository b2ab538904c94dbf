"""Chapter 10: right answers, made by the package where it can, pass; each usual mistake gets its own hint."""

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.sparse import csr_array

from drr_tutorial.data.ratings import Ratings
from drr_tutorial.data.splits import user_split
from drr_tutorial.environment.taste import Taste
from drr_tutorial.lab.exercises import chapter_10, check


@pytest.mark.parametrize(
    ("number", "answer"),
    [
        ("10.1", [0.5, 0.167]),
        ("10.1", np.array([0.5, 0.1667])),
        ("10.2", [1, 2, 3]),
        ("10.2", np.array([1, 2, 3])),
        ("10.3", {"c", "d"}),
        ("10.3", "C, D"),
        ("10.4", 28.19),
    ],
)
def test_right(number: str, answer: Any) -> None:
    assert check(number, answer)


@pytest.mark.parametrize(
    ("number", "answer", "hint"),
    [
        ("10.1", [0.167, 0.5], "wrong order"),
        ("10.1", [0.2, -0.1333], "Add the mean"),
        ("10.1", [0.5, 0.3], "A dislike is an answer"),
        ("10.1", [0.78, 0.0], "The noise belongs"),
        ("10.1", [0.6333, 0.3], "The surprise is"),
        ("10.1", [0.54, 0.14], "the surprise itself"),
        ("10.1", [0.9, 0.9], "z = "),
        ("10.1", 3, "two numbers"),
        ("10.2", [0, 1, 2], "from 1"),
        ("10.2", [3, 2, 3], "no bonus"),
        ("10.2", [1, 1, 3], "0.45 + 0.10"),
        ("10.2", [1, 2, 2], "largest"),
        ("10.2", "x", "three films"),
        ("10.3", {"a", "c", "d"}, "likes alone"),
        ("10.3", {"c"}, "One is missing"),
        ("10.3", {"z"}, "from a to d"),
        ("10.3", 4, "Pass letters"),
        ("10.4", 47.26, "more than 40"),
        ("10.4", 40, "fewer than 40"),
        ("10.4", 35.52, "good and bad"),
        ("10.4", 2.81, "are not in `split.test`"),
        ("10.4", 3.5, "np.minimum"),
    ],
)
def test_wrong(number: str, answer: Any, hint: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert not check(number, answer)
    assert hint in capsys.readouterr().out


def test_the_package_says_the_same_of_an_answer() -> None:
    taste = Taste(*(np.array(each, dtype=np.float32) for each in ([0.4, 0.3], [[0.5], [0.4]], [0.35, 0.1])))
    answers = csr_array(np.array([[1, 0], [-1, 0]], dtype=np.float32))
    answers.eliminate_zeros()
    scores = taste.scores(taste.given(answers).z)[:, 1]
    assert_allclose(scores, [chapter_10.LIKED, chapter_10.DISLIKED], rtol=1e-5)


def test_the_most_there_is_on_ml_100k(ml_100k: Ratings) -> None:
    test = user_split(ml_100k, seed=0).test
    n_liked = np.bincount(test.positives().users, minlength=test.n_users)[np.unique(test.users)]
    n_rated = np.bincount(test.users, minlength=test.n_users)[np.unique(test.users)]
    found = [np.minimum(40, n_liked).mean(), n_liked.mean(), np.minimum(40, n_rated).mean()]
    assert_allclose(found, [chapter_10.MOST, chapter_10.MEAN_LIKES, chapter_10.RATED], atol=1e-4)
    assert_allclose(np.minimum(40, n_liked).sum() / test.n_users, chapter_10.OVER_ALL, atol=1e-4)
