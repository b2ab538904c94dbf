"""What comes after what: transitions between liked items, alone and beside EASE.

A Markov chain over items is the oldest bar of sequential recommendation (Rendle et al. 2010, FPMC, section 3), and
where order tells much it is a strong one. EASE knows tastes and no order, so that the two together know more.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from drr_tutorial.data.ratings import Ratings
from drr_tutorial.lab.bars.sequences import sequences
from drr_tutorial.recommenders.base import Scores
from drr_tutorial.recommenders.baselines import EASERecommender, ItemToItem, binary, require_at_least

Arrays = dict[str, NDArray[Any]]


@dataclass
class TransitionsRecommender(ItemToItem):
    """Which items follow the latest likes, by how often they did so in the users' sequences.

    A like counts for each of the next `window` likes, `decay` times less for every place further on. An item's counts
    become shares of their sum, divided by the follower's number of likes to `popularity_power`. A score is the sum
    over the latest `memory` likes, `recency` times less for every place further back. Who likes nothing yet gets the
    items in order of popularity.
    """

    name = "transitions"
    window: int = 10
    decay: float = 0.9
    memory: int = 20
    recency: float = 0.8
    popularity_power: float = 0.3

    def scores_for(self, histories: csr_array) -> Scores:
        """Scores (m, n_items) by the latest nonzeros of (m, n_items), in the order liked."""
        scores = np.asarray(_recent(histories, self.memory, self.recency) @ self.weights, dtype=np.float32)
        scores[np.diff(histories.indptr) == 0] = self._popularity
        return scores

    def _fit(self, ratings: Ratings) -> None:
        self._check_settings()
        _, items = found = sequences(ratings)
        counts = _transitions(*found, ratings.n_items, self.window, self.decay)
        popularity = np.maximum(np.bincount(items, minlength=ratings.n_items), 1).astype(np.float32)
        shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1e-12)
        self.weights = shares / popularity ** np.float32(self.popularity_power)

    def _check_settings(self) -> None:
        require_at_least(1, window=self.window, memory=self.memory)
        require_at_least(0, popularity_power=self.popularity_power)
        for name, value in (("decay", self.decay), ("recency", self.recency)):
            if not 0 < value <= 1:
                raise ValueError(f"{name} must be above 0 and at most 1, got {value}")

    def _scores_of(self, users: NDArray[np.integer[Any]]) -> Scores:
        return self.scores_for(self._sequences[users])

    def _scores_in_session(self, users: NDArray[np.integer[Any]], likes: csr_array) -> Scores:
        """Likes of the session come after those of the training data."""
        return self.scores_for(_one_after_the_other(self._sequences[users], likes))

    def _remember(self, ratings: Ratings) -> None:
        super()._remember(ratings)
        indptr, items = sequences(ratings)
        ones = np.ones(len(items), dtype=np.float32)
        self._sequences = csr_array((ones, items, indptr), shape=(ratings.n_users, ratings.n_items))


@dataclass
class EASEAndTransitions(TransitionsRecommender):
    """EASE's scores plus `weight` times those of the transitions, each with mean 0 and standard deviation 1 over the
    items of a user.

    `regularization` is EASE's.
    """

    name = "EASE + transitions"
    regularization: float = 1000.0
    weight: float = 1.0

    def scores_for(self, histories: csr_array) -> Scores:
        """Scores (m, n_items) by nonzeros of (m, n_items), in the order liked."""
        taste = np.asarray(binary(histories) @ self.ease, dtype=np.float32)
        return _standardized(taste) + np.float32(self.weight) * _standardized(super().scores_for(histories))

    def _fit(self, ratings: Ratings) -> None:
        if not self.weight > 0:
            raise ValueError(f"weight must be above 0, got {self.weight}")
        super()._fit(ratings)
        self.ease = EASERecommender(self.regularization).fit(ratings).weights

    def _arrays(self) -> Arrays:
        return super()._arrays() | {"ease": self.ease}

    def _load_arrays(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        super()._load_arrays(arrays)
        self.ease = arrays["ease"]


def _transitions(
    indptr: NDArray[np.int64], items: NDArray[np.int64], n_items: int, window: int, decay: float
) -> NDArray[np.float32]:
    """How often each item (column) follows each (row), (n_items, n_items); `decay` ** (d - 1) for d places later."""
    users = np.repeat(np.arange(len(indptr) - 1), np.diff(indptr))
    counts = np.zeros(n_items * n_items)
    for distance in range(1, min(window + 1, len(items))):
        same = users[distance:] == users[:-distance]
        pairs = items[:-distance][same] * n_items + items[distance:][same]
        counts += decay ** (distance - 1) * np.bincount(pairs, minlength=len(counts))
    return counts.reshape(n_items, n_items).astype(np.float32)


def _recent(histories: csr_array, memory: int, recency: float) -> csr_array:
    """Weights (m, n_items) of the latest `memory` nonzeros of each row: `recency` ** a for the one that a followed."""
    lengths = np.diff(histories.indptr)
    rows = np.repeat(np.arange(len(lengths)), lengths)
    age = histories.indptr[1:][rows] - 1 - np.arange(len(rows))
    kept = age < memory
    weights = np.float32(recency) ** age[kept].astype(np.float32)
    return csr_array((weights, (rows[kept], histories.indices[kept])), shape=histories.shape)


def _one_after_the_other(first: csr_array, then: csr_array) -> csr_array:
    """Rows of two (m, n) histories, in the order liked."""
    rows = np.concatenate([np.repeat(np.arange(one.shape[0]), np.diff(one.indptr)) for one in (first, then)])
    items = np.concatenate([first.indices, then.indices])[np.argsort(rows, kind="stable")]
    return csr_array((np.ones(len(items), dtype=np.float32), items, first.indptr + then.indptr), first.shape)


def _standardized(scores: Scores) -> Scores:
    """Rows (m, n) with mean 0 and standard deviation 1; zeros where all are the same."""
    centred = scores - scores.mean(axis=1, keepdims=True)
    return centred / np.maximum(centred.std(axis=1, keepdims=True), np.float32(1e-12))
