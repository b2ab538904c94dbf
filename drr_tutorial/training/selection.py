"""Which item a vector selects where the catalogue is large: only what can be shown is scored (chapter 5)."""

import numpy as np
from numpy.typing import NDArray

PAIRS = 1 << 15  # of users and items, scored at once: their vectors stay in the processor's cache


def select_among(
    places: NDArray[np.int64], vectors: NDArray[np.float32], items: NDArray[np.float32]
) -> NDArray[np.int64]:
    """The item with the largest dot product, (m,), for vectors (m, k) and items (n_items, k), the first of equal ones.

    `places`, ascending, are those of what can be shown in a flat (m, n_items); each user can be shown one at least.
    """
    users, shown = np.divmod(places, len(items))
    scores = np.concatenate([
        np.einsum("ij,ij->i", vectors[users[part]], items[shown[part]])
        for part in (slice(start, start + PAIRS) for start in range(0, len(places), PAIRS))
    ])  # fmt: skip
    starts = np.searchsorted(users, np.arange(len(vectors)))
    best = np.maximum.reduceat(scores, starts)
    is_best = np.flatnonzero(scores == best[users])
    return shown[is_best[np.searchsorted(users[is_best], np.arange(len(vectors)))]]
