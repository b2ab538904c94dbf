"""MovieLens' files: both copies of ml-100k agree, and files that are not what they claim are refused."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from drr_tutorial.data import download
from drr_tutorial.data.movielens import read_movielens
from drr_tutorial.data.ratings import DataError, Ratings


def assert_same(one: Ratings, other: Ratings) -> None:
    """Everything that a `Ratings` holds is equal."""
    assert one.fingerprint() == other.fingerprint()
    np.testing.assert_array_equal(one.titles, other.titles)
    np.testing.assert_array_equal(one.years, other.years)
    assert (one.genres, one.name) == (other.genres, other.name)


@pytest.mark.network
def test_recbole_s_copy_gives_the_same_object_as_grouplens_files(
    ml_100k: Ratings, wheel: Path, data_home: Path
) -> None:
    from_wheel, from_files = (
        read_movielens("ml-100k", wheel),
        read_movielens("ml-100k", data_home / "ml-100k"),
    )
    assert_same(from_wheel, from_files)
    assert_same(from_files, ml_100k)  # what load_ratings gives


def test_ml_100k(ml_100k: Ratings) -> None:
    assert (len(ml_100k), ml_100k.n_users, ml_100k.n_items) == (100_000, 943, 1_682)
    assert np.bincount(ml_100k.ratings.astype(int)).tolist() == [0, 6110, 11370, 27145, 34174, 21201]
    titles = dict(zip(ml_100k.item_ids.tolist(), ml_100k.titles.tolist(), strict=True))
    assert titles[1] == "Toy Story (1995)"
    assert titles[543] == "Misérables, Les (1995)"
    assert titles[1128] == "Heidi Fleiss: Hollywood Madam (1995)"  # a blank at its end in u.item
    assert titles[1412].endswith("(1995)")  # "(1995) (V)" in u.item
    assert ml_100k.genres[0] == ("Animation", "Children's", "Comedy")
    unknown = int(ml_100k.item_index(267)[0])
    assert (titles[267], ml_100k.years[unknown], ml_100k.genres[unknown]) == ("unknown", 0, ())
    assert (np.delete(ml_100k.years, unknown) >= 1922).all()


def test_rows_keep_the_order_of_the_file(ml_100k: Ratings, data_home: Path) -> None:
    user, item, rating, time = np.loadtxt(data_home / "ml-100k" / "u.data", dtype=np.int64).T
    np.testing.assert_array_equal(ml_100k.user_ids[ml_100k.users], user)
    np.testing.assert_array_equal(ml_100k.item_ids[ml_100k.items], item)
    np.testing.assert_array_equal(ml_100k.ratings, rating)
    np.testing.assert_array_equal(ml_100k.timestamps, time)


def test_ml_1m(ml_1m: Ratings) -> None:
    assert (len(ml_1m), ml_1m.n_users, ml_1m.n_items) == (1_000_209, 6_040, 3_706)
    assert np.bincount(ml_1m.ratings.astype(int)).tolist() == [0, 56174, 107557, 261197, 348971, 226310]
    assert ml_1m.titles[ml_1m.item_index(73)].tolist() == ["Misérables, Les (1995)"]
    assert ml_1m.genres[0] == ("Animation", "Children's", "Comedy")
    assert ((ml_1m.years >= 1919) & (ml_1m.years <= 2000)).all()


@pytest.fixture
def folder(data_home: Path, tmp_path: Path) -> Path:
    """A copy of ml-100k to break."""
    for name in ("u.data", "u.item"):
        shutil.copyfile(data_home / "ml-100k" / name, tmp_path / name)
    return tmp_path


def edit(path: Path, change: Callable[[list[bytes]], list[bytes]]) -> None:
    path.write_bytes(b"\n".join(change(path.read_bytes().split(b"\n"))))


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda lines: [], r"u\.data is empty \(0 bytes\); replace"),
        (
            lambda lines: lines[:50_000],
            r"u\.data: 50,000 ratings of .* ml-100k has 100,000, 943 and 1,682: the file is cut",
        ),
        (lambda lines: [*lines[:-2], lines[-2][:4]], "not four columns of whole numbers"),
        (
            lambda lines: [*lines[:-2], lines[-2][:-4]],
            "timestamp must be 800000000 to 1100000000, got [0-9]{5} in row 99999",
        ),
        (lambda lines: [line[: line.rfind(b"\t")] for line in lines], "not four columns of whole numbers"),
        (lambda lines: [b"1\t1\tthree\t880000000", *lines[1:]], "not four columns of whole numbers .*three"),
        (lambda lines: [b"1\t1\tnan\t880000000", *lines[1:]], "not four columns of whole numbers"),
        (lambda lines: [b"1\t1\t6\t880000000", *lines[1:]], "rating must be 1 to 5, got 6 in row 0"),
        (
            lambda lines: [lines[1], *lines[1:]],
            "1 duplicate .user, item. pairs, the first: user [0-9]+ rates item [0-9]+ again in row 1",
        ),
        (lambda lines: [b"1\t99\xff", *lines[1:]], "not four columns of whole numbers"),
        (lambda lines: [b"\x1f\x8b" + bytes(range(256))], "not four columns of whole numbers"),
        (lambda lines: [b"944\t1\t3\t880000000", *lines[1:]], "of 944 users"),
    ],
)
def test_broken_ratings_are_refused(folder: Path, change: Callable[[list[bytes]], list[bytes]], text: str) -> None:
    edit(folder / "u.data", change)
    with pytest.raises(DataError, match=text):
        read_movielens("ml-100k", folder)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda lines: [], r"u\.item is empty"),
        (lambda lines: lines[:1000], r"u\.item: 682 rated items are missing, the first 1001"),
        (lambda lines: [lines[0], lines[1][:40], *lines[2:]], r"u\.item: line 2 is not an item"),
        (lambda lines: [b"x" + lines[0], *lines[1:]], r"u\.item: line 1 is not an item .*x1"),
    ],
)
def test_broken_items_are_refused(folder: Path, change: Callable[[list[bytes]], list[bytes]], text: str) -> None:
    edit(folder / "u.item", change)
    with pytest.raises(DataError, match=text):
        read_movielens("ml-100k", folder)


def test_titles_are_read_in_utf_8_and_in_latin_1(folder: Path) -> None:
    plain = read_movielens("ml-100k", folder)
    for encoding in ("utf-8", "latin-1"):
        edit(
            folder / "u.item",
            lambda lines, e=encoding: [lines[0].replace(b"Toy", "Töy".encode(e)), *lines[1:]],
        )
        assert read_movielens("ml-100k", folder).titles[0] == "Töy Story (1995)"
        edit(
            folder / "u.item",
            lambda lines, e=encoding: [lines[0].replace("Töy".encode(e), b"Toy"), *lines[1:]],
        )
    edit(folder / "u.item", lambda lines: [line + b"\r" for line in lines])  # saved on Windows
    assert_same(read_movielens("ml-100k", folder), plain)


@pytest.mark.parametrize(("line", "text"), [("1:1193:5:978300760\n", "not four columns"), ("1::2::x::4\n", "not four")])
def test_broken_ml_1m_is_refused(tmp_path: Path, line: str, text: str) -> None:
    (tmp_path / "ratings.dat").write_text(line)
    (tmp_path / "movies.dat").write_text("1::Toy Story (1995)::Comedy\n")
    with pytest.raises(DataError, match=text):
        read_movielens("ml-1m", tmp_path)


def test_a_wheel_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / download.RECBOLE_WHEEL).write_bytes(b"PK but not really")
    with pytest.raises(DataError, match="is not recbole's wheel"):
        read_movielens("ml-100k", tmp_path / download.RECBOLE_WHEEL)
