"""Any data set by one call: `load_ratings("ml-100k" | "ml-1m" | "synthetic" | path)`.

Finding and fetching is the work of `download`, reading that of `movielens` and `tabular`, inventing that of
`synthetic`. Here they meet. Files that were read once are kept in a fast form in the cache folder (`stored`); the copy
carries the checksum of its sources, and a stale or broken copy is as good as none.
"""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from drr_tutorial.data import download
from drr_tutorial.data.download import MOVIELENS
from drr_tutorial.data.movielens import read_movielens
from drr_tutorial.data.ratings import DataError, Ratings, UnknownIdError
from drr_tutorial.data.stored import COPY_VERSION, read_copy, write_copy
from drr_tutorial.data.synthetic import synthetic_ratings
from drr_tutorial.data.tabular import frame_ratings, read_table

__all__ = ["DataError", "Ratings", "UnknownIdError", "load_ratings"]


def load_ratings(
    source: str | Path | pd.DataFrame = "ml-100k",
    *,
    liked_above: float | None = None,
    data_home: Path | None = None,
    seed: int = 0,
    progress: bool = True,
) -> Ratings:
    """Ratings of "ml-100k", "ml-1m", "synthetic", or of a CSV, TSV or Parquet file or a table of pandas (see
    `tabular`).

    MovieLens is taken from `data_home` (else DRR_DATA_HOME, else the cache folder) in GroupLens' layout, or
    downloaded. `seed` matters to "synthetic" only; `progress` shows downloads. Names go before files of the
    same name. A rating above `liked_above` counts as liked; None: above 3 of 5 stars, and any other scale is refused.
    Raises `DataError` with the next step in its text.
    """
    if isinstance(source, pd.DataFrame):
        return frame_ratings(source, where="the table", name="ratings", liked_above=liked_above)
    if source == "synthetic":
        return synthetic_ratings(seed=seed).liked_from(liked_above)
    if isinstance(source, str) and source in MOVIELENS:
        name, place = source, download.find_movielens(source, home=data_home, progress=progress)
        known = MOVIELENS[name]
        files = [place] if place.is_file() else [place / known.ratings, place / known.items]
        return _copy_or_read(name, files, lambda: read_movielens(name, place)).liked_from(liked_above)
    path = _existing(source)
    return _copy_or_read(path.stem, [path], lambda: read_table(path, liked_above)).liked_from(liked_above)


def place_of(source: str) -> str:
    """A data set's name as it is, a file's as its absolute path: what is found from other folders, too."""
    is_name = source == "synthetic" or source in MOVIELENS
    return source if is_name else os.path.abspath(os.path.expanduser(source))


def _existing(source: str | Path) -> Path:
    """The file that was named; by `os.path`, since `Path` raises for names too long and folders that are locked."""
    if not isinstance(source, str | os.PathLike):
        raise TypeError(
            f"source must be the name of a data set, a path, or a table of pandas, got {type(source).__name__}; "
            "columns of your own become ratings by Ratings.from_columns(users, items, ratings)"
        )
    path = os.path.expanduser(source)
    if not os.path.exists(path):
        names = ", ".join(repr(name) for name in (*MOVIELENS, "synthetic"))
        raise DataError(
            f"{str(source)!r} is neither a data set ({names}) nor a file; give a name, or the path "
            "of a .csv, .tsv or .parquet file with columns user, item, rating and, where known, timestamp"
        )
    if not os.path.isfile(path):
        kind = "a folder" if os.path.isdir(path) else "no ordinary file"
        raise DataError(
            f"{path} is {kind}; give a file with ratings (.csv, .tsv or .parquet). Where it is a folder of MovieLens, "
            "set DRR_DATA_HOME to the folder around it, and give the name of the data set"
        )
    return Path(path)


def _copy_or_read(name: str, files: list[Path], read: Callable[[], Ratings]) -> Ratings:
    """The parsed copy if it was made from these very contents; else read, and leave a copy for next time."""
    checksum = _checksum(files)
    place = hashlib.sha256(str(files[0].resolve()).encode()).hexdigest()[:12]
    copy = download.cache_folder() / "parsed" / f"{name}-{place}.npz"
    ratings = read_copy(copy, checksum)
    if ratings is None:
        ratings = read()
        write_copy(copy, ratings, checksum)
    return ratings


def _checksum(files: list[Path]) -> str:
    digest = hashlib.sha256(f"version {COPY_VERSION}".encode())
    for path in files:
        try:
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
        except OSError as error:
            raise DataError(f"{path} cannot be read ({error.strerror or error}); check its permissions") from error
    return digest.hexdigest()
