"""Who learns from what: rows to fit on, rows to choose settings by, and rows that are looked at once, last.

Only `original_split` picks the positives by itself, as the original notebook did; the others divide the rows
that they are given, so filter first (`ratings.positives()`) where only likes should count. No function loops
over users.
Source: Meng et al. (2020), Exploring Data Splitting Strategies for the Evaluation of Recommendation Models.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array

from drr_tutorial.data import ncf
from drr_tutorial.data.ratings import DataError, Ratings, require_ratings

Rows = NDArray[np.int64]

_NO_ROWS: Rows = np.zeros(0, dtype=np.int64)
CACHED = 2**16  # rows that are sorted at a time


@dataclass(frozen=True, eq=False)
class Split:
    """Parts of one `Ratings`, asserted to share no row and no (user, item) pair; fit and test never empty."""

    name: str
    """The kind of split, such as "original"."""
    ratings: Ratings
    """The data that was split."""
    fit_rows: Rows
    """Positions in `ratings` to learn from while settings are chosen."""
    validation_rows: Rows
    """Positions in `ratings` to choose settings by; may be empty."""
    test_rows: Rows
    """Positions in `ratings` for the final figures."""
    note: str = ""
    """What the reader of the figures should know, such as a file that was replaced by a rule."""

    def __post_init__(self) -> None:
        for part, rows in (("fit", self.fit_rows), ("test", self.test_rows)):
            if not len(rows):
                raise DataError(
                    f"the {part} part of the {self.name} split of {self.ratings.name} is empty "
                    f"({len(self.ratings)} ratings in all); use more ratings or positives, or other fractions"
                )
        rows = np.concatenate([self.fit_rows, self.validation_rows, self.test_rows])
        if rows.min() < 0 or rows.max() >= len(self.ratings):
            raise DataError(
                f"rows of a split must be from 0 to {len(self.ratings) - 1}, got {rows.min()} to {rows.max()}"
            )
        users, items = self.ratings.users[rows], self.ratings.items[rows]
        taken, shape = np.zeros(len(self.ratings), dtype=np.bool_), (self.ratings.n_users, self.ratings.n_items)
        taken[rows] = True
        pairs = csr_array((np.ones(len(rows), dtype=np.bool_), (users, items)), shape=shape)  # equal ones become one
        for what, n_different in (("rows", np.count_nonzero(taken)), ("(user, item) pairs", pairs.nnz)):
            if n_different < len(rows):
                raise DataError(f"the parts of the {self.name} split share {what}; each may be in one part only")

    @cached_property
    def fit(self) -> Ratings:
        """The rows to learn from while settings are chosen."""
        return self.ratings.select(self.fit_rows)

    @cached_property
    def validation(self) -> Ratings:
        """The rows to choose settings by."""
        return self.ratings.select(self.validation_rows)

    @cached_property
    def test(self) -> Ratings:
        """The rows for the final figures."""
        return self.ratings.select(self.test_rows)

    @cached_property
    def train(self) -> Ratings:
        """Fit and validation rows together in file order: what a final model learns from."""
        return self.ratings.select(np.sort(np.concatenate([self.fit_rows, self.validation_rows])))

    def likes(self) -> Self:
        """The same split without the ratings of 3 and less: what a task's lists are made from, so that they are the
        same whether a method may learn from dislikes or not. Raises `DataError` when a part has no like.
        """
        liked = self.ratings.liked
        parts = ("fit_rows", "validation_rows", "test_rows")
        return replace(self, **{name: rows[liked[rows]] for name in parts for rows in [getattr(self, name)]})

    def for_tuning(self) -> Self:
        """A split to choose settings on: trains on `fit`, tests on `validation`, never sees the test part."""
        return replace(self, name=f"{self.name}, tuning", validation_rows=_NO_ROWS, test_rows=self.validation_rows)


def original_split(
    ratings: Ratings,
    *,
    data_home: Path | None = None,
    seed: int = 16,
    test_fraction: float = 0.2,
    validation_fraction: float = 0.1,
) -> Split:
    """The original notebook's split: ratings above 3 without each user's held-out one, divided at random.

    Give all ratings, unfiltered. ML-1M's held-out interactions are those of the NCF test file (He et al.
    2017), and with them seed 16 gives the notebook's 457,363 and 114,341 rows. Without the file (a note says
    so) and for other data the last by time is held out, the first in file order among ties; without times, and with a
    note, the last in the file.
    `validation_fraction` is a share of the training rows.
    """
    _check_fractions(test_fraction, validation_fraction)
    held_out, note = _held_out_rows(ratings, data_home)
    liked = ratings.liked.copy()
    liked[held_out] = False
    if not liked.any():
        raise DataError(
            f"{ratings.name} has no rating above {ratings.scale.liked_above:g} beside those held out; nothing is liked"
        )
    rows = pd.Series(np.flatnonzero(liked))
    train = rows.sample(frac=1 - test_fraction, random_state=seed)  # pandas' own draw is part of the definition
    test = rows.drop(train.index)
    fit, validation = _divide(np.sort(train.to_numpy()), validation_fraction, np.random.default_rng(seed))
    return Split("original", ratings, fit, validation, test.to_numpy(), note)


def rated_split(
    ratings: Ratings, *, data_home: Path | None = None, seed: int = 16, dislikes_share: float = 0.8
) -> Split:
    """The original split, and to learn from also a random share of the ratings of 3 and less.

    The test part is the original's to the last row. The rest of the ratings of 3 and less, like the held-out
    interactions, are in no part: four in five of what a user did are known, whether it was liked or not.
    """
    if not 0 <= dislikes_share <= 1:
        raise DataError(f"dislikes_share must be from 0 to 1, got {dislikes_share}")
    split = original_split(ratings, data_home=data_home, seed=seed)
    held_out, _ = _held_out_rows(ratings, data_home)
    disliked = np.setdiff1d(np.flatnonzero(~ratings.liked), held_out)
    _, known = _divide(disliked, dislikes_share, np.random.default_rng([seed, 1]))
    return replace(split, name="rated", fit_rows=np.sort(np.concatenate([split.fit_rows, known])))


def random_split(
    ratings: Ratings, *, seed: int = 0, test_fraction: float = 0.2, validation_fraction: float = 0.1
) -> Split:
    """A random share of every user's rows for test, then a share of the rest for validation.

    Shares are rounded user by user, so that who has one or two rows keeps them all for fitting.
    """
    _check_fractions(test_fraction, validation_fraction)
    rng = np.random.default_rng(seed)
    rank, count = _rank_by_user(ratings, rng.random(len(ratings)))
    n_test = np.rint(count * test_fraction)
    n_validation = np.rint((count - n_test) * validation_fraction)
    return _split_by(ratings, "random", test=rank < n_test, validation=rank < n_test + n_validation)


def leave_last_out_split(ratings: Ratings, *, use_ncf_file: bool = False, data_home: Path | None = None) -> Split:
    """Each user's last row for test, the one before for validation; who has one or two keeps them in fit.

    Among equal times the first in file order counts as the later. With `use_ncf_file` (all of ML-1M,
    unfiltered) the test row is the NCF test file's (He et al. 2017), and `DataError` says if the file cannot
    be had.
    """
    order = _times(ratings, "leave-last-out").astype(np.float64)
    if use_ncf_file:
        order[ncf.held_out_rows(ratings, ncf.find_ncf_test_file(home=data_home))] = np.inf
    rank, count = _rank_by_user(ratings, -order)
    return _split_by(ratings, "leave-last-out", test=(rank == 0) & (count > 2), validation=(rank < 2) & (count > 2))


def ncf_split(ratings: Ratings, *, data_home: Path | None = None) -> Split:
    """All of ML-1M as interactions, each user's held out by the NCF test file; `DataError` for other data."""
    return leave_last_out_split(ratings.implicit(), use_ncf_file=True, data_home=data_home)


def temporal_split(ratings: Ratings, *, test_fraction: float = 0.2, validation_fraction: float = 0.1) -> Split:
    """Learn from the past, test on the future: two moments, equal for everybody, cut off validation and test.

    Ratings of the same second stay together, so the shares are approximate.
    """
    _check_fractions(test_fraction, validation_fraction)
    times = _times(ratings, "temporal")
    in_test = times >= _moment(times, 1 - test_fraction)
    in_validation = times >= _moment(times[~in_test], 1 - validation_fraction)
    return _split_by(ratings, "temporal", test=in_test, validation=in_validation)


def user_split(
    ratings: Ratings, *, seed: int = 0, test_fraction: float = 0.1, validation_fraction: float = 0.1
) -> Split:
    """Whole users held out: all rows of a share of users for test, of a share of the others for validation.

    Those users are strangers to the model (cold start). At least one user goes to each part.
    """
    _check_fractions(test_fraction, validation_fraction)
    present = np.unique(ratings.users)
    shuffled = np.random.default_rng(seed).permutation(present)
    n_test = max(1, round(test_fraction * len(present)))
    n_validation = max(1, round(validation_fraction * (len(present) - n_test))) if validation_fraction else 0
    return _split_by(
        ratings,
        "users",
        test=np.isin(ratings.users, shuffled[:n_test]),
        validation=np.isin(ratings.users, shuffled[: n_test + n_validation]),
    )


SPLITS: dict[str, Callable[[Ratings, int, Path | None], Split]] = {
    "rated": lambda ratings, seed, home: rated_split(ratings, seed=seed, data_home=home),
    "original": lambda ratings, seed, home: original_split(ratings, seed=seed, data_home=home),
    "random": lambda ratings, seed, home: random_split(ratings, seed=seed),
    "leave-last-out": lambda ratings, seed, home: leave_last_out_split(ratings),
    "temporal": lambda ratings, seed, home: temporal_split(ratings),
    "users": lambda ratings, seed, home: user_split(ratings, seed=seed),
}


def make_split(kind: str, ratings: Ratings, *, seed: int = 16, data_home: Path | None = None) -> Split:
    """The split called `kind` (a key of `SPLITS`) with its usual fractions; `DataError` lists the kinds."""
    if kind not in SPLITS:
        raise DataError(f"split must be one of {', '.join(map(repr, SPLITS))}, got {kind!r}")
    require_ratings(ratings)
    return SPLITS[kind](ratings, seed, data_home)


def _check_fractions(test: float, validation: float) -> None:
    if not 0 < test < 1:
        raise DataError(f"test_fraction must be between 0 and 1, both excluded, got {test}")
    if not 0 <= validation < 1:
        raise DataError(f"validation_fraction must be from 0 to below 1, got {validation}")


def _times(ratings: Ratings, kind: str) -> NDArray[np.int64]:
    if ratings.timestamps is None:
        raise DataError(
            f"the {kind} split needs timestamps and {ratings.name} has none; use the random or users split "
            "(on the command line --split random)"
        )
    return ratings.timestamps


def _split_by(ratings: Ratings, name: str, *, test: NDArray[np.bool_], validation: NDArray[np.bool_]) -> Split:
    """A split from two masks (n,); rows that are in both belong to test."""
    return Split(
        name,
        ratings,
        fit_rows=np.flatnonzero(~test & ~validation),
        validation_rows=np.flatnonzero(validation & ~test),
        test_rows=np.flatnonzero(test),
    )


def _divide(rows: Rows, fraction: float, rng: np.random.Generator) -> tuple[Rows, Rows]:
    """The rows without a random share, and that share; both ascending."""
    taken = np.zeros(len(rows), dtype=np.bool_)
    taken[rng.permutation(len(rows))[: round(fraction * len(rows))]] = True
    return rows[~taken], rows[taken]


def _rank_by_user(ratings: Ratings, key: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """For each row (n,): its place from 0 among its user's rows by ascending key, and how many those are.

    Ties keep the file's order.
    """
    counts = np.bincount(ratings.users, minlength=ratings.n_users)
    starts = np.cumsum(counts) - counts
    order = _by_user(ratings.users, key)
    rank = np.empty(len(ratings), dtype=np.int64)
    rank[order] = np.arange(len(ratings)) - starts[ratings.users[order]]
    return rank, counts[ratings.users]


def _by_user(users: NDArray[np.int32], key: NDArray[np.float64]) -> NDArray[np.int64]:
    """`np.lexsort((key, users))`, (n,): users by users, as many at a time as fit in the processor's cache, so that the
    time grows with the rows.
    """
    order = np.argsort(users, kind="stable")  # next to nothing where rows are in order of users
    ends = np.cumsum(np.bincount(users))
    _, last = np.unique(ends // CACHED, return_index=True)
    for part in np.split(order, ends[last]):
        part[:] = part[np.lexsort((key[part], users[part]))]
    return order


def _moment(times: NDArray[np.int64], share: float) -> int:
    """The time before which the given share of the ratings lies; after all times when that is all."""
    cut = int(share * len(times))
    return int(np.sort(times)[cut]) if cut < len(times) else np.iinfo(np.int64).max


def _held_out_rows(ratings: Ratings, data_home: Path | None) -> tuple[Rows, str]:
    """One row a user that the original's data lacks, and a note when ML-1M's had to be guessed."""
    note = ""
    if ratings.name == "ml-1m":
        try:
            path = ncf.find_ncf_test_file(home=data_home, progress=False)
        except DataError as error:
            note = f"held out: each user's last rating by time, the first in the file among ties, since {error}"
        else:
            return ncf.held_out_rows(ratings, path), note
    if ratings.timestamps is None:
        rank, _ = _rank_by_user(ratings, -np.arange(len(ratings), dtype=np.float64))
        note = f"held out: each user's last rating in the file, since {ratings.name} has no times"
        return np.flatnonzero(rank == 0), note
    rank, _ = _rank_by_user(ratings, -ratings.timestamps.astype(np.float64))
    return np.flatnonzero(rank == 0), note
