"""A classic defect of the loop, as a subclass of the environment that differs in one method (chapter 14)."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from drr_tutorial.environment.env import Observation
from drr_tutorial.environment.vector_env import RecommendationVectorEnv


class TimeLimitIsTheEnd(RecommendationVectorEnv):
    """The classic: `done`, terminated or truncated, goes where `terminated` belongs. So the target thinks that after
    the last step we looked at there is nothing more to gain.
    """

    def step(
        self, actions: NDArray[np.int64]
    ) -> tuple[Observation, NDArray[Any], NDArray[Any], NDArray[Any], dict[str, Any]]:
        """As in the environment, with both ends in one flag."""
        observation, reward, terminated, truncated, info = super().step(actions)
        return observation, reward, terminated | truncated, truncated, info
