"""Ratings in files: the fast copy of a source that was read once, and the parts that a saved recommender keeps."""

import dataclasses
import os
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drr_tutorial.data.ratings import Ratings
from drr_tutorial.data.reading import Reading, restored
from drr_tutorial.data.scale import Scale
from drr_tutorial.storage import StorageError

COPY_VERSION = 4  # raise it whenever a reader or the layout of the copy changes
COLUMNS = ("users", "items", "ratings", "timestamps", "user_ids", "item_ids", "titles")


def read_copy(path: Path, checksum: str) -> Reading | None:
    """What `write_copy` left, if it is whole and of this checksum."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            if str(stored["checksum"]) != checksum:
                return None
            columns: dict[str, Any] = {name: stored[name] for name in COLUMNS}
            if not len(columns["timestamps"]):
                columns["timestamps"] = None
            genres = tuple(tuple(text.split("|")) if text else () for text in stored["genres"].tolist())
            ratings = Ratings(**columns, genres=genres, name=str(stored["name"]))
            return restored(ratings, str(stored["about"]))
    except (OSError, EOFError, ValueError, KeyError, TypeError, RuntimeError, zipfile.BadZipFile):
        return None  # no copy, or a damaged one: the source is the truth


def write_copy(path: Path, reading: Reading, checksum: str) -> None:
    """Keep what was read in a fast form (`.npz`, never a pickle), under its source's checksum, where there is room."""
    ratings = reading.ratings
    content: dict[str, Any] = {name: getattr(ratings, name) for name in COLUMNS}
    if ratings.timestamps is None:
        content["timestamps"] = np.zeros(0, dtype=np.int64)  # None would become a pickle
    content |= {
        "genres": ["|".join(genres) for genres in ratings.genres],
        "name": ratings.name,
        "about": reading.about(),
        "checksum": checksum,
    }
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".copy-") as scratch:
            finished = Path(scratch) / path.name
            np.savez(finished, **content)
            os.replace(finished, path)
    except OSError:
        pass  # a full disk or a folder without permission costs speed only


def columns_of(ratings: Ratings) -> dict[str, NDArray[Any]]:
    """The arrays with a value a rating."""
    columns = {name: getattr(ratings, name) for name in ("users", "items", "ratings", "timestamps")}
    return {name: column for name, column in columns.items() if column is not None}


def catalogue_of(ratings: Ratings) -> dict[str, Any]:
    """Users, items and scale, ready for JSON."""
    return {
        "data": ratings.name,
        "titles": ratings.titles.tolist(),
        "genres": ratings.genres,
        "user_ids": ratings.user_ids.tolist(),
        "item_ids": ratings.item_ids.tolist(),
        "id_types": [ratings.user_ids.dtype.str, ratings.item_ids.dtype.str],
        "scale": dataclasses.asdict(ratings.scale),
    }


def ratings_of(columns: Mapping[str, NDArray[Any]], about: Mapping[str, Any], folder: Path) -> Ratings:
    """The ratings that `columns_of` and, under "catalogue", `catalogue_of` told of. `StorageError` for another
    fingerprint than that of `about`.
    """
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
