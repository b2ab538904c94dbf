"""What learns stars: PMF is the package's own, biases solve their ridge regressions, and stars are predicted."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csr_array

from drr_tutorial.data.ratings import Ratings
from drr_tutorial.data.splits import random_split
from drr_tutorial.evaluation.ranking import evaluate_ranking
from drr_tutorial.evaluation.tasks import own_items_task
from drr_tutorial.lab.bars.stars import BiasedMFRecommender, PMFRecommender, _biases
from drr_tutorial.recommenders.base import Recommender
from drr_tutorial.recommenders.baselines import RandomRecommender
from drr_tutorial.representation.embeddings import factorize

SMALL = {"n_factors": 4, "regularization": 5.0, "n_iterations": 5}


def likes(n_items: int, *items: int) -> csr_array:
    return csr_array((np.ones(len(items), np.float32), list(items), [0, len(items)]), shape=(1, n_items))


def test_pmf_scores_by_the_packages_own_vectors(synthetic: Ratings) -> None:
    fitted = PMFRecommender(n_factors=4, regularization=5.0, count_power=0.3, n_iterations=3, seed=7).fit(synthetic)
    own = factorize(
        synthetic, method="pmf", n_factors=4, regularization=5.0, count_power=0.3, n_iterations=3,
        rng=np.random.default_rng(7),
    )  # fmt: skip
    np.testing.assert_array_equal(fitted.scores(synthetic.user_ids[:9]), own.users[:9] @ own.items.T)
    newcomer = likes(synthetic.n_items, 3, 1)
    np.testing.assert_array_equal(fitted.scores_for(newcomer), own.fold_in(newcomer) @ own.items.T)


def test_biases_solve_their_ridge_regressions(synthetic: Ratings) -> None:
    """At the minimum of |r - m - b_u - b_i|^2 + damping (|b_u|^2 + |b_i|^2) the gradients are zero."""
    users, items = _biases(synthetic, 5.0)
    left = synthetic.ratings - synthetic.ratings.mean() - users[synthetic.users] - items[synthetic.items]
    of_users = np.bincount(synthetic.users, left, minlength=synthetic.n_users)
    of_items = np.bincount(synthetic.items, left, minlength=synthetic.n_items)
    np.testing.assert_allclose(of_users, 5.0 * users, atol=1e-3)
    np.testing.assert_allclose(of_items, 5.0 * items, atol=2e-2)
    assert np.abs(users).max() > 0.2 and np.abs(items).max() > 0.2


def test_stars_of_a_world_of_biases_are_predicted(synthetic: Ratings) -> None:
    rng = np.random.default_rng(0)
    of_users, of_items = rng.normal(size=synthetic.n_users), rng.normal(size=synthetic.n_items)
    stars = (3 + of_users[synthetic.users] + of_items[synthetic.items]).astype(np.float32)
    fitted = BiasedMFRecommender(damping=1e-3, n_factors=2, regularization=1.0).fit(replace(synthetic, ratings=stars))
    scores = fitted.scores(synthetic.user_ids)
    np.testing.assert_allclose(scores[synthetic.users, synthetic.items], stars, atol=0.05)
    of_newcomer = fitted.scores_for(likes(synthetic.n_items, 3, 1))[0]
    rated = np.bincount(synthetic.items, minlength=synthetic.n_items) > 0
    assert np.ptp((of_newcomer - of_items)[rated]) < 0.05  # the items' biases, and one number


def test_factors_learn_what_the_biases_leave() -> None:
    """Even users give even items five stars and odd ones one; odd users the other way round: no bias says anything."""
    rows = np.arange(40 * 20)
    users, items = rows // 20, rows % 20
    shown = np.random.default_rng(0).random(len(rows)) < 0.7
    stars = np.where(users % 2 == items % 2, 5.0, 1.0)
    ratings = Ratings.from_columns(users[shown], items[shown], stars[shown])
    fitted = BiasedMFRecommender(n_factors=2, regularization=0.5, count_power=0.0).fit(ratings)
    predicted = fitted.scores(ratings.user_ids)[users[~shown], items[~shown]]
    np.testing.assert_allclose(predicted, stars[~shown], atol=1.0)
    assert set(fitted.recommend_for([0, 2], 5)["item_id"] % 2) == {0}


@pytest.mark.parametrize("make", [PMFRecommender, BiasedMFRecommender])
def test_they_know_which_of_their_own_items_people_like(
    make: type[PMFRecommender] | type[BiasedMFRecommender], synthetic: Ratings
) -> None:
    split = random_split(synthetic, seed=1)
    task = own_items_task(split)
    known, chance = (
        evaluate_ranking(method.fit(split.train), task).mean("nDCG@10")
        for method in (make(**SMALL), RandomRecommender())
    )
    assert known > chance + 0.02


def test_a_session_moves_the_vector_and_leaves_the_biases(synthetic: Ratings) -> None:
    fitted = BiasedMFRecommender(**SMALL).fit(synthetic)
    user = synthetic.user_ids[[5]]
    own = synthetic.positives().matrix()[[5]]
    new = int(np.flatnonzero(own.toarray()[0] == 0)[0])
    before, session = fitted.scores(user), likes(synthetic.n_items, new)
    moved = fitted.embeddings.fold_in(own + session) - fitted.embeddings.fold_in(own)
    assert np.linalg.norm(moved) > 1e-3
    expected = before + moved @ fitted.embeddings.items.T
    np.testing.assert_allclose(fitted.scores_in_session(user, session), expected, atol=1e-4)
    np.testing.assert_allclose(fitted.scores_in_session(user, likes(synthetic.n_items)), before, atol=1e-5)


@pytest.mark.parametrize("recommender", [PMFRecommender(**SMALL), BiasedMFRecommender(**SMALL)])
def test_saved_and_loaded_it_scores_the_same(recommender: Recommender, synthetic: Ratings, tmp_path: Path) -> None:
    recommender.fit(synthetic).save(tmp_path / "saved")
    loaded = Recommender.load(tmp_path / "saved")
    assert loaded == recommender
    users, newcomer = synthetic.user_ids[:9], likes(synthetic.n_items, 3, 1)
    np.testing.assert_array_equal(loaded.scores(users), recommender.scores(users))
    np.testing.assert_array_equal(loaded.scores_for(newcomer), recommender.scores_for(newcomer))


@pytest.mark.parametrize(
    ("recommender", "text"),
    [
        (PMFRecommender(regularization=0.0), "regularization must be above 0, got 0.0"),
        (PMFRecommender(n_factors=0), "n_factors must be at least 1, got 0"),
        (PMFRecommender(count_power=2.0), "count_power must be from 0 to 1, got 2.0"),
        (BiasedMFRecommender(damping=-1.0), "damping must be at least 0, got -1.0"),
        (BiasedMFRecommender(n_iterations=0), "n_iterations must be at least 1, got 0"),
    ],
    ids=str,
)
def test_settings_out_of_range(recommender: Recommender, text: str, synthetic: Ratings) -> None:
    with pytest.raises(ValueError, match=text):
        recommender.fit(synthetic)
