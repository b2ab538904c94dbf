"""Likes one after the other: by time, ties by the rule of the split that takes the last, and without times by the file."""

from dataclasses import replace

import numpy as np

from drr_tutorial.data.ratings import Ratings
from drr_tutorial.data.splits import leave_last_out_split
from drr_tutorial.lab.bars.sequences import sequences
from tests.toy import toy_ratings

TOY = toy_ratings([(1, 1, 5), (1, 2, 4), (2, 3, 5), (1, 3, 5), (2, 1, 2), (3, 1, 1), (4, 2, 5)])


def test_likes_stand_in_the_order_of_time() -> None:
    late_first = replace(TOY, timestamps=np.array([9, 5, 3, 7, 1, 1, 1]))
    indptr, items = sequences(late_first)
    assert indptr.tolist() == [0, 3, 4, 4, 5]  # user 3 likes nothing, user 2 dislikes item 1
    assert items.tolist() == [1, 2, 0, 2, 1]
    assert indptr.dtype == items.dtype == np.int64


def test_of_equal_times_the_first_in_the_file_is_the_later() -> None:
    together = replace(TOY, timestamps=np.array([8, 8, 0, 3, 0, 0, 0]))
    assert sequences(together)[1].tolist() == [2, 1, 0, 2, 1]


def test_without_times_it_is_the_order_of_the_file() -> None:
    assert sequences(replace(TOY, timestamps=None))[1].tolist() == [0, 1, 2, 2, 1]


def test_what_a_split_takes_from_the_end_is_the_end(synthetic: Ratings) -> None:
    """With times in blocks, so that most of them tie."""
    tied = replace(synthetic.implicit(), timestamps=synthetic.timestamps // 10**7)
    split = leave_last_out_split(tied)
    indptr, items = sequences(tied)
    np.testing.assert_array_equal(items[indptr[1:] - 1][split.test.users], split.test.items)
    np.testing.assert_array_equal(items[indptr[1:] - 2][split.validation.users], split.validation.items)
