"""Titles and genres from a file or table of items, with its own names of columns."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from drr_tutorial.data.load import load_ratings, read_ratings
from drr_tutorial.data.options import ReadingOptions
from drr_tutorial.data.ratings import DataError

RATINGS = pd.DataFrame({"user": ["a", "b", "a"], "item": [7, 7, 8], "rating": [4, 2, 5]})
BOOKS = pd.DataFrame(
    {"isbn": [8, 7, 9, 7], "name": ["Emma", "  ", "Persuasion", "Ulysses"], "kind": ["Novel|Love", None, "", "Novel"]}
)
COLUMNS = {"item": "isbn", "title": "name", "genres": "kind"}


@pytest.mark.parametrize("form", ["table", "csv", "parquet", "zip"])
@pytest.mark.parametrize("ratings", ["table", "csv"])
def test_a_file_of_items_is_found_by_its_own_names(form: str, ratings: str, tmp_path: Path) -> None:
    items: Any = BOOKS if form == "table" else tmp_path / f"books.{form}"
    if form == "parquet":
        BOOKS.to_parquet(items)
    elif form != "table":
        BOOKS.to_csv(
            items, index=False, compression={"method": "zip", "archive_name": "b.csv"} if form == "zip" else None
        )
    source: Any = RATINGS if ratings == "table" else tmp_path / "mine.csv"
    if ratings == "csv":
        RATINGS.to_csv(source, index=False)
    found = read_ratings(source, ReadingOptions(items=items, item_columns=COLUMNS))
    assert found.ratings.titles.tolist() == ["Ulysses", "Emma"]  # an item's first title that is none is no title
    assert found.ratings.genres == (("Novel",), ("Love", "Novel"))
    assert found.ratings.item_ids.tolist() == [7, 8] and found.n_unrated == 1
    assert "titles   of 2 items, genres of 2\n  source   " in str(found)
    assert str(found).endswith("\n  unrated  1 more items of that file, which nobody rated")


def test_titles_of_the_ratings_go_before_those_of_the_items() -> None:
    both = load_ratings(RATINGS.assign(title=["mine", None, ""]), items=BOOKS, item_columns=COLUMNS)
    assert both.titles.tolist() == ["mine", "Emma"]


def test_genres_may_be_lists(tmp_path: Path) -> None:
    frame = pd.DataFrame({"item": [7, 8], "genres": [["Novel", "Love"], []]})
    frame.to_parquet(tmp_path / "items.parquet")
    for items in (frame, tmp_path / "items.parquet"):
        assert load_ratings(RATINGS, items=items).genres == (("Love", "Novel"), ())


def test_genres_may_be_numbers() -> None:
    assert load_ratings(RATINGS.assign(genres=[3, 3, 4])).genres == (("3",), ("4",))


def test_a_changed_file_of_items_is_read_again(tmp_path: Path) -> None:
    RATINGS.to_csv(tmp_path / "mine.csv", index=False)
    for title in ("Emma", "Persuasion"):
        (tmp_path / "books.csv").write_text(f"item,title\n8,{title}\n")
        assert load_ratings(tmp_path / "mine.csv", items=tmp_path / "books.csv").titles.tolist() == ["7", title]


@pytest.mark.parametrize(
    ("items", "columns", "text"),
    [
        (BOOKS, None, r"items: no column for item and title among \['isbn', 'name', 'kind'\]; .*item_columns=\{'item'"),
        (BOOKS, {"item": "isbn"}, r"no column for title among .*--item-columns title=NAME"),
        (BOOKS, {"item": "ISBN"}, r"item_columns\['item'\] must be the name of one column, got 'ISBN', which is none"),
        (
            BOOKS.assign(isbn=["B8", "B7", "B9", "B7"]),
            COLUMNS,
            "none of its 3 items, such as 'B8', was rated in the table, whose items are like 7; give the column with",
        ),
    ],
)
def test_items_that_do_not_fit(items: pd.DataFrame, columns: Any, text: str) -> None:
    with pytest.raises(DataError, match=text):
        load_ratings(RATINGS, items=items, item_columns=columns)


def test_a_file_of_items_that_is_not_there(tmp_path: Path) -> None:
    RATINGS.to_csv(tmp_path / "mine.csv", index=False)
    with pytest.raises(DataError, match=r"items must be .*, got .*nowhere\.csv"):
        load_ratings(tmp_path / "mine.csv", items=tmp_path / "nowhere.csv")
    with pytest.raises(DataError, match=r"items must be .*, got .*nowhere\.csv"):
        load_ratings(RATINGS, items=tmp_path / "nowhere.csv")


def test_what_stands_beside_the_ratings_by_chance_is_left_alone(tmp_path: Path) -> None:
    RATINGS.to_csv(tmp_path / "ratings.csv", index=False)
    (tmp_path / "movies.csv").write_text("seat,price\n1,2\n")
    assert load_ratings(tmp_path / "ratings.csv").titles.tolist() == ["7", "8"]
