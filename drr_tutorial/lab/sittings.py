"""Do likes follow likes because of their order? Within a sitting it seems so; the test is between sittings (chapter 1).

People rate many films in one go, whole pages of similar ones. A rating that comes an hour or a day after the one before
begins a new sitting: no page joins it with what stands before it. Whoever likes much does so in any order, so each such
rating is compared with all that its user gave outside the sittings of the latest ones. (To shuffle a user's ratings
would not do: five that were given together say less of her than five from anywhere, so a shuffled line is steeper for
no other reason.)
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from drr_tutorial.data.ratings import Ratings
from drr_tutorial.environment.inputs import check_counts
from drr_tutorial.evaluation.intervals import Interval

N_RESAMPLES, LEVEL = 1000, 0.95
Floats = NDArray[np.float64]


class Rises(NamedTuple):
    """How far the share of likes rises from no likes to `window` likes among the latest ratings, by a straight line."""

    n_ratings: int
    next_rating: float
    other_ratings: float  # of the same users, outside the sittings of the latest ones
    order_adds: Interval  # the first minus the second, over users


def rises(ratings: Ratings, rng: np.random.Generator, *, hours: float = 0.0, window: int = 5) -> Rises:
    """Of the ratings that come at least `hours` after the one before, with `window` earlier ones by the same user. With
    0 hours each rating is a sitting of its own. `rng` draws users for the interval.

    Raises `ValueError` for data without times, and where there is no such rating.
    """
    check_counts(window=window)
    if ratings.timestamps is None:
        raise ValueError(f"ratings must have times, but {ratings.name} has none")
    order = np.lexsort((ratings.timestamps, ratings.users))
    users, times, liked = ratings.users[order], ratings.timestamps[order], ratings.liked[order]
    begins = np.append(True, (np.diff(users) != 0) | (np.diff(times) >= 3600 * hours))  # a sitting
    now = np.flatnonzero(users[window:] == users[:-window]) + window
    now = now[begins[now]]
    if not len(now):
        raise ValueError(
            f"hours and window must leave ratings with so many earlier ones, got {hours} and {window}: none is left"
        )
    before = np.append(0, np.cumsum(liked))
    x, others = before[now] - before[now - window], _others(users, before, begins, now, window)
    sums = [_moments(users[now], x, y) for y in (liked[now], others)]
    weights = rng.multinomial(len(sums[0]), np.full(len(sums[0]), 1 / len(sums[0])), size=N_RESAMPLES)
    drawn = _rise(weights @ sums[0], window) - _rise(weights @ sums[1], window)
    low, high = np.quantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    next_one, other = (float(_rise(moments.sum(axis=0), window)) for moments in sums)
    return Rises(len(now), next_one, other, Interval(next_one - other, float(low), float(high)))


def _others(
    users: NDArray[np.int32], before: NDArray[np.int64], begins: NDArray[np.bool_], now: NDArray[np.int64], window: int
) -> Floats:
    """Share of likes among the ratings of each user of `now` outside the sittings of the `window` before it."""
    starts = np.flatnonzero(begins)
    start = starts[np.searchsorted(starts, now - window, side="right") - 1]
    first, last = np.searchsorted(users, users[now]), np.searchsorted(users, users[now], side="right")
    likes = (before[last] - before[first]) - (before[now] - before[start])
    return np.asarray(likes / (last - first - (now - start)))


def _moments(users: NDArray[np.int32], x: NDArray[Any], y: NDArray[Any]) -> Floats:
    """Sums over each user's ratings for a straight line of y on x: (n_users, 5)."""
    x, y = x.astype(np.float64), y.astype(np.float64)
    _, index = np.unique(users, return_inverse=True)
    return np.column_stack([np.bincount(index, weights=part) for part in (np.ones(len(x)), x, y, x * x, x * y)])


def _rise(moments: Floats, window: int) -> Floats:
    """`window` times the slope, of (..., 5) sums."""
    n, x, y, xx, xy = np.moveaxis(moments, -1, 0)
    spread = n * xx - x * x  # 0 where all have as many likes before: no line, no rise
    return np.asarray(window * (n * xy - x * y) / np.where(spread > 0, spread, np.inf))
