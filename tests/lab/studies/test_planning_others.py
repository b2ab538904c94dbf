"""Other agents in the planning worlds: they are told what our agent is told, and Stable-Baselines3 sees sessions end as they do."""

import random
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
import torch

from drr_tutorial import DRRAgent
from drr_tutorial.lab.studies.planning import others
from drr_tutorial.lab.studies.planning.flat import FlatStates, NearestItem, as_vec_env
from drr_tutorial.lab.studies.planning.reinforce import SoftmaxPolicy, above_mean, discounted, learn, sessions
from drr_tutorial.lab.studies.planning.tabular import learn as learn_table
from drr_tutorial.worlds import PLANNING_ID, TINY_ID
from drr_tutorial.worlds.tiny import N_ACTIONS, N_STATES, solve

USERS = 8


@pytest.fixture
def envs() -> Any:
    return gym.make_vec(PLANNING_ID, num_envs=USERS)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"USERS": USERS, "SESSIONS": USERS, "FRESH_USERS": 20}.items():
        monkeypatch.setattr(others, name, value)


def test_a_flat_state_is_the_state_of_our_agent(envs: Any) -> None:
    agent, flat, rng = DRRAgent(envs, seed=0), FlatStates(envs), np.random.default_rng(0)
    observation, _ = envs.reset(seed=0)
    for _ in range(30):  # more than the memory holds; the first ones are padded
        expected = agent._see(observation).vector.detach().numpy()
        assert np.array_equal(flat.observations(observation), expected)
        assert expected.shape == (USERS, *flat.single_observation_space.shape)
        observation, _, terminated, truncated, _ = envs.step(rng.integers(200, size=USERS))
        observation, _ = envs.reset(options={"reset_mask": terminated | truncated})


def test_a_vector_shows_the_item_with_the_largest_dot_product(envs: Any) -> None:
    vectors = np.random.default_rng(0).uniform(-1, 1, (USERS, 9)).astype(np.float32)
    nearest = NearestItem(envs)
    assert vectors in nearest.action_space
    nearest.reset(seed=0)
    seen = nearest.step(vectors)[0]
    best = [max(range(200), key=lambda item: float(vector @ envs.unwrapped.item_vectors[item])) for vector in vectors]
    assert np.array_equal(seen["shown"][:, -1], best)


@pytest.mark.parametrize("leaving", [True, False])
def test_stable_baselines_sees_sessions_end_as_they_do(leaving: bool) -> None:
    pytest.importorskip("stable_baselines3")
    first, second = (FlatStates(gym.make_vec(PLANNING_ID, num_envs=USERS, leaving=leaving, max_steps=6)) for _ in "ab")
    theirs, rng, ends = as_vec_env(first), np.random.default_rng(0), set()
    theirs.seed(3)
    ours, _ = second.reset(seed=3)
    assert np.array_equal(theirs.reset(), ours)
    for _ in range(40):
        items = rng.integers(200, size=USERS)
        observation, reward, done, infos = theirs.step(items)
        last, expected, terminated, truncated, _ = second.step(items)
        assert np.array_equal(reward, expected) and np.array_equal(done, terminated | truncated)
        for place, info in enumerate(infos):
            assert ("terminal_observation" in info) == done[place]
            if done[place]:
                assert np.array_equal(info["terminal_observation"], last[place])
                assert info["TimeLimit.truncated"] == (truncated[place] and not terminated[place])
                ends.add(info["TimeLimit.truncated"])
        following = second.reset(options={"reset_mask": done})[0] if done.any() else last
        assert np.array_equal(observation, following)
    assert ends == ({True, False} if leaving else {True})


@pytest.mark.parametrize("name", ["dqn", "ppo", "td3", "sac"])
def test_an_algorithm_of_stable_baselines_trains_and_is_judged(name: str, small: None) -> None:
    pytest.importorskip("stable_baselines3")
    quick = {"n_steps": 8, "batch_size": 32} if name == "ppo" else {"learning_starts": 32, "batch_size": 16}
    before = shared_luck()
    figures = getattr(others, name)(0, 128, **quick)
    assert figures["steps"] == 128 and 0 < figures["likes"] < 50 and figures["cpu seconds"] > 0
    assert getattr(others, name)(0, 128, **quick)["likes"] == figures["likes"]
    assert shared_luck() == before


def shared_luck() -> tuple[Any, ...]:
    return random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()  # noqa: NPY002


def test_reinforce_trains_and_is_judged(small: None) -> None:
    figures = others.reinforce(0, 500)
    assert 500 <= figures["steps"] < 500 + USERS * 50
    assert figures["likes"] == others.reinforce(0, 500)["likes"]


def test_reinforce_learns_from_whole_sessions(envs: Any) -> None:
    flat = FlatStates(envs)
    flat.reset(seed=0)
    policy = SoftmaxPolicy((flat.single_observation_space.shape[0], 200), torch.Generator().manual_seed(0))
    batch = sessions(policy, flat)
    lengths = batch.playing.sum(dim=0)
    assert batch.playing[0].all() and lengths.max() == len(batch.playing)
    assert torch.equal(batch.playing, torch.arange(len(batch.playing))[:, None] < lengths)  # no gaps
    assert not batch.states[0, :, -2:].any()  # nothing was shown yet


def test_returns_are_discounted_and_stand_above_those_at_play() -> None:
    rewards = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]])
    assert discounted(rewards, 0.5).tolist() == [[1.25, 0.5], [0.5, 1.0], [1.0, 0.0]]
    above = above_mean(torch.tensor([[3.0, 1.0], [2.0, 9.0]]), torch.tensor([[True, True], [True, False]]))
    assert above.tolist() == [[1.0, -1.0], [0.0, 0.0]]


def test_reinforce_finds_what_pays_at_once() -> None:
    flat = FlatStates(gym.make_vec(TINY_ID, num_envs=64, max_steps=1))  # the first item is liked best
    flat.reset(seed=0)
    policy = SoftmaxPolicy((flat.single_observation_space.shape[0], 4), torch.Generator().manual_seed(0))
    learn(policy, flat, steps=20_000, gamma=0.0, learning_rate=0.02)
    assert set(policy.predict(flat.reset()[0], deterministic=True)[0]) == {0}


def test_a_table_learns_to_plan() -> None:
    figures = others.tabular(0, 600_000)
    assert figures["optimum"] == pytest.approx(36.23, abs=0.01)
    assert 2 * solve(0.0).likes < figures["likes"] <= figures["optimum"]


def test_a_table_moves_to_the_mean_of_what_came_at_once() -> None:
    values = np.zeros((N_STATES, N_ACTIONS))
    learn_table(values, np.array([7, 7, 9]), np.array([1, 1, 0]), np.array([1.0, 3.0, 4.0]), rate=0.5)
    assert values[7, 1] == 0.75 * 2.0 and values[9, 0] == 0.5 * 4.0
    assert np.count_nonzero(values) == 2
