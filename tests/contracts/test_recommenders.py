"""Every recommender scores, recommends, saves and loads by the same rules, and says clearly what it cannot do."""

import copy
import errno
import json
import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array

from drr_tutorial import __version__
from drr_tutorial.config import ExperimentConfig
from drr_tutorial.config.presets import DEFAULT
from drr_tutorial.data.ratings import DataError, Ratings, UnknownIdError
from drr_tutorial.recommenders.base import FORMAT, Recommender
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
from drr_tutorial.recommenders.drr import DRRRecommender
from drr_tutorial.recommenders.gaussian import GaussianRecommender
from drr_tutorial.storage import StorageError, read_arrays, write_arrays
from tests.toy import toy_ratings


def tiny_config() -> ExperimentConfig:
    """The default with gates that see the state, so that a session's likes move the scores."""
    hidden: dict[str, Any] = dict.fromkeys(("actor_hidden", "critic_state_hidden", "critic_hidden"), (16,))
    return replace(
        DEFAULT,
        embedding=replace(DEFAULT.embedding, n_factors=8, rated_factors=6, stars_factors=4, n_iterations=3),
        environment=replace(DEFAULT.environment, num_envs=8, min_positives=3),
        agent=replace(DEFAULT.agent, correction="gates", actor_lr=2e-4, **hidden),
        training=replace(DEFAULT.training, passes=2.0, batch_size=32, steps_per_update=32, evaluations=2),
    )


MAKERS: dict[str, Callable[[], Recommender]] = {
    "random": lambda: RandomRecommender(seed=1),
    "popularity": PopularityRecommender,
    "average rating": AverageRatingRecommender,
    "item-kNN": ItemKNNRecommender,
    "EASE": lambda: EASERecommender(regularization=100.0),
    "EASE of some": lambda: EASERecommender(regularization=100.0, max_items=400),
    "iALS": lambda: IALSRecommender(n_factors=8, regularization=30.0, n_iterations=3),
    "Gaussian": lambda: GaussianRecommender(n_components=4),
    "BPR": lambda: BPRRecommender(n_factors=8, n_iterations=20),
    "dislikes last": lambda: DislikesLast(IALSRecommender(n_factors=8, regularization=30.0, n_iterations=3)),
    "DRR": lambda: DRRRecommender(tiny_config(), progress=False),
}
every_recommender = pytest.mark.parametrize("name", MAKERS)


def make(name: str) -> Recommender:
    if name == "BPR":
        pytest.importorskip("implicit", reason="BPR needs the extra 'baselines'")
    return MAKERS[name]()


@pytest.fixture(scope="module", params=MAKERS)
def fitted(request: pytest.FixtureRequest, synthetic: Ratings) -> Recommender:
    """Each of them, fitted once on the invented world. Not to be changed."""
    return make(request.param).fit(synthetic)


@pytest.fixture(scope="module")
def popularity(synthetic: Ratings) -> Recommender:
    return PopularityRecommender().fit(synthetic)


@pytest.fixture(scope="module")
def saved(fitted: Recommender, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the fitted one is saved. Not to be changed."""
    folder = tmp_path_factory.mktemp("saved") / "model"
    fitted.save(folder)
    return folder


@pytest.fixture
def copied(saved: Path, tmp_path: Path) -> Path:
    """A copy of the save, to be spoilt."""
    folder = tmp_path / "model"
    folder.mkdir()
    for path in saved.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    return folder


@pytest.fixture
def save_of_popularity(popularity: Recommender, tmp_path: Path) -> Path:
    popularity.save(tmp_path / "model")
    return tmp_path / "model"


def assert_same_lists(one: Recommender, other: Recommender, ratings: Ratings) -> None:
    users, items = ratings.user_ids, ratings.item_ids.tolist()
    pd.testing.assert_frame_equal(one.recommend(users[0]), other.recommend(users[0]), check_exact=True)
    pd.testing.assert_frame_equal(
        one.recommend(users[-1], 3, exclude_seen=False),
        other.recommend(users[-1], 3, exclude_seen=False),
        check_exact=True,
    )
    for liked in (items[:1], [items[7], items[3], items[20]]):
        pd.testing.assert_frame_equal(one.recommend_for(liked, 5), other.recommend_for(liked, 5), check_exact=True)
    np.testing.assert_array_equal(one.scores(users[:5]), other.scores(users[:5]))


# Scores


def test_scores_are_a_row_a_user_and_a_column_an_item(fitted: Recommender, synthetic: Ratings) -> None:
    scores = fitted.scores(synthetic.user_ids)
    assert scores.shape == (synthetic.n_users, synthetic.n_items)
    assert scores.dtype == np.float32
    assert np.isfinite(scores).all()
    assert (scores.std(axis=1) > 0).all()
    assert fitted.scores([]).shape == (0, synthetic.n_items)
    assert fitted.scores(synthetic.user_ids[3]).shape == (1, synthetic.n_items)


def test_a_batch_of_users_is_scored_as_each_alone(fitted: Recommender, synthetic: Ratings) -> None:
    users = synthetic.user_ids[[7, 0, 299, 7]]
    singles = np.concatenate([fitted.scores([user]) for user in users])
    np.testing.assert_allclose(fitted.scores(users), singles, rtol=1e-4, atol=1e-4)


def test_a_batch_of_newcomers_is_scored_as_each_alone(fitted: Recommender, synthetic: Ratings) -> None:
    histories = synthetic.positives().matrix()[:6]
    scores = fitted.scores_for(histories)
    assert scores.shape == (6, synthetic.n_items)
    assert scores.dtype == np.float32
    assert np.isfinite(scores).all()
    singles = np.concatenate([fitted.scores_for(histories[[row]]) for row in range(6)])
    np.testing.assert_allclose(scores, singles, rtol=1e-3, atol=1e-3)


def test_who_likes_nothing_yet_is_scored_too(fitted: Recommender, synthetic: Ratings) -> None:
    nothing = np.zeros((2, synthetic.n_items), dtype=np.float32)
    nothing[1, 5] = 1
    scores = fitted.scores_for(csr_array(nothing))
    assert np.isfinite(scores).all()
    assert (scores.std(axis=1) > 0).all()


def test_the_histories_that_are_given_stay_as_they_are(fitted: Recommender, synthetic: Ratings) -> None:
    """Their order is the order in which items were liked; sorting them in place would lose it."""
    data, liked = np.array([1, 1, 1], dtype=np.float32), np.array([40, 3, 20], dtype=np.int32)
    histories = csr_array((data, liked, np.array([0, 3], dtype=np.int32)), shape=(1, synthetic.n_items))
    fitted.scores_for(histories)
    assert histories.indices.tolist() == [40, 3, 20]


# Sessions


def test_before_its_first_like_a_session_is_the_list_of_a_known_user(fitted: Recommender, synthetic: Ratings) -> None:
    users, nothing = synthetic.user_ids[[4, 0, 99]], csr_array((3, synthetic.n_items), dtype=np.float32)
    scores = fitted.scores_in_session(users, nothing)
    np.testing.assert_array_equal(scores, fitted.scores(users))
    seen = synthetic.matrix()[[4, 0, 99]].toarray() > 0
    best = np.where(seen, -np.inf, scores).argmax(axis=1)
    assert synthetic.item_ids[best].tolist() == [fitted.recommend(user, 1)["item_id"].item() for user in users]


def test_a_batch_in_session_is_scored_as_each_alone(fitted: Recommender, synthetic: Ratings) -> None:
    users = np.array([4, 0, 99])
    left = synthetic.matrix()[users].toarray() == 0
    likes = np.zeros_like(left, dtype=np.float32)
    likes[0, np.flatnonzero(left[0])[:3]] = likes[2, np.flatnonzero(left[2])[5]] = 1
    session, ids = csr_array(likes), synthetic.user_ids[users]
    scores = fitted.scores_in_session(ids, session)
    assert scores.shape == likes.shape and scores.dtype == np.float32 and np.isfinite(scores).all()
    singles = np.concatenate([fitted.scores_in_session(ids[[row]], session[[row]]) for row in range(3)])
    np.testing.assert_allclose(scores, singles, rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(scores[1], fitted.scores(ids[1])[0], rtol=1e-4, atol=1e-4)  # who liked nothing
    moves = fitted.name not in ("random", "popularity", "average rating")
    assert (np.abs(scores[0] - fitted.scores(ids[0])[0]).max() > 1e-4) == moves


def test_a_session_with_somebody_unknown(fitted: Recommender, synthetic: Ratings) -> None:
    with pytest.raises(UnknownIdError, match="nobody"):
        fitted.scores_in_session(["nobody"], csr_array((1, synthetic.n_items), dtype=np.float32))


# Lists


def test_a_list_is_ranked_titled_and_new_to_the_user(fitted: Recommender, synthetic: Ratings) -> None:
    for user in synthetic.user_ids[[0, 100, 299]]:
        table = fitted.recommend(user, 12)
        assert table.columns.tolist() == ["item_id", "title", "score"]
        assert table.index.name == "rank"
        assert table.index.tolist() == list(range(1, 13))
        assert table["item_id"].is_unique
        items = synthetic.item_index(table["item_id"])
        assert table["title"].tolist() == synthetic.titles[items].tolist()
        assert (np.diff(table["score"]) <= 0).all()
        np.testing.assert_allclose(table["score"], fitted.scores(user)[0, items], rtol=1e-4, atol=1e-4)
        seen = synthetic.items[synthetic.users == synthetic.user_index(user)[0]]
        assert not set(items) & set(seen)  # disliked ones included


def test_nothing_that_is_left_out_would_rank_higher(fitted: Recommender, synthetic: Ratings) -> None:
    user = synthetic.user_ids[50]
    scores, table = fitted.scores(user)[0], fitted.recommend(user, 10)
    unseen = np.setdiff1d(np.arange(synthetic.n_items), synthetic.items[synthetic.users == 50])
    others = np.setdiff1d(unseen, synthetic.item_index(table["item_id"]))
    assert scores[others].max() <= table["score"].min() + 1e-4


def test_seen_items_come_back_only_when_asked_for(fitted: Recommender, synthetic: Ratings) -> None:
    user, n_items = synthetic.user_ids[0], synthetic.n_items
    everything = fitted.recommend(user, n_items, exclude_seen=False)
    assert sorted(everything["item_id"]) == synthetic.item_ids.tolist()
    seen = synthetic.item_ids[synthetic.items[synthetic.users == 0]]
    unseen = fitted.recommend(user, n_items - len(seen))
    assert sorted([*unseen["item_id"], *seen]) == synthetic.item_ids.tolist()


def test_somebody_new_gets_nothing_of_what_was_named(fitted: Recommender, synthetic: Ratings) -> None:
    liked = synthetic.item_ids[[30, 4, 17]].tolist()
    table = fitted.recommend_for(liked, 10)
    assert table.index.tolist() == list(range(1, 11))
    assert (np.diff(table["score"]) <= 0).all()
    assert not set(table["item_id"]) & set(liked)
    assert table["title"].tolist() == synthetic.titles[synthetic.item_index(table["item_id"])].tolist()
    rest = fitted.recommend_for(liked, synthetic.n_items - 3)
    assert sorted([*rest["item_id"], *liked]) == synthetic.item_ids.tolist()


def test_the_default_is_ten_items(fitted: Recommender, synthetic: Ratings) -> None:
    assert len(fitted.recommend(synthetic.user_ids[1])) == 10
    assert len(fitted.recommend_for(synthetic.item_ids[:2].tolist())) == 10


@every_recommender
def test_one_seed_one_list(name: str, synthetic: Ratings) -> None:
    ratings = synthetic.select(synthetic.users < 60)
    assert_same_lists(make(name).fit(ratings), make(name).fit(ratings), ratings)


def test_asking_changes_nothing(fitted: Recommender, synthetic: Ratings) -> None:
    before = copy.deepcopy(fitted)
    fitted.recommend(synthetic.user_ids[9], 50)
    fitted.recommend_for(synthetic.item_ids[:3].tolist(), 50)
    assert_same_lists(before, fitted, synthetic)


# All or nothing


class Stopped(BaseException):
    """Like Ctrl-C: no `except Exception` catches it."""


@pytest.mark.parametrize("where", ["_fit", "_remember"])
def test_a_refit_that_is_stopped_leaves_the_old_one(
    fitted: Recommender, synthetic: Ratings, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, other = copy.deepcopy(fitted), synthetic.select(synthetic.users < 60)
    original = getattr(type(fitted), where)

    def stop_at_the_end(self: Recommender, ratings: Ratings) -> None:
        original(self, ratings)
        raise Stopped

    with monkeypatch.context() as patch:
        patch.setattr(type(fitted), where, stop_at_the_end)
        with pytest.raises(Stopped):
            fitted.fit(other)
    assert fitted.ratings.fingerprint() == synthetic.fingerprint()
    assert_same_lists(before, fitted, synthetic)
    for name in ("history", "correction_share"):
        assert getattr(fitted, name, None) == getattr(before, name, None)


@every_recommender
def test_a_first_fit_that_fails_leaves_it_unfitted(name: str, synthetic: Ratings) -> None:
    recommender = make(name)
    with pytest.raises(DataError):
        recommender.fit(synthetic.select(~synthetic.liked))
    with pytest.raises(RuntimeError, match="has learned nothing yet"):
        recommender.recommend(1)


# What is known to have been rated


@every_recommender
def test_nothing_that_is_known_to_be_rated_comes_back(name: str, synthetic: Ratings, tmp_path: Path) -> None:
    train, n_items = synthetic.select(np.arange(len(synthetic)) % 3 > 0), synthetic.n_items
    recommender = make(name).fit(train, seen=synthetic)
    recommender.save(tmp_path / "model")
    for one in (recommender, Recommender.load(tmp_path / "model"), Recommender.load(tmp_path / "model", train)):
        for index in (0, 17, 299):
            rated = synthetic.item_ids[synthetic.items[synthetic.users == index]]
            found = one.recommend(synthetic.user_ids[index], n_items)["item_id"]
            assert sorted([*found, *rated]) == synthetic.item_ids.tolist()
            assert len(one.recommend(synthetic.user_ids[index], n_items, exclude_seen=False)) == n_items
    np.testing.assert_array_equal(recommender.scores([1]), make(name).fit(train).scores([1]))  # it learns nothing of it


def test_what_was_seen_is_of_the_same_users_and_items(synthetic: Ratings) -> None:
    recommender = PopularityRecommender()
    for other in (toy_ratings([(1, 1, 5.0)]), replace(synthetic, user_ids=synthetic.user_ids + 1)):
        with pytest.raises(DataError, match="seen must have the users and items of ratings, got Ratings"):
            recommender.fit(synthetic, seen=other)


def test_a_refit_forgets_what_was_seen(synthetic: Ratings) -> None:
    train = synthetic.select(np.arange(len(synthetic)) % 3 > 0)
    recommender = PopularityRecommender().fit(train, seen=synthetic).fit(train)
    assert len(recommender.recommend(1, 10_000)) == synthetic.n_items - int((train.users == 0).sum())


def test_seen_pairs_that_were_spoilt(synthetic: Ratings, tmp_path: Path) -> None:
    PopularityRecommender().fit(synthetic.select(np.arange(50)), seen=synthetic).save(tmp_path / "model")
    path = tmp_path / "model" / "ratings.safetensors"
    arrays, about = read_arrays(path)
    write_arrays(path, arrays | {"seen_items": arrays["seen_items"] + 10_000}, about)
    with pytest.raises(StorageError, match="is damaged or was altered .not a whole save of PopularityRecommender"):
        Recommender.load(tmp_path / "model")


# Save and load


def test_what_is_loaded_is_what_was_saved(fitted: Recommender, saved: Path, synthetic: Ratings) -> None:
    assert sorted(path.name for path in saved.parent.iterdir()) == ["model"]
    for loaded in (
        Recommender.load(saved),
        type(fitted).load(str(saved)),
        Recommender.load(saved, synthetic),
    ):
        assert type(loaded) is type(fitted)
        assert loaded.settings() == fitted.settings()
        assert loaded.ratings.fingerprint() == synthetic.fingerprint()
        assert loaded.ratings.genres == synthetic.genres
        assert loaded.ratings.name == synthetic.name
        assert_same_lists(loaded, fitted, synthetic)


def test_saving_again_replaces_the_save(saved: Path, popularity: Recommender, copied: Path) -> None:
    popularity.save(copied)
    assert type(Recommender.load(copied)) is PopularityRecommender
    Recommender.load(saved).save(copied)
    for path in saved.iterdir():
        assert (copied / path.name).read_bytes() == path.read_bytes(), path.name
    assert sorted(path.name for path in copied.parent.iterdir()) == ["model"]


WORDS = ["Amélie", "天使", "o'clock", "a b", "0", "-1"]


def with_words_for_ids() -> Ratings:
    """12 users and 30 films with text as ids, no times, titles for some."""
    rng = np.random.default_rng(0)
    users, items = np.nonzero(rng.random((12, 30)) < 0.5)
    stars = rng.integers(2, 6, size=len(users))
    user_names = [f"{WORDS[user % 6]} {user}" for user in users]
    item_names = [f"{WORDS[item % 6]}/{item}" for item in items]
    return Ratings.from_columns(
        user_names, item_names, stars, titles={"a b/3": "Mr. 3 (1999)"}, genres={"a b/3": ("War",)}
    )


@every_recommender
def test_ids_that_are_words(name: str, tmp_path: Path) -> None:
    ratings = with_words_for_ids()
    recommender = make(name).fit(ratings)
    table = recommender.recommend("Amélie 0", 4)
    assert set(table["item_id"]) <= set(ratings.item_ids)
    assert "a b/3" not in set(recommender.recommend_for(["a b/3"], 4)["item_id"])
    recommender.save(tmp_path / "model")
    loaded = Recommender.load(tmp_path / "model")
    assert_same_lists(loaded, recommender, ratings)
    assert loaded.ratings.timestamps is None
    assert "Mr. 3 (1999)" in loaded.ratings.titles
    assert ("War",) in loaded.ratings.genres


@pytest.mark.parametrize("dtype", [np.int32, np.uint16, "U9"])
def test_ids_of_another_width(dtype: Any, tmp_path: Path) -> None:
    ratings = toy_ratings([(1, 1, 5.0), (1, 2, 4.0), (2, 2, 5.0), (2, 3, 4.0)])
    ratings = replace(ratings, user_ids=ratings.user_ids.astype(dtype), item_ids=ratings.item_ids.astype(dtype))
    recommender = PopularityRecommender().fit(ratings)
    recommender.save(tmp_path / "model")
    loaded = Recommender.load(tmp_path / "model", ratings)
    assert loaded.ratings.item_ids.dtype == ratings.item_ids.dtype
    pd.testing.assert_frame_equal(loaded.recommend(1, 1), recommender.recommend(1, 1))


def test_a_process_that_has_imported_nothing_else_can_load(tmp_path: Path) -> None:
    make("DRR").fit(with_words_for_ids()).save(tmp_path / "model")
    code = (
        "import sys; from drr_tutorial.recommenders.base import Recommender; print(Recommender.load(sys.argv[1]).name)"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "model")]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.stdout.strip() == "DRR", result.stderr


# Classes of one's own


@pytest.mark.parametrize("wrapped", [False, True])
def test_a_class_without_a_name_of_its_own_is_not_saved(wrapped: bool, synthetic: Ratings, tmp_path: Path) -> None:
    """`load` would make another class of it."""

    class Quiet(PopularityRecommender):
        pass

    recommender = DislikesLast(Quiet()) if wrapped else Quiet()
    text = (
        "a Quiet cannot be saved, since its name 'popularity' is that of PopularityRecommender; give the class a name"
    )
    with pytest.raises(StorageError, match=text):
        recommender.fit(synthetic).save(tmp_path / "model")
    assert not list(tmp_path.iterdir())


def test_a_class_without_any_name_is_not_saved(synthetic: Ratings, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.delattr(PopularityRecommender, "name")
    with pytest.raises(StorageError, match="a PopularityRecommender cannot be saved, since it has no name; give"):
        PopularityRecommender().fit(synthetic).save(tmp_path / "model")
    assert not list(tmp_path.iterdir())


def test_the_class_that_has_lost_its_name_to_another_is_not_saved(
    popularity: Recommender, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Recommender, "_classes", {})

    class Other(PopularityRecommender):
        name = "popularity"

    with pytest.raises(StorageError, match="its name 'popularity' is that of Other; give"):
        popularity.save(tmp_path / "model")
    assert not list(tmp_path.iterdir())


def test_a_class_that_is_defined_again_can_be_saved(
    synthetic: Ratings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when the cell of a notebook runs twice."""
    monkeypatch.setattr(Recommender, "_classes", dict(Recommender._classes))

    def define() -> type[PopularityRecommender]:
        class Mine(PopularityRecommender):
            name = "mine"

        return Mine

    first = define()().fit(synthetic)
    again = define()
    first.save(tmp_path / "model")
    assert type(Recommender.load(tmp_path / "model")) is again


# What cannot be asked


@every_recommender
def test_nothing_can_be_asked_before_fit(name: str, tmp_path: Path) -> None:
    recommender = make(name)
    text = rf"{type(recommender).__name__} has learned nothing yet; call fit\(ratings\) or load\(folder\) first"
    for ask in (
        lambda: recommender.scores([1]),
        lambda: recommender.recommend(1),
        lambda: recommender.recommend_for([1]),
        lambda: recommender.save(tmp_path / "model"),
        lambda: recommender.ratings,
    ):
        with pytest.raises(RuntimeError, match=text):
            ask()
    assert not list(tmp_path.iterdir())


def test_unknown_users_and_items(fitted: Recommender) -> None:
    with pytest.raises(UnknownIdError, match=r"unknown user 4711 in synthetic, .*`ratings.user_ids` lists them"):
        fitted.recommend(4711)
    with pytest.raises(UnknownIdError, match=r"unknown user .*'nobody' in synthetic"):
        fitted.scores(["1", "nobody"])
    with pytest.raises(UnknownIdError, match=r"unknown item 4711 in synthetic, .*`ratings.item_ids` lists them"):
        fitted.recommend_for([1, 4711])


@pytest.mark.parametrize("k", [0, -1])
def test_a_list_of_no_length(fitted: Recommender, synthetic: Ratings, k: int) -> None:
    for ask in (fitted.recommend, lambda _, k: fitted.recommend_for(synthetic.item_ids[:2].tolist(), k)):
        with pytest.raises(ValueError, match=f"k must be at least 1, got {k}"):
            ask(synthetic.user_ids[0], k)


def test_whoever_has_little_left_gets_that(fitted: Recommender, synthetic: Ratings) -> None:
    n_items, user = synthetic.n_items, synthetic.user_ids[0]
    assert len(fitted.recommend(user, 10_000)) == n_items - int((synthetic.users == 0).sum())
    assert len(fitted.recommend(user, 10_000, exclude_seen=False)) == n_items
    assert len(fitted.recommend_for(synthetic.item_ids[:2].tolist(), 10_000)) == n_items - 2
    assert len(fitted.recommend_for(synthetic.item_ids[:2].tolist(), 10_000, exclude_seen=False)) == n_items


@pytest.mark.parametrize("k", [2.5, "3", None])
def test_a_list_whose_length_is_not_a_whole_number(popularity: Recommender, k: Any) -> None:
    with pytest.raises(ValueError, match="k must be a whole number, got"):
        popularity.recommend(1, k)


def test_a_length_from_numpy_will_do(popularity: Recommender) -> None:
    assert len(popularity.recommend(1, np.int64(3))) == 3  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("liked", "rule"),
    [
        ([], r"one or more item ids where no disliked_items and no ratings are given, got none; fallback='popular'"),
        ([3, 3], r"different item ids, got \[3, 3\]"),
        ([1, 2, 1], r"different item ids, got \[1, 2, 1\]"),
    ],
)
def test_liked_items_must_be_there_and_differ(fitted: Recommender, liked: list[int], rule: str) -> None:
    with pytest.raises(ValueError, match=f"^liked_items must be {rule}"):
        fitted.recommend_for(liked)


def test_lists_are_for_one_user(popularity: Recommender) -> None:
    with pytest.raises(ValueError, match=r"user must be one user id, got \[1, 2\]; .*scores\(users\)"):
        popularity.recommend([1, 2])


@every_recommender
def test_data_without_anything_that_is_liked(name: str) -> None:
    disliked = toy_ratings([(1, 1, 3.0), (1, 2, 1.0), (2, 1, 2.0)])
    with pytest.raises(DataError, match="ratings must hold a like to learn from, a rating above 3, got none in 3 rows"):
        make(name).fit(disliked)
    with pytest.raises(DataError, match="ratings must hold a like to learn from, a rating above 3, got none in 0 rows"):
        make(name).fit(disliked.select([]))


@pytest.mark.parametrize("name", [name for name in MAKERS if name != "DRR"])
def test_one_user(name: str) -> None:
    recommender = make(name).fit(toy_ratings([(1, item, 5.0 if item < 5 else 2.0) for item in range(8)]))
    assert np.isfinite(recommender.scores(1)).all()
    assert len(recommender.recommend(1, 8, exclude_seen=False)) == 8
    nothing = recommender.recommend(1, 1)
    assert len(nothing) == 0 and nothing.columns.tolist() == ["item_id", "title", "score"]
    assert 6 not in recommender.recommend_for([6], 7)["item_id"].tolist()


@pytest.mark.parametrize("name", [name for name in MAKERS if name != "DRR"])
def test_one_item(name: str) -> None:
    recommender = make(name).fit(toy_ratings([(user, 7, 4.0) for user in range(5)]))
    assert recommender.recommend(0, 1, exclude_seen=False)["item_id"].tolist() == [7]
    assert len(recommender.recommend_for([7], 1)) == 0
    assert recommender.recommend_for([7], 1, exclude_seen=False)["item_id"].tolist() == [7]


@pytest.mark.parametrize(
    "rows",
    [
        [(1, item, 5.0) for item in range(8)],
        [(user, 7, 4.0) for user in range(5)],
        [(1, 1, 5.0)],
    ],
    ids=["one user", "one item", "one rating"],
)
def test_too_little_to_learn_an_agent_from(rows: list[tuple[int, int, float]]) -> None:
    with pytest.raises(DataError, match="positives|a like|a rating above 3"):
        make("DRR").fit(toy_ratings(rows))


# What cannot be loaded


def test_another_class(save_of_popularity: Path) -> None:
    text = "holds a PopularityRecommender, not a EASERecommender; use PopularityRecommender.load or Recommender.load"
    with pytest.raises(StorageError, match=text):
        EASERecommender.load(save_of_popularity)


def test_no_folder_and_an_empty_one(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(StorageError, match=r"no file .*recommender.json; check the folder's name, or train first"):
            Recommender.load(folder)


@pytest.mark.parametrize("part", ["recommender.json", "weights.safetensors", "ratings.safetensors"])
def test_a_part_that_is_missing(copied: Path, part: str) -> None:
    (copied / part).unlink()
    with pytest.raises(StorageError, match=f"no file .*{part}; check the folder's name, or train first"):
        Recommender.load(copied)


@pytest.mark.parametrize("part", ["recommender.json", "weights.safetensors", "ratings.safetensors"])
@pytest.mark.parametrize("share", [0, 0.5, 0.99])
def test_a_part_that_is_truncated(copied: Path, part: str, share: float) -> None:
    content = (copied / part).read_bytes()
    (copied / part).write_bytes(content[: int(share * len(content))])
    text = "is not (a whole safetensors file|readable JSON) .*it is damaged.*: write it again"
    with pytest.raises(StorageError, match=text) as caught:
        Recommender.load(copied)
    assert str(copied / part) in str(caught.value)


class Payload:
    """A pickle of this makes a file when it is loaded."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        return (open, (str(self.marker), "w"))


@pytest.mark.parametrize("part", ["recommender.json", "weights.safetensors", "ratings.safetensors"])
def test_a_pickle_in_place_of_a_part(copied: Path, part: str, tmp_path: Path) -> None:
    (copied / part).write_bytes(pickle.dumps(Payload(tmp_path / "marker")))
    with pytest.raises(StorageError, match="it is damaged"):
        Recommender.load(copied)
    assert not (tmp_path / "marker").exists()


def edit(folder: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    path = folder / "recommender.json"
    value = json.loads(path.read_text(encoding="utf-8"))
    change(value)
    path.write_text(json.dumps(value), encoding="utf-8")


@pytest.mark.parametrize(
    "change",
    [
        lambda about: about.update(format=3),
        lambda about: about.update(format=str(FORMAT)),
        lambda about: about.pop("format"),
        lambda about: about.update(recommender="os.system"),
        lambda about: about.update(recommender=["popularity"]),
        lambda about: about.pop("recommender"),
    ],
)
def test_a_save_of_another_version(save_of_popularity: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    edit(save_of_popularity, change)
    edit(save_of_popularity, lambda about: about.update(version="9.9"))
    text = (
        rf"model was written by drr_tutorial 9.9; this is drr_tutorial {__version__}, which cannot read it \(it is of "
    )
    with pytest.raises(StorageError, match=text + ".*read it with the version that wrote it, or train anew"):
        Recommender.load(save_of_popularity)


@pytest.mark.parametrize("content", [[1, 2], {}, {"format": 1, "recommender": "popularity", "fingerprint": "0"}])
def test_a_save_from_before_versions_were_noted(save_of_popularity: Path, content: Any) -> None:
    (save_of_popularity / "recommender.json").write_text(json.dumps(content))
    with pytest.raises(StorageError, match="was written by a drr_tutorial that did not yet say its version; this is"):
        Recommender.load(save_of_popularity)


def test_settings_that_another_version_had(save_of_popularity: Path) -> None:
    """The format is the same, the settings are not."""
    marks = {"version": "0.0.9"}
    for part in ("ratings", "weights"):
        arrays, about = read_arrays(save_of_popularity / f"{part}.safetensors")
        write_arrays(save_of_popularity / f"{part}.safetensors", arrays, about | marks)
    edit(save_of_popularity, lambda about: about.update(**marks, settings={"smoothing": 1}))
    with pytest.raises(
        StorageError, match=r"was written by drr_tutorial 0.0.9; .*\(not a whole save of Pop.*smoothing"
    ):
        Recommender.load(save_of_popularity)


@pytest.mark.parametrize(
    "change",
    [
        lambda about: about.pop("settings"),
        lambda about: about["settings"].update(surprise=1),
        lambda about: about.update(settings=[1]),
        lambda about: about.pop("catalogue"),
        lambda about: about["catalogue"].pop("titles"),
        lambda about: about["catalogue"]["genres"].pop(),
        lambda about: about["catalogue"]["user_ids"].pop(),
        lambda about: about["catalogue"].update(item_ids=5),
    ],
)
def test_settings_or_catalogue_that_were_spoilt(
    copied: Path, fitted: Recommender, change: Callable[[dict[str, Any]], Any]
) -> None:
    edit(copied, change)
    with pytest.raises(
        StorageError,
        match=f"model is damaged or was altered .not a whole save of {type(fitted).__name__}: .*; write it again, or train anew",
    ):
        Recommender.load(copied)


def test_settings_that_do_not_fit_the_weights(synthetic: Ratings, tmp_path: Path) -> None:
    make("DRR").fit(synthetic.select(synthetic.users < 60)).save(tmp_path / "model")
    edit(tmp_path / "model", lambda about: about["settings"]["agent"].update(actor_hidden=[5]))
    with pytest.raises(
        StorageError,
        match=r"(?s)is damaged or was altered \(not a whole save of DRRRecommender: .*size mismatch.*; write it again",
    ):
        Recommender.load(tmp_path / "model")


@pytest.mark.parametrize(
    "change",
    [
        lambda about: about["catalogue"]["item_ids"].__setitem__(-1, 99_999),
        lambda about: about.update(fingerprint="0" * 64),
        lambda about: about.pop("fingerprint"),
    ],
)
def test_data_that_was_altered(save_of_popularity: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    edit(save_of_popularity, change)
    with pytest.raises(StorageError, match="altered.*; (save|write) it again"):
        Recommender.load(save_of_popularity)


def test_ratings_that_were_altered(save_of_popularity: Path) -> None:
    path = save_of_popularity / "ratings.safetensors"
    arrays, about = read_arrays(path)
    arrays["ratings"][5] = 6 - arrays["ratings"][5]
    arrays["ratings"][6] += 1
    write_arrays(path, arrays, about)
    with pytest.raises(StorageError, match="was altered: its ratings do not fit its fingerprint; save it again"):
        Recommender.load(save_of_popularity)


def test_weights_of_another_save(save_of_popularity: Path, synthetic: Ratings, tmp_path: Path) -> None:
    part = PopularityRecommender().fit(synthetic.select(synthetic.users < 50))
    for other in (part, AverageRatingRecommender().fit(synthetic)):
        other.save(tmp_path / "other")
        weights = (tmp_path / "other" / "weights.safetensors").read_bytes()
        (save_of_popularity / "weights.safetensors").write_bytes(weights)
        with pytest.raises(StorageError, match=r"weights.safetensors belongs to another save; save it again"):
            Recommender.load(save_of_popularity)


def test_weights_that_are_missing_by_name(copied: Path, fitted: Recommender) -> None:
    arrays, about = read_arrays(copied / "weights.safetensors")
    if not arrays:
        pytest.skip("learns nothing")
    write_arrays(copied / "weights.safetensors", {"something": np.zeros(3)}, about)
    with pytest.raises(
        StorageError,
        match=f"model is damaged or was altered .not a whole save of {type(fitted).__name__}: .*; write it again, or train anew",
    ):
        Recommender.load(copied)


def test_other_data_than_the_training_data(saved: Path, synthetic: Ratings) -> None:
    other = synthetic.select(np.arange(len(synthetic) - 1))
    text = r"was fitted on other data than the given ratings \(synthetic\); pass its training data, or fit anew"
    with pytest.raises(DataError, match=text):
        Recommender.load(saved, other)


def test_the_last_place_of_a_weight_that_was_changed(copied: Path) -> None:
    path = copied / "weights.safetensors"
    arrays, about = read_arrays(path)
    name = next((name for name, array in arrays.items() if array.dtype == np.float32), None)
    if name is None:
        pytest.skip("learns no numbers")
    arrays[name].reshape(-1).view(np.uint8)[0] ^= 1
    write_arrays(path, arrays, about)
    text = r"weights.safetensors is damaged or was altered: its sha256 is \w{64}, expected \w{64}; save it again, or"
    with pytest.raises(StorageError, match=text):
        Recommender.load(copied)


def test_ratings_that_were_written_in_another_way(save_of_popularity: Path) -> None:
    """With the same numbers in them, so that only the checksum can tell."""
    path = save_of_popularity / "ratings.safetensors"
    arrays, about = read_arrays(path)
    write_arrays(path, arrays, about | {"more": 1})
    with pytest.raises(StorageError, match="ratings.safetensors is damaged or was altered: its sha256 is"):
        Recommender.load(save_of_popularity)


def test_a_save_without_checksums_still_loads(copied: Path, fitted: Recommender, synthetic: Ratings) -> None:
    edit(copied, lambda about: about.pop("sha256"))
    assert_same_lists(Recommender.load(copied), fitted, synthetic)


def test_checksums_that_are_none(save_of_popularity: Path) -> None:
    edit(save_of_popularity, lambda about: about.update(sha256=5))
    with pytest.raises(StorageError, match="is damaged or was altered .not a whole save of PopularityRecommender"):
        Recommender.load(save_of_popularity)


# What cannot be saved


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """There is room for the settings, but not for the weights."""
    write = Path.write_bytes

    def no_room(path: Path, data: bytes) -> int:
        if "weights" in path.name:
            write(path, data[: len(data) // 2])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(path, data)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", no_room)
        yield patch


def test_a_full_disk_keeps_the_old_save(
    fitted: Recommender, copied: Path, synthetic: Ratings, full_disk: pytest.MonkeyPatch
) -> None:
    files = {path.name: path.read_bytes() for path in copied.iterdir()}
    text = r"cannot write .*model: No space left on device; what was there before is unchanged; free some space"
    with pytest.raises(StorageError, match=text):
        fitted.save(copied)
    full_disk.undo()
    assert {path.name: path.read_bytes() for path in copied.iterdir()} == files
    assert [path.name for path in copied.parent.iterdir()] == ["model"]
    assert_same_lists(Recommender.load(copied), fitted, synthetic)


def test_a_full_disk_leaves_nothing_half_written(
    popularity: Recommender, tmp_path: Path, full_disk: pytest.MonkeyPatch
) -> None:
    with pytest.raises(StorageError, match="No space left on device"):
        popularity.save(tmp_path / "model")
    assert not list(tmp_path.iterdir())


def test_a_folder_that_holds_something_else_is_left_alone(popularity: Recommender, tmp_path: Path) -> None:
    """A save replaces its folder as a whole, which must not cost anybody their files."""
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.tex").write_text("three years of work")
    (tmp_path / "file").write_text("a file")
    for place in ("thesis", "file"):
        text = f"{place} holds something else than a recommender; choose a new folder"
        with pytest.raises(StorageError, match=text):
            popularity.save(tmp_path / place)
    assert (tmp_path / "thesis" / "chapter.tex").read_text() == "three years of work"
    assert (tmp_path / "file").read_text() == "a file"
    popularity.save(tmp_path / "thesis" / "model")
    (tmp_path / "thesis" / "model" / "notes.txt").write_text("the best one so far")
    with pytest.raises(StorageError, match="model holds something else than a recommender"):
        popularity.save(tmp_path / "thesis" / "model")
    assert (tmp_path / "thesis" / "model" / "notes.txt").exists()
    (tmp_path / "empty").mkdir()
    popularity.save(tmp_path / "empty")
    assert Recommender.load(tmp_path / "empty").name == "popularity"


def test_a_folder_as_people_write_it(popularity: Recommender, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    for given, place in (("~/a", "a"), ("b", "b"), ("./d/", "d"), (Path("~/e"), "e")):
        popularity.save(given)
        assert (tmp_path / place / "recommender.json").exists()
        assert Recommender.load(given).name == "popularity"


def test_the_folder_where_one_works_is_not_replaced(
    popularity: Recommender, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    for place in (".", tmp_path / "work"):
        with pytest.raises(StorageError, match="is where you work, so it cannot be replaced; give a folder inside it"):
            popularity.save(place)
    assert Path.cwd() == tmp_path / "work"


def test_a_save_that_was_killed_while_it_replaced_another_is_found(save_of_popularity: Path) -> None:
    save_of_popularity.rename(save_of_popularity.with_name(".model.123-0a1b2c3d.old"))  # see storage.whole_folder
    loaded = Recommender.load(save_of_popularity)
    assert loaded.name == "popularity"
    loaded.save(save_of_popularity)
    assert [path.name for path in save_of_popularity.parent.iterdir()] == ["model"]


def test_a_place_where_nothing_can_be_written(popularity: Recommender, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("old")
    with pytest.raises(StorageError, match=r"cannot write .*model: .*; what was there before is unchanged"):
        popularity.save(tmp_path / "file" / "model")


def test_a_folder_that_cannot_be_looked_into(
    popularity: Recommender, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> Iterator[Path]:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(StorageError, match="cannot look into .*Permission denied.*; check the permissions, or choose"):
        popularity.save(tmp_path)


def test_a_link_to_a_folder_stays_a_link(popularity: Recommender, tmp_path: Path) -> None:
    (tmp_path / "large disk").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "large disk" / "model")
    for _ in range(2):
        popularity.save(tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert Recommender.load(tmp_path / "large disk" / "model").name == "popularity"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["large disk", "link"]
