"""Exploration: noise on the actor's vectors, so that the agent also tries what it does not believe in yet.

All kinds have one interface for m environments side by side: `explore` changes the actor's vectors (m, d),
`reset` is told which episodes ended, and the state can be saved. Vectors lie in [-1, 1] before and after. The
size of the noise is a `LinearSchedule` over the trainer's steps, usually from large to small.

Sources: Ornstein-Uhlenbeck noise: Lillicrap et al. (2016), section 7; Gaussian noise: Fujimoto et al. (2018);
epsilon-greedy: Liu et al. (2018), algorithm 1.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from drr_tutorial.training.schedules import LinearSchedule

ExplorationKind = Literal["none", "ou", "gaussian", "epsilon"]


class Exploration(ABC):
    """Noise for the actions of m environments, `shape` = (m, d); what comes out is cut at +- `limit`."""

    limit: float = 1.0

    def __init__(self, shape: tuple[int, int]) -> None:
        if len(shape) != 2 or min(shape) < 1:
            raise ValueError(f"shape must be (num_envs, action_dim), both 1 or more, got {shape}")
        self.shape = shape

    def explore(
        self, action: NDArray[np.floating[Any]], step: int, rng: np.random.Generator
    ) -> NDArray[np.floating[Any]]:
        """Return new actions (m, d) in [-1, 1] for the actor's `action` (m, d), in its precision.

        `step` (0, 1, 2, ...) sets the size of the noise. Raises ValueError when `action` has another shape.
        """
        if action.shape != self.shape:
            raise ValueError(f"action must have shape {self.shape} (num_envs, action_dim), got {action.shape}")
        noisy = self._noisy(action, step, rng)
        clipped: NDArray[np.floating[Any]] = np.clip(noisy, -self.limit, self.limit).astype(action.dtype)
        return clipped

    def reset(self, mask: NDArray[np.bool_]) -> None:  # noqa: B027  (most kinds remember nothing)
        """Forget the past of the environments whose episode ended: `mask` (m,) is True there."""

    def state_dict(self) -> dict[str, NDArray[Any]]:
        """Return a copy of what the next noise depends on, besides `step` and `rng`."""
        return {}

    def load_state_dict(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Go on where `state_dict` was taken. Raises ValueError when it is of another kind or shape."""
        expected = {name: array.shape for name, array in self.state_dict().items()}
        found = {name: array.shape for name, array in state.items()}
        if expected != found:
            raise ValueError(f"{type(self).__name__} needs a state of shapes {expected}, got {found}")

    @abstractmethod
    def _noisy(
        self, action: NDArray[np.floating[Any]], step: int, rng: np.random.Generator
    ) -> NDArray[np.floating[Any]]:
        """Return changed actions (m, d), not yet clipped."""


class NoNoise(Exploration):
    """The actor's own actions (clipped to [-1, 1]): no exploration, for evaluation and for comparison."""

    def _noisy(
        self, action: NDArray[np.floating[Any]], step: int, rng: np.random.Generator
    ) -> NDArray[np.floating[Any]]:
        return action


class GaussianNoise(Exploration):
    """Independent normal noise of standard deviation sigma(step) on every component (Fujimoto 2018)."""

    def __init__(self, shape: tuple[int, int], sigma: LinearSchedule) -> None:
        super().__init__(shape)
        self.sigma = _checked("sigma", sigma)

    def _noisy(
        self, action: NDArray[np.floating[Any]], step: int, rng: np.random.Generator
    ) -> NDArray[np.floating[Any]]:
        return action + self.sigma(step) * rng.standard_normal(self.shape)


class OrnsteinUhlenbeckNoise(Exploration):
    """Noise that drifts: what was tried in one step is tried again in the next ones, until it decays.

    x <- x + theta (mean - x) + sigma(step) N(0, 1), one step of the discretised process with unit time step;
    each environment has its own x, which is 0 when an episode starts. At constant sigma, x has in the long
    run the variance sigma^2 / (theta (2 - theta)) and the correlation (1 - theta)^n over n steps.

    Args:
        shape: (num_envs, action_dim).
        sigma: standard deviation of what each step adds, usually falling (the later original: 0.4, constant).
        theta: pull back to the mean, above 0 to 1; 1 gives Gaussian noise. Lillicrap et al. (2016): 0.15.
        mean: where x is pulled to.
    """

    def __init__(self, shape: tuple[int, int], sigma: LinearSchedule, theta: float = 0.15, mean: float = 0.0) -> None:
        super().__init__(shape)
        if not 0 < theta <= 1:
            raise ValueError(f"theta must lie above 0 and up to 1, got {theta}")
        self.sigma, self.theta, self.mean = _checked("sigma", sigma), theta, mean
        self._x = np.zeros(shape)

    def reset(self, mask: NDArray[np.bool_]) -> None:
        """Set x to 0 where `mask` (m,) is True."""
        self._x[mask] = 0.0

    def state_dict(self) -> dict[str, NDArray[Any]]:
        """Return a copy of x, (m, d)."""
        return {"x": self._x.copy()}

    def load_state_dict(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Go on where `state_dict` was taken."""
        super().load_state_dict(state)
        self._x = np.array(state["x"], dtype=np.float64)

    def _noisy(
        self, action: NDArray[np.floating[Any]], step: int, rng: np.random.Generator
    ) -> NDArray[np.floating[Any]]:
        self._x += self.theta * (self.mean - self._x) + self.sigma(step) * rng.standard_normal(self.shape)
        return action + self._x


class EpsilonGreedy(Exploration):
    """With probability epsilon(step) an environment's whole vector is replaced by a uniform one in [-1, 1]^d.

    The item picked for a random vector is random, but not uniform: long and unusual item vectors are picked
    more often.
    """

    def __init__(self, shape: tuple[int, int], epsilon: LinearSchedule) -> None:
        super().__init__(shape)
        if max(epsilon.start, epsilon.end) > 1:
            raise ValueError(f"epsilon is a probability and must stay in 0 .. 1, got {epsilon}")
        self.epsilon = _checked("epsilon", epsilon)

    def _noisy(
        self, action: NDArray[np.floating[Any]], step: int, rng: np.random.Generator
    ) -> NDArray[np.floating[Any]]:
        replaced = rng.random((self.shape[0], 1)) < self.epsilon(step)  # (m, 1)
        return np.where(replaced, rng.uniform(-1.0, 1.0, self.shape), action)


def make_exploration(
    kind: ExplorationKind, shape: tuple[int, int], *, start: float, end: float, n_steps: int, limit: float = 1.0
) -> Exploration:
    """Return the exploration `kind`; sigma or epsilon goes from `start` to `end` in `n_steps` steps.

    `limit` is where actions are cut: 1, or infinity for an actor without bounds. Raises ValueError for an
    unknown kind or a size out of range.
    """
    size = LinearSchedule(start, end, n_steps)
    kinds: dict[str, Callable[[], Exploration]] = {
        "none": lambda: NoNoise(shape),
        "ou": lambda: OrnsteinUhlenbeckNoise(shape, sigma=size),
        "gaussian": lambda: GaussianNoise(shape, sigma=size),
        "epsilon": lambda: EpsilonGreedy(shape, epsilon=size),
    }
    if kind not in kinds:
        raise ValueError(f"exploration must be none, ou, gaussian or epsilon, got {kind!r}")
    exploration = kinds[kind]()
    exploration.limit = limit
    return exploration


def _checked(name: str, size: LinearSchedule) -> LinearSchedule:
    if min(size.start, size.end) < 0:
        raise ValueError(f"{name} must be 0 or more, got {size}")
    return size
