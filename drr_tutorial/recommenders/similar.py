"""Items that are like an item: by their vectors, by item-to-item weights, or by who likes both."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drr_tutorial.data.ratings import Ratings
from drr_tutorial.recommenders.answers import ranked
from drr_tutorial.recommenders.choice import best, hidden
from drr_tutorial.recommenders.lists import Options, Wish

if TYPE_CHECKING:
    from drr_tutorial.recommenders.base import Recommender

Floats = NDArray[np.float32]


def table_of_similar(recommender: "Recommender", item: Any, k: Any, options: Options) -> pd.DataFrame:
    """The items most like one: item_id, title, score with ranks from 1. `UnknownIdError`, `ValueError` for several."""
    ratings = recommender.ratings
    if np.ndim(item) > 0:
        raise ValueError(f"item must be one item id, got {item!r}")
    wish, index = Wish.of(ratings, k, options), ratings.item_index(item)
    if wish.choice.pairs.nnz:
        raise ValueError("exclude must be for all, since items are like an item for everybody; give a list of item ids")
    likeness = np.array(recommender._similarities(index))
    likeness[0, index] = -np.inf
    chosen = best(hidden(likeness, wish.choice.barred), wish.k)[0]
    return ranked(ratings, chosen[chosen >= 0], likeness[0])


def cosine(vectors: Floats, items: NDArray[np.integer[Any]]) -> Floats:
    """Cosine of the vectors (n_items, k) with those of indices (m,): (m, n_items); 0 for a vector of zeros."""
    sizes = np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    unit = vectors / sizes
    found: Floats = unit[items] @ unit.T
    return found


def liked_together(ratings: Ratings, items: NDArray[np.integer[Any]]) -> Floats:
    """Cosine of who likes the items of indices (m,) and who likes each other: (m, n_items)."""
    likes = ratings.positives().matrix()
    both = (likes.T.tocsr()[items] @ likes).toarray()
    sizes = np.sqrt(np.bincount(likes.indices, minlength=ratings.n_items))
    found: Floats = (both / np.maximum(sizes[items, None] * sizes, 1e-12)).astype(np.float32)
    return found
