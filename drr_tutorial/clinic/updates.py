"""Defects of the update: each subclass of `DDPG` differs from it in one method (chapter 9)."""

import torch
from torch import Tensor

from drr_tutorial.actor_critic import State
from drr_tutorial.ddpg import DDPG
from drr_tutorial.replay import TransitionBatch


class NoEndOfEpisode(DDPG):
    """The original's target: what follows always counts, also when nothing follows."""

    def expected_value(self, batch: TransitionBatch) -> tuple[Tensor, Tensor]:
        """y = clip(r + gamma Q'(s', pi'(s')))."""
        return super().expected_value(batch._replace(terminated=torch.zeros_like(batch.terminated)))


class MinusQInState(DDPG):
    """The original's actor loss: -Q moves the state representation and the vectors through the state too, so that states are
    moved to where the critic is optimistic.
    """

    def _judge(self, state: State, action: Tensor) -> Tensor:
        """Q(s, a), with gradients to the action and to the state."""
        critic = self.online.critics[0]
        critic.requires_grad_(False)
        value: Tensor = critic(state, action)
        critic.requires_grad_(True)
        return value


class OriginalDDPG(NoEndOfEpisode, MinusQInState):
    """The original's update."""
