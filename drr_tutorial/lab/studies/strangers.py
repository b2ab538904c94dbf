"""Whole users held out: a split in which they are met with the older half of their likes, and recommenders that have
not learned from them and take these likes as a history.
"""

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from drr_tutorial.data.ratings import Ratings
from drr_tutorial.data.splits import Split, user_split
from drr_tutorial.lab.studies.fair.contestants import Contestant
from drr_tutorial.recommenders.base import Recommender, Scores

TEST_FRACTION = 0.2


def strangers_split(ratings: Ratings, seed: int = 0) -> Split:
    """A fifth of the users for the test, a tenth of the others for validation: the newer half of their likes. What they
    disliked since the first of these is in no part. The fit part has all other rows, those of the held-out users, too;
    it is `FoldedIn` that does not learn from these.

    Of an odd number of likes the middle one is history; among equal times the first in the file is the older.
    """
    assert ratings.timestamps is not None
    people = user_split(ratings, seed=seed, test_fraction=TEST_FRACTION)
    newer, likes = np.zeros(len(ratings), dtype=np.bool_), np.flatnonzero(ratings.liked)
    newer[likes] = _in_newer_half(ratings.select(likes))
    validation, test = (rows[newer[rows]] for rows in (people.validation_rows, people.test_rows))
    held_out, first = np.concatenate([validation, test]), np.full(ratings.n_users, np.iinfo(np.int64).max)
    np.minimum.at(first, ratings.users[held_out], ratings.timestamps[held_out])
    since = ~ratings.liked & (ratings.timestamps >= first[ratings.users])
    fit = np.setdiff1d(np.flatnonzero(~since), held_out)
    return dataclasses.replace(people, name="strangers", fit_rows=fit, validation_rows=validation, test_rows=test)


def strangers_of(split: Split) -> dict[str, NDArray[np.int32]]:
    """User indices of those who are strangers: "tuning", while settings are chosen, and "test", at the end."""
    users, either = split.ratings.users, np.concatenate([split.validation_rows, split.test_rows])
    return {"tuning": np.unique(users[either]), "test": np.unique(users[split.test_rows])}


def meeting(contestant: Contestant, strangers: NDArray[np.int32]) -> Contestant:
    """The same contestant, its recommenders `FoldedIn`."""
    return dataclasses.replace(contestant, make=partial(_folded_in, contestant.make, strangers))


@dataclass
class FoldedIn(Recommender):
    """Another recommender that learns from all but the rows of some users, and knows everybody by their likes alone.

    `strangers`: indices of these users. Scores are `scores_for` the training data's likes of whoever is asked for, the
    latest last. It is made to be judged, and cannot be saved.
    """

    inner: Recommender
    strangers: NDArray[np.int32]

    @property
    def label(self) -> str:
        """That of the recommender within."""
        return self.inner.label

    def scores_for(self, histories: csr_array) -> Scores:
        """Scores (m, n_items) of the recommender within."""
        return self.inner.scores_for(histories)

    def _fit(self, ratings: Ratings) -> None:
        self.inner.fit(ratings.select(~np.isin(ratings.users, self.strangers)))
        self._histories = histories_of(ratings)

    def _scores_of(self, users: NDArray[np.integer[Any]]) -> Scores:
        return self.inner.scores_for(self._histories[users])

    def _arrays(self) -> dict[str, NDArray[Any]]:
        return {}

    def _load_arrays(self, arrays: Mapping[str, NDArray[Any]]) -> None: ...


def histories_of(ratings: Ratings) -> csr_array:
    """Likes as ones in (n_users, n_items); the indices of a row are in the order of time."""
    liked = ratings.positives()
    assert liked.timestamps is not None
    order = np.lexsort((liked.timestamps, liked.users))
    indptr = np.append(0, np.cumsum(np.bincount(liked.users, minlength=liked.n_users)))
    ones = np.ones(len(liked), dtype=np.float32)
    return csr_array((ones, liked.items[order], indptr), shape=(liked.n_users, liked.n_items))


def _folded_in(make: Callable[..., Recommender], strangers: NDArray[np.int32], **settings: Any) -> FoldedIn:
    return FoldedIn(make(**settings), strangers)


def _in_newer_half(likes: Ratings) -> NDArray[np.bool_]:
    """Of each row, whether it is in the newer half of its user's, (n,)."""
    assert likes.timestamps is not None
    counts = np.bincount(likes.users, minlength=likes.n_users)
    order = np.lexsort((likes.timestamps, likes.users))
    starts, n_own = (np.cumsum(counts) - counts)[likes.users[order]], counts[likes.users[order]]
    newer = np.empty(len(likes), dtype=np.bool_)
    newer[order] = np.arange(len(likes)) - starts >= (n_own + 1) // 2
    return newer
