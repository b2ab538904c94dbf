"""Figures of the data: what is drawn is what was given; the numbers have known answers on small worlds."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.collections import PolyCollection
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from drr_tutorial.data.ratings import DataError, Ratings
from drr_tutorial.lab.figures import data
from drr_tutorial.lab.figures.style import COLOURS, TEXT


@pytest.fixture
def toy() -> Ratings:
    """Three users: 6, 2 and 1 ratings; film "a" has 3, "b" 2, the others one."""
    return Ratings.from_columns(
        users=[1, 1, 1, 1, 1, 1, 2, 2, 3],
        items=["a", "b", "c", "d", "e", "f", "a", "b", "a"],
        ratings=[5, 4, 3, 2, 1, 4, 4, 2, 5],
        timestamps=[0, 0, 3600, 7200, 7200, 36_000, 100, 3700, 2_000_000],
    )


def ordered(stars: list[int]) -> Ratings:
    """One user's ratings in this order of time, given in the reverse order."""
    n = len(stars)
    return Ratings.from_columns([1] * n, list(range(n)), stars[::-1], list(range(n))[::-1])


def test_counts_leave_out_who_has_none(toy: Ratings) -> None:
    likes = toy.positives()
    assert data.counts_per_item(toy).tolist() == [3, 2, 1, 1, 1, 1]
    assert data.counts_per_item(likes).tolist() == [3, 1, 1]
    assert data.counts_per_user(toy).tolist() == [6, 2, 1]
    assert data.counts_per_user(likes).tolist() == [3, 1, 1]


@pytest.mark.parametrize(("share", "size"), [(0.01, 1), (0.5, 1), (0.51, 2), (0.8, 2), (0.81, 3), (1.0, 4)])
def test_head_size_is_the_fewest_that_hold_the_share(share: float, size: int) -> None:
    assert data.head_size(np.array([1, 5, 3, 1]), share) == size


@pytest.mark.parametrize("share", [0, -0.1, 1.1])
def test_head_size_refuses_what_is_no_share(share: float) -> None:
    with pytest.raises(ValueError, match="share must be above 0 and at most 1, got"):
        data.head_size(np.array([1]), share)


def test_hours_active_and_same_second(toy: Ratings) -> None:
    np.testing.assert_allclose(data.hours_active(toy), [10, 1, 0])
    assert data.share_in_same_second(toy) == pytest.approx(4 / 9)


def test_share_liked_after_counts_the_latest_window_only() -> None:
    stars = [5, 5, 1, 1, 5, 1, 5]  # after (5 5): 1; (5 1): 1; (1 1): 5; (1 5): 1; (5 1): 5
    np.testing.assert_allclose(data.share_liked_after(ordered(stars), window=2), [1, 1 / 3, 0])


def test_share_liked_after_never_looks_at_another_user(toy: Ratings) -> None:
    """Only user 1 has five earlier ratings: 5, 4, 3, 2, 1 with two likes, then a like."""
    np.testing.assert_array_equal(data.share_liked_after(toy), [np.nan, np.nan, 1, np.nan, np.nan, np.nan])


def test_shuffling_removes_what_comes_from_the_order_and_keeps_what_comes_from_the_user() -> None:
    runs = ordered([5] * 2000 + [1] * 2000)
    np.testing.assert_allclose(data.share_liked_after(runs, 2)[[0, 2]], [0, 1], atol=1e-2)
    np.testing.assert_allclose(data.share_liked_after(runs, 2, np.random.default_rng(0)), 0.5, atol=0.06)
    two = Ratings.from_columns(np.repeat([1, 2], 50), np.tile(np.arange(50), 2), np.repeat([5, 1], 50), np.arange(100))
    np.testing.assert_array_equal(data.share_liked_after(two, 2, np.random.default_rng(0)), [0, np.nan, 1])


def test_fewer_ratings_than_the_window_and_a_window_of_nothing() -> None:
    np.testing.assert_array_equal(data.share_liked_after(ordered([5, 1]), window=5), np.full(6, np.nan))
    with pytest.raises(ValueError, match="window must be at least 1, got 0"):
        data.share_liked_after(ordered([5, 1]), window=0)


def test_one_seed_one_shuffle(synthetic: Ratings) -> None:
    first, second = (data.share_liked_after(synthetic, rng=np.random.default_rng(3)) for _ in range(2))
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize(
    "function", [data.hours_active, data.share_in_same_second, data.share_liked_after, data.ratings_in_time]
)
def test_without_times_there_is_a_clear_error(toy: Ratings, function: Callable[[Ratings], object]) -> None:
    with pytest.raises(DataError, match="has no timestamps; give ratings with times"):
        function(replace(toy, timestamps=None))


def test_rating_counts_shows_every_star_and_colours_the_likes(toy: Ratings) -> None:
    bars = data.rating_counts(toy).axes[0].patches
    drawn = {round(bar.get_x() + bar.get_width() / 2): (bar.get_height(), to_hex(bar.get_facecolor())) for bar in bars}
    low, high = COLOURS[5].lower(), COLOURS[0].lower()
    assert drawn == {1: (1, low), 2: (2, low), 3: (1, low), 4: (3, high), 5: (2, high)}


def test_who_rates_what_shows_the_sorted_table(toy: Ratings) -> None:
    """With as many blocks as users and films, each block is one pair."""
    small = toy.select(np.isin(toy.items, [0, 1, 2]))
    drawn = np.asarray(data.who_rates_what(small, bins=3).axes[0].images[0].get_array())
    np.testing.assert_array_equal(drawn, [[1, 1, 1], [1, 1, 0], [1, 0, 0]])


def test_who_rates_what_shows_shares_of_pairs(synthetic: Ratings) -> None:
    drawn = np.asarray(data.who_rates_what(synthetic, bins=1).axes[0].images[0].get_array())
    n_pairs = len(np.unique(synthetic.users)) * len(np.unique(synthetic.items))
    np.testing.assert_allclose(drawn, [[len(synthetic) / n_pairs]])
    drawn = np.asarray(data.who_rates_what(synthetic, bins=7).axes[0].images[0].get_array())
    assert 0 <= drawn.min() <= drawn.max() <= 1
    assert drawn[0, 0] == drawn.max()


def test_long_tail_shows_counts_sums_and_the_head(toy: Ratings) -> None:
    each, together = data.long_tail(toy, share=0.5).axes
    curve, mark = together.lines
    np.testing.assert_allclose(curve.get_ydata(), np.array([3, 5, 6, 7, 8, 9]) / 9)
    assert list(mark.get_xdata()) == [2, 2, 0]
    assert list(mark.get_ydata()) == [0, 0.5, 0.5]
    head, tail = each.collections
    assert isinstance(head, PolyCollection)
    assert head.get_paths()[0].vertices[:, 0].max() == 2
    assert head.get_paths()[0].vertices[:, 1].max() == 3
    assert tail.get_paths()[0].vertices[:, 0].min() == 2


def test_likes_per_user_shows_every_user_once_and_the_median(synthetic: Ratings) -> None:
    likes = synthetic.positives()
    axes = data.likes_per_user(likes).axes[0]
    assert sum(bar.get_height() for bar in axes.patches) == len(np.unique(likes.users))
    assert axes.lines[0].get_xdata()[0] == np.median(data.counts_per_user(likes))


def test_ratings_in_time_shows_every_rating_and_every_user(toy: Ratings, synthetic: Ratings) -> None:
    for ratings in (toy, synthetic):
        weeks, spans = data.ratings_in_time(ratings).axes
        assert sum(bar.get_height() for bar in weeks.patches) == len(ratings)
        assert sum(bar.get_height() for bar in spans.patches) == len(np.unique(ratings.users))
    assert [bar.get_height() for bar in data.ratings_in_time(toy).axes[0].patches] == [8, 0, 0, 1]


def test_after_likes_shows_both_lines() -> None:
    axes = data.after_likes(np.array([0.2, 0.5, 0.9]), np.array([0.4, 0.5, 0.6])).axes[0]
    assert [list(line.get_ydata()) for line in axes.lines] == [[0.2, 0.5, 0.9], [0.4, 0.5, 0.6]]
    assert axes.get_xlabel() == "likes among the latest 2 ratings"


@pytest.mark.parametrize(
    "draw",
    [data.rating_counts, data.who_rates_what, data.long_tail, data.likes_per_user, data.ratings_in_time],
)
def test_figures_have_no_ground_and_grey_texts(toy: Ratings, draw: Callable[[Ratings], Figure]) -> None:
    figure = draw(toy)
    assert figure.get_facecolor()[3] == 0
    for axes in figure.axes:
        assert axes.get_facecolor()[3] == 0
        assert axes.yaxis.label.get_color() == TEXT
