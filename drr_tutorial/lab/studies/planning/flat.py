"""A world as other agents want it: one flat vector to see, a vector as an action if need be, sessions that begin anew
by themselves.

The flat vector is the state of our own agent, by the same module: who is compared, is told the same.
"""

from typing import Any

import numpy as np
import torch
from gymnasium import spaces
from gymnasium.vector import VectorActionWrapper, VectorEnv, VectorObservationWrapper
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from drr_tutorial.representation.traces import Traces
from drr_tutorial.worlds.simulation import catalogue_of

Floats = NDArray[np.float32]


class FlatStates(VectorObservationWrapper):  # type: ignore[type-arg]
    """Shows `Traces` of the users, (num_envs, state_dim), instead of `user`, `shown` and `responses`."""

    def __init__(self, env: VectorEnv[Any, Any, Any]) -> None:
        super().__init__(env)
        known = catalogue_of(env.unwrapped)
        items = known.standardized()
        k = items.shape[1]
        self.traces = Traces(k, known.memory_size, torch.Generator(), user_dim=known.user_dim)
        self.traces.read(items)
        self._items = torch.from_numpy(np.concatenate([items, np.zeros((1, k), np.float32)]))
        self.single_observation_space = spaces.Box(-np.inf, np.inf, (self.traces.state_dim,), np.float32)
        self.observation_space = batch_space(self.single_observation_space, self.num_envs)

    @torch.no_grad()
    def observations(self, observations: dict[str, NDArray[Any]]) -> Floats:
        """States (m, state_dim) from the observation of m users."""
        user, shown, liked = (torch.from_numpy(observations[name]) for name in ("user", "shown", "responses"))
        answers = torch.where(shown < len(self._items) - 1, 2 * liked - 1, 0)
        states: Floats = self.traces(user, self._items[shown], answers).numpy()
        return states


class NearestItem(VectorActionWrapper):  # type: ignore[type-arg]
    """Takes vectors (num_envs, k) in [-1, 1]; shows each user the item with the largest dot product."""

    def __init__(self, env: VectorEnv[Any, Any, Any]) -> None:
        super().__init__(env)
        self.item_vectors = catalogue_of(env.unwrapped).standardized()
        self.single_action_space = spaces.Box(-1.0, 1.0, self.item_vectors.shape[1:], np.float32)
        self.action_space = batch_space(self.single_action_space, self.num_envs)

    def actions(self, actions: Floats) -> NDArray[np.int64]:
        """The items that the vectors select, (num_envs,)."""
        return (actions @ self.item_vectors.T).argmax(axis=1)


class SelfResetting:
    """What Stable-Baselines3 asks of its `VecEnv`, for a vector environment whose finished users wait for a reset.

    Where a session ends, the observation is that of the next user at once. `infos` keeps what the last one was,
    `terminal_observation`, and whether only the time was up, `TimeLimit.truncated`: then a value is still to come.
    """

    num_envs: int
    _seeds: list[int | None]

    def __init__(self, envs: VectorEnv[Any, Any, Any]) -> None:
        self.envs = envs
        super().__init__(envs.num_envs, envs.single_observation_space, envs.single_action_space)  # type: ignore[call-arg]

    def reset(self) -> Floats:
        """Somebody new everywhere; place i has the first seed plus i, in both libraries."""
        observation, _ = self.envs.reset(seed=self._seeds[0])
        self._seeds = [None] * self.num_envs
        return observation

    def step_async(self, actions: NDArray[Any]) -> None:
        """Take the actions of `step_wait`."""
        self._actions = actions

    def step_wait(self) -> tuple[Floats, Floats, NDArray[np.bool_], list[dict[str, Any]]]:
        """Observations, rewards, whether a session ended, and what there is to say of those that did."""
        observation, reward, terminated, truncated, _ = self.envs.step(self._actions)
        finished = terminated | truncated
        infos: list[dict[str, Any]] = [{} for _ in range(self.num_envs)]
        for place in np.flatnonzero(finished):
            only_time = bool(truncated[place] and not terminated[place])
            infos[place] = {"terminal_observation": observation[place], "TimeLimit.truncated": only_time}
        if finished.any():
            observation, _ = self.envs.reset(options={"reset_mask": finished})
        return observation, reward, finished, infos

    def close(self) -> None:
        """Nothing is open but what `envs` opened."""
        self.envs.close()

    def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
        """The same of all places."""
        return [getattr(self.envs, attr_name)] * self._count(indices)

    def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:
        """Places have no attributes of their own."""
        raise NotImplementedError

    def env_method(self, method_name: str, *args: Any, indices: Any = None, **kwargs: Any) -> list[Any]:
        """Places have no methods of their own."""
        raise NotImplementedError

    def env_is_wrapped(self, wrapper_class: Any, indices: Any = None) -> list[bool]:
        """Places have no wrappers of their own."""
        return [False] * self._count(indices)

    def _count(self, indices: Any) -> int:
        return self.num_envs if indices is None else np.size(indices)


def as_vec_env(envs: VectorEnv[Any, Any, Any]) -> Any:
    """The environment as a `VecEnv` of Stable-Baselines3."""
    from stable_baselines3.common.vec_env import VecEnv

    return type("SelfResettingVecEnv", (SelfResetting, VecEnv), {})(envs)
