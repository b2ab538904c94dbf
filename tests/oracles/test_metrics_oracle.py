"""Our metrics equal torchmetrics' and scikit-learn's where no scores tie; with ties, scikit-learn's mean over them."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from scipy.stats import rankdata

from drr_tutorial.evaluation import metrics

retrieval = pytest.importorskip("torchmetrics.retrieval")
sklearn_metrics = pytest.importorskip("sklearn.metrics")

N_LISTS, N_ITEMS = 30, 25


@pytest.fixture(scope="module")
def scores() -> np.ndarray:
    rng = np.random.default_rng(1)
    distinct = np.arange(1, N_ITEMS + 1, dtype=np.float32)  # positive: torchmetrics drops scores up to 0
    return rng.permuted(np.tile(distinct, (N_LISTS, 1)), axis=1)


@pytest.fixture(scope="module")
def relevance(scores: np.ndarray) -> np.ndarray:
    relevance = np.random.default_rng(2).random(scores.shape) < 0.15
    relevance[:, 0] = True  # no list without a relevant item
    return relevance


@pytest.fixture(scope="module")
def ranked(scores: np.ndarray, relevance: np.ndarray) -> tuple[metrics.Ranks, np.ndarray]:
    return rank_all(scores, relevance)


def rank_all(scores: np.ndarray, relevance: np.ndarray) -> tuple[metrics.Ranks, np.ndarray]:
    """Ranks and lists of all relevant items."""
    lists, items = np.nonzero(relevance)
    others = np.where(relevance, -np.inf, scores)
    return metrics.rank(scores[lists, items], others, lists), lists


@pytest.mark.parametrize("k", [1, 5, 10, N_ITEMS])
@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (metrics.hit_rate, "RetrievalHitRate"),
        (metrics.ndcg, "RetrievalNormalizedDCG"),
        (metrics.precision, "RetrievalPrecision"),
        (metrics.recall, "RetrievalRecall"),
        (metrics.mean_reciprocal_rank, "RetrievalMRR"),
    ],
)
def test_means_equal_torchmetrics(ours, theirs: str, k: int, scores, relevance, ranked) -> None:
    oracle = getattr(retrieval, theirs)(top_k=k)
    lists = torch.arange(N_LISTS).repeat_interleave(N_ITEMS)
    oracle.update(torch.from_numpy(scores.ravel()), torch.from_numpy(relevance.ravel()), indexes=lists)
    assert_allclose(ours(ranked[0], k, ranked[1]).mean(), float(oracle.compute()), rtol=1e-6)


@pytest.mark.parametrize("k", [1, 5, 10, N_ITEMS])
def test_each_ndcg_equals_scikit_learns(k: int, scores, relevance, ranked) -> None:
    theirs = [
        sklearn_metrics.ndcg_score(relevance[[row]], scores[[row]], k=k, ignore_ties=True) for row in range(N_LISTS)
    ]
    assert_allclose(metrics.ndcg(ranked[0], k, ranked[1]), theirs)


@pytest.mark.parametrize("k", [1, 5, 10, N_ITEMS])
@pytest.mark.parametrize("n_scores", [1, 3, 12])
def test_each_ndcg_with_ties_equals_scikit_learns_mean_over_them(k: int, n_scores: int, relevance) -> None:
    scores = np.random.default_rng(3).integers(n_scores, size=relevance.shape).astype(float)
    ranks, lists = rank_all(scores, relevance)
    theirs = [sklearn_metrics.ndcg_score(relevance[[row]], scores[[row]], k=k) for row in range(N_LISTS)]
    assert_allclose(metrics.ndcg(ranks, k, lists), theirs)


def test_expected_ranks_are_scipys_average_ranks(relevance) -> None:
    scores = np.random.default_rng(4).integers(6, size=relevance.shape).astype(float)
    lists, items = np.nonzero(relevance)
    ours = metrics.expected_ranks(scores[lists, items], np.where(relevance, -np.inf, scores), lists)
    assert_allclose(ours, rankdata(-scores, method="average", axis=1)[lists, items])
