"""What somebody who is not in the data answered: likes and dislikes, as ids or as ratings, and the list for it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array

from drr_tutorial.data.ratings import Ratings
from drr_tutorial.recommenders.choice import as_ids_given, best, hidden
from drr_tutorial.recommenders.lists import POPULAR, Options, Wish, popularity

if TYPE_CHECKING:
    from drr_tutorial.recommenders.base import Recommender


def answers_of(known: Ratings, liked: Any, disliked: Any, ratings: Mapping[Any, float] | None) -> csr_array:
    """(1, n_items): 1 where liked, the latest last, then -1 where disliked; no entries where nothing is said.

    `ratings`: item id -> number, liked or not by the scale of the training data `known`. Raises `ValueError` for what
    is no list of ids, for an item twice, and for a rating that is not on the scale, `UnknownIdError`.
    """
    liked, disliked = as_ids_given(liked, "liked_items"), as_ids_given(disliked, "disliked_items")
    if ratings is not None:
        more, less = _by_scale(known, ratings)
        liked, disliked = [*liked, *more], [*disliked, *less]
    items = known.item_index([*liked, *disliked])
    if len(np.unique(items)) < len(items):
        also = f", with {disliked!r} as disliked_items" if disliked else ""
        raise ValueError(f"liked_items must be different item ids, got {liked!r}{also}; name each item once")
    values = np.repeat(np.array([1, -1], dtype=np.float32), [len(liked), len(disliked)])
    return csr_array((values, items, np.array([0, len(items)])), shape=(1, known.n_items))


def likes_among(answers: csr_array) -> csr_array:
    """Ones where answers (m, n_items) are above 0, in the same order."""
    liked = answers.data > 0
    lengths = np.add.reduceat(np.append(liked, 0), answers.indptr[:-1]) * (np.diff(answers.indptr) > 0)
    indptr = np.append(0, np.cumsum(lengths))
    ones = np.ones(int(liked.sum()), dtype=np.float32)
    return csr_array((ones, answers.indices[liked], indptr), shape=answers.shape)


def table_of_answers(recommender: "Recommender", answers: csr_array, k: Any, options: Options) -> pd.DataFrame:
    """The best items for one person's answers: item_id, title, score with ranks from 1 and, with a fallback, source.

    Raises `ValueError` where nothing is said, unless there is a fallback, which is also for who likes nothing.
    """
    ratings = recommender.ratings
    wish = Wish.of(ratings, k, options)
    if answers.nnz == 0 and wish.fallback is None:
        raise ValueError(
            "liked_items must be one or more item ids where no disliked_items and no ratings are given, got none; "
            "fallback='popular' gives what most like"
        )
    is_fallback = wish.fallback is not None and not (answers.data > 0).any()
    scores = popularity(ratings)[None] if is_fallback else np.array(recommender._scores_by_answers(answers))  # a copy
    hidden(scores, wish.choice.barred)
    if wish.exclude_seen:
        hidden(scores, answers)
    chosen = best(scores, wish.k)[0]
    table = ranked(ratings, chosen[chosen >= 0], scores[0])
    return table if wish.fallback is None else table.assign(source=POPULAR if is_fallback else recommender.label)


def ranked(ratings: Ratings, items: NDArray[np.int64], scores: NDArray[Any]) -> pd.DataFrame:
    """A list of items (k,) by index: item_id, title and score, of scores (n_items,), with ranks from 1."""
    columns = {
        "item_id": ratings.item_ids[items],
        "title": ratings.titles[items].astype(object),
        "score": scores[items],
    }
    return pd.DataFrame(columns, index=pd.RangeIndex(1, len(items) + 1, name="rank"))


def _by_scale(known: Ratings, ratings: Any) -> tuple[list[Any], list[Any]]:
    if not isinstance(ratings, Mapping):
        raise ValueError(f"ratings must be a dict of item ids and numbers, got {ratings!r}")
    values = np.array([_on_scale(known, item, value) for item, value in ratings.items()])
    liked = known.scale.liked(values).tolist()
    return [i for i, is_liked in zip(ratings, liked, strict=True) if is_liked], [
        i for i, is_liked in zip(ratings, liked, strict=True) if not is_liked
    ]


def _on_scale(known: Ratings, item: Any, value: Any) -> float:
    try:
        number = np.nan if isinstance(value, bool | np.bool_) else float(value)
    except (TypeError, ValueError):
        number = np.nan
    scale = known.scale
    if not scale.lowest <= number <= scale.highest:
        raise ValueError(
            f"ratings must be numbers from {scale.lowest:g} to {scale.highest:g}, the scale of the training data, got "
            f"{value!r} for item {item!r}; correct it, or say liked_items and disliked_items instead"
        )
    return number
