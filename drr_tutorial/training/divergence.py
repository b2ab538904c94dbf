"""When training runs away: it stops, and says which network ran and which learning rate to lower (chapter 5).

Targets are clipped, so values are at most `limit`. A critic whose root mean square TD error is above `BEYOND` limits
says what no reward can ever pay, and a network whose weights are as large as `LARGEST_WEIGHT` answers everybody alike.
"""

import math

import torch
from torch import Tensor, nn

from drr_tutorial.actor_critic.networks import ActorCritic
from drr_tutorial.training.ddpg import DDPG, UpdateResult

BEYOND = (
    10  # where actions are unbounded (chapter 5 shows such a training fail) a critic is wrong by up to three limits
)
LARGEST_WEIGHT = 100.0  # trained networks of this book have none above 1

NAMES = {"state": "state representation", "critic": "critic", "actor": "actor", "vectors": "table of vectors"}


class DivergenceError(ValueError):
    """Training diverged; the text says what, and which setting to change."""


class Watch:
    """Sees every update, and raises `DivergenceError`: at once for numbers that are not finite, by `check` for weights
    that are too large, and for a critic that was beyond `ddpg.value_limit` on average since the last check.
    """

    def __init__(self, ddpg: DDPG) -> None:
        self.ddpg, self.limit = ddpg, ddpg.value_limit
        self.total, self.n_updates = 0.0, 0

    def see(self, step: int, result: UpdateResult) -> None:
        """Take in what an update saw."""
        value_loss = float(result.value_loss)
        if not math.isfinite(value_loss):
            raise self._error(step, "critic", f"its mean squared error is {value_loss}")
        if not math.isfinite(float(result.policy_loss)):
            raise self._error(step, "actor", f"its loss is {float(result.policy_loss)}")
        self.total += value_loss
        self.n_updates += 1

    def see_actions(self, step: int, actions: Tensor) -> None:
        """Take in the actor's vectors (B, k)."""
        if not torch.isfinite(actions).all():
            raise self._error(step, "actor", "its vector is not finite")

    def check(self, step: int, networks: ActorCritic) -> None:
        """Judge the networks by their weights, and the critic by its mean loss since the last check."""
        parts: dict[str, nn.Module] = {"state": networks.state, "critic": networks.critic, "actor": networks.actor}
        if self.ddpg.embedding_lr > 0:
            parts = {"vectors": nn.ModuleList([networks.users, networks.items]), **parts}
        for name, part in parts.items():
            largest = max((float(weight.detach().abs().max()) for weight in part.parameters()), default=0.0)
            if not largest < LARGEST_WEIGHT:
                raise self._error(step, name, f"its largest weight is {largest:.3g}")
        mean = self.total / max(self.n_updates, 1)
        if mean > (BEYOND * self.limit) ** 2:
            raise self._error(
                step, "critic", f"its mean squared error is {mean:.3g}, with values of {self.limit:g} at most"
            )
        self.total, self.n_updates = 0.0, 0

    def _error(self, step: int, part: str, what: str) -> DivergenceError:
        agent, moving = self.ddpg.config, self.ddpg.embedding_lr
        rates = {name: getattr(agent, f"{name}_lr") for name in dict.fromkeys([part, "state"]) if name != "vectors"}
        lower = [f"agent.{name}_lr (now {rate:g})" for name, rate in rates.items()]
        lower += [f"embedding.learning_rate (now {moving:g})"] if moving > 0 else []
        lower = lower[::-1] if part == "vectors" else lower
        return DivergenceError(
            f"training diverged: at step {step:,} the {NAMES[part]} ran away, {what}; lower {' or '.join(lower)}"
        )
