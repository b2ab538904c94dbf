"""What may be in a list, and the best of it: candidates, items that are left out, the first k of rows of scores."""

import operator
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array

from drr_tutorial.data.frames import as_frame, is_table
from drr_tutorial.data.ids import find
from drr_tutorial.data.ratings import DataError, Ratings, UnknownIdError
from drr_tutorial.data.roles import plain_name

Bools = NDArray[np.bool_]
COLUMNS = {
    "user": ("user", "userid"),
    "item": ("item", "itemid", "movie", "movieid"),
    "other": ("rank", "title", "score", "source", "rating", "timestamp", "genres"),
}
"""Of a table of pairs, in the form of `plain_name`; the others say nothing here."""


class Choice(NamedTuple):
    """Which items may be recommended."""

    barred: Bools  # (n_items,) to nobody
    pairs: csr_array  # (n_users, n_items), entries where not to this user

    @classmethod
    def of(cls, ratings: Ratings, candidates: Any = None, exclude: Any = None) -> Self:
        """`candidates`: ids of all that may be recommended, None for the whole catalogue. `exclude`: ids of what may
        not, or a table with a column item_id and, where that is for single users, user_id.

        Ids that the training data does not have are let pass: nobody is recommended these. Raises `UnknownIdError`
        where none is known, `ValueError` for what is no list, `DataError` for ids that are missing, for a table without
        item_id, or with a column that nobody knows.
        """
        candidates, exclude = _as_pandas(candidates, "candidates"), _as_pandas(exclude, "exclude")
        barred = np.zeros(ratings.n_items, dtype=np.bool_)
        pairs = _at(ratings, np.zeros(0, np.int64), np.zeros(0, np.int64))
        if candidates is not None:
            barred = ~_candidates(ratings, candidates)
        roles = _roles(exclude, "exclude") if isinstance(exclude, pd.DataFrame) else {}
        if "user" in roles:
            pairs = _pairs(ratings, exclude, roles)
        elif exclude is not None:
            given = _none_missing(as_ids_given(_item_column(exclude), "exclude"), "exclude")
            items, known = find(given, ratings.item_ids)
            if given and not known.any():
                raise _nothing_known("exclude", given, ratings)
            barred[items[known]] = True
        return cls(barred, pairs)


def as_ids_given(value: Any, argument: str, what: str = "item") -> list[Any]:
    """The ids of a list, an array or a column. Raises `ValueError` for one id alone, a text, a table, and what has no
    order.
    """
    if is_table(value) or (isinstance(value, np.ndarray) and value.ndim > 1):
        shape = f" of shape {value.shape}" if hasattr(value, "shape") else ""
        raise ValueError(f"{argument} must be a list of {what} ids, got a table{shape}; give its column of {what}s")
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value.item()
    if isinstance(value, str | bytes | Mapping | set | frozenset) or not isinstance(value, Iterable):
        hint = f"; for one {what} write [{value!r}]" if isinstance(value, str | int | np.integer) else ""
        raise ValueError(f"{argument} must be a list of {what} ids, got {value!r}{hint}")
    return list(value)


def _as_pandas(value: Any, argument: str) -> Any:
    """A table of polars and the like as one of pandas; all else as it is."""
    return as_frame(value, argument) if is_table(value) else value


def as_length(k: Any, argument: str = "k") -> int:
    """How many items, as a whole number of at least 1. `ValueError` for all else."""
    try:
        number = operator.index(k)
    except TypeError as error:
        raise ValueError(f"{argument} must be a whole number, got {k!r}") from error
    if isinstance(k, bool):  # which Python takes for 1
        raise ValueError(f"{argument} must be a whole number, got {k!r}")
    if number < 1:
        raise ValueError(f"{argument} must be at least 1, got {number}")
    return number


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
    if isinstance(candidates, pd.DataFrame) and "user" in _roles(candidates, "candidates"):
        raise DataError(
            f"candidates are the same for all users, got a table with {list(map(str, candidates.columns))}; give its "
            "column of items alone"
        )
    given = _none_missing(as_ids_given(_item_column(candidates, "candidates"), "candidates"), "candidates")
    items, known = find(given, ratings.item_ids)
    if not known.any():
        raise _nothing_known("candidates", given, ratings)
    allowed = np.zeros(ratings.n_items, dtype=np.bool_)
    allowed[items[known]] = True
    return allowed


def _nothing_known(argument: str, given: Sequence[Any], ratings: Ratings) -> UnknownIdError:
    shown = f"{list(given[:3])!r} and no other that {ratings.name} has" if len(given) else "none"
    return UnknownIdError(
        f"{argument} must hold items of the training data, got {shown}; `ratings.item_ids` lists them"
    )


def _none_missing(given: list[Any], argument: str) -> list[Any]:
    missing = np.flatnonzero(pd.isna(pd.Series(given, dtype=object)))
    if len(missing):
        raise DataError(
            f"{argument} must hold ids, got {len(missing)} missing, the first in row {missing[0]}; fill or drop"
        )
    return given


def _item_column(value: Any, argument: str = "exclude") -> Any:
    return value[_roles(value, argument)["item"]] if isinstance(value, pd.DataFrame) else value


def _pairs(ratings: Ratings, table: pd.DataFrame, roles: Mapping[str, Any]) -> csr_array:
    columns = {role: _none_missing(table[name].tolist(), "exclude") for role, name in roles.items()}
    users, known_users = find(columns["user"], ratings.user_ids)
    items, known_items = find(columns["item"], ratings.item_ids)
    if len(table) and not known_items.any():
        raise _nothing_known("exclude", columns["item"], ratings)
    known = known_users & known_items
    return _at(ratings, users[known], items[known])


def _at(ratings: Ratings, users: NDArray[Any], items: NDArray[Any]) -> csr_array:
    """Ones at the pairs (m,) of indices: (n_users, n_items)."""
    ones = np.ones(len(users), np.float32)
    return csr_array((ones, (users, items)), shape=(ratings.n_users, ratings.n_items))


def _roles(table: pd.DataFrame, argument: str) -> dict[str, Any]:
    """ "item", and "user" where there is one -> the column's name, by the names that a file of ratings may have.

    A column that is neither, nor one of a list, is refused: it may be the users' under another name, and what is for
    one of them would be for all.
    """
    found = {role: [name for name in table.columns if plain_name(name) in names] for role, names in COLUMNS.items()}
    strange = [name for name in table.columns if not any(name in names for names in found.values())]
    for role in ("item", "user"):
        if len(found[role]) > 1 or (role == "item" and not found[role]):
            raise DataError(
                f"{argument} must have one column item_id, and user_id where it is for single users, got "
                f"{list(map(str, table.columns))}; name them so"
            )
    if strange:
        raise DataError(
            f"{argument} has a column {strange[0]!r} that is neither user_id nor item_id; name it so, or leave it out"
        )
    return {role: names[0] for role, names in found.items() if names and role != "other"}
