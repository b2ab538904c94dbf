"""Ratings in files: the fast copy of a source that was read once, and the parts that a saved recommender keeps."""

import dataclasses
import hashlib
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drr_tutorial.data.ratings import Ratings
from drr_tutorial.data.reading import Reading, restored
from drr_tutorial.data.scale import Scale
from drr_tutorial.storage import StorageError, read_json, whole_folder, write_json

COPY_VERSION = 6  # raise it whenever a reader or the layout of the copy changes
COLUMNS = ("users", "items", "ratings", "timestamps", "weights", "user_ids", "item_ids", "titles")
READING, CHECKSUMS = "reading.json", "checksums.json"


def read_copy(folder: Path) -> Reading | None:
    """What `write_copy` left, if it is whole. Its columns stay on the disk: the system reads what is looked at, and
    takes the memory back where it needs some, so that a data set may be larger than the memory. They cannot be written.
    """
    try:
        kept = read_json(folder / CHECKSUMS)
        if kept != {name: _checksum(folder / name) for name in kept}:
            return None
        about = read_json(folder / READING)
        if set(kept) != {READING, *(f"{name}.npy" for name in about["columns"])}:
            return None
        columns: dict[str, Any] = {name: _mapped(folder / f"{name}.npy") for name in about["columns"]}
        genres = tuple(map(tuple, about["genres"]))
        ratings = Ratings(**{"timestamps": None, **columns}, genres=genres, name=about["name"])
        return restored(ratings, about["about"])
    except (OSError, EOFError, ValueError, LookupError, TypeError, AttributeError):
        return None  # no copy, or a damaged one: the source is the truth


def write_copy(folder: Path, reading: Reading) -> None:
    """Keep what was read in a fast form, a file for each column (`.npy`, never a pickle), where there is room. Other
    folders beside it, copies of what the source was before, are removed.
    """
    ratings = reading.ratings
    columns = {name: column for name in COLUMNS if (column := getattr(ratings, name)) is not None}
    about = {"name": ratings.name, "about": reading.about(), "genres": ratings.genres, "columns": list(columns)}
    try:
        with whole_folder(folder) as temporary:
            for name, column in columns.items():
                np.save(temporary / f"{name}.npy", column, allow_pickle=False)
            write_json(temporary / READING, about)
            files = [READING, *(f"{name}.npy" for name in columns)]
            write_json(temporary / CHECKSUMS, {name: _checksum(temporary / name) for name in files})
        for other in folder.parent.iterdir():
            if other != folder and not other.name.startswith("."):  # which another process may be writing
                shutil.rmtree(other, ignore_errors=True)
    except OSError:
        pass  # a full disk or a folder without permission costs speed only


def _mapped(path: Path) -> NDArray[Any]:
    """An array of a file, by an address in memory where the system puts it when it is looked at."""
    return np.asarray(np.load(path, mmap_mode="r", allow_pickle=False))


def _checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def columns_of(ratings: Ratings) -> dict[str, NDArray[Any]]:
    """The arrays with a value a rating."""
    columns = {name: getattr(ratings, name) for name in ("users", "items", "ratings", "timestamps", "weights")}
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
        weights=columns.get("weights"),
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
