"""The paper's offline protocol by hand, and the statistics that the fair table rests on."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from drr_tutorial.data.ratings import Ratings
from drr_tutorial.data.splits import Split, random_split
from drr_tutorial.evaluation.intervals import bootstrap_users, randomization_test
from drr_tutorial.evaluation.ranking import evaluate_scores
from drr_tutorial.evaluation.tasks import own_items_task, ranking_task
from tests.toy import toy_ratings


@pytest.fixture
def split() -> Split:
    """User 1 tests items 3 (liked), 4 (not), 5 (liked); user 2 tests 4 (not) only, and so has no list."""
    ratings = toy_ratings(
        [(1, 1, 5), (1, 2, 5), (2, 1, 5), (2, 2, 4), (1, 3, 5), (1, 4, 2), (1, 5, 4), (2, 4, 1), (2, 6, 5)]
    )
    rows = np.arange(9)
    return Split("made", ratings, rows[[0, 1, 2, 3, 8]], rows[:0], rows[4:8])


def test_only_the_users_own_test_items_are_ranked(split: Split) -> None:
    """Training items 1, 2 and the unrated item 6 score best and do not matter: the order is 5, 4, 3."""
    scores = np.array([[9.0, 9, 1, 2, 3, 9]] * 2)
    report = evaluate_scores(scores, own_items_task(split), ks=(1, 2, 3))
    assert report.users.tolist() == [1]
    found = {name: report.mean(name) for name in ("precision@1", "precision@2", "precision@3", "nDCG@3")}
    expected = {"precision@1": 1, "precision@2": 0.5, "precision@3": 2 / 3}
    expected["nDCG@3"] = (1 + 1 / np.log2(4)) / (1 + 1 / np.log2(3))
    assert found == pytest.approx(expected)


def test_ties_among_own_items_are_worth_what_chance_is_worth(split: Split) -> None:
    """Two of three items that tie are liked: the first one is, in two of three orders."""
    report = evaluate_scores(np.ones((2, 6)), own_items_task(split), ks=(1, 2, 3))
    found = {f"{name}@{k}": report.mean(f"{name}@{k}") for name in ("precision", "HR", "MRR") for k in (1, 2, 3)}
    expected = {f"precision@{k}": 2 / 3 for k in (1, 2, 3)}
    expected |= {"HR@1": 2 / 3, "HR@2": 1, "HR@3": 1}
    expected |= {"MRR@1": 2 / 3, "MRR@2": 2 / 3 + 1 / 6, "MRR@3": 2 / 3 + 1 / 6}
    assert found == pytest.approx(expected)


def test_the_task_has_its_own_fingerprint(split: Split) -> None:
    own = own_items_task(split)
    assert own.protocol == "own items"
    assert own.fingerprint != ranking_task(split, "full").fingerprint


def test_an_oracle_is_perfect(synthetic: Ratings) -> None:
    split = random_split(synthetic)
    stars = split.test.matrix(binary=False).toarray()
    report = evaluate_scores(stars, own_items_task(split), ks=(5,))
    liked = np.bincount(split.test.positives().users, minlength=synthetic.n_users)
    assert report.mean("nDCG@5") == 1
    assert_allclose(report.values["precision@5"], np.minimum(liked[liked > 0], 5) / 5)


def test_all_rows_count_as_likes_when_implicit(synthetic: Ratings) -> None:
    implicit = synthetic.implicit()
    assert len(implicit.positives()) == len(synthetic)
    assert (synthetic.ratings < 5).any()
    assert implicit.users is synthetic.users and implicit.fingerprint() != synthetic.fingerprint()


def test_bootstrap_of_users_by_hand() -> None:
    """Users who are all alike leave no doubt; the mean weighs users by their lists."""
    assert bootstrap_users(np.full(20, 1.5), np.full(20, 3)) == pytest.approx((0.5, 0.5, 0.5))
    interval = bootstrap_users(np.array([0.0, 30.0] * 50), np.array([10, 30] * 50))
    assert interval.mean == 0.75
    assert interval.low < 0.75 < interval.high
    normal = np.random.default_rng(0).normal(size=4000)
    interval = bootstrap_users(normal, np.ones(4000), n_resamples=2000)
    assert interval.high - interval.low == pytest.approx(2 * 1.96 / np.sqrt(4000), rel=0.1)


def test_a_randomization_test_by_hand() -> None:
    """Three users with differences 1, 2, 3: of the eight ways to set the signs, two are as far from 0 as all plus."""
    p = randomization_test(np.array([1.0, 2.0, 3.0]), n_flips=20_000)
    assert p == pytest.approx(2 / 8, abs=0.012)
    assert randomization_test(np.zeros(5)) == 1
    assert randomization_test(np.ones(100), n_flips=999) == 1 / 1000


def test_p_values_are_uniform_when_nothing_is_there() -> None:
    rng = np.random.default_rng(1)
    found = [randomization_test(rng.normal(size=60), n_flips=400, seed=i) for i in range(400)]
    assert np.mean(np.array(found) <= 0.1) == pytest.approx(0.1, abs=0.045)


def test_flips_below_one() -> None:
    with pytest.raises(ValueError, match="n_flips must be at least 1, got 0"):
        randomization_test(np.ones(3), 0)
