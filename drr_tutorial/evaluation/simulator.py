"""The online protocol of the DRR paper: sessions with simulated users, whose answers PMF predicts where none is known.

A user's known ratings are answered as they are; for every other item the rating is predicted by a probabilistic matrix
factorization of all ratings, test part included, for this is the world and not a contestant. The reward is
(rating - 3) / 2, from -1 to 1, and a session has 10 steps (Liu et al. 2018, sections 3 and 4). The paper's agent goes
on learning during a session and is reset before the next one. Recommenders here are fixed policies: they react to the
likes of the session, and there is nothing to reset. Whom a recommender knows from its training data, it treats as the
user it knows; who is new to it is folded in.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from drr_tutorial.data.ratings import Ratings
from drr_tutorial.data.splits import Split
from drr_tutorial.environment.rewards import centred_reward
from drr_tutorial.evaluation.any_recommender import AnyRecommender
from drr_tutorial.evaluation.blocks import blocks
from drr_tutorial.evaluation.inputs import Scores
from drr_tutorial.evaluation.reports import EvaluationReport
from drr_tutorial.evaluation.sessions import likes_of, marked, play_sessions
from drr_tutorial.evaluation.tasks import fingerprint_of
from drr_tutorial.representation.embeddings import Embeddings, factorize

Ints = NDArray[np.integer[Any]]
N_FACTORS, REGULARIZATION = 8, 5.0  # the least error, 0.855 stars, on a fifth of ML-1M that was held back


@dataclass(frozen=True, eq=False)
class SimulatedUsers:
    """Answers of all users to all items; see `simulate_users`."""

    embeddings: Embeddings
    ratings: Ratings

    def rewards(self, users: Ints) -> NDArray[np.float32]:
        """(m, n_items): what each item would earn from each of the users (indices)."""
        scale = self.ratings.scale
        predicted = self.embeddings.users[users] @ self.embeddings.items.T * scale.star + self.ratings.ratings.mean()
        known = self.ratings.matrix(binary=False)[users]
        rows, columns = known.nonzero()
        predicted[rows, columns] = known.data
        return centred_reward(np.clip(predicted, scale.lowest, scale.highest).astype(np.float32), scale)


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
    recommender: AnyRecommender,
    world: SimulatedUsers,
    split: Split,
    *,
    steps: int = 10,
    n_users: int = 1000,
    seed: int = 0,
) -> EvaluationReport:
    """Sessions of up to `n_users` users of the test part, drawn by `seed`: the reward that each earned in `steps`
    steps.

    Each step shows a user the item that the recommender puts first among those that somebody rated in the data, and
    that the user neither rated in the training part nor saw in the session. Who has ratings in the recommender's
    training data is asked about by `scores_in_session`, everybody else by `scores_for`, both with the likes of the
    session. Ties are broken at random. Metric: "reward@10" for 10 steps; one list a user. ValueError for steps or
    n_users below 1, for more steps than there are items to show, and for scores that are not finite.
    """
    rng = np.random.default_rng(seed)
    users = np.sort(rng.permutation(np.unique(split.test.users))[: max(n_users, 0)])
    unrated = np.isin(np.arange(split.ratings.n_items), split.ratings.items, invert=True)
    known = split.train.matrix()[users]
    _check(n_users, steps, known, int((~unrated).sum()))
    ids, parts = split.ratings.user_ids[users], list(blocks(*known.shape))
    each = ((world.rewards(users[part]) for part in parts), (marked(known[part]) | unrated for part in parts))
    fingerprint = fingerprint_of(f"simulated {seed} {steps}", users, split.ratings.item_ids, *each)

    def earned(part: slice) -> NDArray[np.float32]:
        def scores_after(answers: csr_array) -> Scores:
            return _scores(recommender, ids[part], likes_of(answers))

        rewards, seen = world.rewards(users[part]), marked(known[part]) | unrated
        return play_sessions(scores_after, rewards, seen, steps, rng, recommender.label)

    values = {f"reward@{steps}": np.concatenate([earned(part) for part in parts]).sum(axis=1, dtype=np.float64)}
    return EvaluationReport(recommender.name, "simulated", (steps,), None, seed, ids, values, fingerprint)


def _check(n_users: int, steps: int, known: csr_array, n_rated: int) -> None:
    if n_users < 1 or not 1 <= steps <= n_rated - np.diff(known.indptr).max():
        raise ValueError(
            "n_users must be at least 1, and steps from 1 to the items that each user has not rated, got "
            f"{n_users} and {steps}; try n_users=1000 and steps=10"
        )


def _scores(recommender: AnyRecommender, ids: NDArray[Any], likes: csr_array) -> Scores:
    """Scores (m, n_items) of users of whom these are the session's likes."""
    known = np.isin(ids, recommender.ratings.user_ids[np.unique(recommender.ratings.users)])
    if known.all():
        return recommender.scores_in_session(ids, likes)
    scores = recommender.scores_for(likes)
    if known.any():
        scores = scores.copy()  # it may be the recommender's own
        scores[known] = recommender.scores_in_session(ids[known], likes[known])
    return scores
