"""Many users at once, whole-array inside (chapter 2)."""

from collections.abc import Mapping
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from gymnasium.error import ResetNeeded
from gymnasium.vector import AutoresetMode, VectorEnv
from numpy.typing import ArrayLike, NDArray

from drr_tutorial.data.ratings import Ratings
from drr_tutorial.environment.env import Observation, observation_space
from drr_tutorial.environment.inputs import check_render_mode, check_settings, item_indices, known_options, reset_mask
from drr_tutorial.environment.rewards import RewardFunction
from drr_tutorial.environment.users import Candidates, UserModel, draw_candidates


class RecommendationVectorEnv(VectorEnv[Observation, NDArray[np.int64], NDArray[Any]]):
    """`num_envs` users at once, with the dynamics of `RecommendationEnv`.

    Actions are (num_envs,) item indices; observations hold `user` (num_envs,) and `memory` (num_envs,
    memory_size). A finished environment waits until `reset(options={"reset_mask": mask})` starts it again
    (Gymnasium's `AutoresetMode.DISABLED`); `options={"users": ids}` names the users of the masked environments,
    in order. `info["action_mask"]` is the boolean array (num_envs, n_items) itself, not a copy: read it before
    the next step. `penalty` says the same to scores: 0 where an item can be shown, minus infinity elsewhere.
    Nothing is rendered: `render_mode` is there, as None, for libraries that always pass it.
    """

    metadata = {"render_modes": [], "autoreset_mode": AutoresetMode.DISABLED}  # noqa: RUF012

    def __init__(
        self,
        ratings: Ratings,
        num_envs: int,
        *,
        history: Ratings | None = None,
        candidates: Candidates = "balanced",
        memory_size: int = 5,
        reward: str | RewardFunction = "binary",
        max_steps: int | None = None,
        render_mode: None = None,
    ) -> None:
        check_settings(ratings, history, candidates, max_steps, memory_size=memory_size, num_envs=num_envs)
        check_render_mode(render_mode, (), "; to see users, make the environments with vectorization_mode='sync'")
        self.ratings, self.num_envs, self.candidates, self.max_steps = ratings, num_envs, candidates, max_steps
        self.users = UserModel(ratings, history, memory_size, reward)
        self.single_observation_space = observation_space(ratings, memory_size)
        self.single_action_space = spaces.Discrete(ratings.n_items)
        self.observation_space = gym.vector.utils.batch_space(self.single_observation_space, num_envs)
        self.action_space = gym.vector.utils.batch_space(self.single_action_space, num_envs)
        self.user = np.zeros(num_envs, dtype=np.int64)
        self.memory = np.full((num_envs, memory_size), ratings.n_items, dtype=np.int64)
        self.reward_of = np.zeros((num_envs, ratings.n_items), dtype=np.float32)
        self.available = np.zeros((num_envs, ratings.n_items), dtype=np.bool_)
        self.penalty = np.full((num_envs, ratings.n_items), -np.inf, dtype=np.float32)
        self.n_left = np.zeros(num_envs, dtype=np.int64)
        self.steps_left = np.zeros(num_envs, dtype=np.int64)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Start all environments, or those of `options["reset_mask"]`; see the class for `options`."""
        super().reset(seed=seed)
        options = known_options(options, "users", "reset_mask")
        mask = reset_mask(options.get("reset_mask"), self.num_envs)
        users = self._choose_users(int(mask.sum()), options.get("users"))
        rewards, known = (matrix[users].toarray() for matrix in (self.users.rewards, self.users.known))  # (m, n_items)
        available = draw_candidates(rewards > 0, known | self.users.unrated, self.candidates, self.np_random)
        self.user[mask], self.reward_of[mask], self.available[mask] = users, rewards, available
        self.penalty[mask] = np.where(available, np.float32(0), -np.inf)
        self.memory[mask] = self.users.memory[users]
        self.n_left[mask] = self.users.n_positive[users]
        self.steps_left[mask] = self.users.n_positive[users] if self.max_steps is None else self.max_steps
        return self.observation(), self._info()

    def step(
        self, actions: NDArray[np.int64]
    ) -> tuple[Observation, NDArray[Any], NDArray[Any], NDArray[Any], dict[str, Any]]:
        """Show every user one item: rewards, terminated and truncated are (num_envs,)."""
        rows, items = np.arange(self.num_envs), item_indices(actions, (self.num_envs,), self.ratings.n_items)
        self._refuse_finished()
        rewards = np.where(self.available[rows, items], self.reward_of[rows, items], np.float32(0))
        self.available[rows, items], self.penalty[rows, items] = False, -np.inf
        liked = rewards > 0
        self.memory[liked] = np.column_stack([self.memory[liked, 1:], items[liked]])
        self.n_left -= liked
        self.steps_left -= 1
        return self.observation(), rewards, self.n_left == 0, self.steps_left <= 0, self._info()

    def state_dict(self) -> dict[str, NDArray[Any]]:
        """Everything that a later `load_state_dict` needs to go on as if nothing had happened, but the generator."""
        return {name: getattr(self, name).copy() for name in ("user", "memory", "available", "n_left", "steps_left")}

    def load_state_dict(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Go on where `state_dict` was taken. Raises `ValueError` for a state of other sizes, users or items."""
        for name, array in self.state_dict().items():
            if state[name].shape != array.shape or state[name].dtype != array.dtype:
                raise ValueError(
                    f"{name} must be {array.dtype} {array.shape}, got {state[name].dtype} {state[name].shape}"
                )
        for name, end in (("user", self.ratings.n_users), ("memory", self.ratings.n_items + 1)):
            if state[name].min() < 0 or state[name].max() >= end:
                raise ValueError(f"{name} must hold indices from 0 to {end - 1}")
        for name in self.state_dict():
            getattr(self, name)[:] = state[name]
        self.reward_of[:] = self.users.rewards[self.user].toarray()
        self.penalty[:] = np.where(self.available, 0, -np.inf)

    def _choose_users(self, count: int, user_ids: ArrayLike | None) -> NDArray[np.int64]:
        if user_ids is None:
            return self.np_random.choice(np.flatnonzero(self.users.n_positive), count)
        users = self.ratings.user_index(user_ids).astype(np.int64)
        if len(users) != count or (self.users.n_positive[users] == 0).any():
            raise ValueError(
                f"options['users'] must name {count} users with a positive item each, got {len(users)}, "
                f"of whom {np.count_nonzero(self.users.n_positive[users] == 0)} have none"
            )
        return users

    def _refuse_finished(self) -> None:
        finished = (self.n_left == 0) | (self.steps_left <= 0)
        if finished.any():
            raise ResetNeeded(
                f"{finished.sum()} of {self.num_envs} environments have finished; call reset(options={{'reset_mask': "
                "terminated | truncated}) before the next step"
            )

    def observation(self) -> Observation:
        """What the agent sees now."""
        return {"user": self.user.copy(), "memory": self.memory.copy()}

    def _info(self) -> dict[str, Any]:
        return {"action_mask": self.available}
