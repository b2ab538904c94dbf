"""What a like of one item says for each other: weights of items times items, of all or of the most liked ones."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from drr_tutorial.data.ratings import Ratings
from drr_tutorial.recommenders.base import Recommender, Scores

Arrays = dict[str, NDArray[Any]]


def binary(histories: csr_array) -> csr_array:
    """Ones (m, n_items) where there is an entry, in the same order."""
    ones = np.ones(histories.nnz, dtype=np.float32)
    return csr_array((ones, histories.indices, histories.indptr), histories.shape)


def most_liked(likes: csr_array, n: int | None) -> NDArray[np.int64]:
    """The n items with the most entries in likes (n_users, n_items), None: all, as ascending indices (m,).

    Of items that are liked as often the earlier in the catalogue comes first.
    """
    counts = np.bincount(likes.indices, minlength=likes.shape[1])
    return np.sort(np.argsort(-counts, kind="stable")[:n])


class ItemToItem(Recommender):
    """Scores are sums of what each liked item says for each other item: history (m, n_items) times weights
    (n_items, n_items). Who likes nothing yet gets the items in order of popularity.
    """

    weights: Scores

    def scores_for(self, histories: csr_array) -> Scores:
        """Scores (m, n_items) by nonzeros of (m, n_items), in any order."""
        scores = np.asarray(binary(histories) @ self.weights, dtype=np.float32)
        scores[np.diff(histories.indptr) == 0] = self._popularity
        return scores

    def _scores_of(self, users: NDArray[np.integer[Any]]) -> Scores:
        return self.scores_for(self._liked[users])

    def _scores_in_session(self, users: NDArray[np.integer[Any]], likes: csr_array) -> Scores:
        """Likes of the session speak as those of the training data do."""
        return self.scores_for(self._liked[users] + binary(likes))

    def _arrays(self) -> Arrays:
        return {"weights": self.weights}

    def _load_arrays(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        self.weights = arrays["weights"]

    def _scores_without(self, histories: csr_array) -> Scores:
        """Without any like the sum is 0; how popular items are is no number to set beside sums."""
        return self.scores_for(histories) * (np.diff(histories.indptr) > 0)[:, None]

    def _similarities(self, items: NDArray[np.integer[Any]]) -> Scores:
        """What a like of each item says for the others."""
        return self.weights[items]

    def _remember(self, ratings: Ratings) -> None:
        super()._remember(ratings)
        self._liked = ratings.positives().matrix()
        self._popularity = np.bincount(self._liked.indices, minlength=ratings.n_items).astype(np.float32)


class MostLiked(ItemToItem):
    """The same with weights (m, m) of `items` alone, the most liked, where memory has no room for those of all.

    Likes of others say nothing. In each list the others come behind, the most liked first; and so do all items for who
    likes none of the m.
    """

    items: NDArray[np.int64]
    """(m,) ascending indices."""

    def scores_for(self, histories: csr_array) -> Scores:
        """Scores (k, n_items) by nonzeros of (k, n_items), in any order."""
        if len(self.items) == histories.shape[1]:
            return super().scores_for(histories)
        behind = self._popularity - self._popularity.max() - 1
        sums = self._sums(histories)
        scores = sums.min(axis=1, keepdims=True) + behind
        scores[:, self.items] = sums
        scores[np.diff(histories[:, self.items].indptr) == 0] = behind
        return scores

    def _sums(self, histories: csr_array) -> Scores:
        """What likes, the nonzeros of (k, n_items), say for `items`: (k, m)."""
        return np.asarray(binary(histories)[:, self.items] @ self.weights, dtype=np.float32)

    def _scores_without(self, histories: csr_array) -> Scores:
        """Sums, and 0 where there are none."""
        scores = np.zeros(histories.shape, dtype=np.float32)
        scores[:, self.items] = self._sums(histories)
        return scores

    def _similarities(self, items: NDArray[np.integer[Any]]) -> Scores:
        ones = np.ones(len(items), dtype=np.float32)
        each = csr_array((ones, items, np.arange(len(items) + 1)), shape=(len(items), self.ratings.n_items))
        return self._scores_without(each)

    def _arrays(self) -> Arrays:
        return {"weights": self.weights, "items": self.items}

    def _load_arrays(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        self.weights = arrays["weights"]
        self.items = arrays["items"] if "items" in arrays else np.arange(len(self.weights))  # as saved by version 0.1
