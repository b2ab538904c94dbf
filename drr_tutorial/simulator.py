"""The online protocol of the DRR paper: sessions with simulated users, whose answers PMF predicts where none is known.

A user's known ratings are answered as they are; for every other item the rating is predicted by a probabilistic matrix
factorization of all ratings, test part included, for this is the world and not a contestant. The reward is
(rating - 3) / 2, from -1 to 1, and a session has 10 steps (Liu et al. 2018, sections 3 and 4). The paper's agent goes
on learning during a session and is reset before the next one. Recommenders here are fixed policies: they react to the
likes of the session, and there is nothing to reset.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from drr_tutorial.embeddings import Embeddings, factorize
from drr_tutorial.ranking_tasks import fingerprint_of
from drr_tutorial.ratings import Ratings
from drr_tutorial.recommender import Recommender
from drr_tutorial.reports import EvaluationReport
from drr_tutorial.splits import Split

Ints = NDArray[np.integer[Any]]
N_FACTORS, REGULARIZATION = 8, 5.0  # the least error, 0.855 stars, on a fifth of ML-1M that was held back


@dataclass(frozen=True, eq=False)
class SimulatedUsers:
    """Answers of all users to all items; see `simulate_users`."""

    embeddings: Embeddings
    ratings: Ratings

    def rewards(self, users: Ints) -> NDArray[np.float32]:
        """(m, n_items): what each item would earn from each of the users (indices)."""
        predicted = self.embeddings.users[users] @ self.embeddings.items.T + self.ratings.ratings.mean()
        known = self.ratings.matrix(binary=False)[users]
        rows, columns = known.nonzero()
        predicted[rows, columns] = known.data
        rewards: NDArray[np.float32] = ((np.clip(predicted, 1, 5) - 3) / 2).astype(np.float32)
        return rewards


def simulate_users(
    ratings: Ratings,
    *,
    n_factors: int = N_FACTORS,
    regularization: float = REGULARIZATION,
    rng: np.random.Generator,
) -> SimulatedUsers:
    """The world behind all ratings of a data set (not of its training part). Raises what `factorize` does."""
    made = factorize(ratings, method="pmf", n_factors=n_factors, regularization=regularization, rng=rng)
    return SimulatedUsers(made, ratings)


def evaluate_simulated(
    recommender: Recommender,
    world: SimulatedUsers,
    split: Split,
    *,
    steps: int = 10,
    n_users: int = 1000,
    seed: int = 0,
) -> EvaluationReport:
    """Sessions of up to `n_users` users of the test part, drawn by `seed`: the reward that each earned in `steps`
    steps.

    Each step shows a user the item that `recommender.scores_for` puts first among those that the user neither rated in
    the training part nor saw in the session, given the likes of the training part and, after them, of the session.
    Ties are broken at random. Metric: "reward@10" for 10 steps; one list a user. ValueError for steps or n_users below
    1 and for more steps than there are items to show.
    """
    present = np.unique(split.test.users)
    rng = np.random.default_rng(seed)
    users = np.sort(rng.permutation(present)[: max(n_users, 0)])
    seen = split.train.matrix()[users].toarray() > 0
    if n_users < 1 or not 1 <= steps <= (~seen).sum(axis=1).min():
        raise ValueError(
            "n_users must be at least 1, and steps from 1 to the items that each user has not rated, got "
            f"{n_users} and {steps}; try n_users=1000 and steps=10"
        )
    rewards = world.rewards(users)
    fingerprint = fingerprint_of(f"simulated {seed} {steps}", users, split.ratings.item_ids, rewards, seen)
    earned = _play(recommender, _likes_in_order(split.train, users), seen.copy(), rewards, steps, rng)
    values = {f"reward@{steps}": earned.sum(axis=1, dtype=np.float64)}
    ids = split.ratings.user_ids[users]
    return EvaluationReport(recommender.name, "simulated", (steps,), None, seed, ids, values, fingerprint)


def _play(
    recommender: Recommender,
    likes: tuple[Ints, Ints],
    seen: NDArray[np.bool_],
    rewards: NDArray[np.float32],
    steps: int,
    rng: np.random.Generator,
) -> NDArray[np.float32]:
    """Rewards (m, steps); `likes`: rows from 0 to m - 1 and items, the earlier first."""
    shape, everyone = (len(seen), seen.shape[1]), np.arange(len(seen))
    tie_breaks, earned = rng.random(shape, dtype=np.float32), np.empty((len(seen), steps), dtype=np.float32)
    for step in range(steps):
        scores = np.where(seen, -np.inf, recommender.scores_for(_histories(*likes, shape)))
        best = scores == scores.max(axis=1, keepdims=True)
        items = np.where(best, tie_breaks, -1.0).argmax(axis=1)
        earned[:, step] = rewards[everyone, items]
        seen[everyone, items] = True
        liked = earned[:, step] > 0
        likes = np.append(likes[0], everyone[liked]), np.append(likes[1], items[liked])
    return earned


def _likes_in_order(train: Ratings, users: Ints) -> tuple[Ints, Ints]:
    """Rows (positions in `users`) and items of what these users liked, in time order, or in file order without
    times.
    """
    liked = train.positives()
    liked = liked.select(np.isin(liked.users, users))
    order = np.arange(len(liked)) if liked.timestamps is None else np.argsort(liked.timestamps, kind="stable")
    return np.searchsorted(users, liked.users[order]), liked.items[order]


def _histories(rows: Ints, items: Ints, shape: tuple[int, int]) -> csr_array:
    """Binary histories; within a row the indices keep their order."""
    order = np.argsort(rows, kind="stable")
    indptr = np.append(0, np.cumsum(np.bincount(rows, minlength=shape[0])))
    return csr_array((np.ones(len(rows), dtype=np.float32), items[order].astype(np.int32), indptr), shape=shape)
