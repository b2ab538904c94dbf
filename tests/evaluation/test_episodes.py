"""Whole episodes in environments with known returns."""

from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium import spaces
from gymnasium.vector import AutoresetMode, SyncVectorEnv

from drr_tutorial.evaluation.episodes import Episodes, play_episodes
from drr_tutorial.worlds import PLANNING_ID, TINY_ID
from tests.own_env import Shop


class Counted(gym.Env[Any, Any]):
    """An episode's length is drawn, 1 or 9; item 1 pays 1 a step, item 0 nothing."""

    observation_space = spaces.Discrete(10)
    action_space = spaces.Discrete(2)

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        super().reset(seed=seed)
        self.left = int(self.np_random.choice([1, 9]))
        return self.left, {}

    def step(self, action: Any) -> Any:
        self.left -= 1
        return self.left, float(action == 1), self.left == 0, False, {}


class Always:
    """As a model of Stable-Baselines3 predicts."""

    def __init__(self, item: int) -> None:
        self.item, self.asked = item, 0

    def predict(
        self, observation: Any, state: Any = None, episode_start: Any = None, deterministic: bool = False
    ) -> tuple[Any, Any]:
        assert deterministic
        self.asked += 1
        return np.full(
            len(next(iter(observation.values())) if isinstance(observation, dict) else observation), self.item
        ), None


def many(n: int) -> SyncVectorEnv:
    return SyncVectorEnv([Counted] * n, autoreset_mode=AutoresetMode.DISABLED)


@pytest.mark.parametrize(("places", "n"), [(1, 5), (4, 4), (4, 10), (7, 3)])
def test_as_many_whole_episodes_as_asked_for(places: int, n: int) -> None:
    played = play_episodes(Always(1), many(places), n, seed=0)
    assert [len(part) for part in played] == [n] * 3
    assert set(played.lengths) <= {1, 9}
    np.testing.assert_array_equal(played.returns, played.lengths)
    np.testing.assert_array_equal(played.likes, played.lengths)
    assert play_episodes(Always(0), many(places), n, seed=0).likes.sum() == 0


class Placed(gym.Env[Any, Any]):
    """Place i's episodes have 7 - i steps, so that later places end first; each pays 10 i + the round."""

    observation_space = spaces.Discrete(10)
    action_space = spaces.Discrete(2)

    def __init__(self, place: int) -> None:
        self.place, self.round = place, 0

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        super().reset(seed=seed)
        self.left, self.round = 7 - self.place, self.round + 1
        return self.left, {}

    def step(self, action: Any) -> Any:
        self.left -= 1
        return self.left, float(self.left == 0) * (10 * self.place + self.round), self.left == 0, False, {}


@pytest.mark.parametrize("n", [1, 3, 4, 11])
def test_episodes_stand_where_they_were_played_not_when_they_ended(n: int) -> None:
    envs = SyncVectorEnv(
        [lambda place=place: Placed(place) for place in range(4)], autoreset_mode=AutoresetMode.DISABLED
    )
    returns = play_episodes(Always(1), envs, n, seed=0).returns
    assert returns.tolist() == [10 * place + round for round in (1, 2, 3) for place in range(4)][:n]


def test_two_policies_meet_the_same_users_one_by_one() -> None:
    """A user who has 9 steps has them whatever is shown: the lengths agree, episode by episode."""
    first, second = (play_episodes(Always(item), many(50), 50, seed=2) for item in (0, 1))
    np.testing.assert_array_equal(first.lengths, second.lengths)


def test_short_episodes_count_no_more_than_long_ones() -> None:
    """Half of the episodes have 9 steps. Who took the first 400 to end would see 1 in 10, or so."""
    lengths = play_episodes(Always(1), many(100), 400, seed=0).lengths
    assert abs((lengths == 9).mean() - 0.5) < 0.1  # four standard deviations


def test_one_environment_is_played_as_it_is() -> None:
    played = play_episodes(Always(1), Counted(), 20, seed=3)
    assert set(played.lengths) == {1, 9}


@pytest.mark.parametrize("name", [PLANNING_ID, TINY_ID])
def test_one_seed_the_same_users(name: str) -> None:
    first, again, other = (
        play_episodes(Always(1), gym.make_vec(name, num_envs=8), 20, seed=seed) for seed in (5, 5, 6)
    )
    for one, two in zip(first, again, strict=True):
        np.testing.assert_array_equal(one, two)
    assert not all(np.array_equal(one, two) for one, two in zip(first, other, strict=True))


def test_the_summary_weighs_likes_by_steps() -> None:
    episodes = Episodes(np.array([1.0, 2.0]), np.array([1, 4]), np.array([1, 2]))
    assert episodes.summary() == {"return": 1.5, "length": 2.5, "like_rate": 0.6}


@pytest.mark.parametrize("n", [0, -1, 2.5, True, "x"])
def test_no_number_of_episodes(n: Any) -> None:
    policy = Always(1)
    with pytest.raises(ValueError, match="n_episodes must be a whole number of at least 1, got"):
        play_episodes(policy, many(2), n, seed=0)
    assert policy.asked == 0


def test_an_environment_that_resets_itself_is_refused() -> None:
    with pytest.raises(ValueError, match="env must let a finished user wait for a reset"):
        play_episodes(Always(1), SyncVectorEnv([Counted] * 2), 3, seed=0)


@pytest.mark.parametrize("seed", [-1, 1.5, None])
def test_a_seed_that_is_none(seed: Any) -> None:
    with pytest.raises(ValueError, match="seed must be a whole number of 0 or more, got"):
        play_episodes(First(), Shop(), 2, seed)


def test_a_return_that_is_no_number_is_refused() -> None:
    class Broken(Shop):
        def step(self, action: Any) -> Any:
            observation, _, *rest = super().step(action)
            return observation, float("nan"), *rest

    with pytest.raises(ValueError, match="rewards of the environment must be finite, got nan"):
        play_episodes(First(), Broken(), 2, 0)


class First:
    """Shows the first item."""

    def predict(self, observation: Any, *, deterministic: bool) -> Any:
        return np.zeros(len(observation["shown"]), dtype=np.int64), None
