"""Ranger for one flat vector of parameters: RAdam (Liu et al. 2020) with Lookahead (Zhang et al. 2019), with the
original's settings.

The same as `optimizers.ranger`, which a test holds it against, at a third of the time: RAdam is Adam with another
learning rate and eps at every step, and PyTorch's Adam goes through the vector once. The notebook's weight decay is
left out: with its learning rate of 1e-5 it takes at most 1e-8 off a weight's own size, less than half the distance
between neighbouring numbers of 32 bits (3e-8), so that it never changed a weight there either.
"""

import math
from collections.abc import Mapping

import torch
from torch import Tensor

BETAS, EPS = (0.95, 0.999), 1e-5
EVERY, ALPHA = 6, 0.5  # Lookahead
HUGE = 1e10  # as eps: what is divided by it is not divided by the gradient's size


class StackedRanger:
    """Moves `flat` (n,) along `gradient` (n,), which is centralized already."""

    def __init__(self, flat: Tensor, gradient: Tensor, learning_rate: float) -> None:
        self.flat, self.learning_rate, self.n_steps = flat, learning_rate, 0
        self.slow = flat.clone()
        flat.grad = gradient
        self.adam = torch.optim.Adam([flat], betas=BETAS, fused=True)

    def step(self) -> None:
        """One step of RAdam, after every sixth one of Lookahead."""
        self.n_steps += 1
        rectifier, eps = _rectifier_and_eps(self.n_steps)
        self.adam.param_groups[0].update(lr=self.learning_rate * rectifier, eps=eps)
        self.adam.step()
        if self.n_steps % EVERY == 0:
            self.slow.lerp_(self.flat, ALPHA)
            self.flat.copy_(self.slow)

    def state(self) -> dict[str, Tensor]:
        """All that the next steps depend on but `flat`; empty before the first step."""
        kept: dict[str, Tensor] = dict(self.adam.state[self.flat])
        return kept | {"slow": self.slow} if kept else {}

    def load_state(self, state: Mapping[str, Tensor]) -> None:
        """Go on where `state` was taken."""
        self.adam.state[self.flat] = {name: tensor for name, tensor in state.items() if name != "slow"}
        self.slow.copy_(state["slow"])
        self.n_steps = int(state["step"])


def _rectifier_and_eps(t: int) -> tuple[float, float]:
    """Adam's learning rate, in units of RAdam's, and its eps at step t; plain momentum while the variance cannot be
    trusted (Liu et al. 2020, algorithm 2).
    """
    decay = BETAS[1] ** t
    longest = 2 / (1 - BETAS[1]) - 1
    length = longest - 2 * t * decay / (1 - decay)
    if length <= 5:
        return HUGE, HUGE
    rectifier = (length - 4) / (longest - 4) * (length - 2) / (longest - 2) * longest / length
    return math.sqrt(rectifier), EPS / math.sqrt(1 - decay)  # Adam adds its eps after undoing the bias
