"""The later repository's Ornstein-Uhlenbeck noise for several runs in lock-step: theta 0.15, sigma 0.4 throughout,
from 0 with each user.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

THETA, SIGMA = 0.15, 0.4


class StackedNoise:
    """x (R, k), which stays 0 for the runs that are not `noisy` (R,)."""

    def __init__(self, noisy: Sequence[bool], rngs: Sequence[np.random.Generator], k: int) -> None:
        self.runs = np.flatnonzero(noisy).tolist()
        self.rngs = [rngs[run] for run in self.runs]
        self.x = np.zeros((len(noisy), k))

    def reset(self, runs: NDArray[np.int64]) -> None:
        """These runs begin with a new user."""
        self.x[runs] = 0

    def add_to(self, action: NDArray[np.float32]) -> NDArray[np.float32]:
        """One step of the process, and the actions (R, k) with it."""
        for run, rng in zip(self.runs, self.rngs, strict=True):
            self.x[run] += SIGMA * rng.standard_normal(self.x.shape[1]) - THETA * self.x[run]
        return (action + self.x).astype(np.float32)
