"""Defects of the update: each subclass of `DDPG` differs from it in one method (chapter 14)."""

from typing import Any

import torch
from torch import Tensor

from drr_tutorial.actor_critic.networks import AnyCritic, State
from drr_tutorial.training.ddpg import DDPG, Policy
from drr_tutorial.training.replay import TransitionBatch


class NoEndOfEpisode(DDPG):
    """The original: what follows counts, also where nothing follows."""

    def expected_value(self, batch: TransitionBatch) -> tuple[Tensor, Tensor]:
        """Q'(s', pi'(s')) and y = clip(r + gamma Q'(s', pi'(s'))), both (B,)."""
        return super().expected_value(batch._replace(terminated=torch.zeros_like(batch.terminated)))


class MinusQInState(DDPG):
    """The original: -Q moves the state representation and the vectors through s, not only through a = pi(s). So
    states move to where the critic is optimistic, instead of actions.
    """

    def policy_loss(self, state: State, action: Tensor, batch: TransitionBatch) -> Tensor:
        """The same value, with one gradient more: that of -Q by s."""
        loss = super().policy_loss(state, action, batch)
        judged = action if self.config.critic_sees == "action" else self.taken_action(batch)
        critic = self.online.critic.requires_grad_(False)
        direct = critic(state, judged.detach()).mean()
        critic.requires_grad_(True)
        return loss + direct.detach() - direct


class RawVectors(DDPG):
    """The original: the critic learns Q of the actor's own vector, not of the item that was shown, and nothing
    bounds it.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.online.actor.actions = self.target_actor.actions = "free"

    def taken_action(self, batch: TransitionBatch) -> Tensor:
        """What the actor said (B, k)."""
        return batch.action

    def next_value(self, batch: TransitionBatch, actor: Policy, critic: AnyCritic) -> Tensor:
        """Q(s', pi(s')) of the vector itself, of which this critic learns."""
        state = self.online.see(batch.user, batch.next_memory)
        return critic(state, actor(state.vector, state.prior))

    def policy_loss(self, state: State, action: Tensor, batch: TransitionBatch) -> Tensor:
        """-Q of the actor's vector as it is; its length changes Q, but not what is shown."""
        return -self._judge(state, action).mean()


class TargetNotDetached(DDPG):
    """The classic: y is made by the networks that learn, and gradients flow through it. Then the critic can also
    close the gap between Q and y by moving y, and the actor is dragged along.
    """

    def expected_value(self, batch: TransitionBatch) -> tuple[Tensor, Tensor]:
        """Q(s', pi(s')) and y of the online networks, with gradients."""
        value = self.next_value(batch, self.online.actor, self.online.critic)
        expected = batch.reward + self.config.gamma * (1 - batch.terminated.float()) * value
        return value, expected.clamp(-self.value_limit, self.value_limit)


class OriginalDDPG(NoEndOfEpisode, MinusQInState):
    """The original's update, with `critic_sees="action"` and `actions="free"`."""
