"""Another library's check passes, its DDPG runs on our environment through the vector wrapper and learns there, and it
reaches the masks.
"""

import warnings
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

from drr_tutorial.environment.env import RecommendationEnv, VectorActionWrapper
from tests.toy import block_ratings

pytest.importorskip("stable_baselines3")


def test_stable_baselines_ddpg_learns_to_play() -> None:
    from stable_baselines3 import DDPG
    from stable_baselines3.common.noise import NormalActionNoise

    ratings = block_ratings(n_users=6, n_items=12, share=1.0)
    block = np.arange(12) % 2
    vectors = np.stack([1.0 - 2 * block, np.linspace(0, 0.1, 12)], axis=1)  # the first entry tells the block
    env = VectorActionWrapper(RecommendationEnv(ratings, memory_size=2), vectors)
    agent = DDPG(
        "MultiInputPolicy", env, action_noise=NormalActionNoise(np.zeros(2), np.full(2, 0.7)), learning_starts=100,
        learning_rate=1e-3, buffer_size=2000, batch_size=64, gamma=0.0, policy_kwargs={"net_arch": [32]}, seed=0, device="cpu",
    )  # fmt: skip
    before = np.mean([_play(agent, env, seed) for seed in range(10)])
    agent.learn(1500)
    after = np.mean([_play(agent, env, seed) for seed in range(10)])
    assert before < 0.5
    assert after > 0.95


@pytest.mark.parametrize("vectors", [False, True])
def test_stable_baselines_finds_nothing_wrong_and_reaches_the_masks(vectors: bool) -> None:
    from stable_baselines3.common.env_checker import check_env
    from stable_baselines3.common.env_util import make_vec_env

    ratings = block_ratings(n_users=6, n_items=12, share=1.0)

    def make() -> gym.Env[Any, Any]:
        env = RecommendationEnv(ratings)
        return VectorActionWrapper(env, np.eye(12)) if vectors else env

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(make())
    many = make_vec_env(make, n_envs=2, seed=0)
    many.reset()
    masks = many.env_method("action_masks")  # as sb3-contrib's MaskablePPO asks for them
    assert np.stack(masks).shape == (2, 12) and np.stack(masks).any(axis=1).all()


def _play(agent: object, env: VectorActionWrapper, seed: int) -> float:
    """Share of the shown items that paid, in one episode."""
    observation, _ = env.reset(seed=seed)
    rewards, done = [], False
    while not done:
        action, _ = agent.predict(observation, deterministic=True)  # type: ignore[attr-defined]
        observation, reward, terminated, truncated, _ = env.step(action)
        rewards.append(float(reward))
        done = terminated or truncated
    return float(np.mean(rewards))
