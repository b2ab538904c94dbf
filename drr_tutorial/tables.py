"""Reads your own ratings from CSV, TSV or Parquet, and explains what is wrong with a file that will not do.

Columns are found by name, in any order and any case, with or without underscores: user (or user_id), item (or
item_id, movie, movie_id), rating, and optionally timestamp (seconds since 1970, or dates), title, genres
("Drama|War"). Other columns are left alone. Ids are integers or strings, as they are in the table; in a text file,
which does not say, they are integers where all of them are whole numbers: with "007" among them, all are strings.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drr_tutorial.columns import as_numbers, as_seconds
from drr_tutorial.ids import as_ids
from drr_tutorial.ratings import DataError, Ratings

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
    frame, from_text = _read_file(path), path.suffix.lower() in _SEPARATORS
    return frame_ratings(frame, where=str(path), name=path.stem, liked_above=liked_above, from_text=from_text)


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


def _read_file(path: Path) -> pd.DataFrame:
    """All columns; those of text files as strings, so that nothing is guessed."""
    suffix = path.suffix.lower()
    if suffix not in (*_SEPARATORS, ".parquet"):
        raise DataError(f"{path}: the name must end in .csv, .tsv or .parquet, got {suffix!r}; convert the file")
    if path.is_dir() or path.stat().st_size == 0:
        raise DataError(f"{path} is {'a folder' if path.is_dir() else 'empty (0 bytes)'}; give a file with ratings")
    try:
        if suffix == ".parquet":
            return pd.read_parquet(path)
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)  # rows longer than the header
            return pd.read_csv(
                path,
                sep=_SEPARATORS[suffix],
                dtype=str,
                encoding="utf-8-sig",
                index_col=False,
                keep_default_na=False,
                na_values=[""],
            )
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not UTF-8 text ({error}); save it in UTF-8") from error
    except (ValueError, OSError, pd.errors.ParserWarning) as error:
        raise DataError(f"{path} cannot be read as {suffix[1:]} ({' '.join(str(error).split())})") from error


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
