"""Who rated what, how well, and when: the one table that every other module reads.

Inside, users and items are contiguous indices, so that they can address rows of matrices and embeddings.
Outside, people speak of original ids: `user_ids[index]` and `item_ids[index]` lead out, `user_index(ids)` and
`item_index(ids)` lead in. Arrays over users or items are always in the order of `user_ids` or `item_ids`.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array

from drr_tutorial.data.columns import as_numbers, as_seconds
from drr_tutorial.data.ids import find, index_ids, look_up, texts_as_array
from drr_tutorial.data.scale import STARS, Scale
from drr_tutorial.errors import DataError as DataError, UnknownIdError as UnknownIdError

T = TypeVar("T")
LARGEST = 2.0**24  # up to here single precision tells whole numbers apart
_YEAR_IN_TITLE = re.compile(r"\((\d{4})\)\s*$")


@dataclass(frozen=True, eq=False)
class Ratings:
    """Ratings in file order, with the catalogue of users and items that they refer to.

    Raises `DataError` where the arrays do not fit together.
    """

    users: NDArray[np.int32]
    """(n,) position of the rating's user in `user_ids`."""
    items: NDArray[np.int32]
    """(n,) position of the rated item in `item_ids`."""
    ratings: NDArray[np.float32]
    """(n,) the rating itself; 1 to 5 stars in MovieLens."""
    timestamps: NDArray[np.int64] | None
    """(n,) seconds since 1970, or None when the source has no times."""
    user_ids: NDArray[Any]
    """(n_users,) original ids, integers or strings, ascending."""
    item_ids: NDArray[Any]
    """(n_items,) original ids, integers or strings, ascending."""
    titles: NDArray[np.str_]
    """(n_items,) such as "Toy Story (1995)"; the id as text where the source has no titles."""
    genres: tuple[tuple[str, ...], ...]
    """Genres of each item in alphabetical order; () where unknown."""
    name: str
    """What the data is called, such as "ml-100k"."""
    scale: Scale = STARS
    """From where to where ratings go, and above what one counts as liked."""
    weights: NDArray[np.float32] | None = None
    """(n,) how sure each row is, above 0, such as 1 + ln(count) where the source has counts; None: all alike. iALS
    looks at them when it is asked to (`EmbeddingConfig.weighted`), nothing else does."""

    def __post_init__(self) -> None:
        n = len(self.users)
        rows = {"items": self.items, "ratings": self.ratings, "timestamps": self.timestamps, "weights": self.weights}
        for field, values in rows.items():
            if values is not None and len(values) != n:
                raise DataError(f"Ratings.{field} has {len(values)} rows, but users has {n}; give one value a rating")
        for field, indices, ids in (
            ("users", self.users, self.user_ids),
            ("items", self.items, self.item_ids),
        ):
            if n and not 0 <= indices.min() <= indices.max() < len(ids):
                raise DataError(
                    f"Ratings.{field} must hold indices from 0 to {len(ids) - 1}, got {indices.min()} to "
                    f"{indices.max()}; Ratings.from_columns makes them from original ids"
                )
            if not (ids[1:] > ids[:-1]).all():
                raise DataError(f"Ratings.{field[:-1]}_ids must be ascending and unique; Ratings.from_columns sorts")
        if not len(self.titles) == len(self.genres) == self.n_items:
            raise DataError(
                f"titles ({len(self.titles)}) and genres ({len(self.genres)}) must have one entry for each "
                f"of the {self.n_items} items"
            )

    @classmethod
    def from_columns(
        cls,
        users: ArrayLike,
        items: ArrayLike,
        ratings: ArrayLike,
        timestamps: ArrayLike | None = None,
        *,
        titles: Mapping[Any, str] | None = None,
        genres: Mapping[Any, tuple[str, ...]] | None = None,
        name: str = "ratings",
        liked_above: float | None = None,
        beside: "Ratings | None" = None,
        weights: ArrayLike | None = None,
    ) -> Self:
        """Index columns of equal length (original ids, ratings, seconds since 1970 or dates); rows keep their order.

        `titles` and `genres` go by original item id. Ratings above `liked_above` (None: 3 of 5 stars) count as liked;
        new ones `beside` others have their scale (`Recommender.partial_fit`). `weights`: how sure each row is. Raises
        `DataError`, for values, ids and scales (`Scale.of`) that will not do and pairs rated twice; `TypeError`.
        """
        _check_kinds(titles, genres, beside)
        user_indices, user_ids = index_ids(users, "user")
        item_indices, item_ids = index_ids(items, "item")
        values = _single_precision(ratings, name)
        no_genres: list[tuple[str, ...]] = [()] * len(item_ids)
        indexed = cls(
            users=user_indices,
            items=item_indices,
            ratings=values,
            timestamps=None if timestamps is None else as_seconds(timestamps),
            user_ids=user_ids,
            item_ids=item_ids,
            titles=texts_as_array(list(map(str, _of_items(titles, item_ids, item_ids.tolist()))), "title"),
            genres=tuple(tuple(sorted(of)) for of in _of_items(genres, item_ids, no_genres)),
            name=name,
            scale=_scale(values, liked_above, name, beside),
            weights=_weights(weights, name),
        )
        indexed._refuse_duplicates()
        return indexed

    def __len__(self) -> int:
        return len(self.users)

    def __repr__(self) -> str:
        return f"Ratings({self.name!r}: {len(self):,} ratings, {self.n_users:,} users, {self.n_items:,} items)"

    @property
    def n_users(self) -> int:
        """Users in the catalogue, with or without a rating in these rows."""
        return len(self.user_ids)

    @property
    def n_items(self) -> int:
        """Items in the catalogue, with or without a rating in these rows."""
        return len(self.item_ids)

    @cached_property
    def years(self) -> NDArray[np.int64]:
        """(n_items,) year of release, read from the title's end; 0 where the title does not tell."""
        found = (_YEAR_IN_TITLE.search(title) for title in self.titles.tolist())
        return np.asarray([int(match[1]) if match else 0 for match in found], dtype=np.int64)

    def user_index(self, ids: ArrayLike) -> NDArray[np.int32]:
        """Positions (m,) in `user_ids` of one original id or of m; `UnknownIdError` if any is missing."""
        return look_up(ids, self.user_ids, "user", self.name)

    def item_index(self, ids: ArrayLike) -> NDArray[np.int32]:
        """Positions (m,) in `item_ids` of one original id or of m; `UnknownIdError` if any is missing."""
        return look_up(ids, self.item_ids, "item", self.name)

    def select(self, rows: ArrayLike) -> Self:
        """The given rows (a boolean mask (n,), or positions in the order wanted) with the same catalogue."""
        chosen = np.asarray(rows)
        if chosen.dtype == np.bool_ and len(chosen) != len(self):
            raise DataError(f"rows is a mask of {len(chosen)} values for {len(self)} ratings; give one for each")
        if chosen.dtype != np.bool_:
            chosen = chosen.astype(np.int64)  # an empty list arrives as floats
        return replace(
            self,
            users=self.users[chosen],
            items=self.items[chosen],
            ratings=self.ratings[chosen],
            timestamps=None if self.timestamps is None else self.timestamps[chosen],
            weights=None if self.weights is None else self.weights[chosen],
        )

    @property
    def liked(self) -> NDArray[np.bool_]:
        """(n,) which rows are likes (DRR's binary feedback); the others are dislikes."""
        return self.scale.liked(self.ratings)

    def positives(self) -> Self:
        """The rows that are likes."""
        return self.select(self.liked)

    def liked_from(self, liked_above: float | None) -> Self:
        """The same ratings, of which those above `liked_above` count as liked; None: above 3 of 5 stars.

        Raises `DataError` where that does not fit the ratings; see `Scale.of`.
        """
        return replace(self, scale=_scale(self.ratings, liked_above, self.name))

    def implicit(self) -> Self:
        """The same rows, each with the highest rating: all count as liked, as where only views or clicks are known."""
        return replace(self, ratings=np.full(len(self), self.scale.highest, dtype=np.float32))

    def matrix(self, binary: bool = True) -> csr_array:
        """Sparse (n_users, n_items) float32 matrix: 1 for each rated pair, or the rating if not `binary`."""
        values = np.ones(len(self), dtype=np.float32) if binary else self.ratings
        matrix = csr_array((values, (self.users, self.items)), shape=(self.n_users, self.n_items))
        matrix.sort_indices()
        return matrix

    def fingerprint(self) -> str:
        """Hex SHA-256 of rows, ids and what is liked: equal data has equal fingerprints, and row order counts."""
        return self._fingerprint

    def _refuse_duplicates(self) -> None:
        if self.matrix().nnz == len(self):  # equal pairs become one entry; quicker than to look each up
            return
        pairs = pd.Series(self.users.astype(np.int64) * self.n_items + self.items)
        repeated = np.flatnonzero(pairs.duplicated())
        if len(repeated):
            user, item = self.user_ids[self.users[repeated[0]]], self.item_ids[self.items[repeated[0]]]
            raise DataError(
                f"{self.name}: {len(repeated)} duplicate (user, item) pairs, the first: user {user} rates "
                f"item {item} again in row {repeated[0]}; keep one rating a pair"
            )

    @cached_property
    def _fingerprint(self) -> str:
        digest = hashlib.sha256()
        for values in (self.users, self.items, self.ratings, self.timestamps, self.user_ids, self.item_ids):
            if values is None:
                digest.update(b"none;")
            else:
                digest.update(f"{values.dtype.str}{values.shape};".encode())
                digest.update(np.ascontiguousarray(values).tobytes())
        if self.scale.liked_above != STARS.liked_above:
            digest.update(f"liked above {self.scale.liked_above};".encode())
        if self.weights is not None:
            digest.update(b"weights;" + np.ascontiguousarray(self.weights).tobytes())
        return digest.hexdigest()


def require_ratings(value: Any, argument: str = "ratings") -> None:
    """Raises `TypeError` for anything else than `Ratings`, such as a table of pandas, with the call that makes them."""
    if not isinstance(value, Ratings):
        raise TypeError(
            f"{argument} must be Ratings, got {type(value).__name__}; make them with load_ratings(file or table), or "
            "with Ratings.from_columns(users, items, ratings)"
        )


def _check_kinds(titles: Any, genres: Any, beside: Any) -> None:
    """Raises `TypeError` for titles and genres that cannot be looked up, and for what is not `Ratings`."""
    for argument, values, one in (("titles", titles, "a text"), ("genres", genres, "a tuple of texts")):
        if values is not None and not isinstance(values, Mapping):
            how = f"such as dict(zip(ids, {argument}))"
            raise TypeError(f"{argument} must map an item id to {one}, got {type(values).__name__}; {how}")
    texts = [value for value in (genres or {}).values() if isinstance(value, str)]
    if texts:
        raise TypeError(f"genres must map an item id to a tuple of texts, got {texts[0]!r}; give ({texts[0]!r},)")
    if beside is not None:
        require_ratings(beside, "beside")


def _single_precision(ratings: ArrayLike, name: str) -> NDArray[np.float32]:
    given = as_numbers(ratings, "rating")
    far = np.flatnonzero(~(np.abs(given) <= LARGEST))
    if len(far):
        rule = f"finite and at most {LARGEST:,.0f} in size"
        raise DataError(f"{name}: ratings must be {rule}, got {given[far[0]]} in row {far[0]}; correct or drop it")
    return given.astype(np.float32)


def _weights(weights: ArrayLike | None, name: str) -> NDArray[np.float32] | None:
    if weights is None:
        return None
    given = as_numbers(weights, "weight")
    bad = np.flatnonzero(~((given > 0) & (given <= LARGEST)))
    if len(bad):
        rule = f"above 0 and at most {LARGEST:,.0f}"
        raise DataError(f"{name}: weights must be {rule}, got {given[bad[0]]} in row {bad[0]}; correct or drop it")
    return given.astype(np.float32)


def _of_items(values: Mapping[Any, T] | None, item_ids: NDArray[Any], default: list[T]) -> list[T]:
    """The value of each item, or its default; ids that are not in the data are left alone."""
    filled = list(default)
    positions, found = find(list(values or {}), item_ids)
    for position, is_there, value in zip(positions, found, (values or {}).values(), strict=True):
        if is_there:
            filled[position] = value
    return filled


def _scale(values: NDArray[np.float32], liked_above: float | None, name: str, beside: Ratings | None = None) -> Scale:
    try:
        if beside is not None:
            return beside.scale.stretched_to(values)
        return Scale.of([values.min(), values.max()] if len(values) else [], liked_above)  # not all as doubles
    except ValueError as error:
        raise DataError(f"{name}: {error}") from error
