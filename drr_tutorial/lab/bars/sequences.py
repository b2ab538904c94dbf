"""What each user liked, one item after the other: the input of sequential recommenders.

Many sequences are two arrays: `indptr` (m + 1,), where each begins and ends, and `items`, all of them one behind the
other, each oldest first.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from drr_tutorial.data.ratings import Ratings

Ints = NDArray[np.int64]


def sequences(ratings: Ratings) -> tuple[Ints, Ints]:
    """Each user's likes: where they begin and end (n_users + 1,), and the items (n_likes,), oldest first.

    Among equal times the first in file order counts as the later, as in `leave_last_out_split` (and unlike
    `latest_liked`); without times all is in file order. Times of ML-1M are often equal, and there GRU4Rec gains 0.007
    of nDCG@10 on the validation part by this rule; on ml-100k the two orders are as good.
    """
    rows = np.flatnonzero(ratings.liked)
    order = (rows, np.zeros(len(rows))) if ratings.timestamps is None else (-rows, ratings.timestamps[rows])
    rows = rows[np.lexsort((*order, ratings.users[rows]))]
    counts = np.bincount(ratings.users[rows], minlength=ratings.n_users)
    return _indptr(counts), ratings.items[rows].astype(np.int64)


def of_users(indptr: Ints, items: Ints, users: NDArray[np.integer[Any]]) -> tuple[Ints, Ints]:
    """The sequences of some users (m,), in that order."""
    counts = np.diff(indptr)[users]
    chosen = _indptr(counts)
    return chosen, items[np.arange(chosen[-1]) + np.repeat(indptr[users] - chosen[:-1], counts)]


def with_likes(indptr: Ints, items: Ints, likes: csr_array) -> tuple[Ints, Ints]:
    """The sequences, each with the nonzeros of its row of `likes` (m, n_items) behind it, in their order."""
    ends = np.repeat(indptr[1:], np.diff(likes.indptr))
    return indptr + likes.indptr, np.insert(items, ends, likes.indices)


def windows(indptr: Ints, items: Ints, rows: Ints, ends: Ints, length: int, padding: int) -> Ints:
    """The `length` items before position `ends` (m,) of `items`, of the sequences `rows` (m,).

    (m, length), or less wide where all sequences are shorter, but not below 1. `padding` stands behind a shorter one:
    whoever reads from left to right never gets that far.
    """
    starts = np.maximum(ends - length, indptr[rows])
    places = starts[:, None] + np.arange((ends - starts).max(initial=1))
    return np.where(places < ends[:, None], np.append(items, padding)[np.minimum(places, len(items))], padding)


def shuffled(window: Ints, padding: int, rng: np.random.Generator) -> Ints:
    """The items of each row (m, L) in random order, what pads still behind them."""
    order = np.argsort(rng.random(window.shape) + (window == padding), axis=1)
    return np.take_along_axis(window, order, axis=1)


def _indptr(counts: NDArray[np.integer[Any]]) -> Ints:
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
