"""Counts as weights of likes: where what was played once is chance, to look at how often pays, and it is kept."""

from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
import pytest

from drr_tutorial.config import EmbeddingConfig
from drr_tutorial.config.presets import DEFAULT
from drr_tutorial.data.load import load_ratings
from drr_tutorial.data.ratings import Ratings
from drr_tutorial.experiment import baselines
from drr_tutorial.recommenders.base import Recommender
from drr_tutorial.recommenders.baselines import IALSRecommender
from drr_tutorial.recommenders.drr import DRRRecommender

N_USERS, N_ITEMS, GENRES = 120, 80, 4
SMALL = {"n_factors": 4, "regularization": 20.0, "n_iterations": 10}


def plays(seed: int = 0) -> pd.DataFrame:
    """Everybody plays ten songs of a genre of theirs many times, and thirty others once."""
    rng = np.random.default_rng(seed)
    rows = []
    for user in range(N_USERS):
        own = np.flatnonzero(np.arange(N_ITEMS) % GENRES == user % GENRES)
        for song in rng.choice(own, 10, replace=False):
            rows.append((user, song, rng.integers(20, 60)))
        for song in rng.choice(np.setdiff1d(np.arange(N_ITEMS), own), 30, replace=False):
            rows.append((user, song, 1))
    return pd.DataFrame(rows, columns=["user", "item", "plays"])


@pytest.fixture(scope="module")
def heard() -> Ratings:
    return load_ratings(plays(), kind="counts", liked_above=0)


def share_of_own_genre(agent: Recommender) -> float:
    """Among five songs for each that are new to them."""
    lists = agent.recommend_all(k=5, progress=False)
    return float(np.mean(lists.user_id % GENRES == lists.item_id % GENRES))


def test_who_looks_at_counts_finds_taste_where_one_play_is_chance(heard: Ratings) -> None:
    plain, weighted = (share_of_own_genre(IALSRecommender(**SMALL, weighted=w).fit(heard)) for w in (False, True))
    assert weighted > 0.9
    assert plain < 0.4, "a quarter by chance"


def test_weights_are_saved_and_new_plays_join_with_theirs(heard: Ratings, tmp_path: Path) -> None:
    agent = IALSRecommender(**SMALL, weighted=True).fit(heard)
    agent.save(tmp_path / "agent")
    again = IALSRecommender.load(tmp_path / "agent")
    assert again.ratings.weights is not None and heard.weights is not None
    np.testing.assert_array_equal(again.ratings.weights, heard.weights)
    songs = [number for number in range(N_ITEMS) if number % GENRES == 1][:6]
    new = pd.DataFrame({"user": 1000, "item": [*songs, *range(0, 24, 4)], "plays": [50] * 6 + [1] * 6})
    later = load_ratings(new, kind="counts", liked_above=0, beside=heard)
    for one in (agent, again):
        one.partial_fit(later)
        of_new = one.recommend(1000, k=5).item_id.to_numpy()
        assert np.mean(of_new % GENRES == 1) >= 0.8


def test_the_baseline_looks_at_counts_where_the_agent_does(heard: Ratings) -> None:
    for weighted in (False, True):
        config = replace(DEFAULT, embedding=replace(DEFAULT.embedding, weighted=weighted))
        (bar,) = baselines(config, heard, ["ials"])
        assert bar.get_params()["weighted"] is weighted
        assert bar.embeddings.weighted is weighted  # type: ignore[attr-defined]


def test_the_agent_takes_them_where_it_is_told_to(heard: Ratings, tmp_path: Path) -> None:
    embedding = replace(DEFAULT.embedding, weighted=True, n_factors=8, rated_factors=4, stars_factors=4)
    config = replace(DEFAULT, embedding=embedding, training=replace(DEFAULT.training, passes=0.1))
    agent = DRRRecommender(config, progress=False).fit(heard)
    parts = agent.embeddings.parts
    assert [part.weighted for part in parts] == [True, True, False]
    agent.save(tmp_path / "agent")
    loaded = DRRRecommender.load(tmp_path / "agent")
    assert [part.weighted for part in loaded.embeddings.parts] == [True, True, False]
    pd.testing.assert_frame_equal(loaded.recommend_all(k=5, progress=False), agent.recommend_all(k=5, progress=False))


@pytest.mark.parametrize("method", ["pmf", "scratch"])
def test_weights_need_a_part_that_looks_at_them(method: Literal["pmf", "scratch"]) -> None:
    with pytest.raises(ValueError, match=r"EmbeddingConfig\.weighted must be False where iALS makes no part"):
        EmbeddingConfig(method=method, weighted=True)
    assert EmbeddingConfig(method=method, weighted=True, rated_factors=4).weighted
