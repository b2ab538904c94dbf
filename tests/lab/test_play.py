"""Played episodes: known rewards, every step accounted for, one user and many alike."""

import numpy as np
import pytest

from drr_tutorial.data.ratings import Ratings
from drr_tutorial.environment.env import RecommendationEnv
from drr_tutorial.environment.vector_env import RecommendationVectorEnv
from drr_tutorial.lab.play import memory_titles, play_episode, play_users
from drr_tutorial.recommenders.baselines import PopularityRecommender, RandomRecommender
from tests.toy import toy_ratings


@pytest.fixture
def ratings() -> Ratings:
    # likes of items 0 to 4: 3, 2, 1, 2, 0; user 10 dislikes item 1 and user 40 item 0
    rows = [
        (40, 0, 1),
        (40, 3, 5),
        (10, 0, 5),
        (10, 1, 1),
        (10, 2, 4),
        (20, 0, 5),
        (20, 1, 4),
        (30, 0, 4),
        (30, 1, 5),
        (30, 3, 4),
        (30, 4, 2),
    ]
    return toy_ratings(rows)


def test_a_known_episode_as_a_table(ratings: Ratings) -> None:
    env = RecommendationEnv(ratings, candidates="catalogue", max_steps=10)
    episode = play_episode(env, PopularityRecommender().fit(ratings), 10)
    assert episode["title"].tolist() == ["Film 0", "Film 1", "Film 3", "Film 2"]
    assert episode["reward"].tolist() == [1, 0, 0, 1]
    assert episode["newest in memory"].tolist() == ["Film 0", "Film 0", "Film 0", "Film 2"]
    assert episode["terminated"].tolist() == [False, False, False, True]
    assert not episode["truncated"].any()
    assert episode.index.tolist() == [1, 2, 3, 4] and episode.index.name == "step"


def test_an_empty_memory_has_no_newest_title_and_truncation_ends_the_table(ratings: Ratings) -> None:
    env = RecommendationEnv(ratings, candidates="catalogue", max_steps=1)
    episode = play_episode(env, PopularityRecommender().fit(ratings), 40)
    assert episode["newest in memory"].tolist() == [""]
    assert (episode["terminated"].tolist(), episode["truncated"].tolist()) == ([False], [True])


@pytest.mark.parametrize("max_steps", [None, 6])
def test_many_users_are_played_like_one(synthetic: Ratings, max_steps: int | None) -> None:
    env = RecommendationVectorEnv(synthetic, 20, candidates="catalogue", max_steps=max_steps)
    single = RecommendationEnv(synthetic, candidates="catalogue", max_steps=max_steps)
    users = synthetic.user_ids[np.flatnonzero(env.users.n_positive)[:20]]
    for recommender in (PopularityRecommender().fit(synthetic), RandomRecommender().fit(synthetic)):
        rewards = play_users(env, recommender, users, seed=0)
        episodes = [play_episode(single, recommender, user)["reward"].to_numpy() for user in users]
        assert rewards.shape == (20, max(map(len, episodes)))
        for row, episode in zip(rewards, episodes, strict=True):
            assert row[: len(episode)].tolist() == episode.tolist()
            assert not row[len(episode) :].any()


def test_random_finds_half_of_balanced_candidates(synthetic: Ratings) -> None:
    recommender = RandomRecommender().fit(synthetic)
    env = RecommendationEnv(synthetic, max_steps=5)
    users = np.repeat(synthetic.user_ids[env.users.n_positive >= 5], 5)
    crowd = RecommendationVectorEnv(synthetic, len(users), max_steps=5)
    rewards = play_users(crowd, recommender, users, seed=0)
    assert rewards.shape[1] == 5
    assert rewards.mean() == pytest.approx(0.5, abs=0.04)


def test_one_seed_one_result(synthetic: Ratings) -> None:
    recommender, users = PopularityRecommender().fit(synthetic), synthetic.user_ids[:30]
    env = RecommendationVectorEnv(synthetic, 30)
    first = play_users(env, recommender, users, seed=1)
    assert np.array_equal(first, play_users(env, recommender, users, seed=1))
    assert not np.array_equal(first, play_users(env, recommender, users, seed=2))


def test_memory_titles_leave_padding_out(ratings: Ratings) -> None:
    assert memory_titles([5, 5, 2, 0], ratings.titles) == ["Film 2", "Film 0"]
    assert memory_titles([5, 5], ratings.titles) == []


def test_another_catalogue(ratings: Ratings, synthetic: Ratings) -> None:
    stranger = PopularityRecommender().fit(synthetic)
    with pytest.raises(ValueError, match="must have the environment's catalogue of 5 items"):
        play_episode(RecommendationEnv(ratings), stranger, 10)
    with pytest.raises(ValueError, match="must have the environment's catalogue of 5 items"):
        play_users(RecommendationVectorEnv(ratings, 1), stranger, [10])
