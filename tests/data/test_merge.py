"""Old and new ratings in one table: whose rows stay, where everybody stands, and what does not go together."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st
from scipy.sparse import csr_array

from drr_tutorial.data.merge import merge
from drr_tutorial.data.ratings import DataError, Ratings

OLD = Ratings.from_columns(
    [10, 10, 30], [5, 7, 5], [4, 2, 5], [1, 2, 3], titles={5: "Emma", 7: "Dune"}, genres={5: ("Novel",)}
)
NEW = Ratings.from_columns(
    [10, 20, 40], [7, 6, 5], [5, 3, 4], [9, 8, 7], titles={5: "Another", 6: "Ulysses"}, genres={6: ("Epic",)}
)


def rows(ratings: Ratings) -> list[tuple[Any, ...]]:
    times = [None] * len(ratings) if ratings.timestamps is None else ratings.timestamps.tolist()
    users, items = ratings.user_ids[ratings.users].tolist(), ratings.item_ids[ratings.items].tolist()
    return list(zip(users, items, ratings.ratings.tolist(), times, strict=True))


def test_what_is_rated_anew_counts_as_it_is_rated_now() -> None:
    found = merge(OLD, NEW)
    assert rows(found.ratings) == [(10, 5, 4, 1), (30, 5, 5, 3), (10, 7, 5, 9), (20, 6, 3, 8), (40, 5, 4, 7)]
    assert rows(found.before) == rows(OLD)
    assert found.n_new == 3


def test_everybody_s_place_can_be_found_again() -> None:
    found = merge(OLD, NEW)
    assert found.ratings.user_ids.tolist() == [10, 20, 30, 40] and found.ratings.item_ids.tolist() == [5, 6, 7]
    assert found.ratings.user_ids[found.users].tolist() == OLD.user_ids.tolist()
    assert found.ratings.item_ids[found.items].tolist() == OLD.item_ids.tolist()
    assert found.new_users.tolist() == [False, True, False, True]
    assert found.new_items.tolist() == [False, True, False]
    assert found.touched.tolist() == [True, True, False, True]
    assert found.before.user_ids.tolist() == found.ratings.user_ids.tolist()


def test_rows_of_a_side_without_weights_weigh_one() -> None:
    weighed = Ratings.from_columns([10, 20, 40], [7, 6, 5], [5, 3, 4], [9, 8, 7], weights=[2, 3, 4])
    both = merge(OLD, weighed).ratings.weights
    assert both is not None and both.tolist() == [1, 1, 2, 3, 4]
    other = merge(weighed, OLD).ratings.weights
    assert other is not None and other.tolist() == [3, 4, 1, 1, 1]
    assert merge(OLD, NEW).ratings.weights is None


def test_titles_and_genres_of_old_items_stay() -> None:
    found = merge(OLD, NEW).ratings
    assert found.titles.tolist() == ["Emma", "Ulysses", "Dune"]
    assert found.genres == (("Novel",), ("Epic",), ())


def test_pairs_move_with_their_users_and_items() -> None:
    pairs = csr_array(np.array([[0.0, 2.0], [3.0, 0.0]]))  # 10 and 7, 30 and 5
    assert merge(OLD, NEW).moved(pairs).toarray().tolist() == [[0, 0, 1], [0, 0, 0], [1, 0, 0], [0, 0, 0]]


@given(
    old=st.dictionaries(st.tuples(st.integers(0, 4), st.integers(0, 4)), st.integers(1, 5), min_size=1),
    new=st.dictionaries(st.tuples(st.integers(0, 6), st.integers(0, 6)), st.integers(1, 5)),
)
def test_the_same_as_two_dictionaries(old: dict[tuple[int, int], int], new: dict[tuple[int, int], int]) -> None:
    def table(pairs: dict[tuple[int, int], int]) -> Ratings:
        users, items = ([pair[place] for pair in pairs] for place in (0, 1))
        return Ratings.from_columns(np.array(users, int), np.array(items, int), list(pairs.values()))

    found = merge(table(old), table(new))
    assert {row[:2]: row[2] for row in rows(found.ratings)} == old | new
    assert len(found.ratings) == len(old | new)
    assert found.touched.sum() == len({user for user, _ in new})


def test_ids_are_compared_in_the_type_of_the_old_ones() -> None:
    new = Ratings.from_columns(["10", "50"], ["5", "5"], [1, 5], [9, 9])
    found = merge(OLD, new).ratings
    assert found.user_ids.tolist() == [10, 30, 50] and len(found) == 4
    texts = Ratings.from_columns(["a", "10"], ["5", "x"], [5, 1], [1, 1])
    assert merge(texts, OLD).ratings.user_ids.tolist() == ["10", "30", "a"]
    with pytest.raises(DataError, match="user ids must be whole numbers, as those that are known, got 'ann'"):
        merge(OLD, Ratings.from_columns(["ann"], [5], [5], [1]))


def test_what_does_not_go_together() -> None:
    with pytest.raises(DataError, match="ratings must have times, as those that are known"):
        merge(OLD, Ratings.from_columns([10], [5], [5]))
    with pytest.raises(DataError, match=r"liked above 3, as those that are known .*got 4 in .*say liked_above=3"):
        merge(OLD, Ratings.from_columns([10], [5], [5], [1], liked_above=4))


def test_times_that_only_the_new_ones_have_are_left_out() -> None:
    without = Ratings.from_columns([10, 30], [5, 5], [4, 5])
    assert merge(without, NEW).ratings.timestamps is None


def test_nothing_new_changes_nothing() -> None:
    found = merge(OLD, NEW.select([]))
    assert rows(found.ratings) == rows(OLD) and not found.touched.any()
    assert found.new_users.tolist() == [False, True, False, True]  # the catalogue of the new ones counts
