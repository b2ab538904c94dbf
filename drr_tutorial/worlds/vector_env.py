"""Many users of a world at once, whole-array inside."""

from collections.abc import Mapping
from typing import Any, ClassVar

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from gymnasium.vector import AutoresetMode, VectorEnv
from numpy.typing import NDArray

from drr_tutorial.environment.inputs import check_counts, check_render_mode, item_indices, known_options, reset_mask
from drr_tutorial.worlds.planning import PlanningWorld
from drr_tutorial.worlds.sessions import MEMORY_SIZE, Sessions, World, observation_space
from drr_tutorial.worlds.tiny import TinyPlanningWorld

Observation = dict[str, Any]


def set_spaces(env: "VectorEnv[Any, Any, Any]", seen: spaces.Dict, n_items: int) -> None:
    """The spaces of one user and of all, where each is shown one of `n_items`."""
    env.single_observation_space, env.single_action_space = seen, spaces.Discrete(n_items)
    env.observation_space = gym.vector.utils.batch_space(seen, env.num_envs)
    env.action_space = gym.vector.utils.batch_space(env.single_action_space, env.num_envs)


class WorldVectorEnv(VectorEnv[Observation, NDArray[np.int64], NDArray[Any]]):
    """`num_envs` users at once, with the dynamics of `WorldEnv`.

    With `reset(seed=s)` the session at place i is that of a single environment with `reset(seed=s + i)`, bit for bit,
    the next ones too. Actions are (num_envs,) item indices. A finished session waits until
    `reset(options={"reset_mask": mask})` starts the next one (Gymnasium's `AutoresetMode.DISABLED`).
    """

    metadata = {"render_modes": [], "autoreset_mode": AutoresetMode.DISABLED}  # noqa: RUF012
    sessions_class: ClassVar[type[Sessions]] = Sessions

    def __init__(
        self, world: World, num_envs: int, *, memory_size: int = MEMORY_SIZE, render_mode: None = None
    ) -> None:
        check_counts(num_envs=num_envs, memory_size=memory_size)
        check_render_mode(render_mode, (), "; to see users, make the environments with vectorization_mode='sync'")
        self.world, self.num_envs, self.item_vectors = world, num_envs, world.item_vectors
        self.sessions = self.sessions_class(world, num_envs, memory_size)
        set_spaces(self, observation_space(world.user_size, world.n_items, memory_size), world.n_items)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Somebody new everywhere, or where `options["reset_mask"]` (num_envs,) says so."""
        super().reset(seed=seed)
        mask = reset_mask(known_options(options, "reset_mask").get("reset_mask"), self.num_envs)
        if seed is not None:
            for place in np.flatnonzero(mask):
                self.sessions.rngs[place] = np.random.default_rng(seed + int(place))
        self.sessions.start(mask)
        return self.sessions.observation(), {}

    def step(
        self, actions: NDArray[np.int64]
    ) -> tuple[Observation, NDArray[Any], NDArray[Any], NDArray[Any], dict[str, Any]]:
        """Show every user one item: rewards, terminated and truncated are (num_envs,)."""
        items = item_indices(actions, (self.num_envs,), self.world.n_items).astype(np.int64)
        liked, terminated, truncated = self.sessions.step(items)
        return self.sessions.observation(), liked.astype(np.float32), terminated, truncated, {}

    def state_dict(self) -> dict[str, NDArray[Any]]:
        """Everything that a later `load_state_dict` needs to go on as if nothing had happened, but the generators."""
        return self.sessions.state_dict()

    def load_state_dict(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Take up the state of `state_dict`."""
        self.sessions.load_state_dict(arrays)


class PlanningVectorEnv(WorldVectorEnv):
    """`drr_tutorial/Planning-v0`, many users at once; see `WorldVectorEnv`, and `PlanningWorld` for `world`."""

    def __init__(
        self, num_envs: int, *, memory_size: int = MEMORY_SIZE, render_mode: None = None, **world: Any
    ) -> None:
        super().__init__(PlanningWorld(**world), num_envs, memory_size=memory_size, render_mode=render_mode)


class TinyPlanningVectorEnv(WorldVectorEnv):
    """`drr_tutorial/TinyPlanning-v0`, many users at once; see `WorldVectorEnv`, and `TinyPlanningWorld` for `world`."""

    def __init__(
        self, num_envs: int, *, memory_size: int = MEMORY_SIZE, render_mode: None = None, **world: Any
    ) -> None:
        super().__init__(TinyPlanningWorld(**world), num_envs, memory_size=memory_size, render_mode=render_mode)
