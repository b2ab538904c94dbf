"""Which lists are ranked: a task fixes them once, so that all methods meet the same ones.

Protocols, on the test positives of a split:

- `original`: each beside 99 sampled items that are no test positive of the user, as in the notebook from
  which this project grows; the user's training items can be negatives, which punishes whoever learned them;
- `masked`: the same lists, training items scored last, as a deployed recommender does;
- `unseen`: each beside 99 sampled items that are neither training item nor test positive of the user;
- `full`: per user, all test positives among the whole catalogue without the training items (Krichene & Rendle
  2020 show how sampled figures can mislead).

The catalogue is what somebody rated in the data that was split: nothing else is ranked, or drawn as a negative.

Beside these, `own_items_task` has only what the user rated in the test part ranked, the offline protocol of the DRR
paper, and `ncf_task` the published lists of another paper.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from drr_tutorial.data import ncf
from drr_tutorial.data.splits import Split
from drr_tutorial.errors import DataError

Protocol = Literal["original", "masked", "unseen", "full"]
Ints = NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class RankingTask:
    """What is ranked for whom: made once by `ranking_task` and used for every method that is compared.

    Row j: the test positive `items[j]` of user `users[j]` and, but for `full` and `own items`, its sampled
    `negatives[j]`; all are indices into the catalogue `user_ids`, `item_ids`; rows sorted by user.
    """

    protocol: str
    users: Ints  # (n,) sorted
    items: Ints  # (n,)
    negatives: Ints | None  # (n, n_negatives); None: the whole catalogue
    hidden: sparse.csr_array | None  # (n_users, n_items), nonzero = scored last; None: nothing is hidden
    user_ids: NDArray[Any]
    item_ids: NDArray[Any]
    seed: int
    shown: sparse.csr_array | None = None  # (n_users, n_items), nonzero = is ranked; None: whatever is not hidden
    rated: NDArray[np.bool_] | None = None  # (n_items,) False = nobody rated it, so it is not ranked; None: all are

    @property
    def list_length(self) -> int:
        """Items that are ranked against each other."""
        if self.negatives is not None:
            return 1 + self.negatives.shape[1]
        return len(self.item_ids) if self.rated is None else int(self.rated.sum())

    @cached_property
    def fingerprint(self) -> str:
        """The same for two tasks if, and only if, their lists are the same: paired comparisons rest on it."""
        arrays: list[NDArray[Any]] = [self.users, self.items]
        if self.negatives is not None:
            arrays.append(self.negatives)
        if self.hidden is not None:
            arrays += [self.hidden.indptr, self.hidden.indices]
        if self.shown is not None:
            arrays += [self.shown.indptr, self.shown.indices]
        if self.rated is not None:
            arrays.append(self.rated)
        return fingerprint_of(self.protocol, self.user_ids, self.item_ids, *arrays)


def ranking_task(
    split: Split,
    protocol: Protocol = "unseen",
    *,
    n_negatives: int = 99,
    seed: int = 0,
) -> RankingTask:
    """Lists for the likes among the split's test rows; training rows count whatever their rating.

    `n_negatives` (at least 1) and `seed` matter for sampled protocols only. ValueError for an unknown
    protocol, for a test part without positives, and when a user has fewer than n_negatives items to sample
    from: items that somebody rated in `split.ratings`, whatever else its catalogue holds.
    """
    if protocol not in get_args(Protocol):
        raise ValueError(f"protocol must be one of {', '.join(get_args(Protocol))}; got {protocol!r}")
    test, train = split.test.positives(), split.train.matrix()
    if not len(test):
        raise ValueError(
            f"split {split.name!r} has no test rating above {split.ratings.scale.liked_above:g}, so nothing can be "
            "ranked; load the ratings with a lower liked_above, or take a split whose test part has likes"
        )
    order = np.lexsort((test.items, test.users))
    users, items = test.users[order], test.items[order]
    user_ids, item_ids, catalogue = split.ratings.user_ids, split.ratings.item_ids, np.unique(split.ratings.items)
    hidden = train if protocol in ("masked", "full") else None
    if protocol == "full":
        rated = None if len(catalogue) == len(item_ids) else np.isin(np.arange(len(item_ids)), catalogue)
        return RankingTask(protocol, users, items, None, hidden, user_ids, item_ids, seed, rated=rated)
    excluded = (test.matrix() + train if protocol == "unseen" else test.matrix())[:, catalogue]
    drawn = sample_negatives(users, excluded, n_negatives, np.random.default_rng(seed), user_ids)
    return RankingTask(protocol, users, items, catalogue[drawn], hidden, user_ids, item_ids, seed)


def own_items_task(split: Split) -> RankingTask:
    """Each user's own test items are ranked, and nothing else: which of the films that somebody chose to watch were
    liked?

    The offline protocol of Liu et al. (2018), section 4, for a split of all ratings into 80/20 by user
    (`random_split`). A list is a user; who liked none of their test items has no list. A user with
    fewer than k test items cannot reach precision@k = 1, whoever ranks them. ValueError for a test part without
    positives.
    """
    full = ranking_task(split, "full")
    return replace(full, protocol="own items", hidden=None, shown=split.test.matrix())


def ncf_task(split: Split, *, data_home: Path | None = None) -> RankingTask:
    """The published lists, for a split made by `ncf_split`; `DataError` where file and split do not fit together."""
    path = ncf.find_ncf_negatives_file(home=data_home)
    users, items, negatives = ncf.published_lists(path)
    by_appearance = pd.unique(split.ratings.items)  # the file counts items in this order
    held_out = np.full(split.ratings.n_users, -1)
    held_out[split.test.users] = split.test.items
    n_items = split.ratings.n_items
    fits = np.array_equal(users, np.arange(len(held_out))) and max(items.max(), negatives.max()) < n_items
    if not fits or not np.array_equal(by_appearance[items], held_out):
        raise DataError(f"{path} does not hold the test items of {split.ratings}; give ncf_split(all of ml-1m)")
    return RankingTask(
        protocol="leave-last-out",
        users=users.astype(np.int32),
        items=by_appearance[items].astype(np.int32),
        negatives=by_appearance[negatives].astype(np.int32),
        hidden=None,
        user_ids=split.ratings.user_ids,
        item_ids=split.ratings.item_ids,
        seed=0,
    )


def sample_negatives(
    users: Ints,
    excluded: sparse.csr_array,
    n_negatives: int,
    rng: np.random.Generator,
    user_ids: NDArray[Any] | None = None,
) -> Ints:
    """For each of `users` (n,) a uniform sample, without replacement, of the items not excluded for them.

    `excluded`: (n_users, n_items); its stored entries are not drawn. Returns item indices (n, n_negatives).
    ValueError names the user (by `user_ids`, if given) who has fewer than n_negatives items left.
    """
    excluded.sum_duplicates()
    n_left = excluded.shape[1] - np.diff(excluded.indptr)[users]
    if n_negatives < 1 or n_left.min(initial=n_negatives) < n_negatives:
        poorest = users[n_left.argmin()]
        raise ValueError(
            "n_negatives must be at least 1 and at most the number of items that can be drawn for each user; "
            f"got {n_negatives}, and user {poorest if user_ids is None else user_ids[poorest]} "
            f"has {n_left.min()}; pass another n_negatives, or protocol='full'"
        )
    keys = _free_items_before(excluded)
    negatives = np.empty((len(users), n_negatives), dtype=np.int32)
    for start in range(0, len(users), 4096):  # a part fits in the processor's cache
        part = slice(start, start + 4096)
        positions = _distinct_integers(n_left[part], n_negatives, rng)
        negatives[part] = _items_at(users[part], positions, excluded, keys).T
    return negatives


def _distinct_integers(n: NDArray[np.int64], size: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """(size, len(n)): distinct integers below n[j] in column j; Floyd's algorithm, every set as likely."""
    chosen = np.empty((size, len(n)), dtype=np.int64)
    for row in range(size):
        last = n - size + row
        draw = rng.integers(0, last + 1)
        taken = (chosen[:row] == draw).any(axis=0)
        chosen[row] = np.where(taken, last, draw)
    return chosen


def _free_items_before(excluded: sparse.csr_array) -> NDArray[np.int64]:
    """For each excluded item: the number of free items before it + n_items * its user; ascending."""
    n_users, n_items = excluded.shape
    row = np.repeat(np.arange(n_users), np.diff(excluded.indptr))
    nth_of_row = np.arange(excluded.nnz) - excluded.indptr[row]
    return np.asarray(row * n_items + excluded.indices - nth_of_row, dtype=np.int64)


def _items_at(
    users: Ints, positions: NDArray[np.int64], excluded: sparse.csr_array, keys: NDArray[np.int64]
) -> NDArray[np.int64]:
    """The items at `positions` (size, n), counted from 0 among those that are not excluded for the user."""
    # An excluded item that has f free ones before it shifts the positions from f on by one.
    wanted = users.astype(np.int64) * excluded.shape[1] + positions
    n_before = np.searchsorted(keys, wanted, side="right") - excluded.indptr[users]
    return np.asarray(positions + n_before, dtype=np.int64)


def fingerprint_of(
    text: str, user_ids: NDArray[Any], item_ids: NDArray[Any], *arrays: NDArray[Any] | Iterator[NDArray[Any]]
) -> str:
    """Hex digest of a text, a catalogue and arrays (their bytes, in order); one array may come in parts."""
    digest = hashlib.blake2b(repr((text, user_ids.tolist(), item_ids.tolist())).encode(), digest_size=16)
    for array in arrays:
        for part in [array] if isinstance(array, np.ndarray) else array:
            digest.update(np.ascontiguousarray(part).data)
    return digest.hexdigest()
