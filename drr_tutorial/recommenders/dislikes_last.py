"""What a user is known to dislike comes last: in the agent's scores, and around any other recommender (chapter 15)."""

import copy
from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from drr_tutorial.data.merge import Merged
from drr_tutorial.data.ratings import Ratings
from drr_tutorial.recommenders.base import Recommender, Scores, class_named, name_to_load

Arrays = dict[str, NDArray[Any]]


def dislikes_last(scores: Scores, disliked: csr_array) -> Scores:
    """Scores (m, n_items) with each user's disliked items, the entries of (m, n_items), below all others.

    Among themselves they keep their order. A new array where anything changes.
    """
    rows, items = disliked.nonzero()
    if len(rows) == 0:
        return scores
    scores = scores.copy()
    span = scores.max(axis=1) - scores.min(axis=1)
    scores[rows, items] -= 2 * span[rows] + 1
    return scores


def disliked_among(answers: csr_array) -> csr_array:
    """Ones where answers (m, n_items) are below 0."""
    rows, items = answers.nonzero()
    below = np.asarray(answers[rows, items] < 0)
    places = (rows[below], items[below])
    return csr_array((np.ones(below.sum(), dtype=np.float32), places), shape=answers.shape)


class DislikesLast(Recommender):
    """Any recommender, with what a user is known to dislike scored last: what an agent that may learn
    from dislikes is compared with.
    """

    name = "dislikes last"

    def __init__(self, inner: Recommender) -> None:
        self.inner = inner

    @property
    def label(self) -> str:
        """The inner recommender's label, and that dislikes come last."""
        return f"{self.inner.label}, {self.name}"

    def scores_for(self, histories: csr_array) -> Scores:
        """Scores (m, n_items) of the inner recommender: of newcomers no dislikes are known."""
        return self.inner.scores_for(histories)

    def settings(self) -> dict[str, Any]:
        """Name and settings of the inner recommender, JSON-able."""
        return {"inner": name_to_load(self.inner), "settings": self.inner.settings()}

    @classmethod
    def from_settings(cls, settings: dict[str, Any]) -> Self:
        """Around an unfitted inner recommender. Raises `LookupError` or `ValueError` for other settings."""
        inner, own = (settings[name] for name in ("inner", "settings"))
        if len(settings) > 2:
            raise ValueError(f"settings must be of inner and settings, got {sorted(settings)}")
        return cls(class_named(inner).from_settings(own))

    def require_room(self, ratings: Ratings) -> None:
        """That of the inner recommender."""
        self.inner.require_room(ratings)

    def _fit(self, ratings: Ratings) -> None:
        self.inner = copy.copy(self.inner).fit(ratings)

    def _scores_of(self, users: NDArray[np.integer[Any]]) -> Scores:
        return dislikes_last(self.inner._scores_of(users), self._disliked[users])

    def _scores_in_session(self, users: NDArray[np.integer[Any]], likes: csr_array) -> Scores:
        return dislikes_last(self.inner._scores_in_session(users, likes), self._disliked[users])

    def _scores_by_answers(self, answers: csr_array) -> Scores:
        return dislikes_last(self.inner._scores_by_answers(answers), disliked_among(answers))

    def _scores_without(self, histories: csr_array) -> Scores:
        return self.inner._scores_without(histories)

    def _similarities(self, items: NDArray[np.integer[Any]]) -> Scores:
        return self.inner._similarities(items)

    def _partial_fit(self, merged: Merged) -> None:
        self.inner = copy.copy(self.inner)
        self.inner._partial_fit(merged)

    def _arrays(self) -> Arrays:
        return self.inner._arrays()

    def _load_arrays(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        self.inner._load_arrays(arrays)

    def _remember(self, ratings: Ratings) -> None:
        super()._remember(ratings)
        self.inner._remember(ratings)
        self._disliked = ratings.select(~ratings.liked).matrix()
