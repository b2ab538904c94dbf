"""Recommenders play episodes: one user's as a table to read, many users' as an array of rewards (chapter 2).

Each step shows the best-scored item among those that can be shown. Scores are asked for once, at the start:
what a user likes during the episode does not change them. An agent that reacts is trained in chapter 5.
"""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from drr_tutorial.environment.env import RecommendationEnv
from drr_tutorial.environment.vector_env import RecommendationVectorEnv
from drr_tutorial.recommenders.base import Recommender


def memory_titles(memory: ArrayLike, titles: NDArray[np.str_]) -> list[str]:
    """Titles of the items in a memory (memory_size,), oldest first; padding (index n_items) is left out."""
    return [str(titles[item]) for item in np.asarray(memory) if item < len(titles)]


def play_episode(
    env: RecommendationEnv, recommender: Recommender, user: Any, *, seed: int | None = None
) -> pd.DataFrame:
    """One episode with the user of that original id, until it ends; `seed` decides the candidates.

    A row a step, from 1: title of the shown item, reward, newest title in the memory after it ("" while it is
    empty), terminated, truncated. Raises what `env.reset` raises, and `ValueError` for another catalogue.
    """
    _check_catalogue(recommender, env.ratings.item_ids)
    scores, titles, rows, done = recommender.scores([user])[0], env.ratings.titles, [], False
    _, info = env.reset(seed=seed, options={"user": user})
    while not done:
        item = np.where(info["action_mask"], scores, -np.inf).argmax()
        observation, reward, terminated, truncated, info = env.step(item)
        newest = memory_titles(observation["memory"], titles)[-1:] or [""]
        rows.append((str(titles[item]), float(reward), newest[0], terminated, truncated))
        done = terminated or truncated
    columns = ["title", "reward", "newest in memory", "terminated", "truncated"]
    return pd.DataFrame(rows, columns=columns, index=pd.RangeIndex(1, len(rows) + 1, name="step"))


def play_users(
    env: RecommendationVectorEnv, recommender: Recommender, users: ArrayLike, *, seed: int | None = None
) -> NDArray[np.float32]:
    """Rewards (num_envs, n_steps) of one episode with each of `users`, `env.num_envs` original ids.

    `n_steps` is the length of the longest episode; an episode that ended earlier pays 0 from then on. The same
    `seed` gives every recommender the same candidates. Raises what `env.reset` raises, and `ValueError` for
    another catalogue.
    """
    _check_catalogue(recommender, env.ratings.item_ids)
    scores, rewards = recommender.scores(users), []
    env.reset(seed=seed, options={"users": users})
    playing = np.ones(env.num_envs, dtype=np.bool_)
    while playing.any():
        items = (scores + env.penalty).argmax(axis=1)
        _, reward, terminated, truncated, _ = env.step(items)
        rewards.append(np.where(playing, reward, np.float32(0)))
        finished = terminated | truncated
        playing &= ~finished
        if finished.any() and playing.any():  # the environment wants a reset; what follows there does not count
            user_ids = env.ratings.user_ids[env.user[finished]]
            env.reset(options={"reset_mask": finished, "users": user_ids})
    return np.stack(rewards, axis=1)


def _check_catalogue(recommender: Recommender, item_ids: NDArray[Any]) -> None:
    if not np.array_equal(recommender.ratings.item_ids, item_ids):
        raise ValueError(
            f"recommender {recommender.name!r} must have the environment's catalogue of {len(item_ids)} items, it has "
            f"another of {recommender.ratings.n_items}; fit it on ratings.select(rows) of the same data"
        )
