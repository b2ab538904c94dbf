"""Ranking metrics: hand-computed values, ties by brute force over all orders, laws, bad input."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from drr_tutorial import metrics
from drr_tutorial.metrics import (
    coverage,
    expected_ranks,
    hit_rate,
    mean_reciprocal_rank,
    ndcg,
    precision,
    recall,
)

PER_LIST = [hit_rate, ndcg, precision, recall, mean_reciprocal_rank]


def brute_force_ranks(relevant: list[float], others: list[float]) -> np.ndarray:
    """Mean rank of the best, second best, ... relevant item over all orders of the items, sorted stably."""
    scores = np.array([*relevant, *others])
    ranks = []
    for order in permutations(range(len(scores))):
        by_score = sorted(order, key=lambda item: -scores[item])
        ranks.append([place for place, item in enumerate(by_score, 1) if item < len(relevant)])
    return np.mean(ranks, axis=0)


def test_one_relevant_item_a_list_by_hand() -> None:
    ranks = [1, 3, 4]
    assert_array_equal(hit_rate(ranks, 3), [1, 1, 0])
    assert_allclose(ndcg(ranks, 3), [1, 1 / np.log2(4), 0])
    assert_allclose(precision(ranks, 3), [1 / 3, 1 / 3, 0])
    assert_array_equal(recall(ranks, 3), [1, 1, 0])
    assert_allclose(mean_reciprocal_rank(ranks, 3), [1, 1 / 3, 0])


def test_several_relevant_items_a_list_by_hand() -> None:
    ranks, lists = [4, 2, 1, 9, 7, 8], [0, 0, 1, 1, 1, 2]  # rows of a list need no order
    assert_array_equal(hit_rate(ranks, 4, lists), [1, 1, 0])
    assert_allclose(precision(ranks, 4, lists), [2 / 4, 1 / 4, 0])
    assert_allclose(recall(ranks, 4, lists), [1, 1 / 3, 0])
    assert_allclose(mean_reciprocal_rank(ranks, 4, lists), [1 / 2, 1, 0])
    ideal_two, ideal_three = 1 + 1 / np.log2(3), 1 + 1 / np.log2(3) + 1 / 2
    assert_allclose(ndcg(ranks, 4, lists), [(1 / np.log2(3) + 1 / np.log2(5)) / ideal_two, 1 / ideal_three, 0])


def test_ndcg_cuts_the_ideal_list_at_k() -> None:
    assert_allclose(ndcg([1, 2, 3], 2, [0, 0, 0]), [1.0])


@pytest.mark.parametrize("metric", PER_LIST)
def test_a_list_without_relevant_items_has_no_value(metric) -> None:
    assert_array_equal(np.isnan(metric([1, 5], 3, [0, 2])), [False, True, False])


@pytest.mark.parametrize("metric", PER_LIST)
def test_no_lists_no_values(metric) -> None:
    assert metric([], 3).shape == (0,)


def test_a_rank_between_k_and_k_plus_1_is_not_among_the_first_k() -> None:
    assert_array_equal(hit_rate([10.0, 10.5], 10), [1, 0])


@given(
    relevant=st.lists(st.integers(0, 2).map(float), min_size=1, max_size=3),
    others=st.lists(st.integers(0, 2).map(float), max_size=3),
)
def test_ties_stand_at_their_mean_over_all_orders(relevant: list[float], others: list[float]) -> None:
    ranks = expected_ranks(relevant, np.array([others]), np.zeros(len(relevant), dtype=int))
    assert_allclose(np.sort(ranks), brute_force_ranks(relevant, others))


def test_half_of_the_tied_others_stand_above() -> None:
    assert_array_equal(expected_ranks([1, 1], [[2, 1, 1, 1, 0], [0, 0, 0, 0, 0]]), [1 + 1 + 1.5, 1])


def test_relevant_items_that_tie_only_with_each_other_fill_the_top() -> None:
    ranks = expected_ranks([5, 5], [[1, 2, 3]], [0, 0])
    assert_array_equal(ranks, [1, 2])
    assert_allclose(ndcg(ranks, 2, [0, 0]), [1.0])


def test_items_at_minus_infinity_are_below_everything() -> None:
    assert_array_equal(expected_ranks([-1e30], [[-np.inf, -np.inf]]), [1])


def test_rank_counts_the_list_each_item_belongs_to() -> None:
    others = [[9, 9, 9], [0, 0, 0]]
    assert_array_equal(expected_ranks([1, 2, 1], others, [0, 1, 1]), [4, 1, 2])


@pytest.mark.parametrize("with_lists", [False, True])
def test_chunks_do_not_change_ranks(monkeypatch: pytest.MonkeyPatch, with_lists: bool) -> None:
    rng = np.random.default_rng(0)
    relevant, others = rng.integers(5, size=40), rng.integers(5, size=(40, 7))
    lists = rng.integers(40, size=40) if with_lists else None
    whole = expected_ranks(relevant, others, lists)
    monkeypatch.setattr(metrics, "CHUNK", 20)
    assert_array_equal(expected_ranks(relevant, others, lists), whole)


def test_scores_keep_their_precision() -> None:
    others = np.array([[1.0 + 1e-12]])
    assert_array_equal(expected_ranks(np.array([1.0]), others), [2])


@given(st.data())
def test_laws(data: st.DataObject) -> None:
    n = data.draw(st.integers(1, 12))
    lists = np.array(data.draw(st.lists(st.integers(0, 3), min_size=n, max_size=n)))
    scores = np.array(data.draw(st.lists(st.integers(-3, 3), min_size=n, max_size=n)), dtype=float)
    others = np.array(data.draw(st.lists(st.integers(-3, 3), min_size=20, max_size=20)), float).reshape(4, 5)
    ranks = expected_ranks(scores, others, lists)
    assert_array_equal(ranks, expected_ranks(np.exp(scores), np.exp(others), lists))  # only the order matters
    for metric in PER_LIST:
        values = metric(ranks, 3, lists)
        assert np.all(np.isnan(values) | ((values >= 0) & (values <= 1 + 1e-12)))
    for metric in (hit_rate, recall, mean_reciprocal_rank):  # a longer list never loses these
        assert np.all((metric(ranks, 4, lists) >= metric(ranks, 3, lists)) | np.isnan(metric(ranks, 3, lists)))


def test_coverage_counts_each_item_once_and_no_empty_place() -> None:
    assert coverage([[0, 3], [3, -1]], n_items=8) == 2 / 8
    assert coverage(np.empty((0, 3), dtype=int), n_items=8) == 0


@pytest.mark.parametrize("items", [[[8]], [[-2]]])
def test_coverage_refuses_items_out_of_range(items: list[list[int]]) -> None:
    with pytest.raises(ValueError, match=r"top_items must hold item indices from 0 to n_items - 1.*n_items is 8"):
        coverage(items, n_items=8)


@pytest.mark.parametrize("metric", PER_LIST)
@pytest.mark.parametrize("k", [0, -1, 2.5])
def test_k_must_be_a_whole_number_of_at_least_1(metric, k: float) -> None:
    with pytest.raises(ValueError, match=f"k must be a whole number of at least 1, got {k}"):
        metric([1, 2], k)


@pytest.mark.parametrize("ranks", [[0.5], [np.nan], [[1.0]]])
def test_ranks_start_at_1(ranks: list[float]) -> None:
    with pytest.raises(ValueError, match="ranks must be one row of numbers of at least 1"):
        hit_rate(ranks, 1)


@pytest.mark.parametrize("lists", [[0], [0.0, 1.0], [-1, 0]])
def test_lists_are_list_numbers(lists: list[float]) -> None:
    with pytest.raises(ValueError, match="lists must hold the list number"):
        hit_rate([1, 1], 1, lists)


@pytest.mark.parametrize(
    ("relevant", "others", "lists", "text"),
    [
        ([np.nan], [[1.0]], None, "relevant must be finite scores"),
        ([-np.inf], [[1.0]], None, "relevant must be finite scores"),
        ([1.0], [[np.nan]], None, "others must not be NaN"),
        ([1.0], [1.0], None, r"must have shapes \(n,\), \(n_lists, m\) and \(n,\); got \(1,\), \(1,\)"),
        ([1.0, 2.0], [[1.0]], None, "lists must be rows of others, 0 to 0; got 0 to 1"),
        ([1.0], [[1.0]], [1], "lists must be rows of others, 0 to 0; got 1 to 1"),
    ],
)
def test_bad_scores_are_refused(relevant, others, lists, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        expected_ranks(relevant, others, lists)
