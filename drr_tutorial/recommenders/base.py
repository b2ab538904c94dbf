"""The one protocol of DRR and all baselines: fit, score, recommend, save and load (chapters 1 and 6).

A new recommender is a dataclass of its settings that subclasses `Recommender`, gives a `name`, and fills in
`_fit`, `_scores_of`, `scores_for` and, to be saved, `_arrays` and `_load_arrays`. Original ids outside, indices
inside; arrays over items are in the order of `item_ids`.
"""

import copy
import dataclasses
import importlib
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Self, Unpack

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array

from drr_tutorial import __version__
from drr_tutorial.data.merge import Merged
from drr_tutorial.data.ratings import DataError, Ratings, require_ratings
from drr_tutorial.data.stored import catalogue_of, columns_of, ratings_of
from drr_tutorial.recommenders.answers import answers_of, likes_among, table_of_answers
from drr_tutorial.recommenders.growing import with_more
from drr_tutorial.recommenders.lists import Options, Written, table_of_lists, write_lists
from drr_tutorial.recommenders.params import params_of, require_fitting, with_params
from drr_tutorial.recommenders.reasons import table_of_reasons
from drr_tutorial.recommenders.saved import FILES, FORMAT, MARKS, PARTS, _read_part, write_save
from drr_tutorial.recommenders.seen import _same_catalogue, _union
from drr_tutorial.recommenders.similar import liked_together, table_of_similar
from drr_tutorial.storage import (
    StorageError,
    as_path,
    last_whole,
    of_another_version,
    place_to_save,
    read_arrays,
    read_json,
    require_unaltered,
)

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
        other users or items; `TypeError` for what is not `Ratings`; `ValueError` for settings that will not do.
        """
        require_fitting(self)
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

    def partial_fit(self, ratings: Ratings) -> Self:
        """Take in new ratings, of known and new users and items, without a whole training; what is rated anew counts
        as it is rated now, and so do counts: give all of a pair, not the week's. An error leaves it as it was.

        What has user and item vectors folds new users and items in, and moves the vectors of known users who rated
        something; known items keep theirs, and an agent its networks. All others are computed anew from all ratings.
        After many new ratings fit anew. Few rows: `Ratings.from_columns`. `DataError` for times, ids or a scale that do
        not fit; `TypeError`.
        """
        vars(self).update(vars(with_more(self, ratings)))  # in one step
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

    def recommend(self, user: Any, k: int = 10, **options: Unpack[Options]) -> pd.DataFrame:
        """The k best items for a user of the data: a table of item_id, title, score with ranks from 1.

        With `exclude_seen=False` what the user is known to have rated comes back (see `fit`); `exclude` leaves out the
        items of a list, or of a table with item_id (and user_id); only `candidates` come, where there are some. Who has
        little left gets that, so fewer than k. With `fallback="popular"` an unknown user, and one who likes nothing
        yet, gets what most like; the column `source` says so. `UnknownIdError`; `ValueError` for k below 1.
        """
        if np.ndim(user) > 0:
            many = "for many at once there are recommend_all(users) and scores(users)"
            raise ValueError(f"user must be one user id, got {user!r}; {many}")
        table = table_of_lists(self, [user], k, options).drop(columns=["user_id", "rank"])
        return table.set_axis(pd.RangeIndex(1, len(table) + 1, name="rank"))

    def recommend_all(
        self, users: Any = None, k: int = 10, *, progress: bool = True, **options: Unpack[Options]
    ) -> pd.DataFrame:
        """The lists of many users, None for all, below each other: user_id, rank, item_id, title, score.

        Otherwise as `recommend`; who has nothing left has no rows. A table of yesterday's lists is an `exclude`.
        """
        return table_of_lists(self, users, k, options, progress=progress)

    def write_lists(
        self, path: str | Path, users: Any = None, k: int = 10, *, progress: bool = True, **options: Unpack[Options]
    ) -> Written:
        """`recommend_all` into a .csv, .tsv or .parquet file, all or nothing, with few users at a time in memory."""
        return write_lists(self, path, users, k, options, progress=progress)

    def recommend_for(
        self,
        liked_items: Sequence[Any] = (),
        k: int = 10,
        *,
        disliked_items: Sequence[Any] = (),
        ratings: Mapping[Any, float] | None = None,
        **options: Unpack[Options],
    ) -> pd.DataFrame:
        """The k best items for somebody who is not in the data but likes `liked_items` (original ids, latest last).

        `disliked_items` count where dislikes are learned from; `ratings`, item id -> number, are likes or dislikes by
        the scale of the training data. None of them comes back, unless exclude_seen=False. Otherwise as `recommend`:
        with `fallback="popular"` who likes nothing yet gets what most like.
        """
        return table_of_answers(self, answers_of(self.ratings, liked_items, disliked_items, ratings), k, options)

    def similar_items(self, item: Any, k: int = 10, *, candidates: Any = None, exclude: Any = None) -> pd.DataFrame:
        """The k items most like one, by its original id: item_id, title, score (cosine, or an item-to-item weight)."""
        return table_of_similar(self, item, k, {"candidates": candidates, "exclude": exclude})

    def reasons(self, user: Any = None, items: Any = None, *, liked_items: Any = None, n: int = 3) -> pd.DataFrame:
        """Because of which likes, n of them at most, `items` (None: the recommended ones) are scored as high as they
        are: item_id, title, because_id, because_title, weight. Of a user, or of somebody who likes `liked_items`.
        """
        return table_of_reasons(self, user, items, liked_items, n)

    def save(self, folder: str | Path) -> None:
        """Write settings (JSON), weights and training data (safetensors) into a folder, all or nothing. Raises
        `StorageError`, also for a class that has no `name` of its own.
        """
        ratings, folder = self.ratings, place_to_save(folder, FILES, "a recommender")
        marks = (__version__, FORMAT, name_to_load(self), ratings.fingerprint())
        about = dict(zip(MARKS, marks, strict=True))
        more = {"settings": self.settings(), "catalogue": catalogue_of(ratings)}
        write_save(folder, about, more, columns_of(ratings) | self._more_seen(), self._arrays())

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
            sums = dict(about.get("sha256", {}))  # an older save has none
        except (LookupError, TypeError, ValueError, AttributeError, RuntimeError) as error:
            raise of_another_version(folder, about, f"not a whole save of {kind.__name__}: {error}") from error
        require_unaltered(folder, PARTS, sums)
        return loaded  # type: ignore[return-value]

    def settings(self) -> dict[str, Any]:
        """The settings, JSON-able."""
        return dataclasses.asdict(self) if dataclasses.is_dataclass(self) else {}  # type: ignore[arg-type]

    @classmethod
    def from_settings(cls, settings: dict[str, Any]) -> Self:
        """An unfitted recommender with what `settings` returned."""
        return cls(**settings)

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Settings by name, as scikit-learn asks for them: `sklearn.base.clone` gives an unfitted copy."""
        return params_of(self, deep)

    def set_params(self, **params: Any) -> Self:
        """Other settings by name, of the kinds declared; where one changes, what was learned is forgotten."""
        vars(self).update(with_params(self, params))
        return self

    def require_room(self, ratings: Ratings) -> None:  # noqa: B027
        """Raises `DataError` where `fit` would need more memory than there is; most ask for little."""

    @abstractmethod
    def _fit(self, ratings: Ratings) -> None: ...

    def _partial_fit(self, merged: Merged) -> None:
        """Learn from `merged.ratings` after `merged.before`; here all anew."""
        self._fit(merged.ratings)

    @abstractmethod
    def _scores_of(self, users: NDArray[np.integer[Any]]) -> Scores:
        """Scores (m, n_items) for user indices (m,)."""

    def _scores_in_session(self, users: NDArray[np.integer[Any]], likes: csr_array) -> Scores:
        """`scores_in_session` by user indices (m,); here for scores that do not depend on a session."""
        return self._scores_of(users)

    def _scores_by_answers(self, answers: csr_array) -> Scores:
        """Scores (m, n_items) for people who are not in the data by what each answered, (m, n_items): 1 liked, -1 not;
        here for scores that do not depend on dislikes.
        """
        return self.scores_for(likes_among(answers))

    def _scores_without(self, histories: csr_array) -> Scores:
        """Scores (m, n_items) for what is left of likes, for `reasons`; a history may be empty."""
        return self.scores_for(histories)

    def _similarities(self, items: NDArray[np.integer[Any]]) -> Scores:
        """How like each item is to those of indices (m,): (m, n_items); here by who likes both."""
        return liked_together(self.ratings, items)

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
