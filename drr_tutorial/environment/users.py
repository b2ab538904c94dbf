"""The users of a log: what may be shown to them, what pays, and what they liked before (chapter 2).

Both environments stand on this. Source: Liu et al. (2018), section 3; the candidates are those of the notebook that
this project grows from.
"""

from typing import Literal

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from drr_tutorial.data.ratings import Ratings
from drr_tutorial.environment.memory import latest_liked
from drr_tutorial.environment.rewards import RewardFunction, reward_matrix

Candidates = Literal["balanced", "catalogue"]
AT_ONCE = 1 << 18  # users times items that candidates are drawn from at once: in the processor's cache
MANY = 1 << 13  # items: above, a number is drawn for each candidate instead of for each item


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
    drawn, at_once = np.empty_like(positive), max(1, AT_ONCE // max(1, positive.shape[1]))
    for part in (slice(start, start + at_once) for start in range(0, len(positive), at_once)):
        drawn[part] = _balanced(positive[part], known[part], rng)
    return drawn


def _balanced(positive: NDArray[np.bool_], known: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[np.bool_]:
    """The positives and as many others as there are of them, of what is not known (m, n_items)."""
    taken, n_items = positive | known, positive.shape[1]
    n_positive, n_taken = np.count_nonzero(positive, axis=1), np.count_nonzero(taken, axis=1)
    if n_items > MANY and (n_taken + n_positive).max(initial=0) < n_items / 2:
        return positive | _few_others(taken, n_positive, rng)
    keys = rng.random(positive.shape)
    np.putmask(keys, taken, 2.0)
    n_others = np.minimum(n_positive, n_items - n_taken)
    return positive | ((keys <= _nth_smallest(keys, n_others)[:, None]) & (n_others > 0)[:, None])


def _few_others(taken: NDArray[np.bool_], n: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.bool_]:
    """n of each row's items (m,) that are not taken (m, n_items), every set as likely; few of the items are taken."""
    others, left = np.zeros_like(taken), n
    while left.any():
        rows = np.repeat(np.arange(len(n)), left)
        items = rng.integers(taken.shape[1], size=len(rows))
        free = ~taken[rows, items]
        others[rows[free], items[free]] = True
        left = n - np.count_nonzero(others, axis=1)
    return others


def _nth_smallest(keys: NDArray[np.float64], n: NDArray[np.int64]) -> NDArray[np.float64]:
    """The n-th smallest of each row (m,), or the smallest for n = 0, of uniform numbers (m, n_items)."""
    n = np.maximum(n, 1)
    bound = 2 * (int(n.max(initial=1)) + 8) / keys.shape[1]  # below it are twice as many as wanted, on average
    rows, columns = np.nonzero(keys < bound)
    counts = np.bincount(rows, minlength=len(keys))
    if (counts < n).any():
        return np.take_along_axis(np.sort(keys, axis=1), n[:, None] - 1, axis=1)[:, 0]
    small = keys[rows, columns]
    ends = np.cumsum(counts)
    return np.asarray(small[np.lexsort((small, rows))][ends - counts + n - 1])


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
