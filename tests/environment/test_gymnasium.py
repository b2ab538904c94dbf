"""Gymnasium's own tools around the environments: make, specs, checks, wrappers, masks, rendering, copies, wrong input."""

import copy
import pickle
import warnings
from collections.abc import Iterator
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium import wrappers
from gymnasium.error import ResetNeeded
from gymnasium.utils.env_checker import check_env
from gymnasium.wrappers import vector as vector_wrappers

from drr_tutorial.data.ratings import Ratings
from drr_tutorial.environment import ENV_ID
from drr_tutorial.environment.env import RecommendationEnv, VectorActionWrapper
from drr_tutorial.environment.vector_env import RecommendationVectorEnv
from tests.toy import toy_ratings

VECTORS = np.random.default_rng(0).normal(size=(7, 3)).astype(np.float32)


@pytest.fixture
def ratings() -> Ratings:
    rows = [(10, 0, 5), (10, 1, 4), (10, 2, 4), (10, 3, 1), (20, 4, 5), (20, 5, 4), (30, 5, 2), (30, 6, 3)]
    return toy_ratings(rows)


@pytest.fixture
def silence() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", message=".*is different from the unwrapped version")  # said of any wrapper
        yield


def _make(ratings: Ratings, vectors: bool = False, **settings: Any) -> gym.Env[Any, Any]:
    env = gym.make(ENV_ID, ratings=ratings, **settings)
    return VectorActionWrapper(env, VECTORS) if vectors else env


def _play(env: gym.Env[Any, Any], n_steps: int = 20) -> list[float]:
    """Rewards of random actions; a finished episode starts anew."""
    env.reset(seed=0)
    env.action_space.seed(0)
    rewards = []
    for _ in range(n_steps):
        _, reward, terminated, truncated, _ = env.step(env.action_space.sample())
        rewards.append(float(reward))
        if terminated or truncated:
            env.reset()
    return rewards


@pytest.mark.usefixtures("silence")
@pytest.mark.parametrize("vectors", [False, True])
@pytest.mark.parametrize("mode", [None, "ansi"])
def test_check_env_with_rendering_is_silent(ratings: Ratings, vectors: bool, mode: str | None) -> None:
    check_env(_make(ratings, vectors, render_mode=mode))
    check_env(_make(ratings, vectors, render_mode=mode).unwrapped)


@pytest.mark.usefixtures("silence")
def test_a_spec_makes_the_same_environment_again(ratings: Ratings) -> None:
    env = wrappers.RecordEpisodeStatistics(wrappers.TimeLimit(_make(ratings, True, memory_size=2), 2))
    again = gym.make(pickle.loads(pickle.dumps(env.spec)))
    assert str(again).count("<") == str(env).count("<")  # Gymnasium puts its time limit innermost
    assert again.observation_space == env.observation_space and again.action_space == env.action_space
    assert _play(again) == _play(env)


@pytest.mark.usefixtures("silence")
@pytest.mark.parametrize("vectors", [False, True])
@pytest.mark.parametrize(
    "wrap",
    [
        lambda env: wrappers.TimeLimit(env, 2),
        wrappers.RecordEpisodeStatistics,
        wrappers.FlattenObservation,
        lambda env: wrappers.TransformReward(env, lambda reward: reward),
        lambda env: wrappers.FilterObservation(env, ["memory"]),
        lambda env: wrappers.FrameStackObservation(env, 2),
        wrappers.Autoreset,
        copy.deepcopy,
        lambda env: pickle.loads(pickle.dumps(env)),
    ],
)
def test_wrappers_and_copies_play_on(ratings: Ratings, vectors: bool, wrap: Any) -> None:
    env = wrap(_make(ratings, vectors))
    assert isinstance(env.unwrapped, RecommendationEnv)
    assert set(_play(env)) == {0, 1}
    observation, _ = env.reset(seed=1)
    assert env.observation_space.contains(observation)


@pytest.mark.usefixtures("silence")
@pytest.mark.parametrize("mode", ["sync", "vector_entry_point"])
def test_made_as_a_vector(ratings: Ratings, mode: str) -> None:
    env = gym.make_vec(ENV_ID, num_envs=3, vectorization_mode=mode, ratings=ratings, render_mode=None)
    for wrapped in (
        env,
        vector_wrappers.RecordEpisodeStatistics(env),
        vector_wrappers.FlattenObservation(env),
        vector_wrappers.TransformReward(env, lambda rewards: rewards),
        gym.make_vec(env.spec),  # type: ignore[arg-type]
    ):
        observation, _ = wrapped.reset(seed=0)
        assert wrapped.observation_space.contains(observation)
        _, rewards, *_ = wrapped.step(wrapped.action_space.sample())
        assert np.isin(rewards, [0, 1]).all() and rewards.shape == (3,)


@pytest.mark.usefixtures("silence")
def test_vectors_as_actions_of_many_environments(ratings: Ratings) -> None:
    env = gym.make_vec(
        ENV_ID, 2, vectorization_mode="sync", ratings=ratings, wrappers=[lambda env: VectorActionWrapper(env, VECTORS)]
    )
    env.reset(seed=0)
    assert env.step(env.action_space.sample())[1].shape == (2,)


@pytest.mark.filterwarnings("ignore:.*not in the possible render_modes")  # Gymnasium's own words, before ours
def test_an_unknown_render_mode_is_refused(ratings: Ratings) -> None:
    for make in (
        lambda mode: _make(ratings, render_mode=mode),
        lambda mode: RecommendationEnv(ratings, render_mode=mode),
    ):
        with pytest.raises(ValueError, match="render_mode must be None or 'ansi', got 'human'"):
            make("human")
    with pytest.raises(ValueError, match="render_mode must be None, got 'ansi'; .*vectorization_mode='sync'"):
        gym.make_vec(ENV_ID, 2, ratings=ratings, render_mode="ansi")


@pytest.mark.usefixtures("silence")
def test_text_shows_whom_and_what(ratings: Ratings) -> None:
    env = _make(ratings, render_mode="ansi", candidates="catalogue")
    env.reset(options={"user": 10})
    assert env.render() == "user 10 likes: (nothing yet)"
    env.step(np.int64(1))
    env.step(np.int64(3))
    assert env.render() == "user 10 likes: Film 1\nshown: Film 3, reward 0"
    listed = _make(ratings, render_mode="ansi_list", candidates="catalogue")
    listed.reset(options={"user": 10})
    listed.step(np.int64(0))
    assert listed.render() == ["user 10 likes: (nothing yet)", "user 10 likes: Film 0\nshown: Film 0, reward 1"]


def test_rendering_without_a_mode_or_before_a_reset_says_so(ratings: Ratings) -> None:
    with pytest.warns(UserWarning, match="render_mode='ansi'"):
        assert RecommendationEnv(ratings).render() is None
    with pytest.raises(ResetNeeded, match="before render"):
        RecommendationEnv(ratings, render_mode="ansi").render()


def test_masks_for_sampling_and_for_sb3_contrib(ratings: Ratings) -> None:
    env = _make(ratings, max_steps=6)
    _, info = env.reset(seed=0, options={"user": 20})
    for _ in range(2):
        masks = env.get_wrapper_attr("action_masks")()
        assert masks.dtype == np.bool_ and np.array_equal(masks, info["action_mask"])
        item = env.action_space.sample(info["action_mask"])
        assert masks[item]
        info = env.step(item)[-1]
        assert not env.get_wrapper_attr("action_masks")()[item] and masks[item]  # a copy, not the mask itself


@pytest.mark.parametrize("vectors", [False, True])
def test_a_step_outside_an_episode_asks_for_a_reset(ratings: Ratings, vectors: bool) -> None:
    env: gym.Env[Any, Any] = RecommendationEnv(ratings, max_steps=1)
    env = VectorActionWrapper(env, VECTORS) if vectors else env
    for _ in range(2):
        with pytest.raises(ResetNeeded, match=r"call reset\(\) before the next step"):
            env.step(env.action_space.sample())
        env.reset(seed=0)
        env.step(env.action_space.sample())


def test_an_episode_without_anything_to_like_ends_with_its_first_step(ratings: Ratings) -> None:
    env = RecommendationEnv(ratings)
    env.reset(options={"user": 10, "candidates": [3, 4]})
    assert env.step(np.int64(3))[1:4] == (0, True, False)


@pytest.mark.parametrize("action", [3, np.int64(3), np.uint8(3), np.array(3)])
def test_whole_numbers_are_items(ratings: Ratings, action: Any) -> None:
    env = RecommendationEnv(ratings, candidates="catalogue")
    env.reset(options={"user": 10})
    assert env.step(action)[-1]["action_mask"].tolist() == [1, 1, 1, 0, 1, 1, 1]


@pytest.mark.parametrize(
    ("action", "got"),
    [
        (3.0, "3.0 of float64"),
        (2.7, "2.7 of float64"),
        (np.nan, "nan of float64"),
        (True, "True of bool"),
        ("3", "'3' of"),
        (None, "None of object"),
        (np.array([3]), r"shape \(1,\) of int64"),
        ([[1], [2, 3]], r"shape \(2,\) of object"),
        (-1, "-1"),
        (2**70, f"{2**70} of object"),
    ],
)
def test_what_is_no_item_is_refused(ratings: Ratings, action: Any, got: str) -> None:
    single, many = RecommendationEnv(ratings), RecommendationVectorEnv(ratings, 2)
    single.reset(seed=0)
    with pytest.raises(ValueError, match=f"action must be an item index from 0 to 6, got {got}"):
        single.step(action)
    many.reset(seed=0)
    with pytest.raises(ValueError, match="actions must be 2 item indices from 0 to 6, got"):
        many.step([action, action])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("action", "got"),
    [
        (np.ones((1, 3)), r"shape \(1, 3\) of float64; pass one vector a step"),
        (np.ones(4), r"shape \(4,\)"),
        ("east", r"shape \(\) of <U4"),
        (None, r"shape \(\) of object"),
        ([1, np.nan, 0], "NaN or infinite"),
        ([1, 1e39, 0], "NaN or infinite"),  # more than a 32-bit float holds
    ],
)
def test_what_is_no_vector_is_refused(ratings: Ratings, action: Any, got: str) -> None:
    env = _make(ratings, True)
    env.reset(seed=0)
    with pytest.raises(ValueError, match=f"action must be a vector of 3 finite numbers, got .*{got}"):
        env.step(action)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"users": [10]}, "options of reset must be among 'user', 'candidates'; got 'users'"),
        ({"user": [10, 20]}, r"options\['user'\] must be one id, got 2"),
        ({"candidates": [7]}, r"different item indices from 0 to 6, at least one, got \[7\]"),
        ({"candidates": []}, "at least one"),
        ({"candidates": [1, 1]}, "different"),
        ({"candidates": [0, 1, 1, 0, 0, 0, 1]}, "flatnonzero"),  # a mask is no list of items
        ({"candidates": np.ones(7, dtype=bool)}, "flatnonzero"),
    ],
)
def test_options_that_would_do_something_else_are_refused(
    ratings: Ratings, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        RecommendationEnv(ratings).reset(options=options)


def test_options_of_many_environments(ratings: Ratings) -> None:
    env = RecommendationVectorEnv(ratings, 2)
    with pytest.raises(ValueError, match="options of reset must be among 'users', 'reset_mask'; got 'user'"):
        env.reset(options={"user": 10})
    for mask in (np.array([1, 0]), [True]):
        with pytest.raises(ValueError, match=r"options\['reset_mask'\] must be 2 truth values"):
            env.reset(options={"reset_mask": mask})


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"ratings": "ml-100k"}, "ratings must be Ratings, got str"),
        ({"history": "ml-100k"}, "history must be Ratings, got str"),
        ({"memory_size": 2.5}, "memory_size must be a whole number of at least 1, got 2.5"),
        ({"memory_size": True}, "memory_size must be a whole number of at least 1, got True"),
        ({"max_steps": 2.5}, "max_steps must be a whole number of at least 1, got 2.5"),
    ],
)
def test_settings_of_another_type_are_refused(ratings: Ratings, settings: dict[str, Any], message: str) -> None:
    for make in (gym.make, gym.make_vec):
        with pytest.raises(ValueError, match=message):
            make(ENV_ID, **{"ratings": ratings} | settings)


def test_the_vector_wrapper_refuses_other_worlds_and_vectors_that_diverged(ratings: Ratings) -> None:
    with pytest.raises(ValueError, match="env must be a RecommendationEnv.*CartPole"):
        VectorActionWrapper(gym.make("CartPole-v1"), VECTORS)
    with pytest.raises(ValueError, match="item_vectors must be finite, got NaN or infinity in 1 of 7 rows"):
        VectorActionWrapper(RecommendationEnv(ratings), np.where(np.arange(7)[:, None] == 2, np.nan, VECTORS))
    with pytest.raises(ValueError, match=r"item_vectors must be \(7, d\).*\(7, 0\)"):
        VectorActionWrapper(RecommendationEnv(ratings), np.ones((7, 0)))
