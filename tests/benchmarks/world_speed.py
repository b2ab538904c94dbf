"""Speed of the worlds and of an agent that trains in one, on one thread.

    python tests/benchmarks/world_speed.py

Target: 200,000 steps a second of the planning world with 256 users side by side. The single environment, and a
training of the preset `planning`, stand beside it. Best of five, processor seconds.
"""

import time
from collections.abc import Callable

import gymnasium as gym
import numpy as np
import torch

from drr_tutorial.agent import DRRAgent
from drr_tutorial.worlds import PLANNING_ID, TINY_ID

PLACES, STEPS = 256, 400


def best(action: Callable[[], int]) -> float:
    """Steps a processor second, the best of five."""
    speeds = []
    for _ in range(5):
        before = time.process_time()
        steps = action()
        speeds.append(steps / (time.process_time() - before))
    return max(speeds)


def many(name: str) -> int:
    """Random items for many users, who are replaced when they leave."""
    envs, rng = gym.make_vec(name, num_envs=PLACES), np.random.default_rng(0)
    items = rng.integers(envs.single_action_space.n, size=(STEPS, PLACES))
    envs.reset(seed=0)
    for shown in items:
        _, _, terminated, truncated, _ = envs.step(shown)
        envs.reset(options={"reset_mask": terminated | truncated})
    return STEPS * PLACES


def one(name: str) -> int:
    """The same for one user."""
    env, rng = gym.make(name).unwrapped, np.random.default_rng(0)
    env.reset(seed=0)
    for item in rng.integers(env.action_space.n, size=5000):
        _, _, terminated, truncated, _ = env.step(item)
        if terminated or truncated:
            env.reset()
    return 5000


def training() -> int:
    """A whole training, short."""
    DRRAgent(gym.make_vec(PLANNING_ID, num_envs=PLACES), seed=0).learn(100_000)
    return 100_000


def main() -> None:
    """Print the table."""
    torch.set_num_threads(1)
    for name in (PLANNING_ID, TINY_ID):
        print(f"{name}, {PLACES} users: {best(lambda name=name: many(name)):12,.0f} steps a second")
        print(f"{name}, one user:  {best(lambda name=name: one(name)):12,.0f} steps a second")
    print(f"training in {PLANNING_ID}: {best(training):12,.0f} steps a second")


if __name__ == "__main__":
    main()
