"""`DRRAgent` learns for real: in a bandit without a future, and where only who plans earns much."""

from typing import Any

import gymnasium as gym
import numpy as np
import pytest

from drr_tutorial.agent import DRRAgent
from drr_tutorial.evaluation.episodes import play_episodes
from drr_tutorial.worlds import TINY_ID
from drr_tutorial.worlds.vector_env import WorldVectorEnv


class Tastes:
    """No item changes anybody: twenty items in a plane, and users who like what points where they do."""

    n_items, user_size, max_steps = 20, 2, 10

    def __init__(self) -> None:
        self.item_vectors = _circle(2 * np.pi * np.arange(20) / 20).astype(np.float32)

    def users(self, count: int) -> "TastingUsers":
        return TastingUsers(self.item_vectors, count)


class TastingUsers:
    ARRAYS: tuple[str, ...] = ("taste",)

    def __init__(self, items: Any, count: int) -> None:
        self.items, self.taste = items, np.ones((count, 2))

    def arrive(self, places: Any, rngs: Any) -> None:
        self.taste[places] = _circle(np.array([rng.uniform(0, 2 * np.pi) for rng in rngs]))

    def chance(self, items: Any) -> Any:
        return self.chances()[np.arange(len(items)), items]

    def chances(self) -> Any:
        return 0.5 + 0.45 * self.taste @ self.items.T

    def see(self, items: Any, liked: Any) -> None:
        pass

    def leave_chance(self, liked: Any) -> Any:
        return np.zeros(len(liked))

    def seen(self) -> Any:
        return self.taste.astype(np.float32)


def _circle(angles: Any) -> Any:
    return np.stack([np.cos(angles), np.sin(angles)], axis=-1)


@pytest.mark.parametrize("seed", [0, 1])
def test_a_bandit_needs_no_future(seed: int) -> None:
    """Chance likes 5 of 10; the best item, never more than 9 degrees off, at least 9.4 on average."""
    agent = DRRAgent(
        WorldVectorEnv(Tastes(), 16, memory_size=3), seed=seed, gamma=0.0, n_steps=1, batch_size=128,
        steps_per_update=32, random_share=0.1, critic_first=0.1,
    ).learn(20_000)  # fmt: skip
    assert play_episodes(agent, WorldVectorEnv(Tastes(), 100, memory_size=3), 300, seed=0).returns.mean() > 9.2


def test_who_plans_earns_what_no_myopic_policy_can() -> None:
    """The best myopic policy earns 8.68 and the optimum 36.23, exactly (`worlds.tiny.solve`). Four items lie far
    apart, so the selection must be softer than among two hundred.
    """
    agent = DRRAgent(
        gym.make_vec(TINY_ID, num_envs=64), seed=0, gamma=0.99, n_steps=3, batch_size=256, steps_per_update=32,
        random_share=0.1, temperature=0.3, tau=0.02,
    ).learn(100_000)  # fmt: skip
    assert play_episodes(agent, gym.make_vec(TINY_ID, num_envs=250), 500, seed=1).returns.mean() > 1.6 * 8.68
