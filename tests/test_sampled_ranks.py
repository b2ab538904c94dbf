"""Expected figures under sampling agree with lists that are really drawn, and with full ranking at the end."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.stats import hypergeom

from drr_tutorial.baselines import EASERecommender, PopularityRecommender
from drr_tutorial.evaluation import evaluate_ranking
from drr_tutorial.ranking_tasks import ranking_task
from drr_tutorial.ratings import Ratings
from drr_tutorial.recommender import Recommender
from drr_tutorial.sampled_ranks import WholeRanks, _hypergeometric, expected_figures, whole_ranks
from drr_tutorial.splits import Split, random_split


def ranks(above: list[float], n_others: int) -> WholeRanks:
    return WholeRanks(np.arange(len(above)), np.array(above), np.full(len(above), n_others))


def expected_hit_rate(ranks: WholeRanks, n_negatives: int, k: int = 10) -> np.ndarray:
    return expected_figures(ranks, n_negatives, k)[f"HR@{k}"]


def expected_ndcg(ranks: WholeRanks, n_negatives: int, k: int = 10) -> np.ndarray:
    return expected_figures(ranks, n_negatives, k)[f"nDCG@{k}"]


def test_by_hand() -> None:
    """One negative out of four: the chance that it is not the one above is 3/4, and rank 2 is worth 1 / log2(3)."""
    assert_allclose(expected_hit_rate(ranks([1], 4), 1, k=1), 0.75)
    assert_allclose(expected_ndcg(ranks([1], 4), 1, k=2), 0.75 + 0.25 / np.log2(3))
    assert_allclose(expected_hit_rate(ranks([0, 4], 4), 2, k=1), [1, 0])


def test_all_negatives_are_the_whole_ranking() -> None:
    found = expected_hit_rate(ranks([0, 9, 10, 57], 100), 10_000, k=10)
    assert_allclose(found, [1, 1, 0, 0])
    assert_allclose(expected_ndcg(ranks([3], 100), 100), 1 / np.log2(5))


def test_a_tie_is_half_an_item_above() -> None:
    half, none, one = (expected_hit_rate(ranks([above], 10), 5, k=2) for above in (1.5, 1, 2))
    assert_allclose(half, (none + one) / 2)


@pytest.mark.parametrize(("make", "of_ties"), [(EASERecommender, 0.0005), (PopularityRecommender, 0.01)])
@pytest.mark.parametrize("n_negatives", [10, 60])
def test_lists_that_are_drawn_agree(
    make: type[Recommender], of_ties: float, n_negatives: int, synthetic: Ratings
) -> None:
    split = random_split(synthetic)
    fitted = make().fit(split.train)
    found = whole_ranks(fitted, split)
    tasks = [ranking_task(split, "unseen", n_negatives=n_negatives, seed=seed) for seed in range(20)]
    for label, function in (("HR@10", expected_hit_rate), ("nDCG@10", expected_ndcg)):
        drawn = np.array([evaluate_ranking(fitted, task).mean(label) for task in tasks])
        error = drawn.std(ddof=1) / np.sqrt(len(drawn))
        assert function(found, n_negatives).mean() == pytest.approx(drawn.mean(), abs=4 * error + of_ties)


def test_the_ranks_count_what_is_above_and_not_excluded(synthetic: Ratings) -> None:
    split: Split = random_split(synthetic)
    fitted = EASERecommender().fit(split.train)
    found = whole_ranks(fitted, split)
    test = split.test.positives()
    order = np.argsort(test.users, kind="stable")
    user, item = test.users[order][17], test.items[order][17]
    scores = fitted.scores(split.ratings.user_ids[[user]])[0]
    own = np.concatenate([test.items[test.users == user], split.train.items[split.train.users == user]])
    others = np.delete(scores, own)
    assert found.users[17] == user
    assert found.n_others[17] == len(others)
    assert found.above[17] == (others > scores[item]).sum() + (others == scores[item]).sum() / 2


def test_chances_are_scipys() -> None:
    """Every number above, every size of a sample, of catalogues of 1 to 12 and of one like MovieLens 1M's."""
    small = [(n, above, drawn) for n in range(1, 13) for above in range(n + 1) for drawn in range(1, n + 1)]
    large = [(3500, above, drawn) for above in (0, 3, 40, 900, 3499, 3500) for drawn in (10, 99, 1000, 3495, 3500)]
    n, above, drawn = np.array(small + large).T
    expected = hypergeom.pmf(np.arange(10), n[:, None], above[:, None], drawn[:, None])
    assert_allclose(_hypergeometric(n, above, drawn, 10), expected, rtol=1e-9, atol=1e-14)


@pytest.mark.parametrize(("n_negatives", "k"), [(0, 10), (10, 0)])
def test_below_one(n_negatives: int, k: int) -> None:
    with pytest.raises(ValueError, match="n_negatives and k must be at least 1"):
        expected_hit_rate(ranks([1], 4), n_negatives, k)
