"""The memory: the latest items that somebody liked (Liu et al. 2018, algorithm 1; chapter 2)."""

import numpy as np
from numpy.typing import NDArray

from drr_tutorial.data.ratings import Ratings


def latest_liked(ratings: Ratings, memory_size: int) -> NDArray[np.int64]:
    """Each user's memory: the latest `memory_size` liked items, oldest first, (n_users, memory_size).

    Latest by time, rows of equal or unknown time in file order; `n_items` pads on the left.
    """
    rows = np.flatnonzero(ratings.liked)
    time = np.zeros(len(rows)) if ratings.timestamps is None else ratings.timestamps[rows]
    rows = rows[np.lexsort((rows, time, ratings.users[rows]))]
    users = ratings.users[rows]
    ends = np.searchsorted(users, users, side="right")
    place = memory_size - (ends - np.arange(len(rows)))  # the last row of a user goes to the last place
    memory = np.full((ratings.n_users, memory_size), ratings.n_items, dtype=np.int64)
    kept = place >= 0
    memory[users[kept], place[kept]] = ratings.items[rows[kept]]
    return memory
