"""How a user answers: rewards from ratings, what may be shown, and the memory of what was liked (chapter 2).

The two environments stand on this, and the recommender takes its memories from here.
Source: Liu et al. (2018), section 3; the candidates are those of the notebook that this project grows from.
"""

from collections.abc import Callable, Mapping
from typing import Any, Literal

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from drr_tutorial.ratings import DataError, Ratings
from drr_tutorial.scale import STARS, Scale

Candidates = Literal["balanced", "catalogue"]
RewardFunction = Callable[[NDArray[np.float32]], NDArray[np.floating[Any]]]


def binary_reward(ratings: NDArray[np.float32], scale: Scale = STARS) -> NDArray[np.float32]:
    """1 for a like, else 0 (the original notebook)."""
    return scale.liked(ratings).astype(np.float32)


def centred_reward(ratings: NDArray[np.float32], scale: Scale = STARS) -> NDArray[np.float32]:
    """(rating - 3) / 2 for five stars, from -1 to 1 (Liu et al. 2018, section 4): 0 where a like begins, 1 for the
    highest rating.
    """
    return ((ratings - scale.liked_above) / (scale.highest - scale.liked_above)).astype(np.float32)


REWARDS: Mapping[str, Callable[[NDArray[np.float32], Scale], NDArray[np.float32]]] = {
    "binary": binary_reward,
    "centred": centred_reward,
}


def reward_matrix(ratings: Ratings, reward: str | RewardFunction) -> sp.csr_array:
    """What each rated item pays: (n_users, n_items), sparse; an item that the user has not rated pays 0.

    Raises `ValueError` for an unknown name or a non-finite reward, `DataError` when no reward is positive.
    """
    if isinstance(reward, str) and reward not in REWARDS:
        raise ValueError(f"reward must be a callable or one of {sorted(REWARDS)}, got {reward!r}")
    earned = REWARDS[reward](ratings.ratings, ratings.scale) if isinstance(reward, str) else reward(ratings.ratings)
    values = np.asarray(earned, dtype=np.float32)
    if values.shape != ratings.ratings.shape or not np.isfinite(values).all():
        raise ValueError(
            f"reward must turn {ratings.ratings.shape} ratings into as many finite numbers, "
            f"got shape {values.shape} with {np.count_nonzero(~np.isfinite(values))} non-finite; check the function"
        )
    if not (values > 0).any():
        raise DataError(
            "ratings must hold a positive reward for at least one user, got none; a rating above "
            f"{ratings.scale.liked_above:g} counts as liked, and liked_above says otherwise"
        )
    return sp.csr_array((values, (ratings.users, ratings.items)), shape=(ratings.n_users, ratings.n_items))


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


def draw_candidates(
    positive: NDArray[np.bool_], known: NDArray[np.bool_], candidates: Candidates, rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Which items may be shown to m users: (m, n_items), from what pays (`positive`) and what was rated before
    (`known`).

    `"balanced"`: the positives and as many others, drawn without replacement (fewer where the catalogue ends);
    `"catalogue"`: everything. Known items are left out; so the environments pass those, too, that nobody rated.
    """
    if candidates == "catalogue":
        return ~known
    keys = np.where(positive | known, 2.0, rng.random(positive.shape))
    n_positive = positive.sum(axis=1)
    n_others = np.minimum(n_positive, (keys < 1).sum(axis=1))
    cut = np.take_along_axis(np.sort(keys, axis=1), np.maximum(n_others - 1, 0)[:, None], axis=1)
    return positive | ((keys <= cut) & (n_others > 0)[:, None])


class UserModel:
    """What the two environments know of the users: rewards, what was rated before, and the memory to begin with.

    `history` are ratings from before the episode: its likes fill the memory at the start, and nothing in it is
    shown again. It must have the catalogue of `ratings` and share no (user, item) pair with it. What nobody rated, in
    either of them, is shown to nobody.
    """

    def __init__(
        self, ratings: Ratings, history: Ratings | None, memory_size: int, reward: str | RewardFunction
    ) -> None:
        self.rewards = reward_matrix(ratings, reward)  # (n_users, n_items)
        self.n_positive = np.diff((self.rewards > 0).indptr)  # (n_users,)
        self.memory = np.full((ratings.n_users, memory_size), ratings.n_items, dtype=np.int64)
        self.known = sp.csr_array(self.rewards.shape, dtype=np.bool_)
        self.unrated = np.isin(np.arange(ratings.n_items), ratings.items, invert=True)  # (n_items,)
        if history is not None:
            self.known = (history.matrix() > 0).tocsr()
            self.memory = latest_liked(history, memory_size)
            self._check_history(history, ratings)
            self.unrated[history.items] = False

    def _check_history(self, history: Ratings, ratings: Ratings) -> None:
        if self.known.shape != self.rewards.shape or not np.array_equal(history.item_ids, ratings.item_ids):
            raise ValueError(
                f"history must have the users and items of ratings {self.rewards.shape}, got {self.known.shape}; "
                "make both with ratings.select(rows)"
            )
        overlap = abs(self.known.astype(np.float32).multiply(self.rewards)).nnz
        if overlap:
            raise ValueError(
                f"history and ratings must share no (user, item) pair, {overlap} are in both; split the rows first"
            )
