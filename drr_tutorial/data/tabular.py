"""Your own ratings from CSV, TSV, other text with separators, Parquet or a table in memory, and what is wrong with
those that will not do.

Columns are found by name (see `roles`), in any order and any case, with or without underscores: user (or user_id), item
(or item_id, movie, movie_id), rating, and optionally timestamp (seconds since 1970, or dates), title, genres
("Drama|War"); or they are named in the options. Other columns are left alone. Ids are integers or strings, as they are
in the table; in a text file, which does not say, they are integers where all of them are whole numbers: with "007"
among them, all are strings.
"""

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from drr_tutorial.data.columns import as_times
from drr_tutorial.data.delimited import Layout, Pieces, look_at, read_columns, refuse_header
from drr_tutorial.data.frames import as_frame
from drr_tutorial.data.ids import as_coded_ids
from drr_tutorial.data.interactions import interactions, what_they_could_be
from drr_tutorial.data.item_table import ItemTable, first_of_items, genres_of, read_items
from drr_tutorial.data.options import ReadingOptions
from drr_tutorial.data.ratings import DataError, Ratings
from drr_tutorial.data.reading import Reading
from drr_tutorial.data.roles import rating_roles
from drr_tutorial.data.sources import TEXT_FORMS, DataFile, find_items, find_tables

_SCALED = (None, "ratings")  # kinds whose numbers stay as they are
_MOVIELENS_ORDER = ["user", "item", "rating", "timestamp"]  # of files without a header


class Table(NamedTuple):
    """The columns of a table of ratings, under our names for them."""

    where: str
    """Names it in messages."""
    name: str
    """What the data is called."""
    columns: dict[str, Any]
    """Role -> categories of texts, numbers, or whatever a table in memory holds."""
    headers: dict[str, str]
    """Role -> the column's own name."""
    from_text: bool = False
    """See `as_ids`."""
    unused: tuple[str, ...] = ()
    """Names of the other columns."""


def read_table(
    path: Path,
    liked_above: float | None = None,
    options: ReadingOptions | None = None,
    *,
    progress: bool = False,
    beside: Ratings | None = None,
) -> Reading:
    """Read ratings from a file, a zip archive, or a folder that holds ratings.csv; rows keep the file's order.

    Raises `DataError` for an empty or unreadable file, columns that are missing or could be one or the other, missing
    values, text in numbers, numbers that are not of the kind that was said, repeated pairs where they are refused, and,
    unless they are new ratings `beside` others, fewer than two users or items and none that is liked.
    """
    options = options or ReadingOptions()
    file, found_items = find_tables(path)
    with _explained(file):
        is_text = file.form in TEXT_FORMS
        table = _text_table(file, options, progress) if is_text else _parquet_table(file, options)
    name = file.name if path.is_file() and not (file.member and found_items) else path.stem
    if options.items is not None:
        found_items = None if options.items_file is None else find_items(options.items_file)
    return _assembled(table._replace(name=name), _items(found_items, options), options, liked_above, beside)


def read_frame(
    frame: Any,
    liked_above: float | None = None,
    options: ReadingOptions | None = None,
    *,
    beside: Ratings | None = None,
) -> Reading:
    """The same from a table in memory: of pandas, of polars or anything else that speaks Arrow, or of Hugging Face's
    `datasets`. Raises `TypeError` for anything else.
    """
    options = options or ReadingOptions()
    table = _frame_table(as_frame(frame), options, "the table", "ratings")
    file = None if options.items_file is None else find_items(options.items_file)
    return _assembled(table, _items(file, options), options, liked_above, beside)


@contextmanager
def _explained(file: DataFile) -> Iterator[None]:
    """Whatever the libraries say of a damaged file, in our words."""
    try:
        if file.path.is_file() and file.path.stat().st_size == 0:
            raise DataError(f"{file} is empty (0 bytes); give a file with ratings")
        yield
    except (DataError, MemoryError):
        raise
    except UnicodeDecodeError as error:
        raise DataError(f"{file} is not UTF-8 text ({error}); save it in UTF-8") from error
    except Exception as error:
        reason = " ".join(str(error).split())
        raise DataError(f"{file} cannot be read as {file.form[1:]} ({reason}); check what the file holds") from error


def _text_table(file: DataFile, options: ReadingOptions, progress: bool) -> Table:
    columns = options.columns
    listed = None if columns is None or isinstance(columns, Mapping) else columns
    layout = look_at(file, has_header=None if listed is None else False)
    if listed is not None:
        refuse_header(file, layout, listed, "columns")
    elif not layout.has_header:
        columns = _MOVIELENS_ORDER[: len(layout.names)]
    roles = rating_roles(layout.names, columns, options.kind, str(file))
    numbers = set() if options.kind == "thumbs" else {"rating"}
    with _named(str(file)):
        found = read_columns(file, layout, roles, numbers, Pieces(progress))
    unused = _unused(layout.names, roles) if layout.has_header else ()
    return Table(str(file), file.name, found, _headers(layout, roles), from_text=True, unused=unused)


def _unused(names: Sequence[str], roles: Mapping[str, int]) -> tuple[str, ...]:
    return tuple(str(name) for place, name in enumerate(names) if place not in roles.values())


def _headers(layout: Layout, roles: dict[str, int]) -> dict[str, str]:
    return {role: layout.names[place] if layout.has_header else f"column {place + 1}" for role, place in roles.items()}


def _parquet_table(file: DataFile, options: ReadingOptions) -> Table:
    from pyarrow import parquet  # not needed for other files, and slow to import

    with file.open() as (stream, disk):
        content = parquet.ParquetFile(stream if stream is disk else io.BytesIO(stream.read()))
        names = content.schema_arrow.names
        roles = rating_roles(names, options.columns, options.kind, str(file))
        table = content.read(columns=[names[place] for place in roles.values()], use_pandas_metadata=False)
    table.validate(full=True)  # else text that is none is noticed when it is looked at
    frame = table.to_pandas(strings_to_categorical=True, ignore_metadata=True)
    columns = {role: frame[names[place]] for role, place in roles.items()}
    headers = {role: names[place] for role, place in roles.items()}
    return Table(str(file), file.name, columns, headers, unused=_unused(names, roles))


def _frame_table(frame: pd.DataFrame, options: ReadingOptions, where: str, name: str) -> Table:
    names = [str(name) for name in frame.columns]
    roles = rating_roles(names, options.columns, options.kind, where)
    columns = {role: frame.iloc[:, place] for role, place in roles.items()}
    for what in ("user", "item"):
        _refuse_two_kinds(columns[what], what, where)
    headers = {role: names[place] for role, place in roles.items()}
    return Table(where, name, columns, headers, unused=_unused(names, roles))


def _refuse_two_kinds(column: pd.Series, what: str, where: str) -> None:
    try:
        distinct = pd.unique(column.dropna()).tolist() if column.dtype == object else []
    except TypeError:  # lists and the like: no ids at all
        return
    texts = [value for value in distinct if isinstance(value, str | bytes)]
    if 0 < len(texts) < len(distinct):
        other = next(value for value in distinct if not isinstance(value, str | bytes))
        raise DataError(
            f"{where}: {what} ids must be all numbers or all texts, got {other!r} and {texts[0]!r}; make texts of "
            "them, such as frame[NAME].astype(str)"
        )


def _items(file: DataFile | None, options: ReadingOptions) -> ItemTable | None:
    """Titles and genres that are given, or that stand beside the ratings; there, whatever else is found is left."""
    if isinstance(options.items, pd.DataFrame):
        return read_items(options.items, options.item_columns)
    if file is None:
        return None
    try:
        with _explained(file):
            return read_items(file, options.item_columns)
    except DataError:
        if options.items is not None:
            raise
        return None


def _assembled(
    table: Table,
    items: ItemTable | None,
    options: ReadingOptions,
    liked_above: float | None,
    beside: Ratings | None,
) -> Reading:
    columns, where = table.columns, table.where
    if not len(columns["user"]):
        raise DataError(f"{where} has a header but no rows; give a file with ratings")
    with _named(where):
        coded = {what: as_coded_ids(columns[what], what, from_text=table.from_text) for what in ("user", "item")}
        times = as_times(columns["timestamp"]) if "timestamp" in columns else None
        users, item_codes = (np.asarray(coded[what].codes, dtype=np.int32) for what in ("user", "item"))
        kept = interactions(
            users, item_codes, columns.get("rating"), times, options, liked_above, may_lack_likes=beside is not None
        )
    rows: Any = slice(None) if kept.rows is None else kept.rows
    titles, genres = _about_items(table, coded["item"], items, may_be_strangers=beside is not None)
    try:
        ratings = Ratings.from_columns(
            coded["user"][rows],  # type: ignore[arg-type]
            coded["item"][rows],  # type: ignore[arg-type]
            kept.ratings,
            None if times is None else times[rows],
            titles=titles,
            genres=genres,
            name=table.name,
            liked_above=liked_above if options.kind in _SCALED else None,
            beside=beside,
            weights=kept.weights,
        )
    except DataError as error:
        more = "" if beside is not None else what_they_could_be(kept.ratings, options, liked_above)
        raise DataError(f"{error}{more}") from error
    if beside is None:
        _refuse_only_one(ratings, where)
    reading = Reading.of(ratings, where, table.headers, len(users), options, liked_above, items)
    is_cut = times is not None and bool((times != np.floor(times)).any())
    return replace(reading, unused=table.unused, is_cut=is_cut)


def _about_items(
    table: Table, items: pd.Categorical, more: ItemTable | None, *, may_be_strangers: bool
) -> tuple[dict[Any, str], dict[Any, tuple[str, ...]]]:
    """Titles and genres by item, of the table itself before those of a table of items. `DataError` where that has none
    of the items, unless they `may_be_strangers`.
    """
    if more is not None and not may_be_strangers:
        more.refuse_strangers(items.categories.to_numpy(), table.where)
    titles = first_of_items(items, table.columns.get("title"))
    genres = {item: genres_of(text) for item, text in first_of_items(items, table.columns.get("genres")).items()}
    return (titles, genres) if more is None else (more.titles | titles, more.genres | genres)


def _refuse_only_one(ratings: Ratings, where: str) -> None:
    for what, ids in (("user", ratings.user_ids), ("item", ratings.item_ids)):
        if len(ids) < 2:
            raise DataError(f"{where}: only one {what} ({ids[0]}); learning needs two or more")


@contextmanager
def _named(where: str) -> Iterator[None]:
    """Messages about the columns name the file."""
    try:
        yield
    except DataError as error:
        if str(error).startswith(where):
            raise
        raise DataError(f"{where}: {error}") from error
