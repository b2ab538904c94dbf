"""Columns by other names, by a mapping, by their places; and what is said where that cannot be."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from drr_tutorial.data.load import load_ratings
from drr_tutorial.data.options import ReadingOptions
from drr_tutorial.data.ratings import DataError

BOOKS = pd.DataFrame({"uid": ["a", "b", "a"], "book_id": [7, 7, 8], "stars": [4, 2, 5], "when": [3, 2, 1]})
MAPPING = {"user": "uid", "item": "book_id", "rating": "stars", "timestamp": "when"}
PLAIN = BOOKS.rename(columns={name: role for role, name in MAPPING.items()})


@pytest.mark.parametrize("form", ["csv", "tsv", "parquet", "table"])
def test_a_mapping_is_the_same_as_renaming(form: str, tmp_path: Path) -> None:
    source: Any = BOOKS
    if form != "table":
        source = tmp_path / f"books.{form}"
        BOOKS.to_parquet(source) if form == "parquet" else BOOKS.to_csv(
            source, index=False, sep="," if form == "csv" else "\t"
        )
    assert load_ratings(source, columns=MAPPING).fingerprint() == load_ratings(PLAIN).fingerprint()


def test_a_mapping_goes_before_usual_names_and_others_are_still_found() -> None:
    frame = PLAIN.assign(stars=[5, 5, 5])
    assert load_ratings(frame, columns={"rating": "stars"}).ratings.tolist() == [5, 5, 5]
    both = PLAIN.assign(user_id=["x", "y", "z"])
    assert load_ratings(both, columns={"user": "user"}).n_users == 2
    assert load_ratings(both, columns={"user": "user_id"}).n_users == 3


def test_a_file_without_a_header_has_its_columns_from_left_to_right(tmp_path: Path) -> None:
    (tmp_path / "plain.csv").write_text("3,x,a,7,4\n2,x,b,7,2\n1,x,a,8,5\n")
    found = load_ratings(tmp_path / "plain.csv", columns=["timestamp", "-", "user", "item", "rating"])
    assert found.fingerprint() == load_ratings(PLAIN).fingerprint()


@pytest.mark.parametrize(
    ("text", "columns", "kind", "mapping"),
    [
        ("user,item,rating\na,7,4\nb,7,2\n", ["user", "item", "rating"], None, "{'user': 'user', 'item': 'item', "),
        ("uid,stars,book\na,4,7\nb,2,7\n", ["user", "rating", "item"], None, "{'user': 'uid', 'rating': 'stars', "),
        ("uid,book\n1,7\n2,8\n", ["user", "item"], "likes", "{'user': 'uid', 'item': 'book'}"),
        ("uid,-,user_id\nx,y,a\nz,y,b\n", ["item", "-", "user"], "likes", "{'item': 'uid', 'user': 'user_id'}"),
        ("a,b,day\nx,y,2024-03-01\nz,y,2024-03-02\n", ["user", "item", "timestamp"], "likes", "'timestamp': 'day'"),
    ],
)
def test_a_header_is_no_data_where_roles_are_listed(
    text: str, columns: list[str], kind: Any, mapping: str, tmp_path: Path
) -> None:
    (tmp_path / "log.csv").write_text(text)
    with pytest.raises(DataError, match=f"has a header, .*lists roles, .*say which name is which: columns=.*{mapping}"):
        load_ratings(tmp_path / "log.csv", columns=columns, kind=kind)


@pytest.mark.parametrize(
    ("text", "columns", "n"),
    [
        ("ann,tea\nbob,rice\n", ["user", "item"], 2),
        ("ann,time\nbob,title\n", ["user", "item"], 2),  # names of other columns are words, too
        ("user,item,2024-03-01\nb,y,2024-03-02\n", ["user", "item", "timestamp"], 2),  # a date is no name
        ("x1,7\n2,8\n3,8\n", ["user", "item"], 3),
    ],
)
def test_data_is_no_header(text: str, columns: list[str], n: int, tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text(text)
    assert len(load_ratings(tmp_path / "log.csv", columns=columns, kind="likes")) == n


def test_a_header_of_items_is_no_item(tmp_path: Path) -> None:
    (tmp_path / "books.csv").write_text("isbn,title\n7,Emma\n8,Ulysses\n")
    with pytest.raises(DataError, match=r"books.csv has a header, .*--item-columns item=isbn title=title"):
        load_ratings(PLAIN, items=tmp_path / "books.csv", item_columns=["item", "title"])
    given = load_ratings(PLAIN, items=tmp_path / "books.csv", item_columns={"item": "isbn"})
    assert given.titles.tolist() == ["Emma", "Ulysses"]


def test_files_of_recbole_need_nothing_said(tmp_path: Path) -> None:
    (tmp_path / "books.inter").write_text(
        "user_id:token\titem_id:token\trating:float\ttimestamp:float\na\t7\t4\t3\nb\t7\t2\t2\na\t8\t5\t1\n"
    )
    assert load_ratings(tmp_path / "books.inter").fingerprint() == load_ratings(PLAIN).fingerprint()
    (tmp_path / "books.item").write_text(
        "item_id:token\tmovie_title:token_seq\tclass:token_seq\n7\tToy Story\tAnimation Comedy\n8\tHeat\tCrime\n"
    )
    for source in (tmp_path / "books.inter", tmp_path):
        found = load_ratings(source)
        assert found.titles.tolist() == ["Toy Story", "Heat"]
        assert found.genres == (("Animation", "Comedy"), ("Crime",))


@pytest.mark.parametrize(
    ("columns", "text"),
    [
        (
            None,
            r"no column for user, item, rating among \['uid', 'book_id', 'stars', 'when'\].*columns=\{'user': NAME\}",
        ),
        (
            {"user": "uid", "item": "book_id"},
            r"no column for rating among .*columns=\{'rating': NAME\} .*--columns rating=",
        ),
        (
            {"user": "nobody"},
            r"columns\['user'\] must be the name of one column, got 'nobody', which is none of \['uid'",
        ),
        (["user", "item", "rating", "timestamp", "title"], "has 4 columns, but columns names 5"),
    ],
)
def test_what_cannot_be_found_lists_what_there_is(columns: Any, text: str) -> None:
    with pytest.raises(DataError, match=text):
        load_ratings(BOOKS, columns=columns)


def test_more_than_one_candidate_says_how_to_choose() -> None:
    with pytest.raises(DataError, match=r"'user' and 'user_id' both mean 'user'.*columns=\{'user': 'user'\}"):
        load_ratings(PLAIN.assign(user_id=1))


def test_columns_of_one_name_are_not_told_apart_by_it() -> None:
    twice = pd.concat([PLAIN, PLAIN[["user"]]], axis=1)
    with pytest.raises(DataError, match="'user' and 'user' both mean 'user'; rename or drop one$"):
        load_ratings(twice)


@pytest.mark.parametrize(
    ("columns", "text"),
    [
        ({"user": "uid", "item": "uid"}, "got 'uid' for user and item"),
        ({"user": "uid", "item": "book_id", "rating": "when", "timestamp": "when"}, "'when' for rating and timestamp"),
    ],
)
def test_one_column_is_not_two_things(columns: dict[str, str], text: str) -> None:
    with pytest.raises(DataError, match=f"columns must give a column of its own to each of user, item, .*{text}"):
        load_ratings(BOOKS, columns=columns)


def test_a_name_may_be_id_and_title() -> None:
    found = load_ratings(PLAIN.assign(item=["Dune", "Emma", "Emma"]), columns={"item": "item", "title": "item"})
    assert found.titles.tolist() == ["Dune", "Emma"]


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"columns": {"usr": "uid"}}, "columns must speak of user, item, rating, timestamp, title, genres, got 'usr'"),
        ({"columns": "uid"}, "columns must be a mapping such as .*, or a list of roles, got str"),
        ({"columns": ["user", "user"]}, "columns must give each role to one column, got 'user' twice"),
        ({"item_columns": {"title": "name"}}, "item_columns says how items is read, so it needs items"),
        ({"items": 7}, "items must be a file or a table of pandas, got int"),
        ({"items": "x.csv", "item_columns": {"user": "uid"}}, "item_columns must speak of item, title, genres"),
    ],
)
def test_options_that_are_none(options: dict[str, Any], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        ReadingOptions(**options)


def test_options_come_back_from_json(tmp_path: Path) -> None:
    for options in (
        ReadingOptions(),
        ReadingOptions(MAPPING, tmp_path / "books.csv", {"title": "name"}, "thumbs", "mean"),
        ReadingOptions(["user", "-", "item"], kind="likes"),
    ):
        again = ReadingOptions.from_json(options.to_json())
        assert again.to_json() == options.to_json()
    assert ReadingOptions().to_json() == {}
    with pytest.raises(ValueError, match="items must be a file to be kept"):
        ReadingOptions(items=BOOKS).to_json()


def test_ids_of_two_kinds_in_one_column_are_refused() -> None:
    frame = PLAIN.assign(item=pd.Series([7, "7", 8], dtype=object))
    with pytest.raises(DataError, match="item ids must be all numbers or all texts, got 7 and '7'; make texts of them"):
        load_ratings(frame)


def test_a_column_of_lists_holds_no_ids() -> None:
    with pytest.raises(DataError, match="user ids must be integers or strings"):
        load_ratings(PLAIN.assign(user=[[1], [2], [3]]))


def test_data_that_has_a_name_is_read_in_one_way() -> None:
    with pytest.raises(ValueError, match="'synthetic' is read in one way only: leave them out"):
        load_ratings("synthetic", kind="likes")
