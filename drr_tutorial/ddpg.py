"""DDPG for DRR: the networks' targets and one update; no environment, no files (chapter 5).

Source: Liu et al. (2018), algorithm 1, after Lillicrap et al. (2016); the options are those of TD3 (Fujimoto et
al. 2018) and of TD3+BC (Fujimoto & Gu 2021). The letters of the paper: s the state, a the action, r the reward,
y the expected value, Q the critic, pi the actor, and a prime for target networks.
"""

import copy
import math
from typing import NamedTuple, cast

import torch
from torch import Tensor, nn

from drr_tutorial.actor_critic import ActorCritic, Critic, State
from drr_tutorial.config import AgentConfig
from drr_tutorial.optimizers import make_optimizer
from drr_tutorial.replay import TransitionBatch


class UpdateResult(NamedTuple):
    """What one update saw, for priorities and logs; all detached."""

    value: Tensor  # (B,) Q(s, a) of the first critic
    target_value: Tensor  # (B,) Q'(s', pi'(s'))
    expected_value: Tensor  # (B,) y
    td_error: Tensor  # (B,) y - Q(s, a) of the first critic
    value_loss: Tensor  # ()
    policy_loss: Tensor  # () mean of -Q(s, pi(s)), as in the original's log
    behaviour_loss: Tensor  # () squared distance to the warm start; 0 when it is off
    supervised_loss: Tensor  # () cross-entropy of the rewarded items; 0 when it is off


class ActorLosses(NamedTuple):
    """The terms of the actor's loss."""

    policy: Tensor  # () mean of -Q(s, pi(s))
    behaviour: Tensor  # ()
    supervised: Tensor  # ()


def actor_rate(networks: ActorCritic, config: AgentConfig) -> float:
    """The actor's learning rate: `actor_lr` for a state of up to 3 k numbers, less in proportion for a longer one.

    Adam moves each weight by its rate, so a step moves the output by the rate times the number of inputs: the rate of
    DRR-ave is five times too large for DRR-p and DRR-u with a memory of 5 (Yang et al. 2022 on rates and width).
    """
    return config.actor_lr * min(1.0, 3 * networks.state.embedding_dim / networks.state.state_dim)


def largest_value(largest_reward: float, gamma: float) -> float:
    """r_max / (1 - gamma): what an endless episode of the largest rewards is worth; no end for gamma 1."""
    return largest_reward / (1 - gamma) if gamma < 1 else math.inf


@torch.no_grad()
def soft_update(target: list[Tensor], online: list[Tensor], tau: float) -> None:
    """theta' <- (1 - tau) theta' + tau theta, for all parameters, in place."""
    torch._foreach_lerp_(target, online, tau)


class DDPG:
    """Online and target networks, their optimizers, and `update`.

    The target actor and critics see the online state representation, as in the original. -Q reaches the state
    representation only through the action; the critic's loss reaches it directly. `generator` draws the noise
    of target smoothing and slates. `known` (n_users, n_items), bool, marks what users liked before and cannot be shown.
    `largest_reward` bounds what a step can pay, up or down: no value that can be earned is clipped.
    """

    def __init__(
        self,
        networks: ActorCritic,
        config: AgentConfig,
        generator: torch.Generator,
        *,
        embedding_lr: float = 0.0,
        known: Tensor | None = None,
        largest_reward: float = 1.0,
    ) -> None:
        self.online, self.config, self.generator, self.known = networks, config, generator, known
        self.target_actor = copy.deepcopy(networks.actor).requires_grad_(False)
        self.target_critics = copy.deepcopy(networks.critics).requires_grad_(False)
        self._critic_parameters = list(networks.critics.parameters())
        self._online_parameters: list[Tensor] = [*networks.actor.parameters(), *networks.critics.parameters()]
        self._target_parameters: list[Tensor] = [*self.target_actor.parameters(), *self.target_critics.parameters()]
        self.value_limit = max(config.value_limit, largest_value(largest_reward, config.gamma))
        self.n_updates = 0
        tables = [networks.users.weight, networks.items.weight]
        for table in tables:
            table.requires_grad_(embedding_lr > 0)
        state_groups = [{"params": list(networks.state.parameters()), "lr": config.state_lr}]
        if embedding_lr > 0:
            state_groups.append({"params": tables, "lr": embedding_lr})
        make = config.optimizer
        self.optimizers = {
            "actor": make_optimizer(
                make, networks.actor.parameters(), actor_rate(networks, config), config.actor_decay
            ),
            "critic": make_optimizer(make, networks.critics.parameters(), config.critic_lr, config.critic_decay),
            "state": make_optimizer(make, state_groups, config.state_lr, config.state_decay),
        }

    def update(self, batch: TransitionBatch, *, move_actor: bool = True) -> UpdateResult:
        """One step of algorithm 1: expected value y, TD error, two losses, their steps, soft targets. Without
        `move_actor` the actor stays as it is.
        """
        state = self.online.see(batch.user, batch.memory)  # s
        target_value, expected_value = self.expected_value(batch)  # Q'(s', pi'(s')), y

        action = self.taken_action(batch)  # a
        values = self.online.values(state, action)  # Q(s, a): (n_critics, B)
        td_error = expected_value - values  # (n_critics, B)
        value_loss = (batch.weight * td_error.pow(2)).mean()

        losses = self.actor_losses(state, batch)
        acts = move_actor and self.n_updates % self.config.policy_delay == 0
        self._step(value_loss + self._combine(losses) if acts else value_loss, acts)

        soft_update(self._target_parameters, self._online_parameters, self.config.tau)
        self.n_updates += 1
        seen = (values[0], target_value, expected_value, td_error[0], value_loss, *losses)
        return UpdateResult(*(tensor.detach() for tensor in seen))

    @torch.no_grad()
    def expected_value(self, batch: TransitionBatch) -> tuple[Tensor, Tensor]:
        """Q'(s', pi'(s')) and y = clip(r + gamma (1 - terminated) Q'(s', pi'(s'))), both (B,).

        With gamma 0 nobody asks what comes next: Q' is not computed, and is 0.
        """
        target_value = self.target_value(batch) if self.config.gamma > 0 else torch.zeros_like(batch.reward)
        expected = batch.reward + self.config.gamma * (1 - batch.terminated.float()) * target_value
        return target_value, expected.clamp(-self.value_limit, self.value_limit)

    @torch.no_grad()
    def target_value(self, batch: TransitionBatch) -> Tensor:
        """Q'(s', pi'(s')), by the target networks (B,)."""
        return self.next_value(batch, self.target_actor, self.target_critics)

    def next_value(self, batch: TransitionBatch, actor: nn.Module, critics: nn.ModuleList) -> Tensor:
        """Q(s', pi(s')), the smallest of the critics' (B,), of what they have learned to judge: the actor's vector
        itself or, where they learn from items, those that the vector selects, softly, as in the actor's loss. A vector
        is no item: what Q says of it there nobody has learned.
        """
        state = self.online.see(batch.user, batch.next_memory)  # s'
        action = actor(state.vector, state.prior)  # pi(s')
        if self.config.target_noise > 0:
            action = self._smooth(action)
        if self.config.critic_sees == "item" and self.config.slate_size > 0:
            selected, vectors = self._select(action, self._slates(len(action)).to(action.device), batch.user)
            values = [_mean_of(selected, cast(Critic, critic).over_items(state, vectors)) for critic in critics]
        else:
            judged = self._judged(action, batch.user)
            values = [critic(state, judged) for critic in critics]
        return torch.stack(values).amin(dim=0)

    def taken_action(self, batch: TransitionBatch) -> Tensor:
        """What the critic takes for a: the shown item's vector, or the actor's (B, k)."""
        return self.online.items(batch.item) if self.config.critic_sees == "item" else batch.action

    def actor_losses(self, state: State, batch: TransitionBatch) -> ActorLosses:
        """The terms of the actor's loss, each a mean over the batch."""
        action = self.online.act(state)  # pi(s)
        zero = action.new_zeros(())
        on_items, on_slates = self.config.critic_sees == "item", self.config.slate_size > 0
        if on_items and on_slates:
            policy = -self.slate_value(state, action, batch)  # -Q(s, pi(s)), as below
        else:
            policy = -self._judge(state, self._judged(action, batch.user)).mean()
        behaviour = (action - state.prior).pow(2).sum(dim=1).mean() if self.config.behaviour_weight > 0 else zero
        supervised = zero
        if self.config.supervised_weight > 0:
            supervised = _rewarded_entropy(self.log_selected(action, batch.user), batch)
        return ActorLosses(policy, behaviour, supervised)

    def slate_value(self, state: State, action: Tensor, batch: TransitionBatch) -> Tensor:
        """Mean Q of the items that pi(s) selects, softly, from random slates: (). Its gradient moves the
        selection, with Q as given.
        """
        n = min(len(action), self.config.slates)
        slate = self._slates(n).to(action.device)
        if slate.shape[1] < self.online.n_items:  # else all items are there, the shown one among them
            slate[:, 0] = batch.item[:n]
        selected, vectors = self._select(action[:n], slate, batch.user[:n])
        with torch.no_grad():
            critic = cast(Critic, self.online.critics[0])
            values = critic.over_items(State(state.vector[:n], state.prior[:n]), vectors)  # (n, m)
        return _mean_of(selected, values).mean()

    def _slates(self, n: int) -> Tensor:
        """Items to select from for n states (n, m), m of them: drawn at random, or all where they are no more."""
        n_items, m = self.online.n_items, self.config.slate_size
        if n_items <= m:
            return torch.arange(n_items).repeat(n, 1)
        return torch.randint(n_items, (n, m), generator=self.generator)

    def _select(self, action: Tensor, slate: Tensor, user: Tensor) -> tuple[Tensor, Tensor]:
        """How far a vector (n, k) selects each item of a slate, from 0 to 1 (n, m), and their vectors (n, m, k)."""
        vectors = self.online.items(slate)  # (n, m, k)
        scores = (vectors @ action[:, :, None]).squeeze(2) / self.config.temperature  # (n, m)
        if self.known is not None:
            scores = scores.masked_fill(self.known[user[:, None], slate], -1e4)
        top = min(self.config.slate_top, slate.shape[1] - 1)
        # Halfway between the last item that is selected and the first that is not.
        threshold = scores.topk(top + 1).values[:, -2:].mean(dim=1, keepdim=True)
        return torch.sigmoid(scores - threshold), vectors

    def _judged(self, action: Tensor, user: Tensor) -> Tensor:
        """What a critic without slates judges an action by (B, k): the vector itself or, where it learned from items,
        the mean of those that it selects, softly, from the whole catalogue.
        """
        if self.config.critic_sees == "action":
            return action
        return self.log_selected(action, user).exp() @ self.online.item_vectors()

    def log_selected(self, action: Tensor, user: Tensor) -> Tensor:
        """Log of softmax(pi(s) . items / temperature): which items the vector selects, softly; none that is
        known (B, n_items).
        """
        scores = action @ self.online.item_vectors().T / self.config.temperature
        if self.known is not None:
            scores = scores.masked_fill(self.known[user], torch.finfo(scores.dtype).min)
        return scores.log_softmax(dim=1)

    def _combine(self, losses: ActorLosses) -> Tensor:
        config = self.config
        if config.behaviour_weight == config.supervised_weight == 0:
            return config.policy_weight * losses.policy
        scale = losses.policy.detach().abs().clamp_min(1e-6)  # mean |Q|, for a Q of one sign
        others = config.behaviour_weight * losses.behaviour + config.supervised_weight * losses.supervised
        return config.policy_weight * losses.policy / scale + others

    def _step(self, loss: Tensor, acts: bool) -> None:
        """Descend: critic and state representation always, the actor when it `acts` (Fujimoto et al. 2018)."""
        due = [optimizer for name, optimizer in self.optimizers.items() if acts or name != "actor"]
        for optimizer in due:
            optimizer.zero_grad()
        loss.backward()
        for optimizer in due:
            optimizer.step()

    def _judge(self, state: State, action: Tensor) -> Tensor:
        """Q(s, a) as the actor is told it (B,): gradients reach the action, neither the state nor the critic."""
        critic = self.online.critics[0]
        for parameter in self._critic_parameters:
            parameter.requires_grad_(False)
        value: Tensor = critic(State(state.vector.detach(), state.prior), action)
        for parameter in self._critic_parameters:
            parameter.requires_grad_(True)
        return value

    def _smooth(self, action: Tensor) -> Tensor:
        spread = self.config.target_noise
        noise = torch.randn(action.shape, generator=self.generator).to(action.device) * spread
        return (action + noise.clamp(-2 * spread, 2 * spread)).clamp(-1, 1)


def _mean_of(selected: Tensor, values: Tensor) -> Tensor:
    """Mean of values (n, m), each as far as it is selected (n, m): (n,)."""
    return (selected * values).sum(dim=1) / selected.sum(dim=1)


def _rewarded_entropy(log_selected: Tensor, batch: TransitionBatch) -> Tensor:
    """Mean cross-entropy over the transitions of the batch that earned a reward; 0 when none did."""
    rewarded = (batch.reward > 0).float()
    entropy = -log_selected.gather(1, batch.item[:, None]).squeeze(1)  # (B,)
    return (rewarded * entropy).sum() / rewarded.sum().clamp_min(1)
