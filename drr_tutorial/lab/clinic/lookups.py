"""Defects of looking things up: titles by the wrong id, and a default that was fixed too early (chapter 14)."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drr_tutorial.data.ratings import Ratings

Best = Callable[..., NDArray[np.int64]]


def titles_by_place(ratings: Ratings) -> NDArray[np.str_]:
    """The later repository: the title of each item (n_items,), looked up as if the place of its first appearance
    among the ratings, plus one, were its MovieLens id. Empty where no film has that id.
    """
    place = np.full(ratings.n_items, -1)
    by_appearance = pd.unique(ratings.items)
    place[by_appearance] = np.arange(len(by_appearance))
    title_of = dict(zip(ratings.item_ids.tolist(), ratings.titles.tolist(), strict=True))
    return np.asarray([title_of.get(number + 1, "") for number in place.tolist()], dtype=np.str_)


def frozen_best(n_items: int) -> Best:
    """The original: the default list of items is made when the function is defined, from the catalogue of that day."""

    def best(scores: NDArray[np.floating], k: int, items: NDArray[np.int64] = np.arange(n_items)) -> NDArray[np.int64]:  # noqa: B008
        """The k best of `items`."""
        return items[np.argsort(-scores[items], kind="stable")[:k]]

    return best


def fresh_best(scores: NDArray[np.floating], k: int, items: NDArray[np.int64] | None = None) -> NDArray[np.int64]:
    """Healthy: the default is made when the function is called. The k best of `items`, of all without them."""
    items = np.arange(len(scores)) if items is None else items
    return items[np.argsort(-scores[items], kind="stable")[:k]]
