"""A reader's own file: any format, any ids, and an explanation for whatever is wrong with it."""

import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st

from drr_tutorial.data import tabular
from drr_tutorial.data.load import load_ratings
from drr_tutorial.data.ratings import DataError, Ratings

FRAME = pd.DataFrame(
    {
        "user": [30, 10, 30, 20],
        "item": ["c", "a", "b", "a"],
        "rating": [5.0, 3.5, 1.0, 4.0],
        "timestamp": [40, 30, 20, 10],
        "title": ["C (2001)", "A (1999)", "B", "another A"],
        "genres": ["Drama|War", "Comedy", None, None],
    }
)


def save(frame: pd.DataFrame, path: Path) -> Path:
    if path.suffix == ".parquet":
        frame.to_parquet(path)
    else:
        frame.to_csv(path, sep={".csv": ",", ".tsv": "\t"}[path.suffix], index=False)
    return path


def read_table(path: Path) -> Ratings:
    return tabular.read_table(path).ratings


def write(folder: Path, text: str | bytes, name: str = "mine.csv") -> Path:
    (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder / name


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".parquet", ".CSV"])
def test_every_format_gives_the_same_object(tmp_path: Path, suffix: str) -> None:
    path = save(FRAME, tmp_path / f"mine{suffix.lower()}").rename(tmp_path / f"mine{suffix}")
    ratings = load_ratings(path)
    assert ratings.name == "mine"
    assert ratings.user_ids[ratings.users].tolist() == [30, 10, 30, 20]
    assert ratings.item_ids[ratings.items].tolist() == ["c", "a", "b", "a"]
    assert ratings.ratings.tolist() == [5.0, 3.5, 1.0, 4.0]
    assert ratings.timestamps is not None
    assert ratings.timestamps.tolist() == [40, 30, 20, 10]
    assert ratings.titles.tolist() == ["A (1999)", "B", "C (2001)"]  # an item's first title counts
    assert ratings.genres == (("Comedy",), (), ("Drama", "War"))
    assert ratings.years.tolist() == [1999, 0, 2001]
    assert load_ratings(str(path)).fingerprint() == ratings.fingerprint()


@pytest.mark.parametrize(
    "header",
    ["user_id,item_id,rating", "userId,movieId,Rating", "USER,Movie_ID, rating ", "\ufeffuser,movie,rating"],
)
def test_columns_are_found_by_many_names(tmp_path: Path, header: str) -> None:
    ratings = read_table(write(tmp_path, f"{header}\n1,2,3\n2,3,4\n"))
    assert (ratings.n_users, ratings.n_items, ratings.timestamps) == (2, 2, None)
    assert ratings.titles.tolist() == ["2", "3"]


def test_columns_may_stand_in_any_order_among_others(tmp_path: Path) -> None:
    ratings = read_table(write(tmp_path, "mood,rating,time,item,user\nx,3,9,2,1\ny,4,8,3,2\n"))
    assert ratings.ratings.tolist() == [3, 4]
    assert ratings.timestamps is not None
    assert ratings.timestamps.tolist() == [9, 8]


@pytest.mark.parametrize(
    ("texts", "ids"),
    [
        (["10", "9"], [9, 10]),
        (["1.0", "2.0"], [1, 2]),
        (["007", "7"], ["007", "7"]),
        (["10", "x"], ["10", "x"]),
        (["123456789012345678901", "5"], ["123456789012345678901", "5"]),
        (["NA", "nan"], ["NA", "nan"]),
        (["-3", "4"], [-3, 4]),
    ],
)
def test_ids_are_integers_only_if_all_are(tmp_path: Path, texts: list[str], ids: list[object]) -> None:
    ratings = read_table(write(tmp_path, "user,item,rating\n" + "".join(f"{text},i{text},4\n" for text in texts)))
    assert ratings.user_ids.tolist() == ids


def test_dates_in_parquet_become_seconds(tmp_path: Path) -> None:
    dates = pd.to_datetime(["1970-01-01 00:00:07", "2000-01-01 00:00:00"])
    for index, column in enumerate((dates, dates.tz_localize("UTC").tz_convert("Asia/Tokyo"))):
        frame = pd.DataFrame({"user": [1, 2], "item": [1, 2], "rating": [4, 2], "timestamp": column})
        ratings = read_table(save(frame, tmp_path / f"{index}.parquet"))
        assert ratings.timestamps is not None
        assert ratings.timestamps.tolist() == [7, 946_684_800]


texts = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z"), exclude_characters='"'), min_size=1)
ids = st.one_of(st.integers(-(10**9), 10**9), texts)


@given(
    rows=st.lists(
        st.tuples(ids, ids, st.floats(3.5, 5, width=32)),
        min_size=2,
        max_size=20,
        unique_by=lambda row: str(row[:2]),
    ),
    suffix=st.sampled_from([".csv", ".tsv", ".parquet"]),
)
def test_any_ids_survive_the_way_through_a_file(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[object, object, float]], suffix: str
) -> None:
    users, items = ([str(row[place]) for row in rows] for place in (0, 1))
    frame = pd.DataFrame({"user": users, "item": items, "rating": [row[2] for row in rows]})
    path = save(frame, tmp_path_factory.mktemp("any") / f"any{suffix}")
    if frame.duplicated(["user", "item"]).any() or min(len(set(users)), len(set(items))) < 2:
        with pytest.raises(DataError, match="duplicate|only one"):
            read_table(path)
        return
    ratings = read_table(path)
    assert [same(user) for user in ratings.user_ids[ratings.users].tolist()] == [same(user) for user in users]
    assert [same(item) for item in ratings.item_ids[ratings.items].tolist()] == [same(item) for item in items]
    np.testing.assert_array_equal(ratings.ratings, np.float32(frame["rating"]))


def same(value: object) -> str:
    """5, "5" and "5.0" name the same user."""
    return str(value).removesuffix(".0")


GOOD = "1,2,3,4\n2,3,4,5\n"


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("", r"mine\.csv is empty \(0 bytes\); give a file with ratings"),
        ("\n\n", r"mine\.csv cannot be read as csv"),
        ("user,item,rating,timestamp\n", "has a header but no rows"),
        (
            "1,2,3,4\n2,3,4,5\n",
            r"no column for user, item, rating among \['1', '2', '3', '4'\]; name them user, item",
        ),
        ("user~item~rating\n1~2~3\n", r"no column for user, item, rating among \['user~item~rating'\]"),
        ("user,item\n1,2\n", "no column for rating"),
        (
            "user,user_id,item,rating\n" + GOOD,
            "columns 'user' and 'user_id' both mean 'user'; rename or drop one",
        ),
        ("user,item,rating\n1,2,\n2,3,4\n", "1 missing values in rating, the first in row 0"),
        ("user,item,rating\n1,2,NaN\n2,3,4\n", "rating must be a number, got 'NaN' in row 0"),
        ("user,item,rating\n1,2,3\n2,3,good\n", "rating must be a number, got 'good' in row 1; correct it"),
        ("user,item,rating\n1,2,3\n,3,4\n", "1 missing values in user, the first in row 1; fill or drop"),
        ("user,item,rating\n1,,3\n1,,4\n", "2 missing values in item, the first in row 0"),
        ("user,item,rating\n1,2,3\n2,3\n", "1 missing values in rating, the first in row 1"),
        ("user,item,rating\n1,2,3\n2,3,inf\n", "finite number, got inf in row 1"),
        (
            "user,item,rating\n1,2,978300760\n2,3,4\n",
            "ratings must be finite and at most 16,777,216 in size, got 978300760.0 in row 0",
        ),
        ("user,item,rating\n1,2,4\n1,3,3\n", r"only one user \(1\); learning needs two or more"),
        ("user,item,rating\n1,2,4\n3,2,3\n", r"only one item \(2\)"),
        (
            "user,item,rating,timestamp\n1,2,3,yesterday\n2,3,4,5\n",
            "timestamp must be a number, got 'yesterday' in row 0",
        ),
        (
            "user,item,rating,timestamp\n1,2,3,1e300\n2,3,4,5\n",
            "timestamp must be seconds since 1970, got 1e.300",
        ),
        (
            "user,item,rating\n1,2,3\n1,2,3,4,5\n",
            "cannot be read as csv .*Expected 3 fields in line 3, saw 5",
        ),
        ("user,item,rating\n1,2,3,9\n2,3,4,9\n", "cannot be read as csv"),
        ("user,item,rating\n1,Amélie,3\n".encode("latin-1"), "is not UTF-8 text .*; save it in UTF-8"),
        ("user,item,rating\n1,2,3\n".encode("utf-16"), "is not UTF-8 text"),
        (b"PAR1\x80\x00\xff" * 9, "is not UTF-8 text"),
    ],
)
def test_what_is_wrong_with_a_text_file(tmp_path: Path, content: str | bytes, text: str) -> None:
    with pytest.raises(DataError, match=text):
        load_ratings(write(tmp_path, content))


def test_what_is_wrong_with_other_files(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read as parquet"):
        load_ratings(write(tmp_path, "user,item,rating\n1,2,3\n", "mine.parquet"))
    with pytest.raises(DataError, match=r"a file whose name ends in '\.xlsx'; give a file whose name ends in \.csv"):
        load_ratings(write(tmp_path, "x", "mine.xlsx"))
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(
        DataError, match=r"folder\.csv is a folder with no ratings\.csv and no other table; give one file"
    ):
        load_ratings(tmp_path / "folder.csv")
    whole = save(FRAME, tmp_path / "whole.parquet").read_bytes()
    with pytest.raises(DataError, match="cannot be read as parquet"):
        load_ratings(write(tmp_path, whole[: len(whole) // 2], "half.parquet"))


def test_unusual_types_in_parquet(tmp_path: Path) -> None:
    frame = pd.DataFrame({"user": pd.array([1, None], dtype="Int64"), "item": [1, 2], "rating": [1, 2]})
    with pytest.raises(DataError, match="1 missing values in user"):
        read_table(save(frame, tmp_path / "null.parquet"))
    frame = pd.DataFrame({"user": [1.0, 2.0], "item": [1, 2], "rating": pd.array([4, 5], dtype="Int64")})
    ratings: Ratings = read_table(save(frame, tmp_path / "wide.parquet"))
    assert ratings.user_ids.tolist() == [1, 2]
    assert ratings.ratings.tolist() == [4, 5]


@pytest.mark.parametrize("compressed", [False, True])
def test_a_stray_quotation_mark_swallows_no_rows(tmp_path: Path, compressed: bool) -> None:
    text = 'user,item,rating,title\na,1,5,"foo\nb,2,4,x\nc,3,3,"bar\nd,4,3,z\n'
    path = tmp_path / ("stray.csv.gz" if compressed else "stray.csv")
    path.write_bytes(gzip.compress(text.encode()) if compressed else text.encode())
    with pytest.raises(DataError, match="a quotation mark within a text swallows rows up to line 4"):
        read_table(path)


def test_a_quoted_title_of_several_lines_is_one_title(tmp_path: Path) -> None:
    path = tmp_path / "lines.csv"
    path.write_text('user,item,rating,title\na,1,5,"one\ntwo"\nb,2,4,"say ""x"""\n')
    assert read_table(path).titles.tolist() == ["one\ntwo", 'say "x"']


def test_two_columns_of_one_name_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "twice.csv"
    path.write_text("user,user,item,rating\na,x,1,5\nb,y,2,4\n")
    with pytest.raises(DataError, match="columns 'user' and 'user' both mean 'user'"):
        read_table(path)


@pytest.mark.parametrize("column", ["item", "title"])
def test_one_text_too_long_for_an_array_of_all_is_named(column: str) -> None:
    frame = pd.DataFrame({"user": ["a", "b"] * 300, "item": [f"i{n // 2}" for n in range(600)], "rating": 4.0})
    frame["title"] = frame["item"]
    frame.loc[:1, column] = "x" * 1_000_000
    with pytest.raises(DataError, match=f"{column}.* 'xxx.* has 1,000,000 letters"):
        load_ratings(frame)
