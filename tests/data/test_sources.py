"""Where tables lie: gzipped, in zip archives, in folders of MovieLens' layout, in memory; and archives that are broken."""

import gc
import gzip
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from drr_tutorial.data import download, load
from drr_tutorial.data.load import load_ratings, read_ratings
from drr_tutorial.data.ratings import DataError, Ratings

ROWS = [(user, item, 1 + (user * item) % 5, 60 * user + item) for user in range(1, 7) for item in range(1, 7)]
FRAME = pd.DataFrame(ROWS, columns=["userId", "movieId", "rating", "timestamp"])
PLAIN = FRAME.to_csv(index=False)
FILMS = 'movieId,title,genres\n1,"Été à Paris, Un (1995)",(no genres listed)\n2,Heat (1995),Crime|Action\n77,Alien (1979),Horror\n'


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "cache_folder", lambda: tmp_path / "cache")


@pytest.fixture(scope="module")
def expected() -> Ratings:
    return load_ratings(FRAME)


def same(found: Ratings, expected: Ratings) -> bool:
    return found.fingerprint() == expected.fingerprint()


def zipped(path: Path, **members: str | bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


@pytest.mark.parametrize("separator", [";", "\t", "|", "::", ","])
@pytest.mark.parametrize("name", ["mine.csv", "mine.txt", "mine.csv.gz", "mine.dat"])
def test_every_separator_in_every_file(separator: str, name: str, expected: Ratings, tmp_path: Path) -> None:
    text = PLAIN.replace(",", separator).encode()
    (tmp_path / name).write_bytes(gzip.compress(text) if name.endswith(".gz") else text)
    found = load_ratings(tmp_path / name)
    assert same(found, expected) and found.name == "mine"


def test_a_double_separator_is_found_across_blocks(tmp_path: Path) -> None:
    """Files are unpacked a megabyte at a time; a colon alone is a letter."""
    rows = [f"u:{number}::{number % 7}::4::{number}" for number in range(120_000)]
    (tmp_path / "ratings.dat").write_text("\n".join(rows))
    found = load_ratings(tmp_path / "ratings.dat")
    assert len(found) == 120_000 and found.timestamps is not None
    assert found.timestamps.tolist() == list(range(120_000))
    assert sorted(found.user_ids) == sorted(f"u:{number}" for number in range(120_000))


def test_semicolons_leave_commas_to_numbers(tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text("user;item;rating\n1;2;3,5\n2;3;4\n")
    assert load_ratings(tmp_path / "mine.csv").ratings.tolist() == [3.5, 4.0]


def test_a_large_file_is_read_piece_by_piece(
    expected: Ratings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine.csv").write_text(PLAIN)
    monkeypatch.setattr("drr_tutorial.data.delimited.CHUNK", 7)
    assert same(load_ratings(tmp_path / "mine.csv"), expected)
    (tmp_path / "bad.csv").write_text(PLAIN + "9,9,bad,9\n")
    with pytest.raises(DataError, match="rating must be a number, got 'bad' in row 36"):
        load_ratings(tmp_path / "bad.csv")
    (tmp_path / "long.csv").write_text(PLAIN + "9,9,4,9,9,9\n")
    with pytest.raises(DataError, match="Expected 4 fields in line 38, saw 6"):
        load_ratings(tmp_path / "long.csv")


@pytest.mark.parametrize("place", ["folder", "file", "zip", "zip with folder"])
def test_titles_and_genres_stand_beside_the_ratings(place: str, expected: Ratings, tmp_path: Path) -> None:
    source = tmp_path / "ml-latest-small"
    if place.startswith("zip"):
        inside = "" if place == "zip" else "ml-latest-small/"
        members = {f"{inside}ratings.csv": PLAIN, f"{inside}movies.csv": FILMS, f"{inside}README.txt": "see there"}
        source = zipped(tmp_path / "ml-latest-small.zip", **members)
    else:
        source.mkdir()
        (source / "ratings.csv").write_text(PLAIN, encoding="utf-8")
        (source / "movies.csv").write_text(FILMS, encoding="utf-8")
        (source / "tags.csv").write_text("userId,movieId,tag\n")
    found = read_ratings(source / "ratings.csv" if place == "file" else source)
    assert same(found.ratings, expected)
    assert found.ratings.titles.tolist() == ["Été à Paris, Un (1995)", "Heat (1995)", "3", "4", "5", "6"]
    assert found.ratings.genres[:3] == ((), ("Action", "Crime"), ())
    assert found.ratings.name == ("ratings" if place == "file" else "ml-latest-small")
    assert found.n_unrated == 1


def test_the_layout_of_movielens_1m_and_10m(expected: Ratings, tmp_path: Path) -> None:
    """Two colons, no header, and titles in Latin-1 (1M)."""
    folder = tmp_path / "ml-10M100K"
    folder.mkdir()
    (folder / "ratings.dat").write_text("\n".join("::".join(map(str, row)) for row in ROWS))
    (folder / "movies.dat").write_bytes(
        '1::Misérables: "Les" (1995)::Drama|War\n2::Heat (1995)::Crime\n'.encode("latin-1")
    )
    found = load_ratings(folder)
    assert same(found, expected)
    assert found.titles[:2].tolist() == ['Misérables: "Les" (1995)', "Heat (1995)"]
    assert found.genres[:2] == (("Drama", "War"), ("Crime",))


def test_a_folder_of_movielens_is_the_data_set(ml_100k: Ratings, ml_1m: Ratings, data_home: Path) -> None:
    for known in (ml_100k, ml_1m):
        found = load_ratings(data_home / known.name)
        assert same(found, known)
        assert found.titles.tolist() == known.titles.tolist() and found.genres == known.genres


def test_the_only_table_of_an_archive_or_a_folder(expected: Ratings, tmp_path: Path) -> None:
    assert same(
        load_ratings(zipped(tmp_path / "a.zip", **{"deep/mine.tsv": PLAIN.replace(",", "\t"), "a.pdf": "x"})), expected
    )
    (tmp_path / "alone").mkdir()
    FRAME.to_parquet(tmp_path / "alone" / "mine.parquet")
    assert same(load_ratings(tmp_path / "alone"), expected)
    packed = zipped(tmp_path / "p.zip", **{"mine.parquet": (tmp_path / "alone" / "mine.parquet").read_bytes()})
    assert same(load_ratings(packed), expected)


@pytest.mark.parametrize(
    ("members", "text"),
    [
        (
            {"a.csv": PLAIN, "b.csv": PLAIN},
            r"with more than one table \(a\.csv, b\.csv\) and no ratings\.csv; give one",
        ),
        ({"a.pdf": "x"}, r"is an archive with no ratings\.csv and no other table"),
        ({}, r"is an archive with no ratings\.csv and no other table"),
    ],
)
def test_what_could_be_meant_is_listed(members: dict[str, str], text: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=text):
        load_ratings(zipped(tmp_path / "a.zip", **members))


@pytest.mark.parametrize("name", ["mine.csv.gz", "mine.zip"])
@pytest.mark.parametrize("damage", ["cut", "other", "flipped"])
def test_a_broken_archive_is_named_and_nothing_is_kept(name: str, damage: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    text = PLAIN + "".join(f"{user},{item},3,{user}\n" for user, item in rng.integers(10, 10**9, size=(3000, 2)))
    packed = (
        gzip.compress(text.encode()) if name.endswith("gz") else zipped(tmp_path / "x", **{"a.csv": text}).read_bytes()
    )
    middle = len(packed) // 2
    bad = {
        "cut": packed[:middle],
        "other": b"no archive at all, but long enough to be looked at",
        "flipped": packed[:middle]
        + bytes(byte ^ 0xFF for byte in packed[middle : middle + 60])
        + packed[middle + 60 :],
    }
    (tmp_path / name).write_bytes(bad[damage])
    with pytest.raises(DataError, match=f"{name}.* is no whole .*archive .*; get it again, or unpack it"):
        load_ratings(tmp_path / name)
    assert not list((tmp_path / "cache").rglob("*.npy"))


@pytest.mark.parametrize("ending", ["csv", "csv.gz", "dat"])
@pytest.mark.parametrize(
    "rows", ["1,2,x", "1,2,3,4,5", "1,2,3,x", '1,2,3,"a\n2,3,4,b"c', "\u00e9,2,3,4", "", "1,2,3,4"]
)
def test_a_file_that_is_refused_is_closed(rows: str, ending: str, tmp_path: Path) -> None:
    raw = f"user,item,rating,timestamp\n{rows}\n".replace(",", "::" if ending == "dat" else ",").encode("latin-1")
    (tmp_path / f"bad.{ending}").write_bytes(gzip.compress(raw) if ending.endswith("gz") else raw)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always", ResourceWarning)
        with pytest.raises(DataError):
            load_ratings(tmp_path / f"bad.{ending}")
        gc.collect()
    assert not said


def test_an_archive_with_a_password(tmp_path: Path) -> None:
    path = zipped(tmp_path / "locked.zip", **{"a.csv": PLAIN})
    content = bytearray(path.read_bytes())
    for start, flags in ((content.index(b"PK\x03\x04"), 6), (content.index(b"PK\x01\x02"), 8)):
        content[start + flags] |= 1  # "encrypted"
    path.write_bytes(content)
    with pytest.raises(DataError, match="cannot be unpacked .*password.*; unpack it yourself"):
        load_ratings(path)


@pytest.mark.parametrize("fails", [False, True], ids=["read", "unreadable"])
def test_a_file_that_changes_while_it_is_read(fails: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "mine.csv"
    path.write_text(PLAIN)
    read = load.read_table

    def interrupted(*args: Any, **named: Any) -> Any:
        found = read(*args, **named)
        with path.open("a") as file:
            file.write("9,9,4,9\n")
        if fails:
            raise DataError("half a row")
        return found

    monkeypatch.setattr(load, "read_table", interrupted)
    with pytest.raises(DataError, match=r"mine\.csv has changed while it was read; wait until it is whole"):
        load_ratings(path)
    assert not list((tmp_path / "cache").rglob("*.npy"))


def test_tables_in_memory(expected: Ratings) -> None:
    class Dataset:
        """As of Hugging Face's `datasets`."""

        def to_pandas(self) -> pd.DataFrame:
            return FRAME

    for table in (pa.table(FRAME), pa.Table.from_pandas(FRAME.astype({"userId": "category"})), Dataset()):
        assert same(load_ratings(table), expected)


def test_tables_of_polars(expected: Ratings) -> None:
    polars = pytest.importorskip("polars")
    table = polars.DataFrame(FRAME.to_dict("list"))
    assert same(load_ratings(table), expected)
    text = load_ratings(table.with_columns(polars.col("userId").cast(polars.String).cast(polars.Categorical)))
    assert text.user_ids.tolist() == ["1", "2", "3", "4", "5", "6"]
    with pytest.raises(TypeError, match=r"got LazyFrame; .*; \.collect\(\) makes a table of it"):
        load_ratings(table.lazy())


@pytest.mark.parametrize(
    "column", [FRAME["userId"], pa.array([1, 2]), pa.chunked_array([[1, 2]])], ids=lambda c: type(c)
)
def test_one_column_is_no_table(column: Any) -> None:
    with pytest.raises(TypeError, match="source must be .*it is one column: give the table with all of them"):
        load_ratings(column)
    with pytest.raises(ValueError, match="items must be a file or a table"):
        load_ratings(FRAME, items=column)


def test_a_dict_of_columns_has_no_parts() -> None:
    with pytest.raises(TypeError, match="got dict; columns of your own become ratings by .*items, ratings.$"):
        load_ratings({"user": [1, 2]})  # type: ignore[arg-type]


def test_items_may_be_any_table() -> None:
    items = pa.table({"movieId": [FRAME["movieId"][0]], "title": ["Dune"]})
    found = load_ratings(FRAME, items=items)
    assert "Dune" in found.titles.tolist()


def test_tables_of_hugging_face(expected: Ratings) -> None:
    datasets = pytest.importorskip("datasets")
    table = datasets.Dataset.from_pandas(FRAME)
    assert same(load_ratings(table), expected)
    assert len(load_ratings(table.select(range(12)))) == 12
    with pytest.raises(TypeError, match="got DatasetDict; .*it has the parts 'train': give one of them"):
        load_ratings(datasets.DatasetDict({"train": table}))


def test_what_is_no_table_says_what_is() -> None:
    with pytest.raises(
        TypeError, match="source must be the name of a data set, a path, or a table of pandas, got list"
    ):
        load_ratings([1, 2])
