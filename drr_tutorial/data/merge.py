"""New ratings beside those that are known already: one table, in which everybody's place can be found again."""

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array

from drr_tutorial.data.ids import as_ids, index_ids
from drr_tutorial.data.ratings import DataError, Ratings
from drr_tutorial.data.scale import Scale

Places = NDArray[np.int64]


class Merged(NamedTuple):
    """Old and new ratings together, and what is new about them."""

    ratings: Ratings
    """All: the old rows but those that are rated anew, then the new ones; users and items of both."""
    before: Ratings
    """The old rows alone, with the same users and items."""
    users: Places
    """(old n_users,) where the old users stand now."""
    items: Places
    """(old n_items,) where the old items stand now."""

    @property
    def new_users(self) -> NDArray[np.bool_]:
        """(n_users,) who was not there before."""
        return _others(self.users, self.ratings.n_users)

    @property
    def new_items(self) -> NDArray[np.bool_]:
        """(n_items,) what was not there before."""
        return _others(self.items, self.ratings.n_items)

    @property
    def touched(self) -> NDArray[np.bool_]:
        """(n_users,) of whom there is something new."""
        n_old = len(self.ratings) - self.n_new
        found = np.zeros(self.ratings.n_users, dtype=np.bool_)
        found[self.ratings.users[n_old:]] = True
        return found

    n_new: int = 0
    """Rows that are new, at the end of `ratings`."""

    def moved(self, pairs: csr_array) -> csr_array:
        """Entries of the old users and items (old n_users, old n_items) in their new places."""
        rows, columns = pairs.nonzero()
        places = (self.users[rows], self.items[columns])
        shape = (self.ratings.n_users, self.ratings.n_items)
        return csr_array((np.ones(len(rows), dtype=np.float32), places), shape=shape)


def merge(old: Ratings, new: Ratings) -> Merged:
    """Both; where a user rates an item anew, the new rating counts. Titles and genres of old items stay.

    Raises `DataError` for new ratings without times where the old ones have some, for another `liked_above`, and for
    ids of another kind.
    """
    _require_alike(old, new)
    users, user_ids = _joined_ids(old.user_ids, new.user_ids, "user")
    items, item_ids = _joined_ids(old.item_ids, new.item_ids, "item")
    n_users, n_items = len(old.user_ids), len(old.item_ids)
    catalogue: dict[str, Any] = {
        "user_ids": user_ids, "item_ids": item_ids, "scale": _joined_scale(old.scale, new.scale),
        "titles": _of_items(items, [*old.titles.tolist(), *new.titles.tolist()], np.str_),
        "genres": tuple(_of_items(items, [*old.genres, *new.genres], object).tolist()),
    }  # fmt: skip
    before = replace(old, users=users[old.users], items=items[old.items], **catalogue)
    fresh = {"users": users[n_users + new.users], "items": items[n_items + new.items]}
    left = ~np.isin(_pairs(before.users, before.items, len(item_ids)), _pairs(**fresh, n_items=len(item_ids)))
    kept = before.select(left)
    rows: dict[str, Any] = {name: np.concatenate([getattr(kept, name), values]) for name, values in fresh.items()}
    times = None
    if old.timestamps is not None and new.timestamps is not None:
        times = np.concatenate([kept.timestamps, new.timestamps])  # type: ignore[list-item]
    both = replace(
        before,
        **rows,
        ratings=np.concatenate([kept.ratings, new.ratings]),
        timestamps=times,
        weights=_joined_weights(kept, new),
    )
    return Merged(both, before, users[:n_users].astype(np.int64), items[:n_items].astype(np.int64), len(new))


def _require_alike(old: Ratings, new: Ratings) -> None:
    if old.timestamps is not None and new.timestamps is None and len(new):
        raise DataError(
            f"ratings must have times, as those that are known ({old.name}), got {new.name} without; give timestamps"
        )
    if old.scale.liked_above != new.scale.liked_above:
        raise DataError(
            f"ratings must be liked above {old.scale.liked_above:g}, as those that are known ({old.name}), got "
            f"{new.scale.liked_above:g} in {new.name}; say liked_above={old.scale.liked_above:g}"
        )


def _joined_ids(old: NDArray[Any], new: NDArray[Any], what: str) -> tuple[NDArray[np.int32], NDArray[Any]]:
    """Places (old + new,) in the ids of both, and these, in the type of the old."""
    given = new.tolist()
    if old.dtype.kind == "U":
        given = [str(one) for one in given]
    elif new.dtype.kind == "U":
        numbers = as_ids(given, what, from_text=True)
        if numbers.dtype.kind not in "iu":
            raise DataError(
                f"{what} ids must be whole numbers, as those that are known, got {given[0]!r}; convert them"
            )
        given = numbers.tolist()
    return index_ids([*old.tolist(), *given], what)


def _joined_scale(old: Scale, new: Scale) -> Scale:
    return Scale(min(old.lowest, new.lowest), max(old.highest, new.highest), old.liked_above)


def _joined_weights(old: Ratings, new: Ratings) -> NDArray[np.float32] | None:
    """Those of both; rows of a side without any weigh 1."""
    if old.weights is None and new.weights is None:
        return None
    sides = (np.ones(len(side), np.float32) if side.weights is None else side.weights for side in (old, new))
    return np.concatenate(list(sides))


def _of_items(places: NDArray[np.int32], values: list[Any], dtype: Any) -> NDArray[Any]:
    """The first value of each place, in their order."""
    first = np.unique(places, return_index=True)[1]
    found = pd.Series(values, dtype=object).to_numpy()[first]
    return found.astype(dtype)


def _pairs(users: NDArray[np.int32], items: NDArray[np.int32], n_items: int) -> NDArray[np.int64]:
    return users.astype(np.int64) * n_items + items


def _others(places: Places, n: int) -> NDArray[np.bool_]:
    found = np.ones(n, dtype=np.bool_)
    found[places] = False
    return found
