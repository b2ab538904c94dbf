"""Simulated users answer as they rated, and as PMF predicts elsewhere; sessions collect what is to be had, no item twice."""

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.sparse import csr_array

from drr_tutorial.baselines import PopularityRecommender, RandomRecommender
from drr_tutorial.ratings import Ratings
from drr_tutorial.simulator import SimulatedUsers, evaluate_simulated, simulate_users
from drr_tutorial.splits import Split, random_split


@pytest.fixture(scope="module")
def split(synthetic: Ratings) -> Split:
    return random_split(synthetic)


@pytest.fixture(scope="module")
def world(synthetic: Ratings) -> SimulatedUsers:
    return simulate_users(synthetic, rng=np.random.default_rng(0))


class Told(RandomRecommender):
    """Scores by a given matrix, row by row, and keeps the histories that it was asked with."""

    name = "told"

    def __init__(self, matrix: np.ndarray) -> None:
        super().__init__()
        self.matrix, self.histories = matrix, []

    def scores_for(self, histories: csr_array) -> Any:
        self.histories.append(histories)
        return self.matrix


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
    best, worst = Told(rewards).fit(split.train), Told(-rewards).fit(split.train)
    top = evaluate_simulated(best, world, split)
    assert top.n_lists == len(users) and top.values.keys() == {"reward@10"}
    order = np.sort(left, axis=1)  # NaN last
    n_left = (~np.isnan(left)).sum(axis=1)
    expected = [row[n - 10 : n].sum() for row, n in zip(order, n_left, strict=True)]
    assert_allclose(top.values["reward@10"], expected, rtol=1e-4, atol=1e-4)
    assert_allclose(evaluate_simulated(worst, world, split).values["reward@10"], order[:, :10].sum(axis=1), atol=1e-4)


def test_likes_of_the_session_come_last_in_the_history(world: SimulatedUsers, split: Split) -> None:
    users = np.unique(split.test.users)
    agent = Told(world.rewards(users)).fit(split.train)
    evaluate_simulated(agent, world, split, steps=3)
    first, last = agent.histories[0], agent.histories[2]
    likes = split.train.positives()
    own = likes.select(likes.users == users[5])
    in_time = own.items[np.argsort(own.timestamps, kind="stable")]
    assert first.indices[first.indptr[5] : first.indptr[6]].tolist() == in_time.tolist()
    grown = last.indices[last.indptr[5] : last.indptr[6]]
    assert grown[: len(in_time)].tolist() == in_time.tolist()
    assert len(grown) == len(in_time) + 2  # an oracle is right twice
    assert len(np.unique(grown)) == len(grown)


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
