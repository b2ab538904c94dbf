"""Somebody's own environment, as the protocol of `worlds.simulation` asks for it, and nothing of this package."""

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces


class Shop(gym.Env[Any, Any]):
    """Five items of two kinds. Each user likes one kind, which is seen; an episode has six steps."""

    def __init__(self, memory: int = 4) -> None:
        self.item_vectors = np.array([[1, 0.2], [1, -0.1], [-1, 0.3], [-1, 0.0], [-1, -0.2]])
        self.action_space = spaces.Discrete(5)
        self.observation_space = spaces.Dict({
            "user": spaces.Box(-1, 1, (1,), np.float32),
            "shown": spaces.MultiDiscrete([6] * memory),
            "responses": spaces.MultiBinary(memory),
        })  # fmt: skip
        self.memory = memory

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        super().reset(seed=seed)
        self.kind = float(self.np_random.choice([-1, 1]))
        self.past: list[tuple[int, bool]] = []
        return self.look(), {}

    def step(self, action: Any) -> Any:
        liked = bool(self.item_vectors[action, 0] == self.kind)
        self.past.append((int(action), liked))
        return self.look(), float(liked), False, len(self.past) == 6, {}

    def look(self) -> dict[str, Any]:
        padded = [(5, False)] * self.memory + self.past
        shown, responses = zip(*padded[-self.memory :], strict=True)
        user = np.array([self.kind], dtype=np.float32)
        return {"user": user, "shown": np.array(shown), "responses": np.array(responses, dtype=np.int8)}
