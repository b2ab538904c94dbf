"""A session, played greedily: step after step the best item that can still be shown, given what was liked so far.

`evaluation.evaluate_sessions` plays with newcomers, `simulator.evaluate_simulated` with simulated users.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array

Bools = NDArray[np.bool_]
Scores = NDArray[np.floating]


def play_sessions(
    scores_for: Callable[[csr_array], ArrayLike],
    rewards: NDArray[Any],
    shown: Bools,
    n_steps: int,
    rng: np.random.Generator,
    method: str,
) -> NDArray[Any]:
    """Rewards (m, n_steps), of the type of `rewards` (m, n_items), which says what each item earns from each user.

    Each step asks `scores_for` for scores (m, n_items) by what each user liked in the session, binary (m, n_items), in
    a row the earlier first; a reward above 0 is a like. No item is shown twice, and none of `shown` (m, n_items). Ties
    are broken at random, in a session always the same way. `method` is for the error of `checked_scores`.
    """
    everyone, tie_breaks = np.arange(len(shown)), rng.random(shown.shape, dtype=np.float32)
    shown, items = shown.copy(), np.empty((len(shown), n_steps), dtype=np.int32)
    earned = np.zeros((len(shown), n_steps), dtype=rewards.dtype)
    for step in range(n_steps):
        likes = _histories(items[:, :step], earned[:, :step] > 0, shown.shape[1])
        scores = np.where(shown, -np.inf, checked_scores(scores_for(likes), shown.shape, method))
        best = scores == scores.max(axis=1, keepdims=True)
        items[:, step] = np.where(best, tie_breaks, -1.0).argmax(axis=1)
        earned[:, step] = rewards[everyone, items[:, step]]
        shown[everyone, items[:, step]] = True
    return earned


def checked_scores(values: ArrayLike, shape: tuple[int, ...], method: str) -> Scores:
    """Scores as floats of their own precision (rounding would make ties); ValueError for another shape than `shape`,
    (users, items), and for what is not finite.
    """
    scores = np.asarray(values)
    if scores.dtype.kind != "f":
        scores = scores.astype(np.float64)
    if scores.shape != shape:
        raise ValueError(f"scores of {method!r} must have shape (users, items) = {shape}, got {scores.shape}")
    if not np.isfinite(scores).all():
        raise ValueError(
            f"scores of {method!r} must be finite, but {(~np.isfinite(scores)).sum()} of {scores.size} "
            "are NaN or infinite; look for diverged training"
        )
    return scores


def _histories(items: NDArray[np.int32], liked: Bools, n_items: int) -> csr_array:
    """Binary (m, n_items); the indices of a row stand in the order in which the items were liked."""
    indptr = np.append(0, np.cumsum(liked.sum(axis=1)))
    return csr_array((np.ones(indptr[-1], dtype=np.float32), items[liked], indptr), shape=(len(items), n_items))
