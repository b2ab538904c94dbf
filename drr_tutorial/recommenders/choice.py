"""What may be in a list, and the best of it: candidates, items that are left out, the first k of rows of scores."""

import operator
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array

from drr_tutorial.data.ids import find
from drr_tutorial.data.ratings import DataError, Ratings, UnknownIdError

Bools = NDArray[np.bool_]


class Choice(NamedTuple):
    """Which items may be recommended."""

    barred: Bools  # (n_items,) to nobody
    pairs: csr_array  # (n_users, n_items), entries where not to this user

    @classmethod
    def of(cls, ratings: Ratings, candidates: Any = None, exclude: Any = None) -> Self:
        """`candidates`: ids of all that may be recommended, None for the whole catalogue. `exclude`: ids of what may
        not, or a table with a column item_id and, where that is for single users, user_id.

        Ids that the training data does not have are let pass: nobody is recommended these. Raises `UnknownIdError`
        where no candidate is known, `ValueError` for what is no list, `DataError` for a table without item_id.
        """
        barred = np.zeros(ratings.n_items, dtype=np.bool_)
        pairs = _pairs(ratings, pd.DataFrame({"user_id": [], "item_id": []}))
        if candidates is not None:
            barred = ~_candidates(ratings, candidates)
        if isinstance(exclude, pd.DataFrame) and _has_users(exclude):
            pairs = _pairs(ratings, exclude)
        elif exclude is not None:
            items, known = find(as_ids_given(_item_column(exclude), "exclude"), ratings.item_ids)
            barred[items[known]] = True
        return cls(barred, pairs)


def as_ids_given(value: Any, argument: str) -> list[Any]:
    """The ids of a list, an array or a column. Raises `ValueError` for one id alone, a text, and what has no order."""
    if isinstance(value, str | bytes | Mapping | set | frozenset) or not isinstance(value, Iterable):
        hint = f"; for one item write [{value!r}]" if isinstance(value, str | int | np.integer) else ""
        raise ValueError(f"{argument} must be a list of item ids, got {value!r}{hint}")
    if isinstance(value, np.ndarray) and value.ndim == 0:
        raise ValueError(f"{argument} must be a list of item ids, got {value!r}; for one item write [{value.item()!r}]")
    return list(value)


def as_length(k: Any) -> int:
    """How many items, as a whole number of at least 1. `ValueError` for all else."""
    try:
        k = operator.index(k)
    except TypeError as error:
        raise ValueError(f"k must be a whole number, got {k!r}") from error
    if k < 1:
        raise ValueError(f"k must be at least 1, got {k}")
    return int(k)


def hidden(scores: NDArray[Any], where: Bools | csr_array) -> NDArray[Any]:
    """Scores (m, n_items), in place, minus infinity at (n_items,) or at the entries of (m, n_items)."""
    if isinstance(where, np.ndarray):
        scores[:, where] = -np.inf
    elif where.nnz:
        rows = np.repeat(np.arange(where.shape[0]), np.diff(where.indptr))
        scores[rows, where.indices] = -np.inf
    return scores


def best(scores: NDArray[Any], k: int) -> NDArray[np.int64]:
    """The k best columns of each row of scores (m, n), best first, ties in the order of columns: (m, min(k, n)).

    -1 at the end of rows with fewer than k scores above minus infinity.
    """
    m, n = scores.shape
    k = min(k, n)
    if m == 0 or k == 0:
        return np.zeros((m, k), dtype=np.int64)
    least = np.partition(scores, n - k, axis=1)[:, n - k, None]  # of those that are in
    chosen = scores >= least
    if chosen.sum() > m * k:  # more tie than there are places
        level = scores == least
        places = k - (scores > least).sum(axis=1, keepdims=True)
        chosen = (scores > least) | (level & (np.cumsum(level, axis=1) <= places))
    columns = np.nonzero(chosen)[1].reshape(m, k)
    values = np.take_along_axis(scores, columns, axis=1)
    order = np.argsort(-values, axis=1, kind="stable")
    ranked = np.take_along_axis(columns, order, axis=1)
    return np.where(np.take_along_axis(values, order, axis=1) == -np.inf, -1, ranked)


def _candidates(ratings: Ratings, candidates: Any) -> Bools:
    """(n_items,) what may be recommended."""
    given = as_ids_given(_item_column(candidates, "candidates"), "candidates")
    items, known = find(given, ratings.item_ids)
    if not known.any():
        raise UnknownIdError(
            f"candidates must hold items of the training data, got {given[:3]!r} and no other that {ratings.name} has; "
            "`ratings.item_ids` lists them"
        )
    allowed = np.zeros(ratings.n_items, dtype=np.bool_)
    allowed[items[known]] = True
    return allowed


def _item_column(value: Any, argument: str = "exclude") -> Any:
    if not isinstance(value, pd.DataFrame):
        return value
    return _column(value, argument, ("item_id", "item"))


def _has_users(table: pd.DataFrame) -> bool:
    return any(name in table for name in ("user_id", "user"))


def _pairs(ratings: Ratings, table: pd.DataFrame) -> csr_array:
    users, known_users = find(_column(table, "exclude", ("user_id", "user")).to_numpy(), ratings.user_ids)
    items, known_items = find(_column(table, "exclude", ("item_id", "item")).to_numpy(), ratings.item_ids)
    known = known_users & known_items
    places = (users[known], items[known])
    return csr_array((np.ones(known.sum(), np.float32), places), shape=(ratings.n_users, ratings.n_items))


def _column(table: pd.DataFrame, argument: str, names: tuple[str, str]) -> pd.Series:
    for name in names:
        if name in table:
            return table[name]
    raise DataError(f"{argument} has no column {names[0]} among {list(map(str, table.columns))}; name it {names[0]}")
