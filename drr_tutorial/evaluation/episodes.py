"""What a policy earns in an environment: whole episodes of many users."""

from typing import Any, NamedTuple, Protocol

import gymnasium as gym
import numpy as np
from gymnasium.vector import VectorEnv
from numpy.typing import NDArray

from drr_tutorial.environment.inputs import check_counts
from drr_tutorial.worlds.simulation import as_vector_env, ends_of


class Predicts(Protocol):
    """Whatever chooses items by what it observes: `DRRAgent`, or a model of Stable-Baselines3."""

    def predict(self, observation: Any, *, deterministic: bool) -> tuple[Any, Any]:
        """Items (m,) for m users, and something that is not looked at."""


class Episodes(NamedTuple):
    """Whole episodes, (n,) each: the first of every place, in the order of the places, then the second of every place,
    and so on.
    """

    returns: NDArray[np.float64]
    lengths: NDArray[np.int64]
    likes: NDArray[np.int64]  # steps with a positive reward

    def summary(self) -> dict[str, float]:
        """Mean return and length, and the share of steps with a positive reward."""
        rate = float(self.likes.sum() / self.lengths.sum())
        return {"return": float(self.returns.mean()), "length": float(self.lengths.mean()), "like_rate": rate}


def play_episodes(
    policy: Predicts, env: gym.Env[Any, Any] | VectorEnv[Any, Any, Any], n_episodes: int, seed: int
) -> Episodes:
    """Play `n_episodes` whole episodes, deterministically; the same users for the same environment and seed.

    Every place plays as many as the others, or one more: who counted only the first to end would count short ones.
    Episodes stand where they were played, not when they ended. So with `n_episodes` places two policies' episodes are
    those of the same users, one by one, and their differences are paired.
    """
    check_counts(n_episodes=n_episodes)
    if not isinstance(seed, int | np.integer) or seed < 0:
        raise ValueError(f"seed must be a whole number of 0 or more, got {seed!r}")
    envs = as_vector_env(env)
    quota = n_episodes // envs.num_envs + (np.arange(envs.num_envs) < n_episodes % envs.num_envs)
    observation, _ = envs.reset(seed=seed)
    sums = np.zeros((3, envs.num_envs))
    ended: list[NDArray[np.float64]] = []
    places: list[NDArray[np.int64]] = []
    while (quota > 0).any():
        items, _ = policy.predict(observation, deterministic=True)
        observation, paid, over, cut_off, _ = envs.step(items)
        reward, terminated, truncated = ends_of(paid, over, cut_off, envs.num_envs)
        if not np.isfinite(reward).all():
            raise ValueError(f"rewards of the environment must be finite, got {reward[~np.isfinite(reward)][0]}")
        sums += np.stack([reward, np.ones(envs.num_envs), reward > 0])
        finished = terminated | truncated
        if finished.any():
            places.append(np.flatnonzero(finished & (quota > 0)))
            ended.append(sums[:, places[-1]])
            quota, sums[:, finished] = quota - finished, 0
            observation, _ = envs.reset(options={"reset_mask": finished})
    returns, lengths, likes = np.concatenate(ended, axis=1)[:, _by_rounds(np.concatenate(places))]
    return Episodes(returns, lengths.astype(np.int64), likes.astype(np.int64))


def _by_rounds(places: NDArray[np.int64]) -> NDArray[np.int64]:
    """An order (n,) of episodes that ended at these places, one after the other: first ones by place, then second."""
    by_place = np.argsort(places, kind="stable")
    counts = np.bincount(places)
    rounds = np.arange(len(places)) - np.repeat(np.cumsum(counts) - counts, counts)
    return by_place[np.lexsort((places[by_place], rounds))]
