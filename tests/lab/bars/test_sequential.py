"""SASRec and GRU4Rec learn a world whose order is known, rank at the end of a sequence, and refuse bad settings."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy.sparse import csr_array

from drr_tutorial.data.ratings import Ratings
from drr_tutorial.lab.bars import sequential
from drr_tutorial.lab.bars.neural import NeuralRecommender
from drr_tutorial.lab.bars.sequential import GRU4RecRecommender, SASRecRecommender
from drr_tutorial.recommenders.base import Recommender
from tests.toy import toy_ratings

N_ITEMS = 20
KINDS = [SASRecRecommender, GRU4RecRecommender]
both_kinds = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
Make = Callable[..., NeuralRecommender]


def cycle_ratings(n_users: int = 80, seed: int = 0) -> Ratings:
    """Item i + 1 follows item i, and 0 the last; each user starts anywhere and likes 5 to 15."""
    rng = np.random.default_rng(seed)
    starts, counts = rng.integers(N_ITEMS, size=n_users), rng.integers(5, 16, size=n_users)
    return toy_ratings(
        [(user, (starts[user] + step) % N_ITEMS, 5.0) for user in range(n_users) for step in range(counts[user])]
    )


def histories(*rows: list[int], n_items: int = N_ITEMS) -> csr_array:
    indptr = np.cumsum([0, *map(len, rows)])
    indices = np.array([item for row in rows for item in row], dtype=np.int64)
    return csr_array((np.ones(len(indices), np.float32), indices, indptr), shape=(len(rows), n_items))


@pytest.fixture(scope="module")
def cycle() -> Ratings:
    return cycle_ratings()


@pytest.fixture(scope="module", params=KINDS, ids=lambda kind: kind.name)
def fitted(request: pytest.FixtureRequest, cycle: Ratings) -> NeuralRecommender:
    return request.param(n_factors=32, learning_rate=0.01, n_epochs=20).fit(cycle)


def test_a_cycle_is_learned(fitted: NeuralRecommender, cycle: Ratings) -> None:
    latest = np.array([cycle.items[cycle.users == user][-1] for user in range(cycle.n_users)])
    np.testing.assert_array_equal(fitted.scores(cycle.user_ids).argmax(axis=1), (latest + 1) % N_ITEMS)
    newcomers = histories(*[[(item + step) % N_ITEMS for step in range(4)] for item in range(N_ITEMS)])
    np.testing.assert_array_equal(fitted.scores_for(newcomers).argmax(axis=1), (np.arange(N_ITEMS) + 4) % N_ITEMS)


@both_kinds
def test_a_cycle_is_learned_from_some_candidates_a_step(kind: Make, cycle: Ratings) -> None:
    fitted = kind(n_factors=32, n_candidates=8, learning_rate=0.01, n_epochs=20).fit(cycle)
    newcomers = histories(*[[(item + step) % N_ITEMS for step in range(4)] for item in range(N_ITEMS)])
    np.testing.assert_array_equal(fitted.scores_for(newcomers).argmax(axis=1), (np.arange(N_ITEMS) + 4) % N_ITEMS)


def test_what_is_liked_in_a_session_comes_last(fitted: NeuralRecommender, cycle: Ratings) -> None:
    own = [cycle.items[cycle.users == user].tolist() for user in (3, 4, 5)]
    likes = [[(own[0][-1] + 1) % N_ITEMS, (own[0][-1] + 2) % N_ITEMS], [], [(own[2][-1] + 1) % N_ITEMS]]
    scores = fitted.scores_in_session(cycle.user_ids[[3, 4, 5]], histories(*likes))
    whole = histories(*[known + more for known, more in zip(own, likes, strict=True)])
    np.testing.assert_allclose(scores, fitted.scores_for(whole), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(scores[1], fitted.scores(cycle.user_ids[4])[0], rtol=1e-4, atol=1e-4)
    assert scores[0].argmax() == (likes[0][-1] + 1) % N_ITEMS


def test_scores_depend_on_the_order_and_not_on_who_else_is_asked(fitted: NeuralRecommender) -> None:
    scores = fitted.scores_for(histories([3, 4, 5], [5, 4, 3], [7]))
    assert np.abs(scores[0] - scores[1]).max() > 0.1
    np.testing.assert_allclose(fitted.scores_for(histories([7]))[0], scores[2], rtol=1e-4, atol=1e-4)


def test_who_likes_nothing_yet_gets_what_many_like(fitted: NeuralRecommender, cycle: Ratings) -> None:
    scores = fitted.scores_for(histories([], [3]))
    np.testing.assert_array_equal(scores[0], np.bincount(cycle.items))
    assert scores[1].argmax() == 4


@both_kinds
def test_the_training_starts_from_popularity(kind: Make, synthetic: Ratings) -> None:
    fitted = kind(n_factors=8, n_epochs=1, learning_rate=1e-12).fit(synthetic)
    likes = np.bincount(synthetic.positives().items, minlength=synthetic.n_items)
    np.testing.assert_allclose(fitted.network.bias.detach(), np.log1p(likes), atol=1e-4)
    assert np.corrcoef(fitted.scores(synthetic.user_ids).mean(axis=0), likes)[0, 1] > 0.4


@both_kinds
def test_out_of_order_what_else_is_liked_is_learned(kind: Make) -> None:
    """Users like runs of a cycle; shuffled, the item before a liked one is as likely as the one after."""
    ahead, near, item = {}, {}, np.arange(N_ITEMS)
    for in_order in (True, False):
        settings: dict[str, Any] = {"n_factors": 16, "learning_rate": 0.01, "n_epochs": 30, "in_order": in_order}
        scores = kind(**settings).fit(cycle_ratings()).scores_for(histories(*item[:, None].tolist()))
        after, before, far = (scores[item, (item + step) % N_ITEMS] for step in (1, -1, 10))
        ahead[in_order], near[in_order] = (after - before).mean(), ((after + before) / 2 - far).mean()
    assert ahead[True] > 2
    assert abs(ahead[False]) < 0.4
    assert near[False] > 0.5


@both_kinds
def test_only_the_latest_likes_are_read(kind: Make, cycle: Ratings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sequential, "LENGTH", 4)
    fitted = kind(n_factors=8, n_epochs=1).fit(cycle)
    scores = fitted.scores_for(histories([9, 8, 3, 4, 5, 6], [3, 4, 5, 6], [8, 4, 5, 6]))
    np.testing.assert_allclose(scores[0], scores[1], rtol=1e-4, atol=1e-5)
    assert np.abs(scores[0] - scores[2]).max() > 1e-4


def test_a_save_is_loaded(fitted: NeuralRecommender, cycle: Ratings, tmp_path: Path) -> None:
    fitted.save(tmp_path / "model")
    loaded = Recommender.load(tmp_path / "model")
    assert loaded == fitted
    np.testing.assert_array_equal(loaded.scores(cycle.user_ids), fitted.scores(cycle.user_ids))


@both_kinds
def test_one_seed_one_result_and_other_draws_as_they_were(kind: Make, cycle: Ratings) -> None:
    state = torch.get_rng_state()
    one, again, other = (kind(n_factors=8, n_epochs=1, seed=seed).fit(cycle).scores([0]) for seed in (1, 1, 2))
    assert torch.equal(torch.get_rng_state(), state)
    np.testing.assert_array_equal(one, again)
    assert np.abs(one - other).max() > 1e-3


@both_kinds
def test_who_likes_one_thing_can_be_there(kind: Make) -> None:
    alone = kind(n_factors=8, n_epochs=2).fit(toy_ratings([(1, 1, 5), (2, 2, 5)]))
    assert np.isfinite(alone.scores([1, 2])).all()
    among_others = kind(n_factors=8, n_epochs=2).fit(toy_ratings([(1, 1, 5), (2, 2, 5), (2, 1, 5), (3, 1, 2)]))
    assert np.isfinite(among_others.scores([1, 2, 3])).all()


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"n_factors": 0}, "n_factors must be a whole number of at least 1, got 0"),
        ({"n_candidates": -1}, "n_candidates must be a whole number of at least 1, got -1"),
        ({"n_epochs": 1.5}, "n_epochs must be a whole number, got 1.5"),
        ({"batch_size": 0}, "batch_size must be a whole number of at least 1, got 0"),
        ({"learning_rate": float("nan")}, "learning_rate must be a number, got nan"),
        ({"dropout": 1.0}, "dropout must be from 0 to below 1, got 1.0"),
        ({"dropout": -0.1}, "dropout must be from 0 to below 1, got -0.1"),
    ],
    ids=str,
)
@both_kinds
def test_settings_out_of_range(kind: Make, settings: dict[str, Any], text: str, cycle: Ratings) -> None:
    with pytest.raises(ValueError, match=text):
        kind(**settings).fit(cycle)


def test_heads_share_the_vectors(cycle: Ratings) -> None:
    with pytest.raises(ValueError, match="n_factors must be a multiple of n_heads, 3, got 64"):
        SASRecRecommender(n_heads=3).fit(cycle)
    with pytest.raises(ValueError, match="n_blocks must be a whole number of at least 1, got 0"):
        SASRecRecommender(n_blocks=0).fit(cycle)
