"""Expected figures under sampling agree with lists that are really drawn, and with full ranking at the end."""

import numpy as np
import pytest
from hypothesis import given, strategies as st
from numpy.testing import assert_allclose
from scipy.stats import hypergeom

from drr_tutorial.data.ratings import Ratings
from drr_tutorial.data.splits import Split, random_split
from drr_tutorial.evaluation.ranking import evaluate_ranking
from drr_tutorial.evaluation.sampling import WholeRanks, _hypergeometric, expected_figures, whole_ranks
from drr_tutorial.evaluation.tasks import ranking_task
from drr_tutorial.recommenders.base import Recommender
from drr_tutorial.recommenders.baselines import EASERecommender, PopularityRecommender


def ranks(above: list[int], n_others: int, tied: int = 0) -> WholeRanks:
    return WholeRanks(np.arange(len(above)), np.array(above), np.full(len(above), n_others), np.full(len(above), tied))


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


@given(data=st.data(), n_others=st.integers(1, 30), k=st.integers(1, 6))
def test_of_what_ties_each_order_is_as_likely(data: st.DataObject, n_others: int, k: int) -> None:
    """From none to all of the items that tie stand above, each number as likely."""
    above = data.draw(st.integers(0, n_others))
    tied, n_negatives = data.draw(st.integers(0, n_others - above)), data.draw(st.integers(1, 40))
    for function in (expected_hit_rate, expected_ndcg):
        each = function(ranks(list(range(above, above + tied + 1)), n_others), n_negatives, k)
        assert_allclose(function(ranks([above], n_others, tied), n_negatives, k), [each.mean()], atol=1e-12)


@pytest.mark.parametrize(("n_negatives", "chance"), [(10, 10 / 11), (99, 0.1), (10_000, 10 / 3601)])
def test_one_score_for_all_is_worth_what_chance_is_worth(n_negatives: int, chance: float) -> None:
    assert_allclose(expected_hit_rate(ranks([0], 3600, 3600), n_negatives), chance, rtol=1e-9)


def test_half_an_item_above_is_refused() -> None:
    with pytest.raises(ValueError, match="above must hold whole numbers.*belong to tied"):
        expected_hit_rate(WholeRanks(np.zeros(1, int), np.array([1.5]), np.array([10])), 5)


def test_what_nobody_rated_is_no_other_item(synthetic: Ratings) -> None:
    part = synthetic.select(synthetic.items < 60)
    found = whole_ranks(PopularityRecommender().fit(part), random_split(part))
    assert (found.n_others < len(np.unique(part.items))).all()
    assert (found.above + found.tied <= found.n_others).all()


@pytest.mark.parametrize("make", [EASERecommender, PopularityRecommender])
@pytest.mark.parametrize("n_negatives", [10, 60])
def test_lists_that_are_drawn_agree(make: type[Recommender], n_negatives: int, synthetic: Ratings) -> None:
    split = random_split(synthetic)
    fitted = make().fit(split.train)
    found = whole_ranks(fitted, split)
    tasks = [ranking_task(split, "unseen", n_negatives=n_negatives, seed=seed) for seed in range(20)]
    for label, function in (("HR@10", expected_hit_rate), ("nDCG@10", expected_ndcg)):
        drawn = np.array([evaluate_ranking(fitted, task).mean(label) for task in tasks])
        error = drawn.std(ddof=1) / np.sqrt(len(drawn))
        assert function(found, n_negatives).mean() == pytest.approx(drawn.mean(), abs=4 * error)


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
    assert found.above[17] == (others > scores[item]).sum()
    assert found.tied[17] == (others == scores[item]).sum()


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
