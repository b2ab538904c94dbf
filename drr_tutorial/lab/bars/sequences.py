"""What each user liked, one thing after the other: what every method that reads order learns from."""

import numpy as np
from numpy.typing import NDArray

from drr_tutorial.data.ratings import Ratings


def sequences(ratings: Ratings) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Users' liked items, oldest first: `indptr` (n_users + 1,) and `items` (n,), as in a sparse matrix of rows.

    User u's are `items[indptr[u] : indptr[u + 1]]`. Among equal times the first in file order counts as the later, as
    in `leave_last_out_split`: what comes last there follows what comes last here. Without times it is the file order.
    """
    rows = np.flatnonzero(ratings.liked)
    keys = (rows,) if ratings.timestamps is None else (-rows, ratings.timestamps[rows])
    rows = rows[np.lexsort((*keys, ratings.users[rows]))]
    counts = np.bincount(ratings.users[rows], minlength=ratings.n_users)
    return np.concatenate([[0], np.cumsum(counts)]), ratings.items[rows].astype(np.int64)
