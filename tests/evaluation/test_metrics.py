"""Ranking metrics: hand-computed values, ties by brute force over all orders, laws, bad input."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import hypergeom, nhypergeom

from drr_tutorial.evaluation import metrics
from drr_tutorial.evaluation.metrics import (
    Ranks,
    coverage,
    expected_ranks,
    hit_rate,
    mean_reciprocal_rank,
    ndcg,
    precision,
    rank,
    recall,
)

PER_LIST = [hit_rate, ndcg, precision, recall, mean_reciprocal_rank]


def all_orders(relevant: list[float], others: list[float]) -> np.ndarray:
    """Rank of each relevant item, (n_orders, n), by every order of the items, sorted stably by score."""
    scores = np.array([*relevant, *others])
    orders = np.array(list(permutations(range(len(scores)))))
    by_score = np.take_along_axis(orders, np.argsort(-scores[orders], axis=1, kind="stable"), axis=1)
    return 1 + np.argsort(by_score, axis=1)[:, : len(relevant)]


scores_with_ties = st.lists(st.integers(0, 2).map(float), max_size=3)


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


@pytest.mark.parametrize("metric", PER_LIST)
@given(relevant=scores_with_ties.filter(len), others=scores_with_ties, k=st.integers(1, 7))
def test_a_metric_is_its_mean_over_all_orders_of_what_ties(metric, relevant, others, k: int) -> None:
    """Relevant items that tie with others, with each other, and with both, in a list beside another one."""
    orders = all_orders(relevant, others)
    lists = np.repeat(np.arange(len(orders)), len(relevant))
    expected = metric(orders.ravel(), k, lists).mean()
    ranks = rank([9.0, *relevant], np.array([[8.0] * len(others), others]), [0] + [1] * len(relevant))
    assert_allclose(metric(ranks, k, [0] + [1] * len(relevant)), [metric([1], k)[0], expected])
    if len(relevant) == 1:
        assert_allclose(metric(rank(relevant, np.array([others])), k), [expected])


@given(relevant=scores_with_ties.filter(len), others=scores_with_ties)
def test_expected_ranks_are_means_over_all_orders(relevant: list[float], others: list[float]) -> None:
    ranks = expected_ranks(relevant, np.array([others]), np.zeros(len(relevant), dtype=int))
    assert_allclose(ranks, all_orders(relevant, others).mean(axis=0))


def test_half_of_the_tied_others_stand_above() -> None:
    relevant, others = [1, 1], [[2, 1, 1, 1, 0], [0, 0, 0, 0, 0]]
    assert_array_equal(rank(relevant, others), [[2, 1], [4, 1]])
    assert_array_equal(expected_ranks(relevant, others), [1 + 1 + 1.5, 1])


@pytest.mark.parametrize("k", [1, 10, 99, 100])
def test_one_score_for_all_is_worth_what_chance_is_worth(k: int) -> None:
    """Exactly: the place of the relevant item is one of 100, and each as likely."""
    ranks, discounts = rank([1.0], np.ones((1, 99))), 1 / np.log2(np.arange(2, k + 2))
    assert hit_rate(ranks, k) == recall(ranks, k) == k / 100
    assert precision(ranks, k) == k / 100 / k
    assert_allclose(ndcg(ranks, k), discounts.sum() / 100, rtol=1e-14)
    assert_allclose(mean_reciprocal_rank(ranks, k), (1 / np.arange(1, k + 1)).sum() / 100, rtol=1e-13)


@pytest.mark.parametrize("n_relevant", [2, 30, 3500])
def test_hits_in_a_long_tie_are_hypergeometric(n_relevant: int) -> None:
    n_items, k, lists = 3706, 10, np.zeros(n_relevant, dtype=int)
    ranks = rank(np.ones(n_relevant), np.ones((1, n_items - n_relevant)), lists)
    assert_allclose(hit_rate(ranks, k, lists), 1 - hypergeom.pmf(0, n_items, n_relevant, k), rtol=1e-12)
    best = np.array([nhypergeom.pmf(place, n_items, n_items - n_relevant, 1) for place in range(k)])
    assert_allclose(mean_reciprocal_rank(ranks, k, lists), best @ (1 / np.arange(1, k + 1)), rtol=1e-9)


def test_relevant_items_that_tie_only_with_each_other_fill_the_top() -> None:
    ranks = rank([5, 5], [[1, 2, 3]], [0, 0])
    assert_array_equal(ranks, [[1, 1], [2, 2]])
    for metric in (hit_rate, ndcg, precision, recall, mean_reciprocal_rank):
        assert metric(ranks, 2, [0, 0]) == 1


@pytest.mark.parametrize("metric", PER_LIST)
def test_plain_ranks_are_ranks_without_ties(metric) -> None:
    ranks, lists = np.array([3, 1, 7, 2]), [0, 0, 1, 2]
    assert_array_equal(metric(Ranks(ranks, np.ones(4)), 5, lists), metric(ranks, 5, lists))


def test_items_at_minus_infinity_are_below_everything() -> None:
    assert_array_equal(rank([-1e30], [[-np.inf, -np.inf]]).first, [1])


def test_rank_counts_the_list_each_item_belongs_to() -> None:
    others = [[9, 9, 9], [0, 0, 0]]
    assert_array_equal(rank([1, 2, 1], others, [0, 1, 1]), [[4, 1, 2], [1, 1, 1]])


@pytest.mark.parametrize("with_lists", [False, True])
def test_chunks_do_not_change_ranks(monkeypatch: pytest.MonkeyPatch, with_lists: bool) -> None:
    rng = np.random.default_rng(0)
    relevant, others = rng.integers(5, size=40), rng.integers(5, size=(40, 7))
    lists = rng.integers(40, size=40) if with_lists else None
    whole = rank(relevant, others, lists)
    monkeypatch.setattr(metrics, "CHUNK", 20)
    assert_array_equal(rank(relevant, others, lists), whole)


def test_scores_keep_their_precision() -> None:
    others = np.array([[1.0 + 1e-12]])
    assert_array_equal(rank(np.array([1.0]), others), [[2], [1]])


@given(st.data())
def test_laws(data: st.DataObject) -> None:
    n = data.draw(st.integers(1, 12))
    lists = np.array(data.draw(st.lists(st.integers(0, 3), min_size=n, max_size=n)))
    scores = np.array(data.draw(st.lists(st.integers(-3, 3), min_size=n, max_size=n)), dtype=float)
    others = np.array(data.draw(st.lists(st.integers(-3, 3), min_size=20, max_size=20)), float).reshape(4, 5)
    ranks = rank(scores, others, lists)
    assert_array_equal(ranks, rank(np.exp(scores), np.exp(others), lists))  # only the order matters
    for metric in PER_LIST:
        values = metric(ranks, 3, lists)
        assert np.all(np.isnan(values) | ((values >= 0) & (values <= 1 + 1e-12)))
    for metric in (hit_rate, recall, mean_reciprocal_rank):  # a longer list never loses these
        assert np.all((metric(ranks, 4, lists) >= metric(ranks, 3, lists) - 1e-12) | np.isnan(metric(ranks, 3, lists)))


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


@pytest.mark.parametrize("metric", PER_LIST)
@pytest.mark.parametrize("ranks", [[0.5], [np.nan], [[1.0]], [10.5], Ranks([1], [0]), Ranks([1, 2], [1]), ["1"]])
def test_ranks_are_whole_and_start_at_1(metric, ranks) -> None:
    with pytest.raises(ValueError, match="ranks must be one row of whole numbers of at least 1.*use rank"):
        metric(ranks, 1)


@pytest.mark.parametrize("metric", [hit_rate, mean_reciprocal_rank])
def test_two_items_of_a_list_cannot_have_one_rank(metric) -> None:
    with pytest.raises(ValueError, match="2 items of list 1 have rank 3, where 1 can stand; use rank"):
        metric([3, 3, 3], 5, [0, 1, 1])


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
        rank(relevant, others, lists)
