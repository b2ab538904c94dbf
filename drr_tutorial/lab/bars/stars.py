"""Two methods that learn stars: the factors that the DRR paper names, and those with what each user and item adds.

They learn from all ratings, liked or not, and score by the stars they expect. Newcomers, of whom only likes are known,
are folded in with a like as one star more than expected.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from drr_tutorial.data.ratings import Ratings
from drr_tutorial.recommenders.base import Scores
from drr_tutorial.recommenders.baselines import Factors, require_at_least
from drr_tutorial.representation.embeddings import Embeddings, factorize

Arrays = dict[str, NDArray[Any]]
Floats = NDArray[np.float32]
BIAS_SWEEPS = 50  # by then a shift from all users to all items, the slowest to settle, has settled


@dataclass
class PMFRecommender(Factors):
    """Probabilistic matrix factorization (Mnih & Salakhutdinov 2008) at its maximum a posteriori; see
    `embeddings.factorize`.
    """

    name = "PMF"
    n_factors: int = 16
    regularization: float = 14.0
    count_power: float = 0.5
    n_iterations: int = 15
    seed: int = 0

    def _fit(self, ratings: Ratings) -> None:
        self.embeddings = factorize(
            ratings,
            method="pmf",
            n_factors=self.n_factors,
            regularization=self.regularization,
            count_power=self.count_power,
            n_iterations=self.n_iterations,
            rng=np.random.default_rng(self.seed),
        )

    def _load_arrays(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        users, items = arrays["users"], arrays["items"]
        self.embeddings = Embeddings(users, items, "pmf", self.regularization, 1.0, self.count_power)


@dataclass
class BiasedMFRecommender(PMFRecommender):
    """Mean, what the user and the item add to it, and a dot product: r = m + b_u + b_i + p_u.q_i (Koren et al. 2009,
    eq. 4).

    The biases are ridge regressions on the stars, drawn to 0 as if `damping` more ratings had been the mean; the
    factors are those of PMF on what the biases leave. Predicted stars are the scores; newcomers have no b_u.
    """

    name = "biased MF"
    damping: float = 5.0

    def scores_for(self, histories: csr_array) -> Scores:
        """Stars (m, n_items) that m people are expected to give, by what each liked."""
        return super().scores_for(histories) + self.item_stars

    def _fit(self, ratings: Ratings) -> None:
        require_at_least(0, damping=self.damping)
        mean = ratings.ratings.mean()
        self.user_bias, item_bias = _biases(ratings, self.damping)
        self.item_stars = mean + item_bias
        left = ratings.ratings - self.user_bias[ratings.users] - self.item_stars[ratings.items]
        super()._fit(replace(ratings, ratings=left))

    def _scores_of(self, users: NDArray[np.integer[Any]]) -> Scores:
        return super()._scores_of(users) + self.user_bias[users, None] + self.item_stars

    def _scores_in_session(self, users: NDArray[np.integer[Any]], likes: csr_array) -> Scores:
        """The user's vector moves by what the session's likes change; the biases stay."""
        return super()._scores_in_session(users, likes) + self.user_bias[users, None] + self.item_stars

    def _arrays(self) -> Arrays:
        return super()._arrays() | {"user_bias": self.user_bias, "item_stars": self.item_stars}

    def _load_arrays(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        super()._load_arrays(arrays)
        self.user_bias, self.item_stars = arrays["user_bias"], arrays["item_stars"]


def _biases(ratings: Ratings, damping: float) -> tuple[Floats, Floats]:
    """What users (n_users,) and items (n_items,) add to the mean, in stars: damped means of what the other side
    leaves, in turn.
    """
    left = (ratings.ratings - ratings.ratings.mean()).astype(np.float64)
    users, items = np.zeros(ratings.n_users), np.zeros(ratings.n_items)
    for _ in range(BIAS_SWEEPS):
        items = _damped_means(left - users[ratings.users], ratings.items, ratings.n_items, damping)
        users = _damped_means(left - items[ratings.items], ratings.users, ratings.n_users, damping)
    return users.astype(np.float32), items.astype(np.float32)


def _damped_means(
    values: NDArray[np.float64], groups: NDArray[np.int32], n_groups: int, damping: float
) -> NDArray[np.float64]:
    """The sum of each group's values over their number plus `damping`, (n_groups,); 0 for a group without any."""
    sums, counts = np.bincount(groups, values, minlength=n_groups), np.bincount(groups, minlength=n_groups)
    return sums / np.maximum(counts + damping, 1e-12)
