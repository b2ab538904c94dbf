"""Counts, clicks and thumbs become likes and dislikes, and a pair that stands there twice becomes one row."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st

from drr_tutorial.data.load import load_ratings, read_ratings
from drr_tutorial.data.options import ReadingOptions
from drr_tutorial.data.ratings import DataError, Ratings
from drr_tutorial.data.scale import STARS

LOG = pd.DataFrame(
    {
        "user": ["ann", "bob", "ann", "cy", "ann", "bob"],
        "item": ["tea", "tea", "rice", "milk", "tea", "rice"],
        "rating": [2.0, 5.0, 4.0, 1.0, 5.0, 3.0],
        "time": [30, 10, 20, 40, 10, 50],
    }
)


def rows(ratings: Ratings) -> list[tuple[Any, ...]]:
    times = [None] * len(ratings) if ratings.timestamps is None else ratings.timestamps.tolist()
    users, items = ratings.user_ids[ratings.users].tolist(), ratings.item_ids[ratings.items].tolist()
    return list(zip(users, items, ratings.ratings.tolist(), times, strict=True))


@pytest.mark.parametrize(
    ("duplicates", "value", "time"), [("latest", 2.0, 30), ("mean", 3.5, 30)], ids=["latest", "mean"]
)
def test_a_pair_again_is_one_row_in_its_place(duplicates: Any, value: float, time: int) -> None:
    with pytest.warns(UserWarning, match="1 of 6 rows are dropped"):
        found = load_ratings(LOG, duplicates=duplicates)
    assert rows(found) == [
        ("ann", "tea", value, time),
        ("bob", "tea", 5.0, 10),
        ("ann", "rice", 4.0, 20),
        ("cy", "milk", 1.0, 40),
        ("bob", "rice", 3.0, 50),
    ]


@pytest.mark.filterwarnings("ignore:.*rows are dropped")
def test_among_equal_times_and_without_times_the_last_row_counts() -> None:
    equal = load_ratings(LOG.assign(time=7))
    without = load_ratings(LOG.drop(columns="time"))
    for found in (equal, without):
        assert [row[:3] for row in rows(found)] == [
            ("bob", "tea", 5.0),
            ("ann", "rice", 4.0),
            ("cy", "milk", 1.0),
            ("ann", "tea", 5.0),
            ("bob", "rice", 3.0),
        ]


def test_a_pair_again_can_be_refused(tmp_path: Path) -> None:
    text = "1 duplicate .* user ann rates item tea again in row 4; keep one rating a pair"
    with pytest.raises(DataError, match=text):
        load_ratings(LOG, duplicates="refuse")
    LOG.to_csv(tmp_path / "log.csv", index=False)
    with pytest.raises(DataError, match=text):
        load_ratings(tmp_path / "log.csv", duplicates="refuse")


@given(
    log=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(1, 5), st.integers(0, 3)), min_size=1),
    how=st.sampled_from(["latest", "mean"]),
)
def test_the_same_as_one_pair_after_the_other(log: list[tuple[int, int, int, int]], how: Any) -> None:
    log += [(8, 8, 5, 0), (9, 9, 5, 0)]  # two users and items, and a like, in any case
    frame = pd.DataFrame(log, columns=["user", "item", "rating", "time"])
    expected = {}
    for pair in dict.fromkeys(zip(frame["user"], frame["item"], strict=True)):
        of_pair = [(time, place, rating) for place, (u, i, rating, time) in enumerate(log) if (u, i) == pair]
        latest = max(of_pair)
        value = latest[2] if how == "latest" else np.float32(np.mean([rating for *_, rating in of_pair]))
        expected[latest[1]] = (*pair, value, latest[0])
    found = read_ratings(frame, ReadingOptions(duplicates=how))
    assert rows(found.ratings) == [expected[place] for place in sorted(expected)]
    assert found.n_dropped == len(log) - len(expected)


def test_every_row_of_clicks_is_a_like_and_no_column_of_ratings_is_needed() -> None:
    found = load_ratings(LOG.drop(columns="rating"), kind="likes")
    assert len(found) == 5 and found.liked.all() and found.scale == STARS
    assert rows(found)[0] == ("ann", "tea", 5.0, 30)
    assert rows(load_ratings(LOG, kind="likes")) == rows(found)  # whatever the numbers are


@pytest.mark.parametrize(("limit", "liked"), [(0, [1, 1, 1, 1, 1]), (3, [1, 1, 1, 0, 0]), (5, [1, 0, 0, 0, 0])])
def test_counts_of_a_pair_are_summed_and_liked_above_what_is_said(limit: float, liked: list[int]) -> None:
    found = load_ratings(LOG, kind="counts", liked_above=limit)
    assert [row[:2] for row in rows(found)] == [
        ("ann", "tea"), ("bob", "tea"), ("ann", "rice"), ("cy", "milk"), ("bob", "rice")
    ]  # fmt: skip
    assert found.liked.tolist() == [bool(like) for like in liked]
    assert set(found.ratings.tolist()) <= {1.0, 5.0} and found.scale == STARS


def test_counts_weigh_by_their_logarithm_and_nothing_else_has_weights() -> None:
    found = load_ratings(LOG, kind="counts", liked_above=0)
    assert found.weights is not None
    sums = LOG.groupby(["user", "item"]).rating.sum()
    for (user, item, *_), weight in zip(rows(found), found.weights.tolist(), strict=True):
        assert weight == pytest.approx(1 + np.log(sums[user, item]))
    never = load_ratings(pd.DataFrame({"user": [1, 2], "item": [1, 2], "rating": [0, 9]}), kind="counts", liked_above=0)
    assert never.weights is not None and never.weights[0] == 1 and not never.liked[0]
    assert load_ratings(LOG, kind="likes").weights is None


@pytest.mark.parametrize(("duplicates", "liked"), [(None, True), ("latest", False), ("mean", False)])
def test_what_becomes_of_counts_of_a_pair_can_be_said(duplicates: Any, liked: bool) -> None:
    reading = read_ratings(LOG, ReadingOptions(kind="counts", duplicates=duplicates), liked_above=4)
    assert bool(reading.ratings.liked[0]) is liked  # 2 and, before, 5: the sum is 7, the latest 2, the mean 3.5
    assert {None: "summed", "latest": "the latest counts", "mean": "the mean counts"}[duplicates] in str(reading)


@pytest.mark.parametrize("kind", ["likes", "counts", "thumbs"])
def test_pairs_that_stand_there_twice_are_refused_whatever_the_rows_are(kind: Any) -> None:
    log = LOG.assign(rating=1)
    with pytest.raises(DataError, match="user ann rates item tea again in row 4"):
        load_ratings(log, kind=kind, duplicates="refuse", liked_above=0 if kind == "counts" else None)


@pytest.mark.parametrize("down", [0, -1])
def test_the_mean_of_thumbs_is_a_like_where_more_go_up(down: int) -> None:
    frame = pd.DataFrame({"user": [1, 1, 2, 2, 2], "item": [1, 1, 2, 2, 2], "rating": [1, down, 1, 1, down]})
    found = read_ratings(frame, ReadingOptions(kind="thumbs", duplicates="mean")).ratings
    assert found.liked.tolist() == [False, True]


def test_without_a_column_rows_are_counted() -> None:
    found = load_ratings(LOG.drop(columns="rating"), kind="counts", liked_above=1)
    assert [row[:2] for row in rows(found.positives())] == [("ann", "tea")]
    renamed = LOG.rename(columns={"rating": "plays"})
    assert len(load_ratings(renamed, kind="counts", liked_above=6).positives()) == 1


@pytest.mark.parametrize(
    "thumbs",
    [
        [1, -1, 1, -1],
        [1, 0, 1, 0],
        [True, False, True, False],
        ["1", "0", "1.0", "0.0"],
        ["True", "false", "TRUE", "0"],
    ],
    ids=str,
)
def test_thumbs_are_likes_and_dislikes(thumbs: list[Any], tmp_path: Path) -> None:
    frame = pd.DataFrame({"user": [1, 1, 2, 2], "item": [1, 2, 1, 3], "rating": thumbs})
    frame.to_csv(tmp_path / "thumbs.csv", index=False)
    for source in (frame, tmp_path / "thumbs.csv"):
        found = load_ratings(source, kind="thumbs")
        assert found.ratings.tolist() == [5.0, 1.0, 5.0, 1.0]
        assert found.liked.tolist() == [True, False, True, False]


def changed(**columns: Any) -> pd.DataFrame:
    return LOG.assign(**columns)


@pytest.mark.parametrize(
    ("frame", "options", "text"),
    [
        (
            LOG.drop(columns="rating"),
            {},
            r"no column for rating among \['user', 'item', 'time'\].*kind='likes'.*'counts'",
        ),
        (changed(rating=3400), {}, "ratings go from 3400 to 3400.*liked_above.*kind='counts'.*kind='thumbs'"),
        (changed(rating=[1, 0, 1, 0, 1, 0]), {}, r"liked_above=0.*kind='thumbs' where they are 1 and -1, or 1 and 0"),
        (changed(rating=1), {}, "none is above 3 of 5 stars, and nothing is liked; say .*liked_above.*kind='likes'"),
        (LOG, {"kind": "counts"}, "counts go from 1 to 5, half of them 3.5 or less; say above which.*liked_above=0"),
        (changed(rating=-2), {"kind": "counts", "liked_above": 0}, "whole number, 0 or more, got -2 in row 0"),
        (
            changed(rating=[1, 2, 1.234, 3, 1, 1]),
            {"kind": "counts", "liked_above": 1},
            "a count must be a whole number, .*got 1.234 in row 2; where a dot marks thousands, write 1234 .*amounts",
        ),
        (LOG, {"kind": "counts", "liked_above": 7}, "no count of a pair is above 7, the highest is 7"),
        (LOG, {"kind": "thumbs"}, "a thumb must be 1 or -1, or 1 or 0 .*got 2.0 in row 0"),
        (changed(rating=[1, 0, -1, 1, 1, 1]), {"kind": "thumbs"}, "got 0 and -1: nobody can know"),
        (changed(rating=[1, 0, None, 1, 1, 1]), {"kind": "thumbs"}, "got nothing in row 2"),
        (changed(rating=-1), {"kind": "thumbs"}, "no thumb of a pair is above 0, .*nothing is liked"),
        (LOG, {"kind": "likes", "liked_above": 3}, "liked_above says nothing beside kind='likes', got 3"),
        (changed(rating=np.inf), {"kind": "counts", "liked_above": 1}, "finite number, got inf in row 0"),
    ],
)
def test_what_the_numbers_cannot_be(frame: pd.DataFrame, options: dict[str, Any], text: str) -> None:
    with pytest.raises(DataError, match=text):
        load_ratings(frame, **options)


@pytest.mark.parametrize("kind", [None, "ratings", "counts", "thumbs", "likes"])
@pytest.mark.parametrize("liked_above", ["2", True, np.nan, np.inf])
def test_a_limit_that_is_no_number_is_refused_for_every_kind(kind: Any, liked_above: Any) -> None:
    with pytest.raises(ValueError, match=f"liked_above must be a number.*, got {liked_above!r}"):
        load_ratings(LOG, kind=kind, liked_above=liked_above)


@pytest.mark.parametrize("kind", [None, "ratings"])
@pytest.mark.parametrize("duplicates", ["latest", "mean"])
def test_nothing_is_liked_once_a_pair_is_one_row(kind: Any, duplicates: Any) -> None:
    """The one high rating was taken back, so it is no like."""
    log = pd.DataFrame({"user": [1, 1, 2], "item": [1, 1, 2], "rating": [4.0, 1.0, 2.0]})
    with pytest.raises(DataError, match="ratings go from .* to 2.*, so none is above 3 of 5 stars.*nothing is liked"):
        load_ratings(log, kind=kind, duplicates=duplicates)


def test_an_option_that_is_none_is_named() -> None:
    for options, text in (
        ({"kind": "stars"}, "kind must be one of 'ratings', 'likes', 'counts', 'thumbs', got 'stars'"),
        ({"duplicates": "first"}, "duplicates must be one of 'latest', 'mean', 'refuse', got 'first'"),
    ):
        with pytest.raises(ValueError, match=text):
            load_ratings(LOG, **options)  # type: ignore[arg-type]
