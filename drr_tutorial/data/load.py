"""Any data set by one call: `load_ratings("ml-100k" | "ml-1m" | "synthetic" | path | table)`.

Finding and fetching is the work of `download`, reading that of `movielens` and `tabular`, inventing that of
`synthetic`. Here they meet. Files that were read once are kept in a fast form in the cache folder (`stored`), whose
columns need no memory of their own; the copy is named by the checksum of its sources and of what was said about their
reading, and a stale or broken copy is as good as none.
"""

import hashlib
import json
import math
import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from drr_tutorial.data import download
from drr_tutorial.data.download import MOVIELENS
from drr_tutorial.data.frames import Frame, is_column, is_table
from drr_tutorial.data.movielens import read_movielens
from drr_tutorial.data.options import Columns, Duplicates, Kind, ReadingOptions
from drr_tutorial.data.ratings import DataError, Ratings, UnknownIdError, require_ratings
from drr_tutorial.data.reading import Reading
from drr_tutorial.data.sources import find_items, find_tables
from drr_tutorial.data.stored import COPY_VERSION, read_copy, write_copy
from drr_tutorial.data.synthetic import synthetic_ratings
from drr_tutorial.data.tabular import read_frame, read_table

__all__ = ["DataError", "Ratings", "UnknownIdError", "load_ratings", "read_ratings"]


def load_ratings(
    source: str | Path | Frame = "ml-100k",
    *,
    liked_above: float | None = None,
    columns: Columns | None = None,
    items: str | Path | Frame | None = None,
    item_columns: Columns | None = None,
    kind: Kind | None = None,
    duplicates: Duplicates | None = None,
    beside: Ratings | None = None,
    data_home: Path | None = None,
    seed: int = 0,
    progress: bool = True,
) -> Ratings:
    """Ratings of "ml-100k", "ml-1m", "synthetic", or of your own: a file, a folder or a table in memory.

    A file: CSV, TSV, other text with separators (`;`, `|`, `::`), RecBole's .inter, Parquet; gzipped, or in a zip
    archive. A folder in MovieLens' layout: ratings.csv or ratings.dat, with movies.csv or movies.dat. A table of
    pandas, of polars, or of Hugging Face's `datasets`. `columns`, `items`, `item_columns`, `kind` and `duplicates`
    say how it is read; see `ReadingOptions`. Rows that are dropped are warned of. `beside`: the ratings that these are
    new to, as in `agent.partial_fit(load_ratings("monday.csv", beside=agent.ratings))`: few rows will do, of one user
    and with nothing liked, and what is liked is what is liked there. Counts are then a pair's whole ones up to
    now: `partial_fit` puts them in the place of what it knew of the pair, and does not add them up.

    MovieLens is taken from `data_home` (else DRR_DATA_HOME, else the cache folder) in GroupLens' layout, or
    downloaded. `seed` matters to "synthetic" only; `progress` shows downloads and the reading of large files. Names go
    before files of the same name. A rating above `liked_above` counts as liked; None: above 3 of 5 stars, and any other
    scale is refused. Raises `DataError` with the next step in its text, `ValueError` for an option that is none.
    """
    options = ReadingOptions(columns, items, item_columns, kind, duplicates)
    reading = read_ratings(
        source, options, liked_above=liked_above, beside=beside, data_home=data_home, seed=seed, progress=progress
    )
    if reading.n_dropped and kind != "likes" and options.merged_by != "sum":
        warnings.warn(
            f"{reading.where}: {reading.n_dropped:,} of {reading.n_rows:,} rows are dropped ({reading.merged}); "
            "duplicates='refuse' or 'mean' does otherwise",
            stacklevel=2,
        )
    return reading.ratings


def read_ratings(
    source: str | Path | Frame,
    options: ReadingOptions | None = None,
    *,
    liked_above: float | None = None,
    beside: Ratings | None = None,
    data_home: Path | None = None,
    seed: int = 0,
    progress: bool = True,
) -> Reading:
    """The same, with what there is to say about it: `print(read_ratings("mine.csv"))` shows a table of what was read,
    and `.ratings` is what `load_ratings` returns.
    """
    options = options or ReadingOptions()
    _check_limit(liked_above)
    _check_beside(beside, liked_above, options)
    if not isinstance(source, str | os.PathLike) and is_table(source):
        return read_frame(source, liked_above, options, beside=beside)
    if isinstance(source, str) and (source == "synthetic" or source in MOVIELENS):
        options.refuse_for(repr(source))
        named = _named(source, data_home, seed, progress).liked_from(liked_above)
        return Reading(named, named.name, {}, len(named))
    path = _existing(source)
    if beside is not None:  # few rows, once: no copy
        found = [file.path for file in find_tables(path) if file is not None]
        return _unchanged(
            found, _times(found), lambda: read_table(path, liked_above, options, progress=progress, beside=beside)
        )
    reading = _own(path, options, liked_above, progress)
    scaled = reading.ratings.liked_from(liked_above if options.kind in (None, "ratings") else None)
    return Reading(scaled, **json.loads(reading.about()))


def _check_limit(liked_above: Any) -> None:
    """Raises `ValueError` for a `liked_above` that is neither None nor a finite number, whatever the kind of data."""
    if liked_above is None:
        return
    is_number = isinstance(liked_above, int | float | np.number) and not isinstance(liked_above, bool)
    if not is_number or not math.isfinite(liked_above):
        rule = "a number below the highest rating" if is_number else "a number"
        raise ValueError(f"liked_above must be {rule}, got {liked_above!r}; a rating above it counts as liked")


def _check_beside(beside: Ratings | None, liked_above: float | None, options: ReadingOptions) -> None:
    """Raises `TypeError` for what is not `Ratings`, `ValueError` for another `liked_above` than theirs."""
    if beside is None:
        return
    require_ratings(beside, "beside")
    known = beside.scale.liked_above
    if options.kind in (None, "ratings") and liked_above not in (None, known):
        raise ValueError(f"liked_above must be that of beside, {known:g}, or left out, got {liked_above!r}")


def place_of(source: str) -> str:
    """A data set's name as it is, a file's as its absolute path: what is found from other folders, too."""
    is_name = source == "synthetic" or source in MOVIELENS
    return source if is_name else os.path.abspath(os.path.expanduser(source))


def _named(source: str, data_home: Path | None, seed: int, progress: bool) -> Ratings:
    if source == "synthetic":
        return synthetic_ratings(seed=seed)
    known, place = MOVIELENS[source], download.find_movielens(source, home=data_home, progress=progress)
    files = [place] if place.is_file() else [place / known.ratings, place / known.items]

    def read() -> Reading:
        ratings = read_movielens(source, place)
        return Reading(ratings, source, {}, len(ratings))

    return _copy_or_read(source, files, "", read).ratings


def _own(path: Path, options: ReadingOptions, liked_above: float | None, progress: bool) -> Reading:
    """Ratings of a file or folder, by the options."""
    known = MOVIELENS["ml-100k"]
    if (path / known.ratings).is_file() and (path / known.items).is_file():
        options.refuse_for(f"{path}, a folder with {known.ratings} and {known.items},")
        ratings = read_movielens("ml-100k", path)
        return Reading(ratings, str(path), {}, len(ratings))
    found = [file.path for file in find_tables(path) if file is not None]

    def read() -> Reading:
        return read_table(path, liked_above, options, progress=progress)

    if isinstance(options.items, pd.DataFrame):
        return _unchanged(found, _times(found), read)
    if options.items_file is not None:
        found.append(find_items(options.items_file).path)
    said = json.dumps([options.to_json(), liked_above], sort_keys=True)
    return _copy_or_read(path.name.partition(".")[0], list(dict.fromkeys(found)), said, read)


def _existing(source: Any) -> Path:
    """The file that was named; by `os.path`, since `Path` raises for names too long and folders that are locked."""
    if not isinstance(source, str | os.PathLike):
        is_parted = isinstance(source, dict) and all(map(is_table, source.values()))  # Hugging Face's DatasetDict
        parts = f"; it has the parts {', '.join(map(repr, source))}: give one of them" if is_parted else ""
        parts += "; it is one column: give the table with all of them" if is_column(source) else ""
        parts += "; .collect() makes a table of it" if hasattr(source, "collect") else ""  # a LazyFrame of polars
        raise TypeError(
            f"source must be the name of a data set, a path, or a table of pandas, got {type(source).__name__}; "
            f"columns of your own become ratings by Ratings.from_columns(users, items, ratings){parts}"
        )
    path = os.path.expanduser(source)
    if not os.path.exists(path):
        names = ", ".join(repr(name) for name in (*MOVIELENS, "synthetic"))
        raise DataError(
            f"{str(source)!r} is neither a data set ({names}) nor a file; give a name, or the path "
            "of a .csv, .tsv or .parquet file with columns user, item, rating and, where known, timestamp"
        )
    if not os.path.isfile(path) and not os.path.isdir(path):
        raise DataError(f"{path} is no ordinary file; give a file with ratings (.csv, .tsv or .parquet), or a folder")
    return Path(path)


def _copy_or_read(name: str, files: list[Path], said: str, read: Callable[[], Reading]) -> Reading:
    """The parsed copy if it was made from these very contents, as was `said`; else read, and leave a copy for next
    time.
    """
    before = _times(files)
    checksum = _checksum(files, said)
    place = hashlib.sha256(str(files[0].resolve()).encode()).hexdigest()[:12]
    copy = download.cache_folder() / "parsed" / f"{name}-{place}" / checksum
    reading = read_copy(copy)
    if reading is None:
        reading = _unchanged(files, before, read)
        write_copy(copy, reading)
    return reading


def _unchanged(files: list[Path], before: list[tuple[int, int]], read: Callable[[], Reading]) -> Reading:
    """What is read, if the files are as they were `before`. Raises `DataError` where they are not."""
    failed: DataError | None = None
    try:
        reading = read()
    except DataError as error:
        failed = error
    changed = [path for path, then, now in zip(files, before, _times(files), strict=True) if then != now]
    if changed:
        raise DataError(
            f"{changed[0]} has changed while it was read; wait until it is whole, and read it again"
        ) from failed
    if failed is not None:
        raise failed
    return reading


def _times(files: list[Path]) -> list[tuple[int, int]]:
    """Size and time of the last change of each file; zeros for one that is gone."""
    found = []
    for path in files:
        try:
            about = path.stat()
            found.append((about.st_size, about.st_mtime_ns))
        except OSError:
            found.append((0, 0))
    return found


def _checksum(files: list[Path], said: str) -> str:
    digest = hashlib.sha256(f"version {COPY_VERSION}{said}".encode())
    for path in files:
        try:
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
        except OSError as error:
            raise DataError(f"{path} cannot be read ({error.strerror or error}); check its permissions") from error
    return digest.hexdigest()
