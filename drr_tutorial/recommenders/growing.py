"""New ratings into a fitted recommender: for `Recommender.partial_fit`."""

import copy
from typing import TYPE_CHECKING

from drr_tutorial.data.merge import merge
from drr_tutorial.data.ratings import Ratings, require_ratings
from drr_tutorial.recommenders.seen import _union

if TYPE_CHECKING:
    from drr_tutorial.recommenders.base import Recommender


def with_more(recommender: "Recommender", ratings: Ratings) -> "Recommender":
    """A copy that has taken in `ratings`; the recommender stays as it is. Raises `DataError`, `TypeError`."""
    require_ratings(ratings)
    merged = merge(recommender.ratings, ratings)
    grown = copy.copy(recommender)
    grown._partial_fit(merged)
    grown._remember(merged.ratings)
    grown._seen = _union(grown._seen, merged.moved(recommender._seen))
    return grown
