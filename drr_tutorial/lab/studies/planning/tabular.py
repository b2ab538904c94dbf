"""Q-learning (Watkins 1989) on a table, in the tiny world: 400 states, hidden from other agents, and 4 items."""

from typing import Any

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from drr_tutorial.worlds import TINY_ID
from drr_tutorial.worlds.tiny import N_ACTIONS, N_STATES

USERS = 64  # side by side
FIRST_EPSILON, LAST_EPSILON = 1.0, 0.05  # share of random items; falls over the first half
RATE_POWER = 0.7  # the n-th update of a state and item moves its value by n^-0.7 of the error


def q_learning(seed: int, steps: int, gamma: float) -> NDArray[np.float64]:
    """Q of each state and item, (400, 4), from `steps` steps over all users."""
    envs: Any = gym.make_vec(TINY_ID, num_envs=USERS)
    rng = np.random.default_rng(seed)
    envs.reset(seed=int(rng.integers(2**31)))
    users = envs.unwrapped.sessions.users
    values, updates = np.zeros((2, N_STATES, N_ACTIONS))
    for step in range(0, steps, USERS):
        state = users.state()
        random = rng.random(USERS) < max(LAST_EPSILON, FIRST_EPSILON - 2 * step / steps)
        items = np.where(random, rng.integers(N_ACTIONS, size=USERS), values[state].argmax(axis=1))
        _, reward, terminated, truncated, _ = envs.step(items)
        target = reward + gamma * ~terminated * values[users.state()].max(axis=1)
        learn(values, updates, state, items, target)
        envs.reset(options={"reset_mask": terminated | truncated})
    return values


def learn(
    values: NDArray[np.float64],
    updates: NDArray[np.float64],
    state: NDArray[np.int64],
    items: NDArray[np.int64],
    target: NDArray[np.float64],
) -> None:
    """Move values (400, 4) to targets (m,), in place; users in the same state with the same item share one update."""
    pairs, which, count = np.unique(state * N_ACTIONS + items, return_inverse=True, return_counts=True)
    mean = np.bincount(which, target) / count
    flat, n = values.reshape(-1), updates.reshape(-1)  # views
    n[pairs] += 1
    flat[pairs] += n[pairs] ** -RATE_POWER * (mean - flat[pairs])
