"""The one protocol of DRR and all baselines: fit, score, recommend, save and load (chapters 1 and 6).

A new recommender is a dataclass of its settings that subclasses `Recommender`, gives a `name`, and fills in
`_fit`, `_scores_of`, `scores_for` and, to be saved, `_arrays` and `_load_arrays`. Original ids outside, indices
inside; arrays over items are in the order of `item_ids`.
"""

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

from drr_tutorial.ratings import DataError, Ratings
from drr_tutorial.scale import Scale
from drr_tutorial.storage import StorageError, read_arrays, read_json, whole_folder, write_arrays, write_json

FORMAT = 1
FILES = ("recommender.json", "ratings.safetensors", "weights.safetensors")
HOMES = ("drr_tutorial.baselines", "drr_tutorial.agent")  # whose classes `load` knows, imported or not
Scores = NDArray[np.float32]


def dislikes_last(scores: Scores, disliked: csr_array) -> Scores:
    """Scores (m, n_items) with each user's disliked items, the entries of (m, n_items), below all others.

    Among themselves they keep their order. A new array where anything changes.
    """
    rows, items = disliked.nonzero()
    if len(rows) == 0:
        return scores
    scores = scores.copy()
    span = scores.max(axis=1) - scores.min(axis=1)
    scores[rows, items] -= 2 * span[rows] + 1
    return scores


class Recommender(ABC):
    """Learns from ratings, then scores every item for every user, in the data or not."""

    name: ClassVar[str]
    """Short name, as in tables; also what `load` knows the class by."""
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

    def fit(self, ratings: Ratings) -> Self:
        """Learn from training data; `DataError` when nothing in it is liked."""
        if not ratings.liked.any():
            raise DataError(
                f"ratings must hold a like to learn from, a rating above {ratings.scale.liked_above:g}, got none in "
                f"{len(ratings)} rows; if the scale is another one, say liked_above"
            )
        self._fit(ratings)
        self._remember(ratings)
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

        `exclude_seen` leaves out whatever the user rated in the training data. Raises `UnknownIdError`, and
        `ValueError` for k below 1 or above what is left.
        """
        if np.ndim(user) > 0:
            raise ValueError(f"user must be one user id, got {user!r}; for many at once there is scores(users)")
        index = int(self.ratings.user_index(user)[0])
        seen = self._seen.indices[self._seen.indptr[index] : self._seen.indptr[index + 1]] if exclude_seen else ()
        return self._best(self._scores_of(np.array([index]))[0], seen, k)

    def recommend_for(self, liked_items: Sequence[Any], k: int = 10) -> pd.DataFrame:
        """The k best items for somebody who is not in the data but likes `liked_items` (original ids, latest last)."""
        liked = self.ratings.item_index(liked_items)
        if len(liked) == 0 or len(np.unique(liked)) < len(liked):
            raise ValueError(f"liked_items must be one or more different item ids, got {list(liked_items)!r}")
        shape = (1, self.ratings.n_items)
        history = csr_array((np.ones(len(liked), dtype=np.float32), liked, [0, len(liked)]), shape=shape)
        return self._best(self.scores_for(history)[0], liked, k)

    def save(self, folder: str | Path) -> None:
        """Write settings (JSON), weights and training data (safetensors) into a folder, all or nothing. Raises
        `StorageError`.
        """
        folder, ratings = Path(folder), self.ratings
        folder = folder.resolve() if folder.is_symlink() else folder  # a link stays a link
        _refuse_other_content(folder)
        about = {"format": FORMAT, "recommender": self.name, "fingerprint": ratings.fingerprint()}
        columns = {name: getattr(ratings, name) for name in _columns(ratings)}
        with whole_folder(folder) as temporary:
            more = {"settings": self.settings(), "catalogue": _catalogue(ratings)}
            write_json(temporary / "recommender.json", about | more)
            write_arrays(temporary / "ratings.safetensors", columns, about)
            write_arrays(temporary / "weights.safetensors", self._arrays(), about)

    @classmethod
    def load(cls, folder: str | Path, ratings: Ratings | None = None) -> Self:
        """What `save` wrote; called on `Recommender`, of whatever class was saved.

        Nothing is executed. Raises `StorageError` for a folder that is not a whole save, or one of another
        class, `DataError` when `ratings` are given and are not the data it was fitted on.
        """
        folder = Path(folder)
        about = read_json(folder / "recommender.json")
        kind = _class_of(about)
        if kind is None:
            raise StorageError(
                f"{folder} does not hold a recommender of this version of drr_tutorial; save it again with this version"
            )
        if not issubclass(kind, cls):
            raise StorageError(
                f"{folder} holds a {kind.__name__}, not a {cls.__name__}; use {kind.__name__}.load or Recommender.load"
            )
        if ratings is not None and ratings.fingerprint() != about.get("fingerprint"):
            raise DataError(
                f"{folder} was fitted on other data than the given ratings ({ratings.name}); pass its training data, "
                "or fit anew"
            )
        try:
            loaded = kind.from_settings(about["settings"])
            loaded._load_arrays(_read_part(folder / "weights.safetensors", about))
            loaded._remember(_read_ratings(folder, about))
        except (LookupError, TypeError, ValueError, AttributeError, RuntimeError) as error:
            raise StorageError(f"{folder} is not a whole save of {kind.__name__} ({error}); save it again") from error
        return loaded  # type: ignore[return-value]

    def settings(self) -> dict[str, Any]:
        """The settings, JSON-able."""
        return dataclasses.asdict(self) if dataclasses.is_dataclass(self) else {}  # type: ignore[arg-type]

    @classmethod
    def from_settings(cls, settings: dict[str, Any]) -> Self:
        """An unfitted recommender with what `settings` returned."""
        return cls(**settings)

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

    def _best(self, scores: Scores, hidden: Any, k: int) -> pd.DataFrame:
        try:
            k = operator.index(k)
        except TypeError as error:
            raise ValueError(f"k must be a whole number, got {k!r}") from error
        hidden = np.asarray(hidden, dtype=np.int64)
        left = len(scores) - len(hidden)
        if not 1 <= k <= left:
            raise ValueError(f"k must be from 1 to the {left} items that are left to recommend, got {k}")
        scores = scores.copy()
        scores[hidden] = -np.inf
        best = np.argpartition(-scores, k - 1)[:k]
        best = best[np.lexsort((best, -scores[best]))]
        ratings = self.ratings
        columns = {
            "item_id": ratings.item_ids[best],
            "title": ratings.titles[best].astype(object),
            "score": scores[best],
        }
        return pd.DataFrame(columns, index=pd.RangeIndex(1, k + 1, name="rank"))


def _columns(ratings: Ratings) -> list[str]:
    return ["users", "items", "ratings"] + (["timestamps"] if ratings.timestamps is not None else [])


def _catalogue(ratings: Ratings) -> dict[str, Any]:
    return {
        "data": ratings.name,
        "titles": ratings.titles.tolist(),
        "genres": ratings.genres,
        "user_ids": ratings.user_ids.tolist(),
        "item_ids": ratings.item_ids.tolist(),
        "id_types": [ratings.user_ids.dtype.str, ratings.item_ids.dtype.str],
        "scale": dataclasses.asdict(ratings.scale),
    }


def _refuse_other_content(folder: Path) -> None:
    """A save replaces the whole folder, so it must hold nothing but a save."""
    try:
        is_free = not folder.exists() or {path.name for path in folder.iterdir()} <= set(FILES)
    except NotADirectoryError:
        is_free = False
    except OSError as error:
        raise StorageError(f"cannot look into {folder} ({error}); check the permissions, or choose another") from error
    if not is_free:
        raise StorageError(
            f"{folder} holds something else than a recommender; choose a new folder, nothing was changed"
        )


def _class_of(about: Any) -> type[Recommender] | None:
    """The class that a save names, if it is one of this version's."""
    if not isinstance(about, dict) or about.get("format") != FORMAT or not isinstance(about.get("recommender"), str):
        return None
    if about["recommender"] not in Recommender._classes:
        for module in HOMES:
            importlib.import_module(module)
    return Recommender._classes.get(about["recommender"])


def _read_part(path: Path, about: dict[str, Any]) -> dict[str, NDArray[Any]]:
    arrays, of = read_arrays(path)
    if of != {name: about.get(name) for name in ("format", "recommender", "fingerprint")}:
        raise StorageError(f"{path} belongs to another save; save it again")
    return arrays


def _read_ratings(folder: Path, about: dict[str, Any]) -> Ratings:
    columns, _ = read_arrays(folder / "ratings.safetensors")
    catalogue = about["catalogue"]
    user_type, item_type = catalogue["id_types"]
    ratings = Ratings(
        users=columns["users"],
        items=columns["items"],
        ratings=columns["ratings"],
        timestamps=columns.get("timestamps"),
        user_ids=np.asarray(catalogue["user_ids"], dtype=user_type),
        item_ids=np.asarray(catalogue["item_ids"], dtype=item_type),
        titles=np.asarray(catalogue["titles"], dtype=np.str_),
        genres=tuple(tuple(genres) for genres in catalogue["genres"]),
        name=catalogue["data"],
        scale=Scale(**catalogue["scale"]),
    )
    if ratings.fingerprint() != about["fingerprint"]:
        raise StorageError(f"{folder} was altered: its ratings do not fit its fingerprint; save it again")
    return ratings
