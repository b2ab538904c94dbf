"""The bars to beat, by hand: counts, damped means, cosines, EASE's optimality conditions, chance, and their order."""

import importlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_array

from drr_tutorial.data.ratings import DataError, Ratings
from drr_tutorial.data.splits import Split, random_split
from drr_tutorial.evaluation.ranking import evaluate_ranking
from drr_tutorial.evaluation.tasks import RankingTask, ranking_task
from drr_tutorial.recommenders.base import Recommender
from drr_tutorial.recommenders.baselines import (
    AverageRatingRecommender,
    BPRRecommender,
    EASERecommender,
    IALSRecommender,
    ItemKNNRecommender,
    PopularityRecommender,
    RandomRecommender,
)
from drr_tutorial.recommenders.dislikes_last import DislikesLast
from tests.toy import block_ratings, toy_ratings

# user 1 likes a, b; user 2 likes a, b, c; user 3 likes a and has seen c without liking it
TOY = toy_ratings([(1, 1, 5), (1, 2, 4), (2, 1, 4), (2, 2, 5), (2, 3, 5), (3, 1, 4), (3, 3, 1)])


@pytest.fixture(scope="module")
def split(synthetic: Ratings) -> Split:
    return random_split(synthetic, seed=1)


@pytest.fixture(scope="module")
def task(split: Split) -> RankingTask:
    return ranking_task(split, "unseen", n_negatives=99, seed=0)


def history(*rows: list[float]) -> csr_array:
    return csr_array(np.array(rows, dtype=np.float32))


def test_popularity_counts_likes_not_ratings() -> None:
    popularity = PopularityRecommender().fit(TOY)
    np.testing.assert_array_equal(popularity.scores([1, 3]), [[3, 2, 1], [3, 2, 1]])
    np.testing.assert_array_equal(popularity.scores_for(history([0, 0, 1])), [[3, 2, 1]])


def test_the_average_rating_is_drawn_towards_the_overall_mean() -> None:
    mean = 28 / 7  # of all ratings
    expected = [(13 + 2 * mean) / 5, (9 + 2 * mean) / 4, (6 + 2 * mean) / 4]
    np.testing.assert_allclose(AverageRatingRecommender(damping=2).fit(TOY).scores(1), [expected], rtol=1e-6)
    plain = [13 / 3, 9 / 2, 6 / 2]
    np.testing.assert_allclose(AverageRatingRecommender(damping=0).fit(TOY).scores(1), [plain], rtol=1e-6)


def test_an_item_that_nobody_rated_has_the_overall_mean() -> None:
    ratings = TOY.select(TOY.items != 2)  # the third item stays in the catalogue
    scores = AverageRatingRecommender(damping=1).fit(ratings).scores(1)
    assert scores[0, 2] == pytest.approx(ratings.ratings.mean())


def test_item_knn_sums_cosines() -> None:
    ab, ac, bc = 2 / np.sqrt(3 * 2), 1 / np.sqrt(3 * 1), 1 / np.sqrt(2 * 1)  # likes in common / root of likes
    knn = ItemKNNRecommender(shrinkage=0).fit(TOY)
    np.testing.assert_allclose(knn.nearest.toarray(), [[0, ab, ac], [ab, 0, bc], [ac, bc, 0]], rtol=1e-6)
    np.testing.assert_allclose(knn.scores(1), [[ab, ab, ac + bc]], rtol=1e-6)
    np.testing.assert_allclose(
        knn.scores_for(history([0, 0, 1], [1, 0, 1])), [[ac, bc, 0], [ac, ab + bc, ac]], rtol=1e-6
    )


def test_item_knn_shrinks_where_few_like_both() -> None:
    knn = ItemKNNRecommender(shrinkage=10).fit(TOY)
    assert knn.nearest[0, 1] == pytest.approx(2 / (np.sqrt(6) + 10))
    assert knn.nearest[0, 2] == pytest.approx(1 / (np.sqrt(3) + 10))


def test_each_item_keeps_its_nearest_neighbours() -> None:
    ab, bc = 2 / np.sqrt(6), 1 / np.sqrt(2)
    knn = ItemKNNRecommender(n_neighbours=1, shrinkage=0).fit(TOY)
    # a's nearest is b, b's is a, c's is b; weights[i, j] is what a like of i says for j
    np.testing.assert_allclose(knn.nearest.toarray(), [[0, ab, 0], [ab, 0, bc], [0, 0, 0]], rtol=1e-6)


def test_each_column_of_item_knn_has_as_many_neighbours_as_asked_for(synthetic: Ratings) -> None:
    weights = ItemKNNRecommender(n_neighbours=7).fit(synthetic).nearest.toarray()
    liked = np.bincount(synthetic.positives().items, minlength=synthetic.n_items) > 0
    counts = (weights > 0).sum(axis=0)
    assert (counts[liked] >= 7).mean() > 0.9  # more where neighbours are equally near
    assert np.median(counts[liked]) == 7


def test_item_knn_is_the_same_by_few_items_at_a_time(synthetic: Ratings, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = ItemKNNRecommender(n_neighbours=7).fit(synthetic)
    monkeypatch.setattr("drr_tutorial.evaluation.blocks.CELLS", 31 * synthetic.n_items)
    parts = ItemKNNRecommender(n_neighbours=7).fit(synthetic)
    np.testing.assert_array_equal(parts.nearest.toarray(), whole.nearest.toarray())


def test_item_knn_reads_the_dense_weights_of_older_saves() -> None:
    knn, again = ItemKNNRecommender(shrinkage=0).fit(TOY), ItemKNNRecommender(shrinkage=0).fit(TOY)
    again._load_arrays({"weights": knn.nearest.toarray()})
    np.testing.assert_array_equal(again.scores([1, 2, 3]), knn.scores([1, 2, 3]))


@pytest.mark.parametrize("make", [EASERecommender, lambda: DislikesLast(EASERecommender())])
def test_ease_says_before_it_starts_when_items_times_items_do_not_fit(
    make: Callable[[], Recommender], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("drr_tutorial.recommenders.room.free_bytes", lambda: 36 * 3 * 3)
    ease = make().fit(TOY)  # it just fits
    monkeypatch.setattr("drr_tutorial.recommenders.room.free_bytes", lambda: 36 * 3 * 3 - 1)
    with pytest.raises(DataError, match=r"EASE of 3 items needs .* GB .* item-kNN or iALS"):
        make().require_room(TOY)
    before = ease.scores(1)
    with pytest.raises(DataError, match=r"EASE of 3 items"):
        ease.fit(TOY)
    np.testing.assert_array_equal(ease.scores(1), before)
    IALSRecommender().require_room(TOY)


def test_ease_of_fewer_items_has_room_where_all_have_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("drr_tutorial.recommenders.room.free_bytes", lambda: 36 * 2 * 2)
    with pytest.raises(DataError, match="EASE of 3 items .* max_items=2 at most, or take item-kNN"):
        EASERecommender().fit(TOY)
    ease = EASERecommender(max_items=2).fit(TOY)
    assert ease.label == "EASE of 2 items" and ease.weights.shape == (2, 2)
    with pytest.raises(ValueError, match="max_items must be at least 1, got 0"):
        EASERecommender(max_items=0).fit(TOY)


@pytest.mark.parametrize("max_items", [495, 10_000])
def test_ease_of_as_many_items_as_there_are_is_ease(max_items: int, synthetic: Ratings) -> None:
    assert synthetic.n_items == 495
    whole, same = EASERecommender().fit(synthetic), EASERecommender(max_items=max_items).fit(synthetic)
    np.testing.assert_array_equal(same.weights, whole.weights)
    np.testing.assert_array_equal(same.scores(synthetic.user_ids), whole.scores(synthetic.user_ids))


def test_ease_of_the_most_liked_items_is_ease_of_a_table_of_them(synthetic: Ratings) -> None:
    """And the others stand behind them, in order of their likes."""
    likes = np.bincount(synthetic.items[synthetic.liked], minlength=synthetic.n_items)
    kept = np.sort(np.argsort(-likes, kind="stable")[:40])
    part = synthetic.select(np.isin(synthetic.items, kept) & synthetic.liked)
    columns = (synthetic.user_ids[part.users], synthetic.item_ids[part.items], part.ratings)
    alone = EASERecommender(50.0).fit(Ratings.from_columns(*columns))
    ease = EASERecommender(50.0, max_items=40).fit(synthetic)
    np.testing.assert_array_equal(ease.weights, alone.weights)
    scores = ease.scores(alone.ratings.user_ids)
    np.testing.assert_array_equal(scores[:, kept], alone.scores(alone.ratings.user_ids))
    others = np.setdiff1d(np.arange(synthetic.n_items), kept)
    assert (scores[:, others].max(axis=1) < scores[:, kept].min(axis=1)).all()
    by_likes = others[np.argsort(-likes[others], kind="stable")]
    assert (np.diff(scores[:, by_likes], axis=1) <= 0).all()
    assert ((np.diff(scores[0, by_likes]) < 0) == (np.diff(likes[by_likes]) < 0)).all()


def test_who_likes_none_of_the_items_that_ease_learned_from_gets_what_many_like(synthetic: Ratings) -> None:
    ease = EASERecommender(50.0, max_items=40).fit(synthetic)
    rare = np.setdiff1d(np.arange(synthetic.n_items), ease.items)[:2]
    liked = np.zeros((3, synthetic.n_items), dtype=np.float32)
    liked[0, rare] = liked[1, [*rare, ease.items[0]]] = liked[2, ease.items[0]] = 1
    nothing_known, both, known = ease.scores_for(csr_array(liked))
    popular = PopularityRecommender().fit(synthetic).scores_for(csr_array(liked[:1]))[0]
    np.testing.assert_array_equal(nothing_known - nothing_known.max(), popular - popular.max())
    np.testing.assert_array_equal(both, known)  # what is not known says nothing


def test_only_items_that_ease_learned_from_are_reasons_and_alike(synthetic: Ratings) -> None:
    ease, n = EASERecommender(50.0, max_items=40).fit(synthetic), synthetic.n_items
    kept, rare = ease.items, np.setdiff1d(np.arange(n), ease.items)
    liked = synthetic.item_ids[[kept[0], rare[0]]].tolist()
    reasons = ease.reasons(liked_items=liked, items=synthetic.item_ids)
    assert len(reasons) and set(reasons["because_id"]) == {liked[0]}
    assert set(reasons["item_id"]) <= set(synthetic.item_ids[kept])
    assert ease.reasons(liked_items=liked[1:], items=synthetic.item_ids).empty
    np.testing.assert_array_equal(ease._similarities(kept[:3])[:, kept], ease.weights[:3])
    assert not ease._similarities(rare).any() and not ease._similarities(kept)[:, rare].any()


def test_ease_reads_saves_of_when_it_knew_all_items() -> None:
    ease, again = EASERecommender().fit(TOY), EASERecommender().fit(TOY)
    again._load_arrays({"weights": ease.weights})
    np.testing.assert_array_equal(again.scores([1, 2, 3]), ease.scores([1, 2, 3]))


@pytest.mark.parametrize("regularization", [0.5, 20.0])
def test_ease_is_the_best_linear_autoencoder_without_a_diagonal(regularization: float, synthetic: Ratings) -> None:
    """Each column solves its own ridge regression on all other items: |X_j - X b|^2 + lambda |b|^2 with b_j = 0."""
    ratings = synthetic.select(synthetic.items < 60)
    ease = EASERecommender(regularization=regularization).fit(ratings)
    liked = ratings.positives().matrix().toarray().astype(np.float64)
    for item in range(0, 60, 7):
        others = np.flatnonzero(np.arange(liked.shape[1]) != item)
        x = liked[:, others]
        direct = np.linalg.solve(x.T @ x + regularization * np.eye(len(others)), x.T @ liked[:, item])
        np.testing.assert_allclose(ease.weights[others, item], direct, atol=1e-5)
    assert not ease.weights.diagonal().any()


def test_ease_meets_the_conditions_of_an_optimum(synthetic: Ratings) -> None:
    """The gradient X'X (B - I) + lambda B is zero off the diagonal: no entry could be better."""
    ease = EASERecommender(regularization=50.0).fit(synthetic)
    liked = synthetic.positives().matrix().toarray().astype(np.float64)
    gradient = liked.T @ liked @ (ease.weights - np.eye(synthetic.n_items)) + 50.0 * ease.weights
    off_diagonal = ~np.eye(synthetic.n_items, dtype=bool)
    assert np.abs(gradient[off_diagonal]).max() < 1e-3
    assert np.abs(gradient.diagonal()).max() > 1  # where the constraint binds


def test_ease_scores_are_history_times_weights() -> None:
    ease = EASERecommender(regularization=1.0).fit(TOY)
    np.testing.assert_allclose(ease.scores_for(history([1, 0, 1])), [ease.weights[0] + ease.weights[2]], rtol=1e-6)
    np.testing.assert_allclose(ease.scores_for(history([4, 0, 0.5])), [ease.weights[0] + ease.weights[2]], rtol=1e-6)
    np.testing.assert_allclose(ease.scores(3), [ease.weights[0]], rtol=1e-6)  # item c was seen, not liked


@pytest.mark.parametrize("make", [ItemKNNRecommender, EASERecommender, IALSRecommender])
def test_who_likes_nothing_yet_gets_what_many_like(make: type[Recommender]) -> None:
    rows = [(user, item, 5) for user in range(20) for item in range(10) if (user * 7 + item * 3) % 10 < 9 - item]
    ratings = toy_ratings(rows)
    scores = make().fit(ratings).scores_for(csr_array(np.zeros((1, ratings.n_items))))[0]
    popularity = np.bincount(ratings.items)
    assert popularity[scores.argmax()] == popularity.max()
    assert np.corrcoef(scores, popularity)[0, 1] > 0.9


def test_random_scores_hit_as_often_as_chance(synthetic: Ratings, split: Split, task: RankingTask) -> None:
    report = evaluate_ranking(RandomRecommender(seed=3).fit(split.train), task, ks=(1, 10, 50))
    for k in (1, 10, 50):
        chance = k / 100
        error = np.sqrt(chance * (1 - chance) / report.n_lists)
        assert report.mean(f"HR@{k}") == pytest.approx(chance, abs=4 * error)


def test_random_scores_are_drawn_once_a_user_and_depend_on_the_seed() -> None:
    one, other = RandomRecommender(seed=0).fit(TOY), RandomRecommender(seed=1).fit(TOY)
    scores = one.scores([1, 2, 1])
    assert (scores[0] == scores[2]).all()
    assert (scores[0] != scores[1]).all()
    assert (scores[0] != other.scores(1)[0]).all()
    newcomers = one.scores_for(history([1, 0, 0], [0, 1, 0]))
    assert (newcomers[0] == newcomers[1]).all()
    assert (newcomers[0] != scores[0]).all()


@pytest.mark.parametrize(
    "recommender",
    [
        ItemKNNRecommender(),
        EASERecommender(regularization=5.0),
        IALSRecommender(n_factors=2, regularization=1.0),
        BPRRecommender(n_factors=4, n_iterations=200),
    ],
    ids=lambda recommender: recommender.name,
)
def test_blocks_are_recommended_to_their_users(recommender: Recommender) -> None:
    if recommender.name == "BPR":
        pytest.importorskip("implicit", reason="BPR needs the extra 'baselines'")
    ratings = block_ratings(n_blocks=2)
    recommender.fit(ratings)
    for user in (0, 1, 17):
        unseen = 20 - int((ratings.users == user).sum())  # of the own block
        assert (recommender.recommend(user, unseen)["item_id"] % 2 == user % 2).all()
    for item in (4, 5):
        likes_two = recommender.recommend_for([item, item + 10], 10)
        share = (likes_two["item_id"] % 2 == item % 2).mean()
        assert share >= (0.8 if recommender.name == "BPR" else 1)  # BPR's vectors were not made for least squares


def test_chance_then_popularity_then_what_knows_the_user(split: Split, task: RankingTask) -> None:
    random, popularity, knn, ease, ials = (
        evaluate_ranking(method.fit(split.train), task).mean("nDCG@10")
        for method in (
            RandomRecommender(),
            PopularityRecommender(),
            ItemKNNRecommender(),
            EASERecommender(regularization=100.0),
            IALSRecommender(n_factors=8, regularization=30.0),
        )
    )
    assert random < 0.06
    assert popularity > random + 0.15
    assert min(knn, ease, ials) > popularity + 0.1


def test_average_rating_knows_quality_but_not_taste(split: Split, task: RankingTask) -> None:
    average = evaluate_ranking(AverageRatingRecommender().fit(split.train), task).mean("nDCG@10")
    assert 0.06 < average < evaluate_ranking(PopularityRecommender().fit(split.train), task).mean("nDCG@10")


def test_bpr_is_better_than_chance_and_by_popularity_alone(split: Split, task: RankingTask) -> None:
    pytest.importorskip("implicit", reason="BPR needs the extra 'baselines'")
    report = evaluate_ranking(BPRRecommender(n_factors=8).fit(split.train), task)
    assert report.mean("nDCG@10") > evaluate_ranking(PopularityRecommender().fit(split.train), task).mean("nDCG@10")


@pytest.mark.filterwarnings("error")
def test_bpr_is_fitted_without_warnings() -> None:
    pytest.importorskip("implicit", reason="BPR needs the extra 'baselines'")
    BPRRecommender(n_factors=2, n_iterations=1).fit(TOY)


def test_bpr_without_its_library_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(name: str) -> Any:
        raise ImportError(f"No module named {name!r}")

    monkeypatch.setattr(importlib, "import_module", refuse)
    with pytest.raises(ImportError, match=r"BPR needs the library implicit; .*pip install 'drr_tutorial\[baselines\]'"):
        BPRRecommender().fit(TOY)


@pytest.mark.parametrize(
    ("recommender", "text"),
    [
        (EASERecommender(regularization=0), "regularization must be above 0, got 0"),
        (EASERecommender(regularization=float("nan")), "regularization must be a number, got nan"),
        (EASERecommender(regularization=float("inf")), "regularization must be a finite number, got inf"),
        (IALSRecommender(regularization=-1), "regularization must be above 0, got -1"),
        (IALSRecommender(seed=-1), "seed must be a whole number from 0, got -1"),
        (IALSRecommender(n_factors=0), "n_factors must be at least 1, got 0"),
        (ItemKNNRecommender(n_neighbours=0), "n_neighbours must be at least 1, got 0"),
        (ItemKNNRecommender(shrinkage=-1), "shrinkage must be at least 0, got -1"),
        (AverageRatingRecommender(damping=-5), "damping must be at least 0, got -5"),
    ],
    ids=str,
)
def test_settings_out_of_range(recommender: Recommender, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        recommender.fit(TOY)


@pytest.mark.parametrize("make", [ItemKNNRecommender, EASERecommender])
def test_likes_of_a_session_speak_as_those_of_the_training_data(make: type[Recommender], synthetic: Ratings) -> None:
    fitted, session = make().fit(synthetic), csr_array((np.ones(2, np.float32), [3, 1], [0, 2]), (1, synthetic.n_items))
    own = synthetic.positives().matrix()[[5]]
    both = csr_array(((own + session).toarray() > 0).astype(np.float32))
    np.testing.assert_allclose(
        fitted.scores_in_session(synthetic.user_ids[[5]], session), fitted.scores_for(both), rtol=1e-5, atol=1e-6
    )


def test_a_users_own_vector_moves_by_what_a_fold_in_makes_of_the_session(synthetic: Ratings) -> None:
    """What a fold-in cannot know, here a shift of the user's vector, stays."""
    ials = IALSRecommender(n_factors=8, n_iterations=3).fit(synthetic)
    shift = np.arange(8, dtype=np.float32)
    known = replace(ials.embeddings, users=ials.embeddings.users + shift)
    own = synthetic.positives().matrix()[[5, 6]]
    new = [int(np.flatnonzero(own.toarray().sum(axis=0) == 0)[0])]
    session = csr_array((np.ones(1, np.float32), new, [0, 1, 1]), own.shape)
    plain = ials.scores_in_session(synthetic.user_ids[[5, 6]], session)
    ials.embeddings = known
    np.testing.assert_allclose(
        ials.scores_in_session(synthetic.user_ids[[5, 6]], session), plain + shift @ known.items.T, rtol=1e-4, atol=1e-4
    )
    moved = known.fold_in(own + session)[0] - known.fold_in(own)[0]
    assert np.linalg.norm(moved) > 1e-3
    np.testing.assert_allclose(
        plain[0] - ials.embeddings.items @ (known.users[5] - shift), known.items @ moved, atol=1e-4
    )


def test_in_a_session_dislikes_stay_last(synthetic: Ratings) -> None:
    fitted = DislikesLast(EASERecommender()).fit(synthetic)
    user = int(synthetic.users[(synthetic.ratings <= 3).argmax()])
    disliked = synthetic.items[(synthetic.users == user) & (synthetic.ratings <= 3)]
    session = csr_array((np.ones(1, np.float32), [0], [0, 1]), (1, synthetic.n_items))
    scores = fitted.scores_in_session(synthetic.user_ids[[user]], session)[0]
    assert scores[disliked].max() < np.delete(scores, disliked).min()
