"""Sessions on a log find held-out likes and nothing else, no item twice, and tell the recommender what was found."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy.sparse import csr_array

from drr_tutorial.data.ratings import Ratings
from drr_tutorial.data.splits import Split, random_split
from drr_tutorial.evaluation.log_sessions import evaluate_log_sessions
from drr_tutorial.recommenders.baselines import EASERecommender, PopularityRecommender


class Told(PopularityRecommender):
    """Scores users by a given matrix (n_users, n_items), and keeps the likes that it was told."""

    name = "told on a log"

    def __init__(self, matrix: np.ndarray) -> None:
        self.matrix, self.told = matrix, []

    def scores_in_session(self, users: Any, likes: csr_array) -> Any:
        self.told.append(likes.toarray())
        return self.matrix[self.ratings.user_index(users)]


@pytest.fixture(scope="module")
def split(synthetic: Ratings) -> Split:
    return random_split(synthetic)


@pytest.fixture(scope="module")
def wanted(split: Split) -> np.ndarray:
    """Likes of the test part, (n_users, n_items)."""
    return (split.test.positives().matrix().toarray() > 0).astype(np.float32)


def test_who_knows_the_likes_finds_them_and_who_avoids_them_finds_none(split: Split, wanted: np.ndarray) -> None:
    liking = wanted.any(axis=1)
    best = evaluate_log_sessions(Told(wanted).fit(split.train), split, steps=5)
    assert_array_equal(best.values["reward@5"], np.minimum(wanted[liking].sum(axis=1), 5))
    assert_array_equal(best.users, split.ratings.user_ids[liking])
    assert evaluate_log_sessions(Told(-wanted).fit(split.train), split, steps=5).mean("reward@5") == 0


def test_training_items_are_not_shown(split: Split, wanted: np.ndarray) -> None:
    known = (split.train.matrix().toarray() > 0).astype(np.float32)
    distracted = evaluate_log_sessions(Told(wanted + 2 * known).fit(split.train), split, steps=5)
    best = evaluate_log_sessions(Told(wanted).fit(split.train), split, steps=5)
    assert_array_equal(distracted.values["reward@5"], best.values["reward@5"])


def test_the_recommender_is_told_what_was_found_so_far(split: Split, wanted: np.ndarray) -> None:
    agent = Told(wanted).fit(split.train)
    evaluate_log_sessions(agent, split, steps=3)
    liking = wanted[wanted.any(axis=1)]
    for step, told in enumerate(agent.told):
        assert_array_equal(told.sum(axis=1), np.minimum(liking.sum(axis=1), step))
        assert not told[liking == 0].any()


def test_one_step_finds_what_the_ranking_puts_first(split: Split, wanted: np.ndarray) -> None:
    model = EASERecommender().fit(split.train)
    users = np.flatnonzero(wanted.any(axis=1))
    unrated = np.isin(np.arange(split.ratings.n_items), split.ratings.items, invert=True)
    hidden = (split.train.matrix()[users].toarray() > 0) | unrated
    first = np.where(hidden, -np.inf, model.scores(split.ratings.user_ids[users])).argmax(axis=1)
    report = evaluate_log_sessions(model, split, steps=1)
    assert_array_equal(report.values["reward@1"], wanted[users, first])


def test_the_seed_draws_the_users_and_the_task_is_the_same_for_all(split: Split, wanted: np.ndarray) -> None:
    one, other = Told(wanted).fit(split.train), PopularityRecommender().fit(split.train)
    first, second = (evaluate_log_sessions(each, split, n_users=20, seed=3) for each in (one, other))
    assert first.fingerprint == second.fingerprint and first.n_lists == 20
    third = evaluate_log_sessions(one, split, n_users=20, seed=4)
    assert third.fingerprint != first.fingerprint and set(third.users) != set(first.users)


def test_bad_inputs(split: Split, wanted: np.ndarray) -> None:
    agent = Told(wanted).fit(split.train)
    with pytest.raises(ValueError, match="n_users must be at least 1"):
        evaluate_log_sessions(agent, split, n_users=0)
    with pytest.raises(ValueError, match="each k must be from 1"):
        evaluate_log_sessions(agent, split, steps=10_000)
    disliked = replace(split, test_rows=split.test_rows[~split.test.liked])
    with pytest.raises(ValueError, match="must like something, got 1000 and 0"):
        evaluate_log_sessions(agent, disliked)
