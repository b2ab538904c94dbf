"""The test between sittings: it finds an order that is there, and none where there is none."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from drr_tutorial.data.ratings import Ratings
from drr_tutorial.lab.sittings import rises

N_USERS, N_ITEMS, HOUR = 150, 60, 3600


def made(in_sitting: float, *, times: bool = True) -> Ratings:
    """Sittings of ten ratings, a day apart; within one, a like is followed by a like with a chance of `in_sitting`."""
    rng = np.random.default_rng(0)
    share = rng.uniform(0.3, 0.7, N_USERS)
    liked = rng.random((N_USERS, N_ITEMS)) < share[:, None]
    for place in range(1, N_ITEMS):
        if place % 10:
            again = rng.random(N_USERS) < in_sitting
            liked[:, place] = np.where(again, liked[:, place - 1], liked[:, place])
    place = np.tile(np.arange(N_ITEMS), N_USERS)
    when = (place // 10) * 24 * HOUR + place % 10
    users, stars = np.repeat(np.arange(N_USERS), N_ITEMS), np.where(liked.ravel(), 5.0, 1.0)
    items = np.tile(np.arange(N_ITEMS), N_USERS)
    return Ratings.from_columns(users, items, stars, when if times else None)


def test_likes_that_follow_likes_in_a_sitting_are_found_there_and_not_between_sittings() -> None:
    ratings = made(in_sitting=0.6)
    within, between = (rises(ratings, np.random.default_rng(1), hours=hours) for hours in (0, 1))
    assert within.order_adds.low > 0.1
    assert between.order_adds.low < 0 < between.order_adds.high
    assert between.n_ratings == N_USERS * 5 and within.n_ratings == N_USERS * (N_ITEMS - 5)


def test_without_an_order_only_users_differ() -> None:
    found = rises(made(in_sitting=0.0), np.random.default_rng(1))
    assert found.order_adds.low < 0 < found.order_adds.high
    assert found.other_ratings > 0.1


def test_a_straight_line_rises_as_numpy_says() -> None:
    ratings = made(in_sitting=0.4)
    found = rises(ratings, np.random.default_rng(1))
    order = np.lexsort((ratings.timestamps, ratings.users))
    liked = ratings.liked[order].reshape(N_USERS, N_ITEMS).astype(float)
    before = np.lib.stride_tricks.sliding_window_view(liked, 5, axis=1)[:, :-1].sum(axis=2)
    assert_allclose(found.next_rating, 5 * np.polyfit(before.ravel(), liked[:, 5:].ravel(), 1)[0], rtol=1e-6)


def test_others_are_all_ratings_outside_the_sittings_before() -> None:
    ratings = made(in_sitting=0.4)
    order = np.lexsort((ratings.timestamps, ratings.users))
    liked = ratings.liked[order].reshape(N_USERS, N_ITEMS).astype(float)
    places = np.arange(10, N_ITEMS, 10)  # first ratings of sittings; the one before has ten
    x = np.stack([liked[:, place - 5 : place].sum(axis=1) for place in places], axis=1)
    y = np.stack([np.delete(liked, np.s_[place - 10 : place], axis=1).mean(axis=1) for place in places], axis=1)
    found = rises(ratings, np.random.default_rng(1), hours=1)
    assert_allclose(found.other_ratings, 5 * np.polyfit(x.ravel(), y.ravel(), 1)[0], rtol=1e-6)


def test_one_seed_gives_one_result() -> None:
    ratings = made(in_sitting=0.3)
    assert rises(ratings, np.random.default_rng(4)) == rises(ratings, np.random.default_rng(4))


def test_what_cannot_be_tested_is_refused() -> None:
    with pytest.raises(ValueError, match="ratings must have times"):
        rises(made(0.3, times=False), np.random.default_rng(0))
    with pytest.raises(ValueError, match="hours and window must leave ratings .* got 1000 and 5: none is left"):
        rises(made(0.3), np.random.default_rng(0), hours=1000)
    with pytest.raises(ValueError, match="window must be a whole number of at least 1, got 0"):
        rises(made(0.3), np.random.default_rng(0), window=0)


def test_who_likes_everything_gives_no_line() -> None:
    place = np.arange(40)
    ratings = Ratings.from_columns(place // 20, place % 20, np.full(40, 5.0), place)
    assert rises(ratings, np.random.default_rng(0)).next_rating == 0
