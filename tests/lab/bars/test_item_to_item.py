"""SLIM by the conditions of its optimum and beside scikit-learn, RP3beta beside the walk itself."""

from pathlib import Path

import numpy as np
import pytest

from drr_tutorial.data.ratings import Ratings
from drr_tutorial.data.splits import random_split
from drr_tutorial.evaluation.ranking import evaluate_ranking
from drr_tutorial.evaluation.tasks import ranking_task
from drr_tutorial.lab.bars.item_to_item import RP3betaRecommender, SLIMRecommender
from drr_tutorial.recommenders.base import Recommender
from drr_tutorial.recommenders.baselines import PopularityRecommender
from tests.toy import block_ratings, toy_ratings

# user 1 likes a, b; user 2 likes a, b, c; user 3 likes a and has seen c without liking it
TOY = toy_ratings([(1, 1, 5), (1, 2, 4), (2, 1, 4), (2, 2, 5), (2, 3, 5), (3, 1, 4), (3, 3, 1)])
EXACT = {"n_iterations": 1000, "tolerance": 1e-7}


def first_items(ratings: Ratings, n_items: int) -> Ratings:
    """What was rated of the first items, with a catalogue of those only."""
    rows = ratings.items < n_items
    return Ratings.from_columns(ratings.users[rows], ratings.items[rows], ratings.ratings[rows])


def likes(ratings: Ratings) -> np.ndarray:
    return ratings.positives().matrix().toarray().astype(np.float64)


@pytest.mark.parametrize(("l1", "l2"), [(0.0, 5.0), (1.0, 10.0), (3.0, 50.0)])
def test_slim_meets_the_conditions_of_an_optimum(l1: float, l2: float, synthetic: Ratings) -> None:
    """Off the diagonal the gradient is zero where a weight is positive, and not negative where it is zero."""
    ratings = first_items(synthetic, 80)
    weights = SLIMRecommender(l1=l1, l2=l2, **EXACT).fit(ratings).weights.astype(np.float64)
    x = likes(ratings)
    gradient = x.T @ (x @ weights - x) + l2 * weights + l1
    off_diagonal = ~np.eye(len(weights), dtype=bool)
    positive = weights > 0
    assert weights.min() == 0 and not weights.diagonal().any()
    assert 0.01 < positive.mean() < 0.9  # both kinds of condition are there to meet
    assert np.abs(gradient[positive]).max() < 1e-2  # of gradients up to the number of likes
    assert gradient[off_diagonal & ~positive].min() > -1e-2
    assert gradient.diagonal().min() < -1  # where the constraint binds


def test_slim_is_the_elastic_net_of_every_item(synthetic: Ratings) -> None:
    linear_model = pytest.importorskip("sklearn.linear_model")
    ratings, l1, l2 = first_items(synthetic, 60), 1.0, 5.0
    weights = SLIMRecommender(l1=l1, l2=l2, **EXACT).fit(ratings).weights
    x = likes(ratings)
    net = linear_model.ElasticNet(
        alpha=(l1 + l2) / len(x), l1_ratio=l1 / (l1 + l2), positive=True, fit_intercept=False, tol=1e-9, max_iter=10_000
    )
    for item in range(0, 60, 7):
        others = np.flatnonzero(np.arange(x.shape[1]) != item)
        np.testing.assert_allclose(weights[others, item], net.fit(x[:, others], x[:, item]).coef_, atol=1e-4)


def test_slim_stops_when_nothing_moves(synthetic: Ratings) -> None:
    """A later stop changes no weight by much more than the tolerance, an early one does."""
    settings = {"l1": 1.0, "l2": 20.0}
    best = SLIMRecommender(**settings, **EXACT).fit(synthetic).weights
    stopped = SLIMRecommender(**settings, n_iterations=1000, tolerance=1e-3).fit(synthetic).weights
    cut = SLIMRecommender(**settings, n_iterations=1, tolerance=0.0).fit(synthetic).weights
    assert 0 < np.abs(stopped - best).max() < 5e-3 < np.abs(cut - best).max()


def test_more_l1_leaves_fewer_weights(synthetic: Ratings) -> None:
    few, many = (np.count_nonzero(SLIMRecommender(l1=l1, l2=20.0).fit(synthetic).weights) for l1 in (5.0, 0.5))
    assert 0 < few < many / 2


@pytest.mark.parametrize(("alpha", "beta"), [(1.0, 0.0), (1.0, 0.6), (0.7, 0.3)])
def test_rp3beta_ranks_by_a_walk_of_three_steps(alpha: float, beta: float, synthetic: Ratings) -> None:
    """Each user's scores are those of the walk over dense matrices, but for one factor a user."""
    x = likes(synthetic)
    counts_of_users, counts_of_items = np.maximum(x.sum(axis=1), 1), np.maximum(x.sum(axis=0), 1)
    to_items, to_users = (x / counts_of_users[:, None]) ** alpha, (x / counts_of_items).T ** alpha
    middle = to_users @ to_items
    np.fill_diagonal(middle, 0)  # nobody is led back to where the walk came from
    walk = to_items @ middle / counts_of_items**beta
    fitted = RP3betaRecommender(alpha=alpha, beta=beta, n_neighbours=10_000).fit(synthetic)
    liking = x.sum(axis=1) > 0
    scores = fitted.scores(synthetic.user_ids[liking])
    first_step = counts_of_users[liking, None] ** alpha
    np.testing.assert_allclose(scores, walk[liking] * first_step, rtol=1e-4, atol=1e-7)


def test_rp3beta_by_hand() -> None:
    """Items have 3, 2 and 1 likes, users 2, 3 and 1: a to b is (1/3)(1/2) + (1/3)(1/3), over b's two likes."""
    weights = RP3betaRecommender(alpha=1.0, beta=1.0).fit(TOY).weights
    assert weights[0, 1] == pytest.approx((1 / 6 + 1 / 9) / 2)
    assert weights[1, 0] == pytest.approx((1 / 4 + 1 / 6) / 3)
    assert weights[2, 0] == pytest.approx(1 / 3 / 3)
    assert not weights.diagonal().any()


def test_rp3beta_keeps_what_says_most_for_each_item(synthetic: Ratings) -> None:
    whole, few = (RP3betaRecommender(n_neighbours=n).fit(synthetic).weights for n in (10_000, 5))
    kept = few > 0
    np.testing.assert_array_equal(few[kept], whole[kept])
    assert np.median(kept.sum(axis=0)[whole.any(axis=0)]) == 5
    assert (np.where(kept, whole, np.inf).min(axis=0) >= np.where(kept, 0, whole).max(axis=0)).all()


@pytest.mark.parametrize("recommender", [SLIMRecommender(l1=0.1, l2=5.0), RP3betaRecommender()])
def test_blocks_are_recommended_to_their_users(recommender: Recommender) -> None:
    ratings = block_ratings(n_blocks=2)
    recommender.fit(ratings)
    for user in (0, 1, 17):
        unseen = 20 - int((ratings.users == user).sum())  # of the own block
        assert (recommender.recommend(user, unseen)["item_id"] % 2 == user % 2).all()
    assert (recommender.recommend_for([4, 14], 10)["item_id"] % 2 == 0).all()


@pytest.mark.parametrize("recommender", [SLIMRecommender(l1=0.5, l2=50.0), RP3betaRecommender()])
def test_they_know_more_than_popularity(recommender: Recommender, synthetic: Ratings) -> None:
    split = random_split(synthetic, seed=1)
    task = ranking_task(split, "unseen")
    known, popular = (
        evaluate_ranking(method.fit(split.train), task).mean("nDCG@10")
        for method in (recommender, PopularityRecommender())
    )
    assert known > popular + 0.05


@pytest.mark.parametrize("recommender", [SLIMRecommender(l1=0.1, l2=1.0), RP3betaRecommender(alpha=0.8)])
def test_saved_and_loaded_it_scores_the_same(recommender: Recommender, tmp_path: Path) -> None:
    recommender.fit(TOY).save(tmp_path / "saved")
    loaded = Recommender.load(tmp_path / "saved")
    assert loaded == recommender
    np.testing.assert_array_equal(loaded.scores([1, 2, 3]), recommender.scores([1, 2, 3]))


@pytest.mark.parametrize(
    ("recommender", "text"),
    [
        (SLIMRecommender(l1=-1.0), "l1 must be at least 0, got -1.0"),
        (SLIMRecommender(l2=0.0), "l2 must be above 0, got 0.0"),
        (SLIMRecommender(n_iterations=0), "n_iterations must be at least 1, got 0"),
        (SLIMRecommender(tolerance=-1.0), "tolerance must be at least 0, got -1.0"),
        (RP3betaRecommender(alpha=-1.0), "alpha must be at least 0, got -1.0"),
        (RP3betaRecommender(beta=-1.0), "beta must be at least 0, got -1.0"),
        (RP3betaRecommender(n_neighbours=0), "n_neighbours must be at least 1, got 0"),
    ],
    ids=str,
)
def test_settings_out_of_range(recommender: Recommender, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        recommender.fit(TOY)
