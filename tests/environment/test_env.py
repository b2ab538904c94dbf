"""One user's environment: known episodes, Gymnasium's own checks, bad input."""

import dataclasses
import warnings

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from drr_tutorial.data.ratings import DataError, Ratings, UnknownIdError
from drr_tutorial.environment import ENV_ID, users
from drr_tutorial.environment.env import RecommendationEnv, VectorActionWrapper
from drr_tutorial.environment.memory import latest_liked
from drr_tutorial.environment.rewards import reward_matrix
from drr_tutorial.environment.users import draw_candidates
from drr_tutorial.environment.vector_env import RecommendationVectorEnv
from tests.toy import toy_ratings


@pytest.fixture
def ratings() -> Ratings:
    # user 10 likes items 0, 1, 2 and dislikes 3; user 20 likes 4; user 30 likes nothing; nobody likes items 5 and 6
    rows = [(10, 0, 5), (10, 1, 4), (10, 2, 4), (10, 3, 1), (20, 4, 5), (30, 5, 2), (30, 6, 3)]
    return toy_ratings(rows)


def test_a_known_episode_step_by_step(ratings: Ratings) -> None:
    env = RecommendationEnv(ratings, candidates="catalogue", memory_size=2)
    observation, info = env.reset(seed=0, options={"user": 10})
    assert observation["user"] == 0
    assert observation["memory"].tolist() == [7, 7]  # padding
    assert info["action_mask"].sum() == 7
    seen = [env.step(np.int64(item)) for item in (0, 3, 1)]
    assert [reward for _, reward, *_ in seen] == [1, 0, 1]
    assert [obs["memory"].tolist() for obs, *_ in seen] == [[7, 0], [7, 0], [0, 1]]
    assert [truncated for *_, truncated, _ in seen] == [False, False, True]  # three positives, three steps
    assert not any(terminated for _, _, terminated, _, _ in seen)


def test_terminated_when_the_last_positive_is_found(ratings: Ratings) -> None:
    env = RecommendationEnv(ratings, candidates="catalogue", max_steps=10)
    env.reset(options={"user": 20})
    *_, terminated, truncated, _ = env.step(np.int64(0))
    assert not terminated
    _, reward, terminated, truncated, _ = env.step(np.int64(4))
    assert reward == 1
    assert terminated
    assert not truncated


def test_an_item_pays_once(ratings: Ratings) -> None:
    env = RecommendationEnv(ratings, candidates="catalogue", max_steps=10)
    env.reset(options={"user": 10})
    assert env.step(np.int64(0))[1] == 1
    observation, reward, *_, info = env.step(np.int64(0))
    assert reward == 0
    assert observation["memory"].tolist()[-2:] == [7, 0]
    assert info["action_mask"][0] == 0


def test_centred_reward_punishes_and_leaves_the_memory(ratings: Ratings) -> None:
    env = RecommendationEnv(ratings, candidates="catalogue", reward="centred")
    env.reset(options={"user": 10})
    observation, reward, *_ = env.step(np.int64(3))
    assert reward == -1
    assert set(observation["memory"].tolist()) == {7}
    assert env.step(np.int64(1))[1] == 0.5


def test_a_callable_reward(ratings: Ratings) -> None:
    env = RecommendationEnv(ratings, candidates="catalogue", reward=lambda r: r * 2)
    env.reset(options={"user": 30})
    assert env.step(np.int64(5))[1] == 4


@pytest.mark.parametrize("candidates", ["balanced", "catalogue"])
def test_gymnasium_finds_nothing_to_complain_of(ratings: Ratings, candidates: str) -> None:
    env = gym.make(ENV_ID, ratings=ratings, candidates=candidates)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(env.unwrapped, skip_render_check=True)


def test_the_vector_wrapper_passes_and_picks_the_nearest_available_item(ratings: Ratings) -> None:
    vectors = np.eye(7, 3, dtype=np.float32)
    vectors[6] = [0.5, 0, 0]
    env = VectorActionWrapper(RecommendationEnv(ratings, candidates="catalogue"), vectors)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", message=".*is different from the unwrapped version")  # it is a wrapper
        check_env(env, skip_render_check=True)
    env.reset(options={"user": 10})
    east = np.array([1, 0, 0], dtype=np.float32)
    assert env.action(east) == 0
    env.step(east)
    assert env.action(east) == 6  # item 0 was shown


def test_balanced_candidates_are_positives_and_as_many_others() -> None:
    positive = np.zeros((3, 10), dtype=bool)
    positive[0, :3] = positive[1, :7] = True
    rng, known = np.random.default_rng(0), np.zeros_like(positive)
    drawn = np.stack([draw_candidates(positive, known, "balanced", rng) for _ in range(2000)])
    assert (drawn & positive == positive).all()
    assert (drawn.sum(axis=2) == [6, 10, 0]).all()  # 3 + 3; 7 + the 3 that are left; nothing
    share = drawn[:, 0, 3:].mean(axis=0)  # each of 7 others is drawn with probability 3/7
    assert np.allclose(share, 3 / 7, atol=0.05)


@pytest.mark.parametrize("n_items", [1, 3, 40, 1000])
@pytest.mark.parametrize("share_known", [0.0, 0.5, 0.97])
def test_the_others_are_those_with_the_smallest_of_uniform_numbers(n_items: int, share_known: float) -> None:
    """By sorting all of them, as slow as it is clear."""
    rng = np.random.default_rng(n_items)
    for _ in range(5):
        positive = rng.random((6, n_items)) < rng.choice([0.02, 0.3])
        known = (rng.random(positive.shape) < share_known) & ~positive
        seed = int(rng.integers(1000))
        keys = np.where(positive | known, np.inf, np.random.default_rng(seed).random(positive.shape))
        ranks = keys.argsort(axis=1).argsort(axis=1)
        expected = positive | ((ranks < positive.sum(axis=1, keepdims=True)) & np.isfinite(keys))
        drawn = draw_candidates(positive, known, "balanced", np.random.default_rng(seed))
        np.testing.assert_array_equal(drawn, expected)


def test_of_many_items_every_set_of_others_is_as_likely(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a number is drawn for each candidate: the counts, each item, and each pair of items."""
    monkeypatch.setattr(users, "MANY", 5)
    positive, known = np.zeros((2, 3, 12), dtype=bool)
    positive[0, :2] = positive[1, 3:6] = known[1, 6:8] = True
    rng = np.random.default_rng(0)
    drawn = np.stack([draw_candidates(positive, known, "balanced", rng) for _ in range(8000)])
    assert (drawn & positive == positive).all() and not (drawn & known).any()
    assert (drawn.sum(axis=2) == [4, 6, 0]).all()
    for row, n in ((0, 2), (1, 3)):
        others = drawn[:, row][:, ~(positive | known)[row]].astype(float)
        n_free = others.shape[1]
        together = others.T @ others / len(others)
        expected = np.full((n_free, n_free), n * (n - 1) / (n_free * (n_free - 1)))
        np.fill_diagonal(expected, n / n_free)
        np.testing.assert_allclose(together, expected, atol=0.02)


def test_of_many_items_nearly_all_taken_the_rest_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(users, "MANY", 5)
    positive, known = np.zeros((2, 1, 12), dtype=bool)
    positive[0, :2], known[0, 2:11] = True, True
    drawn = draw_candidates(positive, known, "balanced", np.random.default_rng(0))
    np.testing.assert_array_equal(drawn, ~known)


@pytest.mark.parametrize("candidates", ["balanced", "catalogue"])
def test_what_nobody_rated_is_no_candidate(candidates: str) -> None:
    """Items 6 and 7 are in the catalogue only, 4 and 5 in another user's history and ratings."""
    everything = toy_ratings([(1, 0, 5), (1, 1, 4), (1, 2, 5), (2, 3, 1), (2, 4, 5), (2, 5, 5), (2, 6, 5), (3, 7, 5)])
    now, history = everything.select(np.array([0, 1, 2, 5])), everything.select(np.array([3, 4]))
    for env in (
        RecommendationEnv(now, history=history, candidates=candidates),
        RecommendationVectorEnv(now, 1, history=history, candidates=candidates),
    ):
        options = {"users": [1]} if isinstance(env, RecommendationVectorEnv) else {"user": 1}
        _, info = env.reset(seed=0, options=options)
        assert np.ravel(info["action_mask"]).tolist() == [1, 1, 1, 1, 1, 1, 0, 0]


def test_a_history_fills_the_memory_and_is_not_shown_again() -> None:
    everything = toy_ratings([(1, 0, 5), (1, 1, 4), (1, 2, 5), (1, 3, 1), (1, 4, 5), (2, 5, 5)])
    history, now = everything.select(np.array([0, 2, 3])), everything.select(np.array([1, 4, 5]))
    env = RecommendationEnv(now, history=history, candidates="catalogue", memory_size=3)
    observation, info = env.reset(options={"user": 1})
    assert observation["memory"].tolist() == [6, 0, 2]  # item 3 was not liked
    assert info["action_mask"].tolist() == [0, 1, 0, 0, 1, 1]  # but it was seen
    with pytest.raises(ValueError, match="share no .user, item. pair, 1 are in both"):
        RecommendationEnv(now, history=everything.select(np.array([0, 1])))
    with pytest.raises(ValueError, match="history must have the users and items of ratings"):
        RecommendationEnv(now, history=toy_ratings([(1, 0, 5)]))


def test_latest_liked_goes_by_time_then_file_order() -> None:
    ratings = toy_ratings([(1, 0, 5), (1, 1, 5), (1, 2, 5), (1, 3, 2), (2, 4, 4)])
    times = np.array([30, 10, 10, 50, 0])
    timed = dataclasses.replace(ratings, timestamps=times)
    assert latest_liked(timed, 2).tolist() == [[2, 0], [5, 4]]
    assert latest_liked(timed, 4).tolist() == [[5, 1, 2, 0], [5, 5, 5, 4]]
    assert latest_liked(dataclasses.replace(ratings, timestamps=None), 2).tolist() == [[1, 2], [5, 4]]


def test_one_seed_one_episode(ratings: Ratings) -> None:
    def start(seed: int) -> list[int]:
        observation, info = RecommendationEnv(ratings).reset(seed=seed)
        return [int(observation["user"]), *info["action_mask"].tolist()]

    assert start(3) == start(3)
    assert len({tuple(start(seed)) for seed in range(20)}) > 1


def test_bad_input(ratings: Ratings) -> None:
    env = RecommendationEnv(ratings)
    with pytest.raises(UnknownIdError, match="99"):
        env.reset(options={"user": 99})
    with pytest.raises(ValueError, match="30 has none"):
        env.reset(options={"user": 30})
    env.reset(options={"user": 10})
    with pytest.raises(ValueError, match="action must be an item index from 0 to 6, got 7"):
        env.step(np.int64(7))
    with pytest.raises(ValueError, match="memory_size must be a whole number of at least 1, got 0"):
        RecommendationEnv(ratings, memory_size=0)
    with pytest.raises(ValueError, match="max_steps must be a whole number of at least 1, got 0"):
        RecommendationEnv(ratings, max_steps=0)
    with pytest.raises(ValueError, match="candidates must be"):
        RecommendationEnv(ratings, candidates="some")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="^reward must be one of binary, centred, got 'stars'; one of your own"):
        RecommendationEnv(ratings, reward="stars")
    with pytest.raises(ValueError, match="finite"):
        reward_matrix(ratings, lambda r: r * np.nan)
    with pytest.raises(DataError, match="positive reward"):
        reward_matrix(ratings, lambda r: r * 0)
    with pytest.raises(ValueError, match=r"item_vectors must be \(7, d\)"):
        VectorActionWrapper(env, np.ones((3, 2)))
