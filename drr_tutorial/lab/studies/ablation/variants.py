"""What lost its experiment, as variants of the agent: TD3's three tricks, and a pull towards the warm start.

Sources: Fujimoto et al. (2018) for TD3, Fujimoto & Gu (2021) for the pull towards what was there before.
"""

from typing import Any

import torch
from torch import Tensor, nn

from drr_tutorial.actor_critic.networks import ActorCritic, AnyCritic, State
from drr_tutorial.recommenders.drr import DRRRecommender
from drr_tutorial.training.ddpg import DDPG, UpdateResult
from drr_tutorial.training.replay import TransitionBatch

POLICY_DELAY = 2  # updates of the critics for each one of the actor
TARGET_NOISE = 0.2  # standard deviation of the noise on the target action, clipped at twice itself


class Twins(nn.Module):
    """Two critics that answer together: values (2, B), over items (2, B, m)."""

    def __init__(self, first: AnyCritic, second: AnyCritic) -> None:
        super().__init__()
        self.first, self.second = first, second

    def forward(self, state: State, action: Tensor) -> Tensor:
        """Q(s, a) of both: action (B, k) -> values (2, B)."""
        return torch.stack([self.first(state, action), self.second(state, action)])

    def over_items(self, state: State, vectors: Tensor) -> Tensor:
        """Q(s, i) of both for m items of each state: vectors (B, m, k) -> values (2, B, m)."""
        return torch.stack([self.first.over_items(state, vectors), self.second.over_items(state, vectors)])


class TwinCritics(ActorCritic):
    """Networks with a second critic."""

    def make_critic(self, *arguments: Any) -> AnyCritic:
        """Both, drawn one after the other."""
        return Twins(super().make_critic(*arguments), super().make_critic(*arguments))  # type: ignore[return-value]


class TD3(DDPG):
    """The smaller of two critics' targets, noise on the target action, an actor that moves at every second update."""

    online: TwinCritics

    @property
    def judge(self) -> AnyCritic:
        """The actor listens to the first critic."""
        return self.online.critic.first  # type: ignore[return-value]

    def update(self, batch: TransitionBatch, *, move_actor: bool = True) -> UpdateResult:
        """One update; values and TD errors are those of the first critic, the loss is the mean over both."""
        result = super().update(batch, move_actor=move_actor and self.n_updates % POLICY_DELAY == 0)
        return result._replace(value=result.value[0], td_error=result.td_error[0])

    @torch.no_grad()
    def target_value(self, batch: TransitionBatch) -> Tensor:
        """The smaller Q'(s', pi'(s') + noise) (B,)."""
        return self.next_value(batch, self.noisy_target, self.target_critic).amin(dim=0)

    def noisy_target(self, vector: Tensor, prior: Tensor) -> Tensor:
        """pi'(s') with clipped noise (B, k), within [-1, 1]."""
        action = self.target_actor(vector, prior)
        noise = torch.randn(action.shape, generator=self.generator).to(action.device) * TARGET_NOISE
        return (action + noise.clamp(-2 * TARGET_NOISE, 2 * TARGET_NOISE)).clamp(-1, 1)


class TowardsWarmStart(DDPG):
    """The actor's loss is -Q over its mean size, plus the squared distance to the warm start."""

    def policy_loss(self, state: State, action: Tensor, batch: TransitionBatch) -> Tensor:
        """Both terms, ()."""
        policy = super().policy_loss(state, action, batch)
        distance = (action - state.prior).pow(2).sum(dim=1).mean()
        return policy / policy.detach().abs().clamp_min(1e-6) + distance


class TD3Recommender(DRRRecommender):
    """DRR that learns by `TD3`."""

    name = "DRR, TD3"
    update = TD3
    network_kind = TwinCritics


class TowardsWarmStartRecommender(DRRRecommender):
    """DRR that learns by `TowardsWarmStart`."""

    name = "DRR, towards the warm start"
    update = TowardsWarmStart
