"""Reads the MovieLens files and checks that they are what they claim to be.

ml-100k comes in two forms, GroupLens' own files and the copy in recbole's wheel, and both must give the same
object. Their rows are the same, in the same order, but some titles are spelled differently. So every title is
brought to one form: "Title, The (year)" without blanks at its ends, without the mark "(V)" (straight to
video) that one title carries, and with the accents that some copies of u.item lost (`_TITLES_100K`). The
genre "unknown" means none.
Source: the README of each data set, https://grouplens.org/datasets/movielens/.
"""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from drr_tutorial.data.download import MOVIELENS
from drr_tutorial.data.ratings import DataError, Ratings

Item = tuple[int, str, list[str]]  # id, title, genres

_GENRES_100K = (
    "unknown|Action|Adventure|Animation|Children's|Comedy|Crime|Documentary|Drama|Fantasy|Film-Noir|Horror|"
    "Musical|Mystery|Romance|Sci-Fi|Thriller|War|Western"
).split("|")  # the order of the flags in u.item

_TITLES_100K = {
    267: "unknown",  # recbole: "unkonwn"
    543: "Misérables, Les (1995)",
    1005: "Double vie de Véronique, La (Double Life of Veronique, The) (1991)",
    1104: "C'est arrivé près de chez vous (1992)",
    1233: "Nénette et Boni (1996)",
    1252: "Contempt (Mépris, Le) (1963)",
    1322: "Metisse (Café au Lait) (1993)",
    1366: "JLG/JLG - autoportrait de décembre (1994)",
    1623: "Cérémonie, La (1995)",
    1633: "Á köldum klaka (Cold Fever) (1994)",
}

_EARLIEST, _LATEST = 800_000_000, 1_100_000_000  # seconds since 1970: May 1995 to November 2004
_RECBOLE_FOLDER = "recbole/dataset_example/ml-100k/"
_REPLACE = "replace the file, or remove it so that a good copy is downloaded"


def read_movielens(name: str, place: Path) -> Ratings:
    """Read "ml-100k" or "ml-1m" from a folder in GroupLens' layout, or ml-100k from recbole's wheel.

    Rows keep the file's order. Raises `DataError` when anything differs from the published counts or ranges.
    """
    if place.suffix == ".whl":
        return _read_wheel(name, place)
    files = MOVIELENS[name]
    rows_file, items_file = place / files.ratings, place / files.items
    if name == "ml-1m":
        # the C parser knows one-letter separators only: "::" gives every second column, all empty
        rows = _read_rows(rows_file.read_bytes(), str(rows_file), separator=":", columns=[0, 2, 4, 6])
        items = _read_items(items_file.read_bytes(), str(items_file), _movies_dat_item)
    else:
        rows = _read_rows(rows_file.read_bytes(), str(rows_file))
        items = _read_items(items_file.read_bytes(), str(items_file), _u_item_item)
    return _assemble(name, rows, items, str(rows_file), str(items_file))


def _read_wheel(name: str, wheel: Path) -> Ratings:
    try:
        with zipfile.ZipFile(wheel) as contents:
            rows_text = contents.read(_RECBOLE_FOLDER + "ml-100k.inter")
            items_text = contents.read(_RECBOLE_FOLDER + "ml-100k.item")
    except (zipfile.BadZipFile, KeyError, OSError) as error:
        raise DataError(f"{wheel} is not recbole's wheel ({error}); {_REPLACE}") from error
    where = f"{wheel}/ml-100k"
    rows = _read_rows(rows_text.partition(b"\n")[2], where + ".inter")
    items = _read_items(items_text.partition(b"\n")[2], where + ".item", _recbole_item)
    return _assemble(name, rows, items, where + ".inter", where + ".item")


def _read_rows(text: bytes, where: str, separator: str = "\t", columns: list[int] | None = None) -> pd.DataFrame:
    """Four columns of whole numbers: user, item, rating, timestamp."""
    _refuse_empty(text, where)
    try:
        rows = pd.read_csv(
            io.BytesIO(text), sep=separator, header=None, usecols=columns or [0, 1, 2, 3], dtype=np.int64
        )
    except ValueError as error:  # of pandas (ParserError), of text in numbers, of missing values, of bad encodings
        reason = " ".join(str(error).split())
        raise DataError(f"{where}: not four columns of whole numbers ({reason}); {_REPLACE}") from error
    rows.columns = pd.Index(["user", "item", "rating", "timestamp"])
    return rows


def _read_items(text: bytes, where: str, parse: Callable[[str], Item]) -> list[Item]:
    """One item a line; UTF-8 or, as GroupLens ships it, Latin-1."""
    _refuse_empty(text, where)
    try:
        lines = text.decode("utf-8")
    except UnicodeDecodeError:
        lines = text.decode("latin-1")
    items = []
    for number, line in enumerate(lines.split("\n"), start=1):
        if line.strip():
            try:
                items.append(parse(line.rstrip("\r")))
            except ValueError as error:
                raise DataError(f"{where}: line {number} is not an item ({error}); {_REPLACE}") from error
    return items


def _refuse_empty(text: bytes, where: str) -> None:
    if not text:
        raise DataError(f"{where} is empty (0 bytes); {_REPLACE}")


def _movies_dat_item(line: str) -> Item:
    item, title, genres = line.split("::")
    return int(item), _tidy(title), genres.split("|")


def _u_item_item(line: str) -> Item:
    item, title, _released, _video, _imdb, *flags = line.split("|")
    genres = [genre for genre, flag in zip(_GENRES_100K, flags, strict=True) if flag == "1"]
    return int(item), _TITLES_100K.get(int(item), _tidy(title)), genres


def _recbole_item(line: str) -> Item:
    item, title, year, genres = line.split("\t")
    title = f"{title} ({year})" if year.isdigit() else title
    return int(item), _TITLES_100K.get(int(item), _tidy(title)), genres.split(" ")


def _tidy(title: str) -> str:
    return title.strip().removesuffix(" (V)")


def _assemble(name: str, rows: pd.DataFrame, items: list[Item], rows_file: str, items_file: str) -> Ratings:
    _check_ranges(rows, rows_file)
    ratings = Ratings.from_columns(
        rows["user"],
        rows["item"],
        rows["rating"],
        rows["timestamp"],
        titles={item: title for item, title, _ in items},
        genres={item: tuple(genre for genre in genres if genre != "unknown") for item, _, genres in items},
        name=name,
    )
    _check_counts(ratings, rows_file)
    untitled = np.setdiff1d(ratings.item_ids, [item for item, _, _ in items])
    if len(untitled):
        raise DataError(f"{items_file}: {len(untitled)} rated items are missing, the first {untitled[0]}; {_REPLACE}")
    return ratings


def _check_ranges(rows: pd.DataFrame, where: str) -> None:
    for column, low, high in (("rating", 1, 5), ("timestamp", _EARLIEST, _LATEST)):
        outside = np.flatnonzero(~rows[column].between(low, high))
        if len(outside):
            value = rows[column].iloc[outside[0]]
            raise DataError(f"{where}: {column} must be {low} to {high}, got {value} in row {outside[0]}; {_REPLACE}")


def _check_counts(ratings: Ratings, where: str) -> None:
    known = MOVIELENS[ratings.name]
    found, expected = (
        (len(ratings), ratings.n_users, ratings.n_items),
        (known.n_ratings, known.n_users, known.n_items),
    )
    if found != expected:
        raise DataError(
            "{}: {:,} ratings of {:,} users and {:,} items, but {} has {:,}, {:,} and {:,}: the file is cut "
            "off or altered; {}".format(where, *found, ratings.name, *expected, _REPLACE)
        )
