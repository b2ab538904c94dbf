"""Q-learning (Watkins 1989) on a table, in the tiny world: 400 states, hidden from other agents, and 4 items."""

from typing import cast

import numpy as np
from numpy.typing import NDArray

from drr_tutorial.worlds.tiny import N_ACTIONS, N_STATES, TinyUsers
from drr_tutorial.worlds.vector_env import TinyPlanningVectorEnv

USERS = 256  # side by side
EPSILON = (0.5, 0.05)  # share of random items, at first and at the end
RATE = (0.1, 0.0003)  # what a value moves by, of its error


def q_learning(seed: int, steps: int, gamma: float) -> NDArray[np.float64]:
    """Q of each state and item, (400, 4), from `steps` steps over all users."""
    envs = TinyPlanningVectorEnv(USERS)
    rng = np.random.default_rng(seed)
    envs.reset(seed=int(rng.integers(2**31)))
    users, values = cast(TinyUsers, envs.sessions.users), np.zeros((N_STATES, N_ACTIONS))
    for done in np.arange(0, steps, USERS) / steps:
        state = users.state()
        explores = rng.random(USERS) < falling(EPSILON, done)
        items = np.where(explores, rng.integers(N_ACTIONS, size=USERS), values[state].argmax(axis=1))
        _, reward, terminated, truncated, _ = envs.step(items)
        target = reward + gamma * ~terminated * values[users.state()].max(axis=1)
        learn(values, state, items, target, falling(RATE, done))
        envs.reset(options={"reset_mask": terminated | truncated})
    return values


def learn(
    values: NDArray[np.float64],
    state: NDArray[np.int64],
    items: NDArray[np.int64],
    target: NDArray[np.float64],
    rate: float,
) -> None:
    """Move values (400, 4) towards targets (m,), in place; c users in the same state, with the same item, move it as
    far towards their mean as c updates by `rate` would.
    """
    pairs, which, count = np.unique(state * N_ACTIONS + items, return_inverse=True, return_counts=True)
    mean = np.bincount(which, target) / count
    flat = values.reshape(-1)  # a view
    flat[pairs] += (1 - (1 - rate) ** count) * (mean - flat[pairs])


def falling(ends: tuple[float, float], done: float) -> float:
    """From the first to the last, by the same factor in equal times."""
    first, last = ends
    return first * (last / first) ** done
