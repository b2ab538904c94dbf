"""New ratings of few users, read beside those that are known: for `partial_fit`."""

from pathlib import Path
from typing import Any

import pytest

from drr_tutorial.data.load import load_ratings, read_ratings
from drr_tutorial.data.ratings import DataError, Ratings
from drr_tutorial.recommenders.baselines import IALSRecommender

KNOWN = Ratings.from_columns([1, 1, 2, 3], [1, 2, 1, 3], [5, 2, 4, 5], [1, 2, 3, 4])
TENS = Ratings.from_columns([1, 1, 2, 3], [1, 2, 1, 3], [9, 2, 8, 4], [1, 2, 3, 4], liked_above=6)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """One rating of one user, who does not like the item."""
    (tmp_path / "monday.csv").write_text("user,item,rating,timestamp\n2,3,2,9\n")
    return tmp_path / "monday.csv"


def test_one_row_will_do_and_an_agent_takes_it_in(path: Path) -> None:
    with pytest.raises(DataError):
        load_ratings(path)
    new = load_ratings(path, beside=KNOWN)
    assert (len(new), new.scale) == (1, KNOWN.scale)
    agent = IALSRecommender(n_factors=2).fit(KNOWN).partial_fit(new)
    assert len(agent.ratings) == 5 and not agent.ratings.liked[-1]
    assert 3 not in agent.recommend(2)["item_id"].tolist()


def test_what_is_liked_there_is_liked_here(path: Path) -> None:
    new = load_ratings(path, beside=TENS)
    assert (new.scale.liked_above, new.scale.lowest, new.scale.highest) == (6, 2, 9)
    path.write_text("user,item,rating,timestamp\n2,3,7,9\n2,4,10,9\n")
    more = load_ratings(path, beside=TENS)
    assert more.liked.all() and more.scale.highest == 10
    assert len(IALSRecommender(n_factors=2).fit(TENS).partial_fit(more).ratings) == 6
    columns = Ratings.from_columns([2], [3], [2], [9], beside=TENS)
    assert columns.scale == new.scale


@pytest.mark.parametrize(
    ("text", "options", "liked"),
    [
        ("user,item,timestamp\n2,3,9\n", {"kind": "likes"}, True),
        ("user,item,thumb,timestamp\n2,3,-1,9\n", {"kind": "thumbs"}, False),
        ("user,item,plays,timestamp\n2,3,4,9\n", {"kind": "counts", "liked_above": 5}, False),
        ("2;3;5;9\n", {"columns": ["user", "item", "rating", "timestamp"]}, True),
    ],
)
def test_any_kind_of_row(path: Path, text: str, options: dict[str, Any], liked: bool) -> None:
    path.write_text(text)
    assert load_ratings(path, beside=KNOWN, **options).liked.tolist() == [liked]


def test_titles_and_tables_too(path: Path) -> None:
    import pandas as pd

    items = pd.DataFrame({"item": [1, 2], "title": ["Emma", "Ulysses"]})  # that of the new rating is not among them
    assert load_ratings(path, beside=KNOWN, items=items).titles.tolist() == ["3"]
    assert len(read_ratings(pd.read_csv(path), beside=KNOWN).ratings) == 1


@pytest.mark.parametrize(
    ("text", "options", "error", "said"),
    [
        ("2,3,8,9", {}, DataError, "ratings must be stars from 0.5 to 5, as those that are known, got 8 to 8"),
        ("2,3,2,9", {"liked_above": 4}, ValueError, "liked_above must be that of beside, 3, or left out, got 4"),
        ("2,3,2,9", {"beside": [1]}, TypeError, "beside must be Ratings, got list"),
        ("", {}, DataError, "has a header but no rows"),
    ],
)
def test_what_does_not_fit(path: Path, text: str, options: dict[str, Any], error: type[Exception], said: str) -> None:
    path.write_text(f"user,item,rating,timestamp\n{text}\n")
    with pytest.raises(error, match=said):
        load_ratings(path, **{"beside": KNOWN, **options})
