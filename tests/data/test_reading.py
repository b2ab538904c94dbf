"""The table of what was read says what is there, and what is not."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from drr_tutorial.data import download
from drr_tutorial.data.load import read_ratings
from drr_tutorial.data.options import ReadingOptions
from drr_tutorial.data.reading import Reading

LOG = pd.DataFrame(
    {
        "uid": ["ann", "bob", "ann", "cy", "ann"],
        "item": ["tea", "tea", "rice", "milk", "tea"],
        "rating": [2.0, 5.0, 4.0, 1.0, 5.0],
        "time": ["2024-03-01", "2024-03-02", "2023-12-31", "2024-02-29", "2024-01-01"],
    }
)
TABLE = """{where}
  columns  user: uid, item: item, rating: rating, timestamp: time
  rows     5
  dropped  1 (the same user and item again: the latest counts)
  ratings  4, 44.4 % of all pairs of user and item
  users    3, with 1 to 2 ratings each, half of them up to 1
  items    3, with 1 to 2 ratings each, half of them up to 1
  scale    from 1 to 5; above 3 is liked
  liked    2 (50 %)
  times    2023-12-31 to 2024-03-02
  titles   none; items=FILE gives a file with titles and genres (on the command
           line --items)"""
OPTIONS = ReadingOptions({"user": "uid"})


def in_one_line(reading: Reading) -> str:
    return " ".join(str(reading).split())


def test_the_table_of_a_table_in_memory() -> None:
    assert str(read_ratings(LOG, OPTIONS)) == TABLE.format(where="the table")


def test_the_table_of_a_file_and_of_its_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "cache_folder", lambda: tmp_path / "cache")
    path = tmp_path / "shop.csv"
    LOG.to_csv(path, index=False)
    assert str(read_ratings(path, OPTIONS)) == TABLE.format(where=path)
    monkeypatch.setattr("drr_tutorial.data.load.read_table", lambda *_, **__: pytest.fail("read again"))
    assert str(read_ratings(path, OPTIONS)) == TABLE.format(where=path)
    assert read_ratings(path, OPTIONS).short() == (
        "shop: 4 ratings of 3 users and 3 items (44.4 % of all pairs); 2 liked; 2023-12-31 to 2024-03-02; "
        "1 of 5 rows dropped (the same user and item again: the latest counts)"
    )


@pytest.mark.parametrize(
    ("users", "said"),
    [
        (["1", "2", "bob"], "those of users are texts, of more than one kind, such as '1' and 'bob'"),
        (["1", "2.0", "3"], "those of users are texts, of more than one kind, such as '1' and '2.0'"),
        (["1", "2", "3"], None),
        (["1.0", "2.0", "3.0"], None),
        (["007", "042", "099"], None),
        (["ann", "bob", "cy"], None),
    ],
)
def test_ids_of_more_than_one_kind_are_said(users: list[str], said: str | None, tmp_path: Path) -> None:
    """One slip in a file makes texts of all its numbers."""
    path = tmp_path / "log.csv"
    pd.DataFrame({"user": users, "item": ["a", "b", "a"], "rating": [5, 4, 2]}).to_csv(path, index=False)
    shown = in_one_line(read_ratings(path))
    assert (" ids " in shown) == (said is not None) and (said or "") in shown


def test_no_line_is_wider_than_a_page_of_the_book_but_a_name_that_is(tmp_path: Path) -> None:
    long = tmp_path / f"{'shop' * 30}.csv"
    log = LOG.assign(**{f"column{number}": 1 for number in range(20)})
    log.to_csv(long, index=False)
    lines = str(read_ratings(long, OPTIONS)).splitlines()
    assert max(map(len, lines[1:])) <= 80
    (unused,) = [place for place, line in enumerate(lines) if line.startswith("  unused   column0, ")]
    assert lines[unused + 1].startswith(" " * 11 + "column")
    items = tmp_path / f"{'tea' * 30}.csv"
    pd.DataFrame({"item": ["tea"], "title": ["Tea"]}).to_csv(items, index=False)
    assert f"\n  source   {items}\n" in str(read_ratings(LOG, ReadingOptions({"user": "uid"}, items=items))) + "\n"


def test_other_options_are_not_served_by_the_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "cache_folder", lambda: tmp_path / "cache")
    LOG.to_csv(tmp_path / "shop.csv", index=False)
    found = [
        read_ratings(tmp_path / "shop.csv", ReadingOptions({"user": "uid"}, kind=kind), liked_above=limit).ratings
        for kind, limit in ((None, None), ("likes", None), ("counts", 1), ("counts", 4.5), (None, 4))
    ]
    assert [int(ratings.liked.sum()) for ratings in found] == [2, 4, 3, 2, 1]


@pytest.mark.parametrize(
    ("options", "limit", "said"),
    [
        (ReadingOptions({"user": "uid"}, kind="likes"), None, "scale    each row is a like"),
        (ReadingOptions({"user": "uid"}, kind="counts"), 2, "scale    counts above 2 are likes"),
        (ReadingOptions({"user": "uid"}, kind="counts"), 2, "dropped  1 (the same user and item again: summed)"),
        (ReadingOptions({"user": "uid"}, duplicates="mean"), None, "dropped  1 (the same user and item again: the mean counts)"),
        (ReadingOptions({"user": "uid"}), 4.5, "scale    from 1 to 5; above 4.5 is liked"),
    ],
)  # fmt: skip
def test_what_was_made_of_the_numbers(options: ReadingOptions, limit: float | None, said: str) -> None:
    assert f"  {said}" in str(read_ratings(LOG, options, liked_above=limit)).splitlines()


def test_without_times_the_splits_that_need_them_are_named() -> None:
    shown = in_one_line(read_ratings(LOG.drop(columns="time"), OPTIONS))
    assert "times none; leave-last-out and temporal splits need them, the others do without" in shown


def test_times_that_are_no_seconds_are_said() -> None:
    shown = in_one_line(read_ratings(LOG.assign(time=1_709_251_200_000_000_000 // 10**3), OPTIONS))
    assert "times from 1,709,251,200,000,000 to 1,709,251,200,000,000, which is too much for seconds" in shown
    shown = str(read_ratings(LOG.assign(time=5), OPTIONS))
    assert "times    all the same, 1970-01-01" in shown


def test_data_with_a_name_has_a_table_too() -> None:
    shown = str(read_ratings("synthetic"))
    assert shown.startswith("synthetic\n  ratings  ") and "columns" not in shown and "dropped" not in shown


@pytest.mark.parametrize("form", ["csv", "parquet", "table"])
def test_columns_that_are_not_read_are_named(tmp_path: Path, form: str) -> None:
    """Among them may be the one that was meant: a second id, or stars where only clicks are asked for."""
    frame = pd.DataFrame(
        {"user_id": [1, 2], "customer_id": [8, 9], "item": [1, 2], "rating": [1, 5], "shop": ["a", "b"]}
    )
    source: Any = frame
    if form != "table":
        source = tmp_path / f"log.{form}"
        frame.to_csv(source, index=False) if form == "csv" else frame.to_parquet(source)
    for _ in range(2):  # from the file, then from the copy
        reading = read_ratings(source, ReadingOptions(kind="likes"), progress=False)
        assert "unused   customer_id, rating, shop" in str(reading)
    assert "unused" not in str(read_ratings(frame[["user_id", "item", "rating"]], progress=False))
