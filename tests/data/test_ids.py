"""Ids come out as they went in, by every entrance, or are refused."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st

from drr_tutorial.data.ids import as_ids, look_up
from drr_tutorial.data.load import load_ratings
from drr_tutorial.data.ratings import DataError, Ratings, UnknownIdError

HASHES = np.array([2**63 + 11, 2**64 - 1, 7, 2**63 + 12, 2**53 + 1, 2**53], dtype=np.uint64)


def entrances(ids: Any, folder: Path) -> dict[str, Ratings]:
    frame = pd.DataFrame({"user": ids, "item": range(len(ids)), "rating": 4})
    frame.to_csv(folder / "ids.csv", index=False)
    frame.to_csv(folder / "ids.tsv", index=False, sep="\t")
    frame.to_parquet(folder / "ids.parquet")
    files = {name: load_ratings(folder / name) for name in ("ids.csv", "ids.tsv", "ids.parquet")}
    return files | {"table": load_ratings(frame), "columns": Ratings.from_columns(ids, range(len(ids)), [4] * len(ids))}


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        (HASHES, HASHES.tolist()),
        ([3, -2, 1, 0], [3, -2, 1, 0]),
        (["-k9Q", " a ", "a b", "007"], ["-k9Q", "a", "a b", "007"]),
        (["NA", "nan", "None", "null"], ["NA", "nan", "None", "null"]),
        (pd.Series([5.0, 6.0, 7.0, 8.0]), [5, 6, 7, 8]),
        (pd.array([5, 6, 7, 8], dtype="Int64"), [5, 6, 7, 8]),
        (pd.Categorical(["b", "a", "c", "d"]), ["b", "a", "c", "d"]),
        (pd.array(["é", "日本", "z", "Z"], dtype="string"), ["é", "日本", "z", "Z"]),
        (np.array([1, 2, 3, 200], dtype=np.uint8), [1, 2, 3, 200]),
        ([str(10**30), str(10**30 + 1), "1", "2"], [str(10**30), str(10**30 + 1), "1", "2"]),
    ],
    ids=lambda value: str(value)[:20],
)
def test_the_same_by_every_entrance(ids: Any, expected: list[Any], tmp_path: Path) -> None:
    for name, ratings in entrances(ids, tmp_path).items():
        assert ratings.user_ids[ratings.users].tolist() == expected, name
        assert ratings.user_index(expected).tolist() == ratings.users.tolist(), name
        assert ratings.user_index([str(value) for value in expected]).tolist() == ratings.users.tolist(), (
            f"{name}, as text"
        )


def test_texts_of_numbers_are_numbers_in_files_and_texts_in_columns(tmp_path: Path) -> None:
    found = entrances(["1", "20", "3", "4"], tmp_path)
    assert found["ids.csv"].user_ids.tolist() == [1, 3, 4, 20]
    assert found["columns"].user_ids.tolist() == ["1", "20", "3", "4"]


@pytest.mark.parametrize(
    ("ids", "text"),
    [
        ([1.0, np.nan, 2.0], "1 missing values in user, the first in row 1"),
        ([1, None, None], "2 missing values in user, the first in row 1"),
        (["a", "", "b"], "user ids must not be empty, that of row 1 is|1 missing values in user, the first in row 1"),
        (["a", "b", "  "], "user ids must not be empty, that of row 2 is"),
        (pd.array([1, pd.NA, 3], dtype="Int64"), "1 missing values in user"),
        ([1.5, 2, 3], "user ids must be integers or strings, got float64"),
        ([True, False, True], "user ids must be integers or strings"),
        (pd.date_range("2024-01-01", periods=3), "user ids must be integers or strings"),
    ],
    ids=str,
)
@pytest.mark.parametrize("entrance", ["table", "columns", "parquet"])
def test_what_is_no_id(ids: Any, text: str, entrance: str, tmp_path: Path) -> None:
    frame = pd.DataFrame({"user": ids, "item": [1, 2, 3], "rating": [4, 4, 4]})
    with pytest.raises(DataError, match=text):
        if entrance == "parquet":
            frame.to_parquet(tmp_path / "bad.parquet")
            load_ratings(tmp_path / "bad.parquet")
        elif entrance == "table":
            load_ratings(frame)
        else:
            Ratings.from_columns(ids, [1, 2, 3], [4, 4, 4])


def test_ids_that_are_equal_without_blanks_are_one_user() -> None:
    ratings = Ratings.from_columns(["a", " a", "b "], [1, 2, " 3"], [4, 5, 3], titles={" 3": "Three"})
    assert ratings.user_ids.tolist() == ["a", "b"]
    assert ratings.users.tolist() == [0, 0, 1]
    assert ratings.titles[ratings.item_index("3")].tolist() == ["Three"]
    assert ratings.user_index(" b").tolist() == [1]


@pytest.mark.parametrize("near", [2**63 + 10, 2**63 - 1, -1, 2**64, 8, 7.5, "7.5"])
def test_a_neighbour_is_not_found(near: Any) -> None:
    """Floats take 2**63 + 11 and its neighbours for equals."""
    with pytest.raises(UnknownIdError, match="unknown user"):
        look_up(near, np.sort(HASHES), "user", "hashes")


@given(st.lists(st.integers(-(2**70), 2**70), min_size=1, max_size=8, unique=True))
def test_whole_numbers_of_any_size_are_kept(numbers: list[int]) -> None:
    for given_as in (numbers, [str(number) for number in numbers]):
        found = as_ids(np.array(given_as, dtype=object), "user", from_text=True)
        assert [int(value) for value in found.tolist()] == numbers


@pytest.mark.parametrize("value", ["\ud800", Decimal("sNaN")])
def test_what_cannot_be_kept_as_text_is_refused(value: Any) -> None:
    with pytest.raises(DataError, match="user ids must be"):
        as_ids(["a", value], "user")
