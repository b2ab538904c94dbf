"""Simulated users answer as they rated, and as PMF predicts elsewhere; sessions collect what is to be had, no item twice."""

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.sparse import csr_array

from drr_tutorial.data.ratings import Ratings
from drr_tutorial.data.splits import Split, random_split
from drr_tutorial.evaluation.simulator import SimulatedUsers, evaluate_simulated, simulate_users
from drr_tutorial.recommenders.baselines import PopularityRecommender, RandomRecommender


@pytest.fixture(scope="module")
def split(synthetic: Ratings) -> Split:
    return random_split(synthetic)


@pytest.fixture(scope="module")
def world(synthetic: Ratings) -> SimulatedUsers:
    return simulate_users(synthetic, rng=np.random.default_rng(0))


class Told(RandomRecommender):
    """Scores users by a given matrix (n_users, n_items), newcomers by none, and keeps what it was asked."""

    name = "told"

    def __init__(self, matrix: np.ndarray) -> None:
        super().__init__()
        self.matrix, self.asked, self.newcomers = matrix, [], []

    def scores_in_session(self, users: Any, likes: csr_array) -> Any:
        self.asked.append((users, likes))
        return self.matrix[self.ratings.user_index(users)]

    def scores_for(self, histories: csr_array) -> Any:
        self.newcomers.append(histories)
        return np.zeros(histories.shape, dtype=np.float32)


def test_known_ratings_are_answered_as_they_are(world: SimulatedUsers, synthetic: Ratings) -> None:
    rewards = world.rewards(np.arange(synthetic.n_users))
    assert_allclose(rewards[synthetic.users, synthetic.items], (synthetic.ratings - 3) / 2)
    assert rewards.min() >= -1 and rewards.max() <= 1


def test_unknown_ratings_are_predicted_better_than_by_the_mean(split: Split) -> None:
    train, test = split.train, split.test
    world = simulate_users(train, rng=np.random.default_rng(0))
    predicted = 3 + 2 * world.rewards(np.arange(train.n_users))[test.users, test.items]
    error = np.sqrt(np.mean((predicted - test.ratings) ** 2))
    assert error < 0.95 * np.sqrt(np.mean((train.ratings.mean() - test.ratings) ** 2))


def test_an_oracle_collects_all_and_its_opposite_nothing(world: SimulatedUsers, split: Split) -> None:
    users = np.unique(split.test.users)
    rewards = world.rewards(users)
    left = np.where(split.train.matrix()[users].toarray() > 0, np.nan, rewards)
    everybody = world.rewards(np.arange(split.ratings.n_users))
    best, worst = Told(everybody).fit(split.train), Told(-everybody).fit(split.train)
    top = evaluate_simulated(best, world, split)
    assert top.n_lists == len(users) and top.values.keys() == {"reward@10"}
    order = np.sort(left, axis=1)  # NaN last
    n_left = (~np.isnan(left)).sum(axis=1)
    expected = [row[n - 10 : n].sum() for row, n in zip(order, n_left, strict=True)]
    assert_allclose(top.values["reward@10"], expected, rtol=1e-4, atol=1e-4)
    assert_allclose(evaluate_simulated(worst, world, split).values["reward@10"], order[:, :10].sum(axis=1), atol=1e-4)


def test_known_users_are_asked_about_by_id_with_the_likes_of_the_session(world: SimulatedUsers, split: Split) -> None:
    rewards = world.rewards(np.arange(split.ratings.n_users))
    agent = Told(rewards).fit(split.train)
    report = evaluate_simulated(agent, world, split, steps=3)
    assert len(agent.asked) == 3 and not agent.newcomers
    for step, (users, likes) in enumerate(agent.asked):
        np.testing.assert_array_equal(users, report.users)
        assert (np.diff(likes.indptr) == step).all()  # an oracle is right every time
    left = np.where(split.train.matrix().toarray() > 0, -2, rewards)[split.ratings.user_index(report.users)]
    shown = likes.indices.reshape(-1, 2)
    everyone = np.arange(len(left))
    np.testing.assert_array_equal(left[everyone, shown[:, 0]], left.max(axis=1))
    left[everyone, shown[:, 0]] = -2
    np.testing.assert_array_equal(left[everyone, shown[:, 1]], left.max(axis=1))


def test_what_no_fold_in_can_know_of_a_user_counts(world: SimulatedUsers, split: Split) -> None:
    """This recommender knows of each user by heart which item is best, and of a history it knows nothing."""
    rewards = world.rewards(np.arange(split.ratings.n_users))
    report = evaluate_simulated(Told(rewards).fit(split.train), world, split, steps=1)
    left = np.where(split.train.matrix().toarray() > 0, -2, rewards)[split.ratings.user_index(report.users)]
    np.testing.assert_array_equal(report.values["reward@1"], left.max(axis=1))


def test_newcomers_are_folded_in_and_the_others_are_not(world: SimulatedUsers, split: Split) -> None:
    rewards = world.rewards(np.arange(split.ratings.n_users))
    agent = Told(rewards).fit(split.train.select(split.train.users % 2 == 0))
    report = evaluate_simulated(agent, world, split, steps=2)
    is_new = split.ratings.user_index(report.users) % 2 == 1
    np.testing.assert_array_equal(agent.asked[0][0], report.users[~is_new])
    assert agent.newcomers[0].nnz == 0
    assert report.values["reward@2"][~is_new].mean() > report.values["reward@2"][is_new].mean() + 0.5


def test_what_nobody_rated_is_not_shown(world: SimulatedUsers, split: Split) -> None:
    part = split.ratings.select(split.ratings.items % 2 == 0)
    narrow = random_split(part)
    favours_strangers = np.tile(np.arange(part.n_items) % 2, (part.n_users, 1)).astype(np.float32)
    agent = Told(favours_strangers).fit(narrow.train)
    evaluate_simulated(agent, SimulatedUsers(world.embeddings, part), narrow, steps=10)
    assert (agent.asked[-1][1].indices % 2 == 0).all()


def test_scores_that_are_not_finite(world: SimulatedUsers, split: Split) -> None:
    diverged = Told(np.full((split.ratings.n_users, split.ratings.n_items), np.nan)).fit(split.train)
    with pytest.raises(ValueError, match="scores of 'told' must be finite.*look for diverged training"):
        evaluate_simulated(diverged, world, split)


def test_one_seed_one_result_and_fewer_users(world: SimulatedUsers, split: Split) -> None:
    popularity = PopularityRecommender().fit(split.train)
    first, again, other = (evaluate_simulated(popularity, world, split, n_users=50, seed=s) for s in (1, 1, 2))
    assert first.n_lists == 50
    assert first.values["reward@10"].tolist() == again.values["reward@10"].tolist()
    assert first.fingerprint == again.fingerprint != other.fingerprint


def test_methods_meet_the_same_task(world: SimulatedUsers, split: Split) -> None:
    popularity, random = (
        evaluate_simulated(make().fit(split.train), world, split) for make in (PopularityRecommender, RandomRecommender)
    )
    assert popularity.difference(random, "reward@10").low > 0


@pytest.mark.parametrize("options", [{"steps": 0}, {"n_users": 0}, {"steps": 10_000}])
def test_steps_and_users_in_range(options: dict[str, int], world: SimulatedUsers, split: Split) -> None:
    with pytest.raises(ValueError, match="n_users must be at least 1, and steps from 1"):
        evaluate_simulated(PopularityRecommender().fit(split.train), world, split, **options)
