"""Why an item is in a list: "because you liked ...", by leaving likes out.

A like's weight for an item is how much lower the item scores for somebody with all likes but this one. That is asked of
the recommender itself, so it is as true of an agent as of item-to-item weights. Where likes change nothing, as in
popularity, there is no reason. A known user is taken as a newcomer with the same likes, of which the latest count.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array

from drr_tutorial.data.ratings import Ratings
from drr_tutorial.recommenders.answers import answers_of
from drr_tutorial.recommenders.choice import as_ids_given, as_length, best
from drr_tutorial.recommenders.lists import CELLS

if TYPE_CHECKING:
    from drr_tutorial.recommenders.base import Recommender

MOST_LIKES = 300  # of a user, the latest: each is left out once
SMALLEST = 1e-6  # of the largest score: what rounding does to scores is no reason


def table_of_reasons(
    recommender: "Recommender", user: Any, items: Sequence[Any] | None, liked_items: Sequence[Any] | None, n: int
) -> pd.DataFrame:
    """item_id, title, because_id, because_title, weight; up to n rows an item. Either `user` or `liked_items` is given.

    Raises `UnknownIdError`, and `ValueError` for n below 1, for both or neither of the two.
    """
    ratings = recommender.ratings
    if (user is None) == (liked_items is None):
        raise ValueError(f"give either a user or liked_items, got user={user!r} and liked_items={liked_items!r}")
    if liked_items is None:
        liked, recommended = _likes_of(ratings, user), recommender.recommend(user)
    else:
        liked = answers_of(ratings, liked_items, (), None).indices
        if len(liked) == 0:
            raise ValueError("liked_items must be one or more item ids, got none; there is no reason without a like")
        recommended = recommender.recommend_for(liked_items)
    shown = recommended["item_id"].tolist() if items is None else as_ids_given(items, "items")
    return _table(recommender, liked[-MOST_LIKES:], pd.unique(ratings.item_index(shown)), as_length(n, "n"))


def _likes_of(ratings: Ratings, user: Any) -> NDArray[np.int32]:
    """Indices of what a user likes, latest last."""
    index = ratings.user_index(user)
    if len(index) != 1:
        raise ValueError(f"user must be one user id, got {user!r}")
    rows = np.flatnonzero((ratings.users == index[0]) & ratings.liked)
    if ratings.timestamps is not None:
        rows = rows[np.argsort(ratings.timestamps[rows], kind="stable")]
    return ratings.items[rows]


def weights_of_likes(
    recommender: "Recommender", liked: NDArray[np.integer[Any]], items: NDArray[np.integer[Any]]
) -> NDArray[np.float32]:
    """How much each like (l,), by index and the latest last, adds to the scores of items (m,): (l, m)."""
    n_items, size = recommender.ratings.n_items, max(1, CELLS // recommender.ratings.n_items)
    whole = recommender.scores_for(_histories(np.ones((1, len(liked)), np.bool_), liked, n_items))[:, items]
    weights = np.empty((len(liked), len(items)), dtype=np.float32)
    for start in range(0, len(liked), size):
        left_out = np.arange(start, min(start + size, len(liked)))
        kept = np.arange(len(liked)) != left_out[:, None]
        without = recommender._scores_without(_histories(kept, liked, n_items))
        weights[left_out] = whole - without[:, items]
    weights[np.abs(weights) < SMALLEST * max(float(np.abs(whole).max(initial=0)), 1e-30)] = 0
    return weights


def _histories(kept: NDArray[np.bool_], liked: NDArray[np.integer[Any]], n_items: int) -> csr_array:
    """Rows (m, n_items) of the likes (l,) that are kept (m, l), in their order."""
    indptr = np.append(0, np.cumsum(kept.sum(axis=1)))
    columns = np.broadcast_to(liked, kept.shape)[kept]
    return csr_array((np.ones(len(columns), dtype=np.float32), columns, indptr), shape=(len(kept), n_items))


def _table(
    recommender: "Recommender", liked: NDArray[np.integer[Any]], items: NDArray[np.integer[Any]], n: int
) -> pd.DataFrame:
    ratings = recommender.ratings
    weights = weights_of_likes(recommender, liked, items).T if len(liked) else np.zeros((len(items), 0), np.float32)
    weights = np.where((weights > 0) & (liked != items[:, None]), weights, -np.inf)
    found = best(weights, n)
    rows, places = np.nonzero(found >= 0)
    because = liked[found[rows, places]]
    return pd.DataFrame(
        {
            "item_id": ratings.item_ids[items[rows]],
            "title": ratings.titles.astype(object)[items[rows]],
            "because_id": ratings.item_ids[because],
            "because_title": ratings.titles.astype(object)[because],
            "weight": weights[rows, found[rows, places]],
        }
    )
