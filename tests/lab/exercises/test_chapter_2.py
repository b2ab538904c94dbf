"""Exercises of chapter 2: right answers pass, usual mistakes get their hint, nothing raises."""

from typing import Any

import numpy as np
import pytest

from drr_tutorial.environment.env import RecommendationEnv
from drr_tutorial.environment.vector_env import RecommendationVectorEnv
from drr_tutorial.lab.exercises import check
from drr_tutorial.lab.exercises.chapter_2 import CHECKS, ENDINGS, MEMORIES, RANDOM_TOTALS
from drr_tutorial.lab.play import play_users
from drr_tutorial.recommenders.baselines import RandomRecommender
from tests.toy import toy_ratings


def right_reward(stars: Any) -> Any:
    return np.select([stars == 5, stars == 4, stars < 3], [1, 0.5, -0.5])


RIGHT = {
    "2.1": [right_reward, lambda stars: np.interp(stars, [2, 3, 5], [-0.5, 0, 1])],
    "2.2": [([10, 10, 4, 2], [2, 1, 6, 8]), np.array([[10, 10, 4, 2], [2, 1, 6, 8]])],
    "2.3": [(15, 0.6), [15.0, 30 * 30 / 1500], np.array([15, 0.6])],
    "2.4": [[(True, True), (False, True), (True, False)], ((1, 1), (0, 1), (1, 0))],
}
WRONG = [
    ("2.1", [1.0, 0.5], "function itself"),
    ("2.1", lambda stars: 1 if stars == 5 else 0, "fails for an array"),
    ("2.1", lambda stars: 1.0, "5 rewards"),
    ("2.1", lambda stars: None, "returned the shape ()"),
    ("2.1", lambda stars: np.select([stars == 5, stars == 4], [1, 0.5]), "must cost something"),
    ("2.1", lambda stars: (stars - 3) / 2, "1 stars must pay -0.5, your function pays -1"),
    ("2.1", lambda stars: np.select([stars > 3, stars < 3], [1, -0.5]), "4 stars must pay 0.5"),
    ("2.2", ([2, 4, 10, 10], [8, 6, 1, 2]), "wrong order"),
    ("2.2", ([0, 0, 4, 2], [2, 1, 6, 8]), "Padding is the index"),
    ("2.2", ([-1, -1, 4, 2], [2, 1, 6, 8]), "Padding is the index"),
    ("2.2", ([4, 2, 10, 10], [2, 1, 6, 8]), "stays on the left"),
    ("2.2", ([10, 4, 2, 9], [9, 1, 6, 8]), "more than 3 stars"),
    ("2.2", ([10, 4, 2, 4], [4, 1, 6, 8]), "shown once"),
    ("2.2", ([10, 10, 2, 4], [4, 1, 6, 8]), "shown once"),
    ("2.2", ([10, 10, 2, 4], [2, 1, 6, 8]), "second memory is right"),
    ("2.2", ([10, 10, 4, 2], [4, 2, 1, 6]), "first memory is right"),
    ("2.2", ([10, 10, 10, 4], [4, 2, 1, 6]), "one by one"),
    ("2.2", [10, 10, 4, 2], "two lists"),
    ("2.3", (0.6, 15), "wrong order"),
    ("2.3", (0.5, 0.02), "expected reward of one step"),
    ("2.3", (30, 0.6), "What share"),
    ("2.3", (15, 0.02), "Balanced is right"),
    ("2.3", (10, 10), "Multiply by the steps"),
    ("2.3", 15, "two numbers"),
    ("2.4", [(True, True), (True, False), (False, True)], "terminated comes first"),
    ("2.4", [(True, False), (False, True), (True, False)], "Episode a"),
    ("2.4", [(True, True), (True, True), (True, False)], "Episode b"),
    ("2.4", [(True, True), (False, True), (False, False)], "Episode c"),
    ("2.4", [True, False], "three pairs"),
]


@pytest.mark.parametrize(("number", "answer"), [(number, answer) for number in RIGHT for answer in RIGHT[number]])
def test_right_answers(number: str, answer: Any) -> None:
    assert check(number, answer)


@pytest.mark.parametrize(("number", "answer", "hint"), WRONG)
def test_usual_mistakes(number: str, answer: Any, hint: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert not check(number, answer)
    assert hint in capsys.readouterr().out


@pytest.mark.parametrize("number", sorted(CHECKS))
@pytest.mark.parametrize(
    "answer", [None, 3, "text", [], {}, object(), [[1], [2, 3]], [None, None], np.nan, "1234", [["a"] * 4] * 2, print]
)
def test_odd_answers_get_a_hint(number: str, answer: Any) -> None:
    assert not check(number, answer)


def test_the_memories_are_those_of_the_environment() -> None:
    stars = {4: 5, 7: 2, 2: 4, 9: 3, 1: 5, 6: 5, 8: 4}
    rows = [(1, item, stars[item]) for item in stars] + [(2, item, 5.0) for item in (0, 3, 5)]
    env = RecommendationEnv(toy_ratings(rows), candidates="catalogue", memory_size=4, max_steps=20)
    env.reset(options={"user": 1})
    memories = [tuple(env.step(np.int64(item))[0]["memory"].tolist()) for item in (4, 7, 2, 4, 9, 1, 6, 8)]
    assert (memories[4], memories[7]) == MEMORIES


@pytest.mark.parametrize(("candidates", "total"), [("balanced", RANDOM_TOTALS[0]), ("catalogue", RANDOM_TOTALS[1])])
def test_what_random_earns_is_what_it_earns(candidates: str, total: float) -> None:
    """2,000 players with the same 30 likes among 1,500 items."""
    n_players = 2000
    rows = [(user, item, 5.0) for user in range(n_players) for item in range(30)]
    ratings = toy_ratings(rows + [(n_players, item, 1.0) for item in range(30, 1500)])
    env = RecommendationVectorEnv(ratings, n_players, candidates=candidates)  # type: ignore[arg-type]
    rewards = play_users(env, RandomRecommender().fit(ratings), ratings.user_ids[:n_players], seed=0)
    sums = rewards.sum(axis=1)
    assert rewards.shape[1] == 30
    assert sums.mean() == pytest.approx(total, abs=4 * sums.std() / np.sqrt(n_players))


def test_the_endings_are_those_of_the_environment() -> None:
    ratings = toy_ratings([(1, 0, 5), (1, 1, 5), (1, 2, 1), (2, 3, 1)])
    endings = []
    for max_steps, items in ((None, (0, 1)), (None, (0, 2)), (10, (0, 2, 1))):
        env = RecommendationEnv(ratings, max_steps=max_steps)
        env.reset(seed=0, options={"user": 1})
        flags = [env.step(np.int64(item))[2:4] for item in items]
        assert not any(flag for pair in flags[:-1] for flag in pair)
        endings.append(flags[-1])
    assert tuple(endings) == ENDINGS
