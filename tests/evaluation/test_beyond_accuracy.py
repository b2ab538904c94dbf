"""Beyond accuracy: closed forms by hand, pairs and sums one by one, a whole report of a tiny world."""

import dataclasses
from itertools import combinations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.sparse import csr_array

from drr_tutorial.data.ratings import Ratings
from drr_tutorial.data.splits import Split, random_split
from drr_tutorial.evaluation import beyond_accuracy as beyond
from drr_tutorial.evaluation.ranking import evaluate_ranking
from drr_tutorial.evaluation.tasks import ranking_task
from drr_tutorial.recommenders.base import Recommender
from drr_tutorial.recommenders.baselines import EASERecommender, PopularityRecommender, RandomRecommender
from tests.toy import toy_ratings


def test_gini_is_0_for_equal_shares_and_close_to_1_for_one_item() -> None:
    assert beyond.gini([[0, 1], [2, 3]], 4) == 0
    assert beyond.gini([[2], [2], [2]], 5) == pytest.approx(4 / 5)
    assert beyond.gini([[2, -1], [2, -1]], 5) == pytest.approx(4 / 5)  # empty places count for nothing


def test_gini_is_half_the_mean_difference_of_all_pairs() -> None:
    top = np.random.default_rng(0).integers(0, 12, size=(50, 3))
    counts = np.bincount(top.ravel(), minlength=12)
    differences = np.abs(counts[:, None] - counts).mean()
    assert beyond.gini(top, 12) == pytest.approx(differences / (2 * counts.mean()))


def test_the_mean_of_a_list_leaves_out_empty_places() -> None:
    found = beyond.mean_of_list([[0, 2], [1, -1], [-1, -1]], [1.0, 10.0, 4.0])
    assert_allclose(found, [2.5, 10, np.nan])


def test_percentiles_of_popularity_share_a_tie() -> None:
    assert_allclose(beyond.popularity_percentile([7, 0, 3, 3]), [7 / 8, 1 / 8, 1 / 2, 1 / 2])


def test_self_information_in_bits() -> None:
    assert_allclose(beyond.self_information([8, 4, 1, 0], 8), [0, 1, 3, 3])
    with pytest.raises(ValueError, match="likes must be at most n_users, 3, for each item; got 4"):
        beyond.self_information([4], 3)


def test_diversity_of_same_and_of_unlike_items() -> None:
    """Two alike and one unlike them: of three pairs, two differ. No vector: unlike all others."""
    genres = csr_array(np.array([[1.0, 0], [2, 0], [0, 1], [0, 0]]))
    found = beyond.diversity([[0, 1, -1], [0, 1, 2], [1, 2, 3], [3, -1, -1]], genres)
    assert_allclose(found, [0, 2 / 3, 1, np.nan], atol=1e-12)


def test_diversity_is_the_mean_over_all_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beyond, "BATCH_USERS", 3)  # several batches, the last not full
    rng = np.random.default_rng(1)
    vectors = rng.random((9, 5)) * (rng.random((9, 5)) < 0.7)
    vectors[:, 0] += 0.1
    top = np.array([rng.permutation(9)[:4] for _ in range(7)])
    lengths = np.linalg.norm(vectors, axis=1)
    cosine = vectors @ vectors.T / np.outer(lengths, lengths)
    expected = [np.mean([1 - cosine[a, b] for a, b in combinations(items, 2)]) for items in top.tolist()]
    assert_allclose(beyond.diversity(top, csr_array(vectors)), expected)


def test_a_list_of_the_users_genres_is_calibrated_and_another_is_not() -> None:
    """Likes are half of genre 0, half of genre 1. All of genre 0: KL = log 2 / 2 at 0, and at 1 only alpha is left."""
    genres = csr_array(np.array([[1.0, 0], [0, 1], [0.5, 0.5], [1, 0], [0, 0]]))
    likes = csr_array(np.array([[1.0, 1, 0, 0, 0]] * 3 + [[0, 0, 0, 0, 1]]))
    found = beyond.miscalibration([[2, 2], [0, 1], [0, 3], [0, 1]], genres, likes, alpha=0.1)
    expected = 0.5 * np.log(0.5 / (0.9 * 1 + 0.1 * 0.5)) + 0.5 * np.log(0.5 / (0.1 * 0.5))
    assert_allclose(found, [0, 0, expected, 0], atol=1e-12)


def test_genres_of_an_item_share_it() -> None:
    ratings = dataclasses.replace(toy_ratings([(1, 1, 5), (1, 2, 5), (1, 3, 1)]), genres=(("B",), ("A", "B"), ()))
    assert_allclose(beyond.genre_shares(ratings).toarray(), [[0, 1], [0.5, 0.5], [0, 0]])


def test_groups_are_the_outer_quartiles() -> None:
    groups = beyond.activity_groups([1, 2, 3, 4, 5])
    assert groups["few"].tolist() == [True, True, False, False, False]
    assert groups["many"].tolist() == [False, False, False, True, True]


@pytest.fixture(scope="module")
def split(synthetic: Ratings) -> Split:
    return random_split(synthetic)


def test_lists_hold_no_training_item_and_the_best_of_the_others(split: Split, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beyond, "BATCH_USERS", 100)
    recommender, task = EASERecommender().fit(split.train), ranking_task(split, "full")
    top = beyond.top_items(recommender, task, 5)
    users = np.unique(task.users)
    for row in (0, 150, len(users) - 1):
        table = recommender.recommend(task.user_ids[users[row]], 5)
        assert split.ratings.item_ids[top[row]].tolist() == table["item_id"].tolist()


def test_who_has_few_items_left_has_empty_places() -> None:
    ratings = toy_ratings([(1, 1, 5), (1, 2, 5), (1, 3, 5), (2, 1, 5), (2, 3, 4), (2, 2, 5)])
    rows = np.arange(6)
    split = Split("made", ratings, rows[[0, 1, 3]], rows[:0], rows[[2, 4, 5]])
    top = beyond.top_items(PopularityRecommender().fit(split.train), ranking_task(split, "full"), 2)
    assert top.tolist() == [[2, -1], [1, 2]]


def test_the_report_has_the_accuracy_of_the_full_ranking_and_more(split: Split) -> None:
    recommender = EASERecommender().fit(split.train)
    report = beyond.evaluate_beyond_accuracy(recommender, split)
    plain = evaluate_ranking(recommender, ranking_task(split, "full"))
    assert report.fingerprint == plain.fingerprint and report.mean("nDCG@10") == plain.mean("nDCG@10")
    assert report.mean("coverage@10") == pytest.approx(plain.mean("coverage@10"))
    more = ("popularity", "popularity percentile", "novelty", "diversity by likes", "diversity by genre")
    for name in (*more, "miscalibration"):
        assert report.values[f"{name}@10"].shape == (report.n_lists,)
        assert report.interval(f"{name}@10").low < report.interval(f"{name}@10").high, name
    other = beyond.evaluate_beyond_accuracy(PopularityRecommender().fit(split.train), split)
    assert report.difference(other, "novelty@10").low > 0  # taste is less popular than popularity
    assert report.difference(other, "miscalibration@10").high < 0


def test_popular_lists_are_the_most_popular_and_random_ones_cover_most(split: Split) -> None:
    methods: tuple[Recommender, ...] = (PopularityRecommender(), EASERecommender(), RandomRecommender())
    reports = [beyond.evaluate_beyond_accuracy(method.fit(split.train), split) for method in methods]
    for label in ("popularity@10", "popularity percentile@10", "gini@10"):
        means = [report.mean(label) for report in reports]
        assert means == sorted(means, reverse=True), label
    for label in ("coverage@10", "novelty@10"):
        means = [report.mean(label) for report in reports]
        assert means == sorted(means), label
    assert reports[2].mean("popularity percentile@10") == pytest.approx(0.5, abs=0.1)


def test_items_that_nobody_rated_are_in_no_figure(split: Split) -> None:
    """With a longer catalogue, all figures stay what they are."""
    known = split.ratings
    longer = dataclasses.replace(
        known,
        item_ids=np.append(known.item_ids, [9998, 9999]),
        titles=np.append(known.titles, ["x", "y"]),
        genres=(*known.genres, ("Drama",), ()),
    )
    wide = dataclasses.replace(split, ratings=longer)
    found, expected = (
        beyond.evaluate_beyond_accuracy(PopularityRecommender().fit(one.train), one) for one in (wide, split)
    )
    assert found.overall == pytest.approx(expected.overall)
    assert {m: found.mean(m) for m in found.values} == pytest.approx({m: expected.mean(m) for m in expected.values})


def test_data_without_genres_have_no_figures_of_them() -> None:
    rng = np.random.default_rng(0)
    ratings = toy_ratings([(user, item, 5) for user in range(20) for item in rng.permutation(30)[:12].tolist()])
    split = random_split(ratings)
    report = beyond.evaluate_beyond_accuracy(PopularityRecommender().fit(split.train), split, k=5)
    assert "diversity by likes@5" in report.values and "diversity by genre@5" not in report.values


def test_what_cannot_be_is_refused() -> None:
    genres, likes = csr_array(np.eye(3)), csr_array(np.ones((1, 3)))
    with pytest.raises(ValueError, match=r"top must hold item indices from 0 to 2 \(or -1 for none\), got 0 to 3"):
        beyond.mean_of_list([[0, 3]], [1, 2, 3])
    with pytest.raises(ValueError, match=r"top must be item indices of shape \(lists, k\), got int64 of shape \(2,\)"):
        beyond.gini([0, 1], 2)
    with pytest.raises(ValueError, match="top must hold at least one item, got empty lists only"):
        beyond.gini([[-1, -1]], 2)
    with pytest.raises(ValueError, match="alpha must be between 0 and 1, both excluded, got 0"):
        beyond.miscalibration([[0]], genres, likes, alpha=0)
    with pytest.raises(ValueError, match=r"likes must have shape \(lists, items\) = \(2, 3\), got \(1, 3\)"):
        beyond.miscalibration([[0], [1]], genres, likes)
