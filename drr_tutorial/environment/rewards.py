"""Rewards from ratings: a like, the centred rating, or a function of the reader's own (chapter 2)."""

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from drr_tutorial.data.ratings import DataError, Ratings
from drr_tutorial.data.scale import STARS, Scale

RewardFunction = Callable[[NDArray[np.float32]], NDArray[np.floating[Any]]]


def binary_reward(ratings: NDArray[np.float32], scale: Scale = STARS) -> NDArray[np.float32]:
    """1 for a like, else 0 (the original notebook)."""
    return scale.liked(ratings).astype(np.float32)


def centred_reward(ratings: NDArray[np.float32], scale: Scale = STARS) -> NDArray[np.float32]:
    """(rating - 3) / 2 for five stars, from -1 to 1 (Liu et al. 2018, section 4): 0 where a like begins, 1 for the
    highest rating.
    """
    return ((ratings - scale.liked_above) / (scale.highest - scale.liked_above)).astype(np.float32)


REWARDS: dict[str, Callable[[NDArray[np.float32], Scale], NDArray[np.float32]]] = {
    "binary": binary_reward,
    "centred": centred_reward,
}


def named(reward: str, setting: str = "reward") -> Callable[[NDArray[np.float32], Scale], NDArray[np.float32]]:
    """The function of this name. Raises `ValueError`, about the `setting`, for one that is not in `REWARDS`."""
    if reward not in REWARDS:
        raise ValueError(
            f"{setting} must be one of {', '.join(REWARDS)}, got {reward!r}; one of your own is entered in "
            "drr_tutorial.environment.rewards.REWARDS first, or given to an environment as a function"
        )
    return REWARDS[reward]


def earned(ratings: Ratings, reward: str | RewardFunction) -> NDArray[np.float32]:
    """What each rating pays, (n,). Raises `ValueError` for an unknown name or a non-finite reward."""
    paid = named(reward)(ratings.ratings, ratings.scale) if isinstance(reward, str) else reward(ratings.ratings)
    values = np.asarray(paid, dtype=np.float32)
    if values.shape != ratings.ratings.shape or not np.isfinite(values).all():
        raise ValueError(
            f"reward must turn {ratings.ratings.shape} ratings into as many finite numbers, "
            f"got shape {values.shape} with {np.count_nonzero(~np.isfinite(values))} non-finite; check the function"
        )
    return values


def reward_matrix(ratings: Ratings, reward: str | RewardFunction) -> sp.csr_array:
    """What each rated item pays: (n_users, n_items), sparse; an item that the user has not rated pays 0.

    Raises `ValueError` for an unknown name or a non-finite reward, `DataError` when no reward is positive.
    """
    values = earned(ratings, reward)
    if not (values > 0).any():
        raise DataError(
            "ratings must hold a positive reward for at least one user, got none; a rating above "
            f"{ratings.scale.liked_above:g} counts as liked, and liked_above says otherwise"
        )
    return sp.csr_array((values, (ratings.users, ratings.items)), shape=(ratings.n_users, ratings.n_items))
