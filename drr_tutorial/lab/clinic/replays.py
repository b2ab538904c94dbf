"""Defects of replay: each subclass of `PrioritizedReplayBuffer` differs from it in one method (chapter 14)."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from drr_tutorial.training.replay import PrioritizedReplayBuffer


class InertPriorities(PrioritizedReplayBuffer):
    """The original: `sample` returned no indices, so nothing could be updated. All priorities stay those of new
    transitions, all weights 1: uniform replay under another name.
    """

    def update_priorities(self, index: Any, td_error: Any) -> None:
        """Nothing, for nobody knows which transitions these errors belong to."""


class RewardInDoneSlot(PrioritizedReplayBuffer):
    """The later repository: six values go into seven places, and the reward fills the one for the end of the
    episode. So the target looks ahead only after a miss.
    """

    def add(self, *, reward: ArrayLike, terminated: ArrayLike, **fields: Any) -> None:
        """Store the reward twice."""
        super().add(reward=reward, terminated=np.asarray(reward) > 0, **fields)


class PowersAtEverySample(PrioritizedReplayBuffer):
    """The original: keeps sizes of errors, and raises all of them to the power of alpha, and adds them up, at every
    sample. The same draws in distribution, in a time that grows with the buffer.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._errors = np.zeros(self.capacity)

    def _set_priorities(self, index: NDArray[np.integer], priority: NDArray[np.float64]) -> None:
        super()._set_priorities(index, priority)
        self._errors[index] = priority ** (1 / self.alpha)

    def _draw(self, batch_size: int, rng: np.random.Generator) -> tuple[NDArray[np.int64], NDArray[np.floating]]:
        probability = self._errors[: len(self)] ** self.alpha
        probability /= probability.sum()
        index = rng.choice(len(self), batch_size, p=probability)
        weight = (len(self) * probability[index]) ** -self.beta
        self._n_samples += 1
        return index, weight / weight.max()
