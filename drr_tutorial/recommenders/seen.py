"""What users are known to have rated, where that is more than there is to learn from."""

import numpy as np
from scipy.sparse import csr_array

from drr_tutorial.data.ratings import Ratings


def _same_catalogue(one: Ratings, other: Ratings) -> bool:
    return np.array_equal(one.user_ids, other.user_ids) and np.array_equal(one.item_ids, other.item_ids)


def _union(one: csr_array, other: csr_array) -> csr_array:
    """Ones wherever either (m, n) has an entry."""
    both: csr_array = (one + other).sign()
    both.sort_indices()
    return both
