"""Reads your own ratings from CSV, TSV or Parquet, and explains what is wrong with a file that will not do.

Columns are found by name, in any order and any case, with or without underscores: user (or user_id), item (or
item_id, movie, movie_id), rating, and optionally timestamp (seconds since 1970, or dates), title, genres
("Drama|War"). Other columns are left alone. Ids are integers or strings, as they are in the table; in a text file,
which does not say, they are integers where all of them are whole numbers: with "007" among them, all are strings.
Text files may be gzipped (.csv.gz), and may have semicolons for commas.
"""

import csv
import gzip
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drr_tutorial.data.columns import as_numbers, as_seconds
from drr_tutorial.data.ids import as_ids
from drr_tutorial.data.ratings import DataError, Ratings

_NAMES = {
    "user": ("user", "userid"),
    "item": ("item", "itemid", "movie", "movieid"),
    "rating": ("rating",),
    "timestamp": ("timestamp", "time"),
    "title": ("title", "movietitle"),
    "genres": ("genres", "genre"),
}
_REQUIRED = ("user", "item", "rating")
_SEPARATORS = {".csv": ",", ".tsv": "\t"}


def read_table(path: Path, liked_above: float | None = None) -> Ratings:
    """Read ratings from a .csv, .tsv or .parquet file (text files in UTF-8); rows keep the file's order.

    A rating above `liked_above` counts as liked; None: above 3 of 5 stars. Raises `DataError` for an empty or
    unreadable file, missing columns, missing values, text in numbers, ratings that are not finite or whose scale does
    not fit (see `Scale.of`), duplicate (user, item) pairs, and fewer than two users or
    items.
    """
    name, suffix = _parts(path)
    frame = _read_file(path, suffix)
    return frame_ratings(frame, where=str(path), name=name, liked_above=liked_above, from_text=suffix in _SEPARATORS)


def frame_ratings(
    frame: pd.DataFrame, *, where: str, name: str, liked_above: float | None = None, from_text: bool = False
) -> Ratings:
    """The same from a table in memory; `where` names it in messages. See `as_ids` for `from_text`."""
    columns = _name_columns(frame, where)
    with _named(where):
        users, items = (as_ids(columns[what], what, from_text=from_text) for what in ("user", "item"))
        ratings = as_numbers(columns["rating"], "rating")
        seconds = as_seconds(columns["timestamp"]) if "timestamp" in columns else None
    endless = np.flatnonzero(~np.isfinite(ratings))
    if len(endless):
        raise DataError(
            f"{where}: a rating must be a finite number, got {ratings[endless[0]]} in row {endless[0]}; correct or drop"
        )
    table = Ratings.from_columns(
        users,
        items,
        ratings,
        seconds,
        titles=_first_by_item(items, columns.get("title")),
        genres={item: _genres(text) for item, text in _first_by_item(items, columns.get("genres")).items()},
        name=name,
        liked_above=liked_above,
    )
    for what, count in (("user", table.n_users), ("item", table.n_items)):
        if count < 2:
            raise DataError(f"{where}: only one {what} ({columns[what].iloc[0]}); learning needs two or more")
    return table


def _parts(path: Path) -> tuple[str, str]:
    """Name and form of a file: ("mine", ".csv") for mine.csv and for mine.csv.gz."""
    plain = Path(path.stem) if path.suffix.lower() == ".gz" else Path(path.name)
    form = plain.suffix.lower()
    if form not in (*_SEPARATORS, ".parquet"):
        kind = "a folder" if path.is_dir() else "a file"
        raise DataError(
            f"{path} is {kind} whose name ends in {path.suffix!r}; give a file whose name ends in .csv, .tsv, "
            ".csv.gz, .tsv.gz or .parquet"
        )
    return plain.stem, form


def _read_file(path: Path, form: str) -> pd.DataFrame:
    """All columns; those of text files as strings, so that nothing is guessed."""
    try:
        if path.is_dir() or path.stat().st_size == 0:
            kind = "a folder" if path.is_dir() else "empty (0 bytes)"
            raise DataError(f"{path} is {kind}; give a file with ratings")
        return _read_parquet(path) if form == ".parquet" else _read_text(path, _SEPARATORS[form])
    except DataError:
        raise
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not UTF-8 text ({error}); save it in UTF-8") from error
    except Exception as error:  # whatever the libraries say of a damaged file
        raise DataError(
            f"{path} cannot be read as {form[1:]} ({' '.join(str(error).split())}); check what the file holds"
        ) from error


def _read_parquet(path: Path) -> pd.DataFrame:
    from pyarrow import parquet  # not needed for other files, and slow to import

    table = parquet.read_table(path, partitioning=None)  # a folder called rating=5 is no column
    table.validate(full=True)  # else text that is none is noticed when it is looked at
    return table.to_pandas()


def _read_text(path: Path, separator: str) -> pd.DataFrame:
    usual: dict[str, Any] = {
        "dtype": str,
        "encoding": "utf-8-sig",
        "index_col": False,
        "keep_default_na": False,
        "na_values": [""],
    }
    header = pd.read_csv(path, sep=separator, nrows=0, **usual).columns
    if len(header) == 1 and ";" in header[0]:  # what spreadsheets write where a comma is part of numbers
        separator = ";"
    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)  # rows longer than the header
        frame = pd.read_csv(path, sep=separator, **usual)
    if any(column.str.contains("\n", regex=False).any() for _, column in frame.items()):
        _refuse_stray_quotes(path, separator)
    frame.columns = pd.read_csv(path, sep=separator, header=None, nrows=1, **usual).iloc[0]  # without user.1
    return frame


def _refuse_stray_quotes(path: Path, separator: str) -> None:
    """A value of several lines may be meant, or rows that were swallowed by a quotation mark within a text."""
    opened = gzip.open if path.suffix.lower() == ".gz" else open
    with opened(path, "rt", encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, delimiter=separator, strict=True)
        try:
            for _ in reader:
                pass
        except csv.Error as error:
            raise DataError(
                f"{path}: a quotation mark within a text swallows rows up to line {reader.line_num} ({error}); "
                "quote the whole text, and write marks inside it twice"
            ) from error


def _name_columns(frame: pd.DataFrame, where: str) -> dict[str, pd.Series]:
    """The columns that are known, under our names for them."""
    columns: dict[str, pd.Series] = {}
    plain = ["".join(str(name).strip().lower().split("_")) for name in frame.columns]
    for role, names in _NAMES.items():
        found = [position for position, name in enumerate(plain) if name in names]
        if len(found) > 1:
            both = " and ".join(repr(frame.columns[position]) for position in found)
            raise DataError(f"{where}: columns {both} both mean {role!r}; rename or drop one")
        if found:
            columns[role] = frame.iloc[:, found[0]]
    missing = [role for role in _REQUIRED if role not in columns]
    if missing:
        raise DataError(
            f"{where}: no column for {', '.join(missing)} among {list(map(str, frame.columns))}; name them "
            "user, item, rating and, if there are times, timestamp"
        )
    if frame.empty:
        raise DataError(f"{where} has a header but no rows; give a file with ratings")
    return columns


@contextmanager
def _named(where: str) -> Iterator[None]:
    """Messages about the columns name the file."""
    try:
        yield
    except DataError as error:
        raise DataError(f"{where}: {error}") from error


def _first_by_item(items: NDArray[Any], column: pd.Series | None) -> dict[int | str, str]:
    """The first value that each item has in a column of texts."""
    if column is None:
        return {}
    texts = column.astype("string").str.strip()
    known = texts.fillna("").ne("").to_numpy(dtype=np.bool_)
    firsts = pd.DataFrame({"item": items[known], "text": texts[known].to_numpy()}).drop_duplicates("item")
    return dict(zip(firsts["item"].tolist(), firsts["text"].tolist(), strict=True))


def _genres(text: str) -> tuple[str, ...]:
    return tuple(genre for genre in map(str.strip, text.split("|")) if genre)
