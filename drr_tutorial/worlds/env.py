"""One user of a world as a Gymnasium environment."""

from typing import Any, SupportsFloat

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from drr_tutorial.environment.inputs import check_counts, check_render_mode, item_indices, known_options
from drr_tutorial.worlds.planning import PlanningWorld
from drr_tutorial.worlds.sessions import MEMORY_SIZE, Sessions, World, observation_space
from drr_tutorial.worlds.tiny import TinyPlanningWorld

Observation = dict[str, Any]


class WorldEnv(gym.Env[Observation, np.int64]):
    """One user, one item a step; what is shown changes what is liked later.

    ## Action Space `Discrete(n_items)`: the index of the item to show. An item may be shown again.

    ## Observation Space `Dict(user=Box(user_size), shown=MultiDiscrete([n_items + 1] * memory_size),
    responses=MultiBinary(memory_size))`: what is seen of the user, the latest items, oldest first, and whether each
    was liked; `n_items` pads. Boredom and interest are hidden.

    ## Rewards 1 for a like, else 0.

    ## Starting State `reset()`: somebody new, who was shown nothing.

    ## Episode End Terminated: the user left. Truncated: `world.max_steps` items were shown.

    ## Arguments `world`, `memory_size` (at least 1), `render_mode` (None, or "ansi": `render()` tells as text what was
    shown and how it was answered). `item_vectors` (n_items, k) is what an agent knows of the items; `sessions.users`
    has what is hidden. Raises `ValueError` for arguments, options and actions that break these rules, `ResetNeeded`
    for a step after the end.
    """

    metadata = {"render_modes": ["ansi"], "render_fps": 1}  # noqa: RUF012

    def __init__(self, world: World, *, memory_size: int = MEMORY_SIZE, render_mode: str | None = None) -> None:
        check_counts(memory_size=memory_size)
        check_render_mode(render_mode, ("ansi",))
        self.world, self.render_mode = world, render_mode
        self.item_vectors: NDArray[np.float32] = world.item_vectors
        self.sessions = Sessions(world, 1, memory_size)
        self.observation_space = observation_space(world.user_size, world.n_items, memory_size)
        self.action_space = spaces.Discrete(world.n_items)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Somebody new. There are no options."""
        super().reset(seed=seed)
        known_options(options)
        self.sessions.rngs = [self.np_random]
        self.sessions.start(np.ones(1, dtype=np.bool_))
        return self.observation(), {}

    def step(self, action: np.int64) -> tuple[Observation, SupportsFloat, bool, bool, dict[str, Any]]:
        """Show one item."""
        item = item_indices(action, (), self.world.n_items)
        liked, terminated, truncated = (bool(array[0]) for array in self.sessions.step(np.array([item])))
        return self.observation(), float(liked), terminated, truncated, {}

    def render(self) -> str | None:  # type: ignore[override]
        """The latest items and their answers as text; None without a render mode."""
        if self.render_mode is None:
            gym.logger.warn("render() shows nothing without a mode; make the environment with render_mode='ansi'")
            return None
        shown = [
            f"{item} {'liked' if liked else 'disliked'}"
            for item, liked in zip(self.sessions.shown[0], self.sessions.responses[0], strict=True)
            if item < self.world.n_items
        ]
        return f"step {self.sessions.n_shown[0]}: {', '.join(shown) or '(nothing yet)'}"

    def observation(self) -> Observation:
        """What the agent sees now."""
        return {name: array[0] for name, array in self.sessions.observation().items()}


class PlanningEnv(WorldEnv):
    """`drr_tutorial/Planning-v0`: one user of `PlanningWorld(**world)`; see `WorldEnv` for the rest."""

    def __init__(self, *, memory_size: int = MEMORY_SIZE, render_mode: str | None = None, **world: Any) -> None:
        super().__init__(PlanningWorld(**world), memory_size=memory_size, render_mode=render_mode)


class TinyPlanningEnv(WorldEnv):
    """`drr_tutorial/TinyPlanning-v0`: one user of `TinyPlanningWorld(**world)`; see `WorldEnv` for the rest."""

    def __init__(self, *, memory_size: int = MEMORY_SIZE, render_mode: str | None = None, **world: Any) -> None:
        super().__init__(TinyPlanningWorld(**world), memory_size=memory_size, render_mode=render_mode)
