"""Sequences by hand: order, ties, dislikes, users without likes, windows and what pads them."""

from dataclasses import replace

import numpy as np
from scipy.sparse import csr_array

from drr_tutorial.data.ratings import Ratings
from drr_tutorial.data.splits import leave_last_out_split
from drr_tutorial.environment.memory import latest_liked
from drr_tutorial.lab.bars.sequences import of_users, sequences, shuffled, windows, with_likes
from tests.toy import toy_ratings

# user 1 likes 3, 1, 4; user 2 nothing; user 3 likes 2, 1
TOY = toy_ratings([(3, 2, 5), (1, 3, 4), (1, 2, 1), (2, 1, 2), (1, 1, 5), (3, 1, 4), (1, 4, 5)])
INDPTR, ITEMS = np.array([0, 3, 3, 5]), np.array([2, 0, 3, 1, 0])


def test_likes_stand_in_the_order_of_time() -> None:
    indptr, items = sequences(TOY)
    np.testing.assert_array_equal(indptr, INDPTR)
    np.testing.assert_array_equal(items, ITEMS)
    assert indptr.dtype == items.dtype == np.int64


def test_later_rows_of_the_file_may_be_earlier_in_time() -> None:
    assert TOY.timestamps is not None
    indptr, items = sequences(replace(TOY, timestamps=-TOY.timestamps))
    np.testing.assert_array_equal(indptr, INDPTR)
    np.testing.assert_array_equal(items, [3, 0, 2, 0, 1])


def test_among_equal_times_the_first_in_the_file_is_the_latest() -> None:
    equal = replace(TOY, timestamps=np.zeros(len(TOY), dtype=np.int64))
    np.testing.assert_array_equal(sequences(equal)[1], [3, 0, 2, 0, 1])
    pairs = replace(TOY, timestamps=np.array([0, 0, 0, 0, 0, 0, 1]))  # only 4 is later
    np.testing.assert_array_equal(sequences(pairs)[1], [0, 2, 3, 0, 1])


def test_the_held_out_like_is_the_last(synthetic: Ratings) -> None:
    """Whatever the times: what `leave_last_out_split` tests on comes right after what it trains on."""
    assert synthetic.timestamps is not None
    coarse = replace(synthetic.implicit(), timestamps=synthetic.timestamps // 10**7)
    test = leave_last_out_split(coarse).test
    indptr, items = sequences(coarse)
    assert len(test) > 100
    np.testing.assert_array_equal(items[indptr[test.users + 1] - 1], test.items)


def test_unknown_times_are_in_file_order() -> None:
    np.testing.assert_array_equal(sequences(replace(TOY, timestamps=None))[1], ITEMS)


def test_the_ends_are_the_memories_of_the_agent(synthetic: Ratings) -> None:
    synthetic = replace(synthetic, timestamps=np.arange(len(synthetic))[::-1].copy())
    indptr, items = sequences(synthetic)
    rows = np.arange(synthetic.n_users)
    latest = windows(indptr, items, rows, indptr[1:], 8, padding=synthetic.n_items)
    memory = latest_liked(synthetic, 8)  # pads on the other side
    np.testing.assert_array_equal((latest < synthetic.n_items).sum(axis=1), (memory < synthetic.n_items).sum(axis=1))
    np.testing.assert_array_equal(latest[latest < synthetic.n_items], memory[memory < synthetic.n_items])


def test_sequences_of_some_users() -> None:
    indptr, items = of_users(INDPTR, ITEMS, np.array([2, 1, 0, 2]))
    np.testing.assert_array_equal(indptr, [0, 2, 2, 5, 7])
    np.testing.assert_array_equal(items, [1, 0, 2, 0, 3, 1, 0])
    indptr, items = of_users(INDPTR, ITEMS, np.array([], dtype=np.int64))
    np.testing.assert_array_equal(indptr, [0])
    assert len(items) == 0


def test_likes_of_a_session_come_last_in_their_order() -> None:
    likes = csr_array((np.ones(3, dtype=np.float32), [1, 3, 2], [0, 1, 3, 3]), shape=(3, 4))
    indptr, items = with_likes(INDPTR, ITEMS, likes)
    np.testing.assert_array_equal(indptr, [0, 4, 6, 8])
    np.testing.assert_array_equal(items, [2, 0, 3, 1, 3, 2, 1, 0])


def test_windows_end_where_they_are_told_and_keep_to_their_user() -> None:
    rows, ends = np.array([0, 0, 0, 1, 2]), np.array([3, 2, 1, 3, 5])
    np.testing.assert_array_equal(
        windows(INDPTR, ITEMS, rows, ends, 2, padding=9), [[0, 3], [2, 0], [2, 9], [9, 9], [1, 0]]
    )


def test_windows_are_as_wide_as_the_longest() -> None:
    rows, ends = np.array([2, 1, 0]), np.array([5, 3, 3])
    np.testing.assert_array_equal(windows(INDPTR, ITEMS, rows[:2], ends[:2], 4, padding=9), [[1, 0], [9, 9]])
    np.testing.assert_array_equal(windows(INDPTR, ITEMS, rows, ends, 4, padding=9), [[1, 0, 9], [9, 9, 9], [2, 0, 3]])
    np.testing.assert_array_equal(windows(INDPTR, ITEMS, rows[1:2], ends[1:2], 4, padding=9), [[9]])
    assert windows(INDPTR, ITEMS, rows[:0], ends[:0], 4, padding=9).shape == (0, 1)


def test_shuffled_rows_have_the_same_items_in_any_order() -> None:
    rows = np.tile([[4, 5, 6, 9, 9]], (6000, 1))
    mixed = shuffled(rows, 9, np.random.default_rng(0))
    assert (mixed[:, 3:] == 9).all()
    np.testing.assert_array_equal(np.sort(mixed, axis=1), rows)
    orders, counts = np.unique(mixed, axis=0, return_counts=True)
    assert len(orders) == 6
    assert (np.abs(counts - 1000) < 5 * np.sqrt(1000)).all()
    np.testing.assert_array_equal(rows[0], [4, 5, 6, 9, 9])
