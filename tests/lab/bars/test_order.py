"""Transitions by hand, a cycle that is learned whole, and EASE beside them: sums of standardized scores."""

from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csr_array

from drr_tutorial.data.ratings import Ratings
from drr_tutorial.lab.bars.order import EASEAndTransitions, TransitionsRecommender
from drr_tutorial.recommenders.base import Recommender
from drr_tutorial.recommenders.baselines import EASERecommender
from tests.toy import toy_ratings

# liked one after the other: user 1 a, b, c; user 2 b, c, a; user 3 a, c; user 4 nothing
TOY = toy_ratings([(1, 1, 5), (1, 2, 5), (1, 3, 5), (2, 2, 5), (2, 3, 4), (2, 1, 4), (3, 1, 4), (3, 3, 5), (4, 2, 1)])
PLAIN = {"decay": 1.0, "recency": 1.0, "popularity_power": 0.0}


def in_order(*rows: list[int], n_items: int = 3) -> csr_array:
    """Histories, oldest first: indices are not sorted."""
    lengths = [len(row) for row in rows]
    items = np.concatenate([np.array(row, dtype=np.int64) for row in rows])
    return csr_array((np.ones(len(items), np.float32), items, np.cumsum([0, *lengths])), shape=(len(rows), n_items))


def ring(n_items: int = 12, n_users: int = 60, length: int = 6) -> Ratings:
    """Item i + 1 follows item i, and item 0 the last."""
    starts = np.random.default_rng(0).integers(n_items, size=n_users)
    return toy_ratings([(u, int((starts[u] + k) % n_items), 5.0) for u in range(n_users) for k in range(length)])


def test_shares_of_what_follows_at_once() -> None:
    weights = TransitionsRecommender(window=1, **PLAIN).fit(TOY).weights
    # a -> b, a -> c; b -> c twice; c -> a
    np.testing.assert_allclose(weights, [[0, 1 / 2, 1 / 2], [0, 0, 1], [1, 0, 0]], rtol=1e-6)


def test_a_window_counts_what_follows_later_for_less() -> None:
    weights = TransitionsRecommender(window=2, **(PLAIN | {"decay": 0.5})).fit(TOY).weights
    # two places on: a -> c and b -> a, half a count each
    np.testing.assert_allclose(weights, [[0, 1 / 2.5, 1.5 / 2.5], [0.5 / 2.5, 0, 2 / 2.5], [1, 0, 0]], rtol=1e-6)


def test_a_window_longer_than_every_sequence_changes_nothing() -> None:
    short, long = (TransitionsRecommender(window=window).fit(TOY).weights for window in (2, 100))
    np.testing.assert_array_equal(short, long)


def test_popularity_of_the_follower_divides() -> None:
    plain = TransitionsRecommender(**(PLAIN | {"popularity_power": 0.0})).fit(TOY).weights
    divided = TransitionsRecommender(**(PLAIN | {"popularity_power": 0.5})).fit(TOY).weights
    np.testing.assert_allclose(divided, plain / np.sqrt([3, 2, 3]), rtol=1e-6)


def test_the_latest_likes_speak_loudest() -> None:
    fitted = TransitionsRecommender(memory=2, recency=0.5).fit(TOY)
    a, b, c = fitted.weights
    np.testing.assert_allclose(fitted.scores_for(in_order([0, 1, 2], [2, 0])), [c + b / 2, a + c / 2], rtol=1e-6)
    np.testing.assert_allclose(fitted.scores([1, 2, 3]), [c + b / 2, a + c / 2, c + a / 2], rtol=1e-6)


def test_who_likes_nothing_gets_what_many_like() -> None:
    fitted = TransitionsRecommender().fit(TOY)
    np.testing.assert_array_equal(fitted.scores(4), [[3, 2, 3]])
    np.testing.assert_array_equal(fitted.scores_for(in_order([])), [[3, 2, 3]])


@pytest.mark.parametrize("make", [TransitionsRecommender, EASEAndTransitions])
def test_a_session_goes_on_where_the_training_data_end(make: type[Recommender]) -> None:
    fitted, ids = make().fit(TOY), [3, 1, 4]
    session = in_order([1], [], [2, 0])
    np.testing.assert_allclose(
        fitted.scores_in_session(ids, session), fitted.scores_for(in_order([0, 2, 1], [0, 1, 2], [2, 0])), rtol=1e-6
    )
    np.testing.assert_allclose(fitted.scores_in_session(ids, session)[1], fitted.scores(1)[0], rtol=1e-6)


@pytest.mark.parametrize(
    "recommender", [TransitionsRecommender(window=1, memory=1), EASEAndTransitions(window=1, memory=1, weight=5.0)]
)
def test_a_ring_is_learned(recommender: Recommender) -> None:
    ratings = ring()
    recommender.fit(ratings)
    last = ratings.items.reshape(-1, 6)[:, -1]
    best = recommender.scores(ratings.user_ids).argmax(axis=1)
    np.testing.assert_array_equal(best, (last + 1) % 12)
    assert recommender.recommend_for([3, 4, 5], 1, exclude_seen=False)["item_id"].tolist() == [6]
    assert recommender.recommend_for([5, 4, 3], 1, exclude_seen=False)["item_id"].tolist() == [4]


def test_ease_and_transitions_add_up_with_equal_spread(synthetic: Ratings) -> None:
    both = EASEAndTransitions(regularization=100.0, weight=0.7).fit(synthetic)
    users = synthetic.user_ids[:20]
    parts = [method.fit(synthetic).scores(users) for method in (EASERecommender(100.0), TransitionsRecommender())]
    one, other = ((part - part.mean(axis=1)[:, None]) / part.std(axis=1)[:, None] for part in parts)
    np.testing.assert_allclose(both.scores(users), one + 0.7 * other, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("make", [TransitionsRecommender, EASEAndTransitions])
def test_saved_and_loaded_it_scores_the_same(make: type[Recommender], tmp_path: Path) -> None:
    fitted = make(window=3, memory=2).fit(TOY)  # type: ignore[call-arg]
    fitted.save(tmp_path / "saved")
    loaded = Recommender.load(tmp_path / "saved")
    assert loaded == fitted
    np.testing.assert_array_equal(loaded.scores([1, 2, 3, 4]), fitted.scores([1, 2, 3, 4]))


@pytest.mark.parametrize(
    ("recommender", "text"),
    [
        (TransitionsRecommender(window=0), "window must be at least 1, got 0"),
        (TransitionsRecommender(memory=0), "memory must be at least 1, got 0"),
        (TransitionsRecommender(decay=0.0), "decay must be above 0 and at most 1, got 0.0"),
        (TransitionsRecommender(recency=1.5), "recency must be above 0 and at most 1, got 1.5"),
        (TransitionsRecommender(popularity_power=-1), "popularity_power must be at least 0, got -1"),
        (EASEAndTransitions(weight=0), "weight must be above 0, got 0"),
        (EASEAndTransitions(regularization=0), "regularization must be above 0, got 0"),
        (EASEAndTransitions(window=0), "window must be at least 1, got 0"),
    ],
    ids=str,
)
def test_settings_out_of_range(recommender: Recommender, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        recommender.fit(TOY)
