"""The invented world: same seed same world, plausible shape, and tastes that can be learned."""

import numpy as np
import pytest
from scipy.sparse.linalg import svds

from drr_tutorial.data.load import load_ratings
from drr_tutorial.data.ratings import DataError, Ratings
from drr_tutorial.data.splits import random_split
from drr_tutorial.data.synthetic import synthetic_ratings


def test_one_seed_one_world(synthetic: Ratings) -> None:
    again, other = load_ratings("synthetic", seed=0), load_ratings("synthetic", seed=1)
    assert again.fingerprint() == synthetic.fingerprint() != other.fingerprint()
    assert again.titles.tolist() == synthetic.titles.tolist()
    assert again.genres == synthetic.genres


def test_it_looks_like_ratings_of_films(synthetic: Ratings) -> None:
    assert (synthetic.n_users, synthetic.name) == (300, "synthetic")
    assert 450 < synthetic.n_items <= 500
    assert set(synthetic.ratings.tolist()) == {1, 2, 3, 4, 5}
    assert 0.3 < (synthetic.ratings > 3).mean() < 0.8
    assert np.bincount(synthetic.users).min() >= 20
    assert len(set(synthetic.titles.tolist())) == synthetic.n_items
    assert ((synthetic.years >= 1960) & (synthetic.years <= 2000)).all()
    assert all(1 <= len(genres) <= 3 for genres in synthetic.genres)


def test_popularity_is_skewed(synthetic: Ratings) -> None:
    counts = np.sort(np.bincount(synthetic.items))[::-1]
    assert counts[: len(counts) // 10].sum() > 0.3 * counts.sum()


def test_each_viewers_time_runs_forward(synthetic: Ratings) -> None:
    same_user = synthetic.users[1:] == synthetic.users[:-1]
    assert (np.diff(synthetic.timestamps)[same_user] > 0).all()
    assert not np.diff(synthetic.users).min() < 0


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_popularity_beats_chance_and_factors_beat_popularity(seed: int) -> None:
    split = random_split(synthetic_ratings(seed=seed).positives(), seed=seed)
    train = split.train.matrix()
    popularity = np.tile(np.asarray(train.sum(axis=0)), (train.shape[0], 1))
    rng = np.random.default_rng(0)
    left, values, right = svds(train, k=8, v0=rng.random(min(train.shape)))
    chance = rng.random(train.shape)
    random, popular, factors = (
        hit_rate_at_10(scores, split.test, train) for scores in (chance, popularity, left * values @ right)
    )
    assert random + 0.05 < popular
    assert popular + 0.05 < factors


def hit_rate_at_10(scores: np.ndarray, test: Ratings, train: object) -> float:
    """How many of the test rows are in their user's ten best unseen items."""
    unseen = np.where(train.toarray() > 0, -np.inf, scores)
    best = np.argsort(-unseen, axis=1)[:, :10]
    return float((best[test.users] == test.items[:, None]).any(axis=1).mean())


def test_titles_stay_unique_when_the_words_run_out() -> None:
    assert "2 (" in " ".join(synthetic_ratings(n_users=400, n_items=1500).titles.tolist())
    large = synthetic_ratings(n_users=400, n_items=1500)
    assert len(set(large.titles.tolist())) == large.n_items


@pytest.mark.parametrize("size", [{"n_users": 1}, {"n_items": 99}, {"n_factors": 0}])
def test_too_small_a_world_is_refused(size: dict[str, int]) -> None:
    with pytest.raises(DataError, match=f"{next(iter(size))} must be at least .* got {next(iter(size.values()))}"):
        synthetic_ratings(**size)
