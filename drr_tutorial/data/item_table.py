"""Titles and genres of items, from a file or a table beside the ratings."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drr_tutorial.data.delimited import Pieces, look_at, read_columns, refuse_header
from drr_tutorial.data.ids import find
from drr_tutorial.data.options import Columns
from drr_tutorial.data.roles import item_roles
from drr_tutorial.data.sources import TEXT_FORMS, DataFile
from drr_tutorial.errors import DataError

_ORDER = ["item", "title", "genres"]  # of MovieLens' files without a header
_NO_GENRE = ("(no genres listed)", "")


@dataclass(frozen=True)
class ItemTable:
    """What a table of items says of each."""

    where: str
    ids: list[Any]
    """Of all its items, as they stand there."""
    titles: dict[Any, str]
    genres: dict[Any, tuple[str, ...]]

    def n_unrated(self, item_ids: NDArray[Any]) -> int:
        """Of its items, how many are none of these."""
        return int(np.count_nonzero(~find(self.ids, item_ids)[1]))

    def refuse_strangers(self, rated: NDArray[Any], where: str) -> None:
        """`DataError` where none of the rated items (n_items,) is among them: then ids are written in two ways."""
        ids = np.sort(rated.astype(np.str_) if rated.dtype.kind not in "iu" else rated)
        if len(self.ids) and len(ids) and self.n_unrated(ids) == len(self.ids):
            raise DataError(
                f"{self.where}: none of its {len(self.ids)} items, such as {self.ids[0]!r}, was rated in {where}, "
                f"whose items are like {ids[0].item()!r}; give the column with the same ids: "
                "item_columns={'item': NAME} (on the command line --item-columns item=NAME)"
            )


def read_items(source: DataFile | pd.DataFrame, columns: Columns | None = None) -> ItemTable:
    """Read a file or a table with a row for each item. Of several rows of an item the first counts; `columns`: see
    `ReadingOptions`. Raises `DataError`.
    """
    if isinstance(source, pd.DataFrame):
        return _of_frame(source, columns, "items")
    if source.form not in TEXT_FORMS:
        from pyarrow import parquet  # not needed for other files, and slow to import

        with source.open() as (stream, _):
            return _of_frame(parquet.read_table(stream).to_pandas(), columns, str(source))
    try:
        return _of_text(source, columns, "utf-8-sig")
    except UnicodeDecodeError:
        if source.form != ".dat":  # of MovieLens 1M
            raise
        return _of_text(source, columns, "latin-1")


def _of_text(file: DataFile, columns: Columns | None, encoding: str) -> ItemTable:
    listed = None if columns is None or isinstance(columns, Mapping) else columns
    layout = look_at(file, has_header=None if listed is None else False, encoding=encoding)
    if listed is not None:
        refuse_header(file, layout, listed, "item_columns", encoding=encoding)
    elif not layout.has_header:
        columns = _ORDER[: len(layout.names)]
    roles = item_roles(layout.names, columns, str(file))
    found = read_columns(file, layout, roles, (), Pieces(progress=False, encoding=encoding))
    of_words = layout.has_header and "genres" in roles and layout.names[roles["genres"]].endswith(":token_seq")
    return _table(str(file), found, " " if of_words else "|")


def _of_frame(frame: pd.DataFrame, columns: Columns | None, where: str) -> ItemTable:
    roles = item_roles([str(name) for name in frame.columns], columns, where)
    return _table(where, {role: frame.iloc[:, place] for role, place in roles.items()}, "|")


def _table(where: str, columns: dict[str, Any], separator: str) -> ItemTable:
    codes, ids = pd.factorize(pd.Series(columns["item"]).astype(object))
    items = pd.Categorical.from_codes(codes, categories=pd.Index(ids, dtype=object))
    genres = first_of_items(items, columns.get("genres"))
    return ItemTable(
        where,
        ids=np.asarray(ids, dtype=object).tolist(),
        titles=first_of_items(items, columns.get("title")),
        genres={item: genres_of(text, separator) for item, text in genres.items()},
    )


def first_of_items(items: pd.Categorical, column: Any) -> dict[Any, Any]:
    """Item -> the first value that it has in a column (n,) of texts or lists, without those that have none."""
    if column is None:
        return {}
    values = pd.Series(column).reset_index(drop=True)
    rows = np.flatnonzero(_says_something(values) & (items.codes >= 0))
    places, firsts = np.unique(items.codes[rows], return_index=True)
    found = values.iloc[rows[firsts]].tolist()
    ids = items.categories.to_numpy()[places].tolist()
    return {item: value.strip() if isinstance(value, str) else value for item, value in zip(ids, found, strict=True)}


def genres_of(value: Any, separator: str = "|") -> tuple[str, ...]:
    """Genres from a text such as "Drama|War", or from a list."""
    parts = map(str, value) if pd.api.types.is_list_like(value) else str(value).split(separator)
    return tuple(genre for genre in map(str.strip, parts) if genre not in _NO_GENRE)


def _says_something(values: pd.Series) -> NDArray[np.bool_]:
    """Which rows (n,) hold a text that is not blank, or a list."""
    try:
        coded = pd.Categorical(values)
    except TypeError:  # lists
        return values.notna().to_numpy()
    filled = [bool(str(text).strip()) for text in coded.categories]
    return np.asarray([*filled, False])[coded.codes]  # -1, the last, is what is missing
