"""Which item a vector selects where the catalogue is large: only what can be shown is scored (chapter 5)."""

import numpy as np
from numpy.typing import NDArray

PAIRS = 1 << 15  # of users and items, scored at once: their vectors stay in the processor's cache


def select_among(
    penalty: NDArray[np.float32], vectors: NDArray[np.float32], items: NDArray[np.float32]
) -> NDArray[np.int64]:
    """The item with the largest dot product, (m,), for vectors (m, k) and items (n_items, k), the first of equal ones.

    `penalty` (m, n_items) is 0 where an item can be shown, minus infinity elsewhere; each user can be shown one at
    least. Time and memory grow with the number of those that can be shown.
    """
    n_items = penalty.shape[1]
    places = np.flatnonzero(penalty == 0)
    users, shown = places // n_items, places % n_items
    scores = np.concatenate([
        np.einsum("ij,ij->i", vectors[users[part]], items[shown[part]])
        for part in (slice(start, start + PAIRS) for start in range(0, len(places), PAIRS))
    ])  # fmt: skip
    starts = np.searchsorted(users, np.arange(len(penalty)))
    best = np.maximum.reduceat(scores, starts)
    is_best = np.flatnonzero(scores == best[users])
    return shown[is_best[np.searchsorted(users[is_best], np.arange(len(penalty)))]]
