"""Where a like begins: said once, with the data, and the same for everybody."""

import tracemalloc
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from drr_tutorial.config import PRESETS
from drr_tutorial.data.load import DataError, Ratings, load_ratings
from drr_tutorial.data.scale import STARS, Scale
from drr_tutorial.environment.memory import latest_liked
from drr_tutorial.environment.rewards import reward_matrix
from drr_tutorial.recommenders.drr import DRRRecommender


def doubled(ratings: Ratings) -> Ratings:
    """The same opinions on a scale of 2 to 10."""
    return replace(ratings, ratings=2 * ratings.ratings).liked_from(6)


@pytest.mark.parametrize("stars", [[1, 3, 5], [2, 4], [0.5, 3.5], [4, 4], [1, 2, 3]])
def test_stars_are_recognized(stars: list[float]) -> None:
    assert Scale.of(stars) == replace(STARS, lowest=min(1.0, *stars))


@pytest.mark.parametrize(
    ("others", "example"),
    [([1, 10], "6"), ([0, 100], "50"), ([0, 1], "0"), ([-1, 1], "-1"), ([0, 5], "2"), ([10, 3400], "1705")],
)
def test_another_scale_is_refused_until_it_is_said_what_is_liked(others: list[float], example: str) -> None:
    with pytest.raises(
        ValueError, match=rf"from {min(others)} to {max(others)}.*liked_above=3.*liked_above={example}\b"
    ):
        Scale.of(others)
    assert Scale.of(others, float(example)) == Scale(min(others), max(others), float(example))


@pytest.mark.parametrize("liked_above", [float("nan"), float("inf"), 10, 11])
def test_a_threshold_above_which_there_is_nothing(liked_above: float) -> None:
    with pytest.raises(ValueError, match="liked_above must be a number below the highest rating"):
        Scale.of([1, 10], liked_above)


@pytest.mark.parametrize(
    "kind", ["int8", "uint8", "int64", "uint64", "float16", "float32", "longdouble", "U3", "O", "S3"]
)
def test_numbers_of_all_kinds_have_the_same_scale(kind: str) -> None:
    for numbers in ([1, 3, 5], [2, 4]):
        assert Scale.of(np.array(numbers).astype(kind)) == Scale.of([float(number) for number in numbers]) == STARS
    assert Scale.of(np.array([0, 7]).astype(kind), 6) == Scale(0.0, 7.0, 6.0)


def test_yes_and_no_are_one_and_zero() -> None:
    assert Scale.of([True, False], 0) == Scale.of(np.array([True, False]), 0) == Scale(0.0, 1.0, 0.0)
    assert Scale.of([], 3) == Scale.of(np.zeros(0, dtype=np.int8), 3) == STARS


@pytest.mark.parametrize("kind", ["float32", "float64", "O"])
def test_what_is_no_number_has_no_scale(kind: str) -> None:
    values = np.array([1, np.nan, 5]).astype(kind)
    with pytest.raises(ValueError, match="NaN"):
        Scale.of(values)
    with pytest.raises(ValueError, match="could not convert string to float: 'a'"):
        Scale.of(["a", "b"])
    assert np.isnan(Scale.of(values, 2).lowest) and np.isnan(Scale.of(values, 2).highest)


@pytest.mark.parametrize("kind", ["int8", "float32", "float64"])
def test_a_scale_needs_no_copy_of_the_ratings(kind: str) -> None:
    ratings = np.tile(np.arange(1, 6), 200_000).astype(kind)
    tracemalloc.start()
    try:
        assert Scale.of(ratings) == STARS
        assert tracemalloc.get_traced_memory()[1] < 100_000
    finally:
        tracemalloc.stop()


def test_everything_may_be_liked() -> None:
    clicks = Ratings.from_columns([1, 2], [1, 2], [1, 1], liked_above=0)
    assert clicks.liked.all()
    assert (clicks.implicit().ratings > 0).all()


def test_stars_may_be_liked_from_elsewhere_on() -> None:
    ratings = Ratings.from_columns([1, 1, 2], [1, 2, 1], [5, 4, 2], liked_above=4)
    assert ratings.liked.tolist() == [True, False, False]
    assert ratings.select([0, 2]).liked.tolist() == [True, False], "a selection has the scale of the whole"
    assert ratings.fingerprint() != ratings.liked_from(None).fingerprint()
    assert latest_liked(ratings, 2).tolist() == [[2, 0], [2, 2]]


@pytest.mark.parametrize("reward", ["binary", "centred"])
def test_rewards_follow(reward: str, synthetic: Ratings) -> None:
    stars, tens = (reward_matrix(ratings, reward).toarray() for ratings in (synthetic, doubled(synthetic)))
    np.testing.assert_array_equal(stars, tens)
    assert stars.max() == 1


def test_the_same_opinions_on_another_scale_give_the_same_agent(synthetic: Ratings) -> None:
    """Rewards, likes, dislikes and the vectors of the stars: all of them follow."""
    config = PRESETS["default"]
    brief = replace(config, training=replace(config.training, passes=0.5))
    first, second = (
        DRRRecommender(brief, progress=False).fit(ratings).scores(ratings.user_ids[:5])
        for ratings in (synthetic, doubled(synthetic))
    )
    np.testing.assert_array_equal(first, second)


def test_files_say_it_by_an_option(tmp_path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "mine.csv"
    path.write_text("user,item,rating\n" + "".join(f"{n},{n % 3},{n % 10 + 1}\n" for n in range(30)))
    with pytest.raises(DataError, match=r"mine: ratings go from 1 to 10.*liked_above=3"):
        load_ratings(path)
    assert load_ratings(path, liked_above=6).liked.mean() == 0.4
    assert load_ratings(path, liked_above=7).liked.mean() == 0.3, "the kept copy has no threshold of its own"
    with pytest.raises(DataError, match="liked_above"):
        load_ratings(path)


@pytest.mark.parametrize("kind", [float, np.float64, np.float32])
def test_where_a_like_begins_is_the_same_whatever_type_says_it(kind: type) -> None:
    ratings = Ratings.from_columns([1, 2, 3], [1, 2, 3], [0.1, 0.1, 0.9], liked_above=kind(0.1))
    assert ratings.liked.tolist() == [False, False, True]
    assert type(ratings.scale.liked_above) is float


@pytest.mark.parametrize("threshold", ["3", True])
def test_a_threshold_that_is_no_number_is_refused(threshold: Any) -> None:
    with pytest.raises(ValueError, match=f"liked_above must be a number, got {threshold!r}"):
        Ratings.from_columns([1, 2], [1, 2], [1, 5], liked_above=threshold)


@pytest.mark.parametrize("rating", [1e39, 2.0**24 + 1, np.inf])
def test_ratings_that_single_precision_would_change_are_refused(rating: float) -> None:
    with pytest.raises(DataError, match="must be finite and at most 16,777,216 in size"):
        Ratings.from_columns([1, 2], [1, 2], [1.0, rating], liked_above=1)
