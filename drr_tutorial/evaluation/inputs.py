"""What an evaluation accepts, and the errors for everything else."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from drr_tutorial.evaluation.any_recommender import AnyRecommender

Scores = NDArray[np.floating]


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


def check_ks(ks: Sequence[int], longest: int) -> None:
    """ValueError unless each k is from 1 to `longest`."""
    if not ks or min(ks) < 1 or max(ks) > longest:
        raise ValueError(f"each k must be from 1 to {longest}, the number of items that are ranked; got {list(ks)}")


def check_catalogue(recommender: AnyRecommender, item_ids: NDArray[Any]) -> None:
    """ValueError unless the recommender was fitted on these items."""
    if not np.array_equal(recommender.ratings.item_ids, item_ids):
        raise ValueError(
            f"recommender {recommender.label!r} must have the catalogue of the evaluation, "
            f"{len(item_ids)} items; it was fitted on another, of {recommender.ratings.n_items}; "
            "fit it on the train part of the same split"
        )
