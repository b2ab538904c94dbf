"""The one protocol of DRR and all baselines: fit, score, recommend, save and load (chapters 1 and 6).

A new recommender is a dataclass of its settings that subclasses `Recommender`, gives a `name`, and fills in
`_fit`, `_scores_of`, `scores_for` and, to be saved, `_arrays` and `_load_arrays`. Original ids outside, indices
inside; arrays over items are in the order of `item_ids`.
"""

import copy
import dataclasses
import importlib
import operator
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array

from drr_tutorial import __version__
from drr_tutorial.data.ratings import DataError, Ratings, require_ratings
from drr_tutorial.data.stored import catalogue_of, columns_of, ratings_of
from drr_tutorial.storage import (
    StorageError,
    as_path,
    last_whole,
    of_another_version,
    place_to_save,
    read_arrays,
    read_json,
    whole_folder,
    write_arrays,
    write_json,
)

FORMAT = 2
MARKS = ("version", "format", "recommender", "fingerprint")  # by which the parts of a save know each other
FILES = ("recommender.json", "ratings.safetensors", "weights.safetensors")
# whose classes `load` knows, imported or not
HOMES = tuple(f"drr_tutorial.recommenders.{name}" for name in ("baselines", "dislikes_last", "drr", "gaussian"))
Scores = NDArray[np.float32]


class Recommender(ABC):
    """Learns from ratings, then scores every item for every user, in the data or not."""

    name: ClassVar[str]
    """Short name, as in tables; also what `load` knows the class by, so that a subclass needs its own to be saved."""
    _classes: ClassVar[dict[str, type["Recommender"]]] = {}
    _ratings: Ratings | None = None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "name" in cls.__dict__:
            Recommender._classes[cls.name] = cls

    @property
    def label(self) -> str:
        """What the rows of tables call it."""
        return self.name

    @property
    def ratings(self) -> Ratings:
        """The training data. Raises `RuntimeError` before `fit`."""
        if self._ratings is None:
            raise RuntimeError(
                f"{type(self).__name__} has learned nothing yet; call fit(ratings) or load(folder) first"
            )
        return self._ratings

    def fit(self, ratings: Ratings, *, seen: Ratings | None = None) -> Self:
        """Learn from training data. Whatever stops it, an error or Ctrl-C, leaves the recommender as it was.

        `seen`: all that is known to have been rated, where that is more than there is to learn from, such as a test
        part; nothing of it is recommended. Raises `DataError` when nothing in `ratings` is liked, and when `seen` has
        other users or items; `TypeError` for what is not `Ratings`.
        """
        require_ratings(ratings)
        if not ratings.liked.any():
            raise DataError(
                f"ratings must hold a like to learn from, a rating above {ratings.scale.liked_above:g}, got none in "
                f"{len(ratings)} rows; if the scale is another one, say liked_above"
            )
        if seen is not None:
            require_ratings(seen, "seen")
        if seen is not None and not _same_catalogue(seen, ratings):
            raise DataError(
                f"seen must have the users and items of ratings, got {seen} and {ratings}; give what the training data "
                "was selected from"
            )
        fitted = copy.copy(self)
        fitted._fit(ratings)
        fitted._remember(ratings)
        if seen is not None:
            fitted._seen = _union(fitted._seen, seen.matrix())
        vars(self).update(vars(fitted))  # in one step
        return self

    def scores(self, users: ArrayLike) -> Scores:
        """Scores (len(users), n_items) for original user ids; higher is better, seen items are not masked.
        `UnknownIdError`.
        """
        return self._scores_of(self.ratings.user_index(users))

    @abstractmethod
    def scores_for(self, histories: csr_array) -> Scores:
        """Scores (m, n_items) for m people who are not in the data, by what each liked: nonzeros of (m,
        n_items), in the order liked.
        """

    def scores_in_session(self, users: ArrayLike, likes: csr_array) -> Scores:
        """Scores (m, n_items) for people of the data, by original id (m,), who in a session like something more:
        nonzeros of `likes` (m, n_items), in the order liked, without what they like in the training data.

        Before the first like these are `scores(users)`, and they stay so where nothing is learned from a session.
        `UnknownIdError`.
        """
        return self._scores_in_session(self.ratings.user_index(users), likes)

    def recommend(self, user: Any, k: int = 10, *, exclude_seen: bool = True) -> pd.DataFrame:
        """The k best items for a user of the data: a table of item_id, title, score with ranks from 1.

        `exclude_seen` leaves out whatever the user is known to have rated (see `fit`); who has rated nearly everything
        gets what is left, so fewer than k. Raises `UnknownIdError`, and `ValueError` for k below 1.
        """
        if np.ndim(user) > 0:
            raise ValueError(f"user must be one user id, got {user!r}; for many at once there is scores(users)")
        index = int(self.ratings.user_index(user)[0])
        seen = self._seen.indices[self._seen.indptr[index] : self._seen.indptr[index + 1]] if exclude_seen else ()
        return self._best(self._scores_of(np.array([index]))[0], seen, k)

    def recommend_for(self, liked_items: Sequence[Any], k: int = 10, *, exclude_seen: bool = True) -> pd.DataFrame:
        """The k best items for somebody who is not in the data but likes `liked_items` (original ids, latest last).

        `exclude_seen` leaves those out. Otherwise as `recommend`.
        """
        liked = self.ratings.item_index(liked_items)
        if len(liked) == 0 or len(np.unique(liked)) < len(liked):
            raise ValueError(f"liked_items must be one or more different item ids, got {list(liked_items)!r}")
        shape = (1, self.ratings.n_items)
        history = csr_array((np.ones(len(liked), dtype=np.float32), liked, [0, len(liked)]), shape=shape)
        return self._best(self.scores_for(history)[0], liked if exclude_seen else (), k)

    def save(self, folder: str | Path) -> None:
        """Write settings (JSON), weights and training data (safetensors) into a folder, all or nothing. Raises
        `StorageError`, also for a class that has no `name` of its own.
        """
        ratings, folder = self.ratings, place_to_save(folder, FILES, "a recommender")
        marks = (__version__, FORMAT, name_to_load(self), ratings.fingerprint())
        about = dict(zip(MARKS, marks, strict=True))
        columns = columns_of(ratings) | self._more_seen()
        more = {"settings": self.settings(), "catalogue": catalogue_of(ratings)}
        with whole_folder(folder) as temporary:
            write_json(temporary / "recommender.json", about | more)
            write_arrays(temporary / "ratings.safetensors", columns, about)
            write_arrays(temporary / "weights.safetensors", self._arrays(), about)

    @classmethod
    def load(cls, folder: str | Path, ratings: Ratings | None = None) -> Self:
        """What `save` wrote; called on `Recommender`, of whatever class was saved.

        Nothing is executed. Raises `StorageError` for a folder that is not a whole save, or one of another
        class or version, `DataError` when `ratings` are given and are not the data it was fitted on.
        """
        folder = last_whole(as_path(folder))
        about = read_json(folder / "recommender.json")
        kind = _class_of(about, folder)
        if not issubclass(kind, cls):
            raise StorageError(
                f"{folder} holds a {kind.__name__}, not a {cls.__name__}; use {kind.__name__}.load or Recommender.load"
            )
        if ratings is not None:
            require_ratings(ratings)
        if ratings is not None and ratings.fingerprint() != about.get("fingerprint"):
            raise DataError(
                f"{folder} was fitted on other data than the given ratings ({ratings.name}); pass its training data, "
                "or fit anew"
            )
        try:
            loaded = kind.from_settings(about["settings"])
            loaded._load_arrays(_read_part(folder / "weights.safetensors", about))
            columns, _ = read_arrays(folder / "ratings.safetensors")
            loaded._remember(ratings_of(columns, about, folder))
            loaded._see_more(columns)
        except (LookupError, TypeError, ValueError, AttributeError, RuntimeError) as error:
            raise of_another_version(folder, about, f"not a whole save of {kind.__name__}: {error}") from error
        return loaded  # type: ignore[return-value]

    def settings(self) -> dict[str, Any]:
        """The settings, JSON-able."""
        return dataclasses.asdict(self) if dataclasses.is_dataclass(self) else {}  # type: ignore[arg-type]

    @classmethod
    def from_settings(cls, settings: dict[str, Any]) -> Self:
        """An unfitted recommender with what `settings` returned."""
        return cls(**settings)

    def require_room(self, ratings: Ratings) -> None:  # noqa: B027
        """Raises `DataError` where `fit` would need more memory than there is; most ask for little."""

    @abstractmethod
    def _fit(self, ratings: Ratings) -> None: ...

    @abstractmethod
    def _scores_of(self, users: NDArray[np.integer[Any]]) -> Scores:
        """Scores (m, n_items) for user indices (m,)."""

    def _scores_in_session(self, users: NDArray[np.integer[Any]], likes: csr_array) -> Scores:
        """`scores_in_session` by user indices (m,); here for scores that do not depend on a session."""
        return self._scores_of(users)

    @abstractmethod
    def _arrays(self) -> dict[str, NDArray[Any]]:
        """What was learned, by name."""

    @abstractmethod
    def _load_arrays(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Take up what `_arrays` returned."""

    def _remember(self, ratings: Ratings) -> None:
        self._ratings, self._seen = ratings, ratings.matrix()

    def _more_seen(self) -> dict[str, NDArray[Any]]:
        """The seen pairs, as a save keeps them; nothing where those are the training data's."""
        if self._seen.nnz == len(self.ratings):
            return {}
        users, items = self._seen.nonzero()
        return {"seen_users": users.astype(np.int32), "seen_items": items.astype(np.int32)}

    def _see_more(self, columns: Mapping[str, NDArray[Any]]) -> None:
        """Take up what `_more_seen` returned."""
        if "seen_users" in columns:
            pairs = (columns["seen_users"], columns["seen_items"])
            ones = np.ones(len(pairs[0]), dtype=np.float32)
            self._seen = _union(self._seen, csr_array((ones, pairs), shape=self._seen.shape))

    def _best(self, scores: Scores, hidden: Any, k: int) -> pd.DataFrame:
        """The k best that are not hidden, or as many as there are."""
        try:
            k = operator.index(k)
        except TypeError as error:
            raise ValueError(f"k must be a whole number, got {k!r}") from error
        if k < 1:
            raise ValueError(f"k must be at least 1, got {k}")
        left = np.setdiff1d(np.arange(len(scores)), np.asarray(hidden, dtype=np.int64))
        k = min(k, len(left))
        best = left[np.argpartition(-scores[left], k - 1)[:k]] if k else left
        best = best[np.lexsort((best, -scores[best]))]
        ratings = self.ratings
        columns = {
            "item_id": ratings.item_ids[best],
            "title": ratings.titles[best].astype(object),
            "score": scores[best],
        }
        return pd.DataFrame(columns, index=pd.RangeIndex(1, k + 1, name="rank"))


def _same_catalogue(one: Ratings, other: Ratings) -> bool:
    return np.array_equal(one.user_ids, other.user_ids) and np.array_equal(one.item_ids, other.item_ids)


def _union(one: csr_array, other: csr_array) -> csr_array:
    """Ones wherever either (m, n) has an entry."""
    both: csr_array = (one + other).sign()
    both.sort_indices()
    return both


def class_named(name: str) -> type[Recommender]:
    """The class that a save means by a name. Raises `LookupError` for one that nobody has defined yet."""
    if name not in Recommender._classes:
        for module in HOMES:
            importlib.import_module(module)
    if name not in Recommender._classes:
        known = ", ".join(sorted(Recommender._classes))
        raise LookupError(f"it is of {name!r}, not one of {known}; import the module of a class of your own first")
    return Recommender._classes[name]


def name_to_load(recommender: Recommender) -> str:
    """The name by which `load` finds the class again. Raises `StorageError` where it would find another, or none."""
    cls = type(recommender)
    name = getattr(cls, "name", None)
    known = None if name is None else class_named(name)
    if known is None or (known.__module__, known.__qualname__) != (cls.__module__, cls.__qualname__):
        said = "it has no name" if known is None else f"its name {name!r} is that of {known.__name__}"
        raise StorageError(
            f"a {cls.__name__} cannot be saved, since {said}; give the class a name of its own, "
            f"as in: name = {cls.__name__!r}"
        )
    return str(name)


def _class_of(about: Any, folder: Path) -> type[Recommender]:
    """The class that a save names. Raises `StorageError` when this version cannot read it."""
    name = about.get("recommender") if isinstance(about, dict) else None
    if not isinstance(name, str) or about.get("format") != FORMAT:
        found = about.get("format") if isinstance(about, dict) else None
        raise of_another_version(folder, about, f"it is of format {found!r}, not {FORMAT}")
    try:
        return class_named(name)
    except LookupError as error:
        raise of_another_version(folder, about, error) from error


def _read_part(path: Path, about: dict[str, Any]) -> dict[str, NDArray[Any]]:
    arrays, of = read_arrays(path)
    if of != {name: about.get(name) for name in MARKS}:
        raise StorageError(f"{path} belongs to another save; save it again")
    return arrays
