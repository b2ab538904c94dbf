"""What whole episodes brought: returns and lengths, beside what the critic promised at their start (chapter 5)."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

SUMS = ("return", "discounted_return", "length", "likes", "value")


class Episodes:
    """Sums over the episodes at play, one a place, and those of the episodes that ended since they were last taken.

    `return` is the sum of rewards, `discounted_return` the same with gamma, which is what the `value` of the critic at
    the start promises; `likes` counts positive rewards.
    """

    def __init__(self, count: int, gamma: float) -> None:
        self.gamma = gamma
        self._sums = {name: np.zeros(count) for name in SUMS}
        self._ended: list[NDArray[np.float64]] = []  # (SUMS, e) each

    @property
    def begins(self) -> NDArray[np.bool_]:
        """Where an episode's first step comes next, (count,)."""
        starts: NDArray[np.bool_] = self._sums["length"] == 0
        return starts

    def promise(self, values: NDArray[Any]) -> None:
        """What the critic expects of the episodes that begin, in their order."""
        self._sums["value"][self.begins] = values

    def add(self, reward: NDArray[Any], finished: NDArray[np.bool_]) -> None:
        """Take in one step of all places, (count,) each."""
        sums = self._sums
        sums["discounted_return"] += self.gamma ** sums["length"] * reward
        sums["return"] += reward
        sums["likes"] += reward > 0
        sums["length"] += 1
        if finished.any():
            self._ended.append(np.array([sums[name][finished] for name in SUMS]))
            for name in SUMS:
                sums[name][finished] = 0

    def take(self) -> dict[str, float]:
        """Means over the episodes that ended since the last call, and their `like_rate`; nothing when none did."""
        if not self._ended:
            return {}
        ended = dict(zip(SUMS, np.concatenate(self._ended, axis=1), strict=True))
        self._ended = []
        means = {name: float(values.mean()) for name, values in ended.items() if name != "likes"}
        return means | {"like_rate": float(ended["likes"].sum() / ended["length"].sum())}

    def state_dict(self) -> dict[str, NDArray[np.float64]]:
        """The episodes at play; those that ended are in the log, or are forgotten."""
        return {name: values.copy() for name, values in self._sums.items()}

    def load_state_dict(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Go on where `state_dict` was taken."""
        self._sums = {name: np.array(state[name], dtype=np.float64) for name in SUMS}
