"""Both worlds in Gymnasium's hands: checks, one and many alike bit for bit, resumption, speed's shape, wrong input."""

import copy
import pickle
import warnings
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.error import ResetNeeded
from gymnasium.utils.env_checker import check_env

from drr_tutorial.worlds import PLANNING_ID, TINY_ID, WORLDS
from drr_tutorial.worlds.env import WorldEnv
from drr_tutorial.worlds.vector_env import PlanningVectorEnv, WorldVectorEnv


@pytest.mark.parametrize("name", WORLDS)
@pytest.mark.parametrize("mode", [None, "ansi"])
def test_gymnasium_has_nothing_to_say(name: str, mode: str | None) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", message=".*does not use .*render_fps.*")
        check_env(gym.make(name, render_mode=mode).unwrapped)


@pytest.mark.parametrize("name", WORLDS)
def test_many_are_as_many_single_ones_bit_for_bit(name: str) -> None:
    n, seed, rng = 6, 7, np.random.default_rng(0)
    vector, singles = gym.make_vec(name, num_envs=n), [gym.make(name) for _ in range(n)]
    observation, _ = vector.reset(seed=seed)
    seen = [env.reset(seed=seed + place)[0] for place, env in enumerate(singles)]
    for _ in range(200):
        assert all(np.array_equal(one[key], observation[key][place]) for place, one in enumerate(seen) for key in one)
        actions = rng.integers(vector.single_action_space.n, size=n)  # type: ignore[attr-defined]
        observation, rewards, terminated, truncated, _ = vector.step(actions)
        for place, env in enumerate(singles):
            seen[place], *one, _ = env.step(actions[place])
            assert one == [rewards[place], terminated[place], truncated[place]]
            if one[1] or one[2]:
                seen[place] = env.reset()[0]
        observation, _ = vector.reset(options={"reset_mask": terminated | truncated})


@pytest.mark.parametrize("name", WORLDS)
def test_a_seed_gives_the_same_sessions(name: str) -> None:
    first, second = (_rewards(gym.make_vec(name, num_envs=4), seed=3) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(first, _rewards(gym.make_vec(name, num_envs=4), seed=4))


def test_what_was_saved_goes_on_the_same() -> None:
    env = PlanningVectorEnv(4)
    _rewards(env, seed=0)
    saved, generators = env.state_dict(), copy.deepcopy(env.sessions.rngs)
    first = _rewards(env)
    env.load_state_dict(saved)
    env.sessions.rngs = generators
    np.testing.assert_array_equal(_rewards(env), first)


def test_the_latest_items_and_answers_are_seen_oldest_first() -> None:
    env = gym.make(PLANNING_ID, memory_size=3, leaving=False)
    observation, _ = env.reset(seed=0)
    assert observation["shown"].tolist() == [200, 200, 200]
    answers = []
    for item in (5, 6, 7, 8):
        observation, reward, *_ = env.step(item)
        answers.append(int(reward))  # type: ignore[call-overload]
    assert observation["shown"].tolist() == [6, 7, 8]
    assert observation["responses"].tolist() == answers[1:]


def test_a_session_is_truncated_at_its_last_step() -> None:
    env = gym.make_vec(PLANNING_ID, num_envs=3, leaving=False, max_steps=5)
    env.reset(seed=0)
    ends = [env.step(np.zeros(3, dtype=np.int64))[2:4] for _ in range(5)]
    assert [bool(truncated.all()) for _, truncated in ends] == [False] * 4 + [True]
    assert not any(terminated.any() for terminated, _ in ends)


def test_nothing_goes_on_after_the_end_or_before_the_start() -> None:
    with pytest.raises(ResetNeeded, match="2 of 2 sessions have ended or were never started"):
        PlanningVectorEnv(2).step(np.zeros(2, dtype=np.int64))
    env = gym.make(PLANNING_ID, max_steps=1).unwrapped
    env.reset(seed=0)
    env.step(0)
    with pytest.raises(ResetNeeded, match="call reset"):
        env.step(0)


def test_a_mask_of_who_is_finished_is_left_as_it_was() -> None:
    env = PlanningVectorEnv(3, max_steps=1)
    env.reset(seed=0)
    env.step(np.zeros(3, dtype=np.int64))
    mask = env.sessions.finished
    env.reset(options={"reset_mask": mask})
    assert mask.all() and not env.sessions.finished.any()


def test_render_tells_what_was_shown() -> None:
    env = gym.make(TINY_ID, render_mode="ansi").unwrapped
    assert isinstance(env, WorldEnv)
    env.reset(seed=0)
    assert env.render() == "step 0: (nothing yet)"
    _, reward, *_ = env.step(np.int64(1))
    assert env.render() == f"step 1: 1 {'liked' if reward else 'disliked'}"


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"memory_size": 0}, "memory_size must be a whole number of at least 1, got 0"),
        ({"n_items": 3}, "n_items must be greater than or equal to 8, got 3"),
        ({"grwth": True}, "grwth"),
        ({"render_mode": "human"}, "render_mode must be None or 'ansi', got 'human'"),
    ],
)
def test_wrong_settings_are_refused(settings: dict[str, Any], said: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # gymnasium's own words on render modes
        with pytest.raises(ValueError, match=said):
            gym.make(PLANNING_ID, **settings)


@pytest.mark.parametrize("action", [200, -1, 0.5, float("nan"), "0", [0, 1]])
def test_an_action_that_is_no_item_is_refused(action: Any) -> None:
    env = gym.make(PLANNING_ID).unwrapped
    env.reset(seed=0)
    with pytest.raises(ValueError, match="action must be an item index from 0 to 199"):
        env.step(action)


def test_options_that_do_nothing_are_refused() -> None:
    with pytest.raises(ValueError, match="options of reset"):
        gym.make(PLANNING_ID).reset(options={"user": 1})
    with pytest.raises(ValueError, match="reset_mask"):
        PlanningVectorEnv(2).reset(options={"reset_mask": [1, 0]})


def test_an_environment_can_be_copied_and_pickled() -> None:
    env = PlanningVectorEnv(3, growth=False)
    env.reset(seed=0)
    twins: list[WorldVectorEnv] = [copy.deepcopy(env), pickle.loads(pickle.dumps(env))]
    first = _rewards(env)
    for twin in twins:
        np.testing.assert_array_equal(_rewards(twin), first)


def _rewards(env: Any, seed: int | None = None) -> np.ndarray[Any, Any]:
    """Rewards of 60 steps of random items; a finished session starts anew."""
    if seed is not None:
        env.reset(seed=seed)
    rng, rewards = np.random.default_rng(0), []
    for _ in range(60):
        _, reward, terminated, truncated, _ = env.step(rng.integers(env.single_action_space.n, size=env.num_envs))
        env.reset(options={"reset_mask": terminated | truncated})
        rewards.append(reward)
    return np.array(rewards)
