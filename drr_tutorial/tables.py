"""Reads your own ratings from CSV, TSV or Parquet, and explains what is wrong with a file that will not do.

Columns are found by name, in any order and any case, with or without underscores: user (or user_id), item (or
item_id, movie, movie_id), rating, and optionally timestamp (seconds since 1970), title, genres ("Drama|War").
Other columns are left alone. Ids that are whole numbers throughout stay integers; any others, "007" for one,
are strings.
"""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

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
    return frame_ratings(_read_file(path), where=str(path), name=path.stem, liked_above=liked_above)


def frame_ratings(frame: pd.DataFrame, *, where: str, name: str, liked_above: float | None = None) -> Ratings:
    """The same from a table in memory; `where` names it in messages."""
    columns = _name_columns(frame, where)
    ratings = _numbers(columns["rating"], "rating", where)
    endless = np.flatnonzero(~np.isfinite(ratings))
    if len(endless):
        raise DataError(
            f"{where}: a rating must be a finite number, got {ratings[endless[0]]} in row {endless[0]}; correct or drop"
        )
    users, items = (_ids(columns[what], what, where) for what in ("user", "item"))
    table = Ratings.from_columns(
        users,
        items,
        ratings,
        _seconds(columns["timestamp"], where) if "timestamp" in columns else None,
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


def _refuse_missing(column: pd.Series, what: str, where: str) -> None:
    missing = np.flatnonzero(column.isna())
    if len(missing):
        raise DataError(
            f"{where}: {len(missing)} missing values in {what}, the first in row {missing[0]}; fill or drop"
        )


def _numbers(column: pd.Series, what: str, where: str) -> NDArray[np.float64]:
    _refuse_missing(column, what, where)
    numbers = pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    bad = np.flatnonzero(np.isnan(numbers))
    if len(bad):
        raise DataError(f"{where}: {what} must be a number, got {column.iloc[bad[0]]!r} in row {bad[0]}; correct it")
    return numbers


def _seconds(column: pd.Series, where: str) -> NDArray[np.int64]:
    """Seconds since 1970 from numbers or, in Parquet, from dates."""
    if isinstance(column.dtype, pd.DatetimeTZDtype) or column.dtype.kind == "M":
        _refuse_missing(column, "timestamp", where)
        in_utc = pd.to_datetime(column, utc=True).dt.tz_convert(None)
        return in_utc.to_numpy(dtype="datetime64[s]").astype(np.int64)
    seconds = _numbers(column, "timestamp", where)
    if not (np.abs(seconds) < 2.0**53).all():
        raise DataError(f"{where}: timestamp must be seconds since 1970, got {seconds[np.abs(seconds).argmax()]}")
    return seconds.astype(np.int64)


def _ids(column: pd.Series, what: str, where: str) -> NDArray[Any]:
    """See `as_ids`; the message names the file."""
    try:
        return as_ids(column, what, from_text=True)
    except DataError as error:
        raise DataError(f"{where}: {error}") from error


def _first_by_item(items: NDArray[Any], column: pd.Series | None) -> dict[int | str, str]:
    """The first value that each item has in a column of texts."""
    if column is None:
        return {}
    known = column.notna().to_numpy()
    texts = pd.DataFrame({"item": items[known], "text": column[known].astype(str).to_numpy()})
    firsts = texts.drop_duplicates("item")
    return dict(zip(firsts["item"].tolist(), firsts["text"].tolist(), strict=True))


def _genres(text: str) -> tuple[str, ...]:
    return tuple(genre for genre in map(str.strip, text.split("|")) if genre)
