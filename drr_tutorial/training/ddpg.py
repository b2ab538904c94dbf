"""DDPG for DRR: the networks' targets and one update; no environment, no files (chapter 5).

Source: Liu et al. (2018), algorithm 1, after Lillicrap et al. (2016). The letters of the paper: s the state, a the
action, r the reward, y the expected value, Q the critic, pi the actor, and a prime for target networks.
"""

import copy
import math
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, NamedTuple

import torch
from torch import Tensor

from drr_tutorial.actor_critic.networks import ActorCritic, AnyCritic, State
from drr_tutorial.config import AgentConfig
from drr_tutorial.training.known_items import KnownItems
from drr_tutorial.training.optimizers import load_optimizer, make_optimizer
from drr_tutorial.training.replay import TransitionBatch

Policy = Callable[[Tensor, Tensor], Tensor]  # state (B, state_dim), prior (B, k) -> vector (B, k)


class UpdateResult(NamedTuple):
    """What one update saw, for priorities and logs; all detached."""

    value: Tensor  # (B,) Q(s, a)
    target_value: Tensor  # (B,) Q'(s', pi'(s'))
    expected_value: Tensor  # (B,) y
    td_error: Tensor  # (B,) y - Q(s, a)
    value_loss: Tensor  # ()
    policy_loss: Tensor  # () mean of -Q(s, pi(s)), as in the original's log


def actor_rate(networks: ActorCritic, config: AgentConfig) -> float:
    """The actor's learning rate: for a warm start, `actor_lr` for a state of up to 3 k numbers, less in proportion for
    a longer one.

    Adam moves each weight by its rate, so a step moves the output by the rate times the number of inputs: the rate of
    DRR-ave is five times too large for DRR-p and DRR-u with a memory of 5 (Yang et al. 2022 on rates and width).
    """
    if not config.warm_start or config.correction == "shared gates":  # without a state, its length says nothing
        return config.actor_lr
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

    The target actor and critic see the online state representation, as in the original. -Q reaches the state
    representation only through the action; the critic's loss reaches it directly. `generator` draws
    the slates. `known` is what users liked before and cannot be shown; with `once` that is what their memory holds.
    `largest_reward` bounds what a step can pay, up or down: no value that can be earned is clipped.
    """

    SLATES: ClassVar[int] = 128  # in an update, one for each of the first transitions of the batch: enough, and quick
    VALUE_LIMIT: ClassVar[float] = 10.0  # targets are clipped to +- this, as in the original, or to what can be earned
    CRITIC_DECAY: ClassVar[float] = 1e-4  # weight decay of the critic, the original's

    def __init__(
        self,
        networks: ActorCritic,
        config: AgentConfig,
        generator: torch.Generator,
        *,
        embedding_lr: float = 0.0,
        known: KnownItems | None = None,
        once: bool = False,
        largest_reward: float = 1.0,
    ) -> None:
        self.online, self.config, self.generator, self.known = networks, config, generator, known
        self.once = once
        self.embedding_lr = embedding_lr
        self.target_actor = copy.deepcopy(networks.actor).requires_grad_(False)
        self.target_critic = copy.deepcopy(networks.critic).requires_grad_(False)
        self._online_parameters: list[Tensor] = [*networks.actor.parameters(), *networks.critic.parameters()]
        self._target_parameters: list[Tensor] = [*self.target_actor.parameters(), *self.target_critic.parameters()]
        self.value_limit = max(self.VALUE_LIMIT, largest_value(largest_reward, config.gamma))
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
            "critic": make_optimizer(make, networks.critic.parameters(), config.critic_lr, self.CRITIC_DECAY),
            "state": make_optimizer(make, state_groups, config.state_lr, config.state_decay),
        }

        self._rates = {
            name: [group["lr"] for group in optimizer.param_groups] for name, optimizer in self.optimizers.items()
        }

    def state_dict(self) -> dict[str, Any]:
        """Everything that the next updates depend on."""
        return {
            "online": self.online.state_dict(),
            "target_actor": self.target_actor.state_dict(),
            "target_critic": self.target_critic.state_dict(),
            "optimizers": {name: optimizer.state_dict() for name, optimizer in self.optimizers.items()},
            "generator": self.generator.get_state(),
            "n_updates": self.n_updates,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where `state_dict` was taken, with networks and settings of the same sizes."""
        for name in ("online", "target_actor", "target_critic"):
            getattr(self, name).load_state_dict(state[name])
        for name, optimizer in self.optimizers.items():
            load_optimizer(optimizer, state["optimizers"][name])
        self.generator.set_state(state["generator"])
        self.n_updates = int(state["n_updates"])

    def update(self, batch: TransitionBatch, *, move_actor: bool = True) -> UpdateResult:
        """One step of algorithm 1; without `move_actor` the actor stays as it is."""
        state = self.online.see(batch.user, batch.memory)  # s
        target_value, expected_value = self.expected_value(batch)  # Q'(s', pi'(s')), y

        value = self.online.value(state, self.taken_action(batch))  # Q(s, a)
        td_error = expected_value - value
        value_loss = (batch.weight * td_error.pow(2)).mean()
        policy_loss = self.policy_loss(state, self.online.act(state), batch)  # mean of -Q(s, pi(s))

        self._step(value_loss + policy_loss if move_actor else value_loss, move_actor)
        soft_update(self._target_parameters, self._online_parameters, self.config.tau)
        self.n_updates += 1
        seen = (value, target_value, expected_value, td_error, value_loss, policy_loss)
        return UpdateResult(*(tensor.detach() for tensor in seen))

    @torch.no_grad()
    def expected_value(self, batch: TransitionBatch) -> tuple[Tensor, Tensor]:
        """Q'(s', pi'(s')) and y = clip(r + gamma^n (1 - terminated) Q'(s', pi'(s'))), both (B,); n: steps to s'.

        With gamma 0 nobody asks what comes next: Q' is not computed, and is 0.
        """
        target_value = self.target_value(batch) if self.config.gamma > 0 else torch.zeros_like(batch.reward)
        discount = self.config.gamma**batch.steps
        expected = batch.reward + discount * (1 - batch.terminated) * target_value
        return target_value, expected.clamp(-self.value_limit, self.value_limit)

    @torch.no_grad()
    def target_value(self, batch: TransitionBatch) -> Tensor:
        """Q'(s', pi'(s')), by the target networks (B,)."""
        return self.next_value(batch, self.target_actor, self.target_critic)

    def next_value(self, batch: TransitionBatch, actor: Policy, critic: AnyCritic) -> Tensor:
        """Q(s', pi(s')) (B,) of what the critic has learned to judge: the actor's vector itself or, where it learns
        from items, those that the vector selects, softly, as in the actor's loss. A vector is no item: what Q says of
        it there nobody has learned.
        """
        user = batch.user if batch.next_user is None else batch.next_user
        state = self.online.see(user, batch.next_memory)  # s'
        action = actor(state.vector, state.prior)  # pi(s')
        if not self._on_slates:
            return critic(state, self._judged(action, batch.user, batch.next_memory))  # type: ignore[no-any-return]
        selected, vectors = self._select(action, self._slates(len(action)), batch.user, batch.next_memory)
        return _mean_of(selected, critic.over_items(state, vectors))

    def taken_action(self, batch: TransitionBatch) -> Tensor:
        """What the critic takes for a: the shown item's vector, or the actor's (B, k)."""
        return self.online.items(batch.item) if self.config.critic_sees == "item" else batch.action

    def policy_loss(self, state: State, action: Tensor, batch: TransitionBatch) -> Tensor:
        """The actor's loss: mean of -Q(s, pi(s)) over the batch, (); `action` (B, k) is pi(s)."""
        if self._on_slates:
            return -self.slate_value(state, action, batch)
        return -self._judge(state, self._judged(action, batch.user, batch.memory)).mean()

    @property
    def judge(self) -> AnyCritic:
        """The critic that the actor listens to."""
        return self.online.critic

    @property
    def _on_slates(self) -> bool:
        """Whether an action is judged by the items that it selects from a slate."""
        return self.config.critic_sees == "item" and self.config.slate_size > 0

    def slate_value(self, state: State, action: Tensor, batch: TransitionBatch) -> Tensor:
        """Mean Q of the items that pi(s) selects, softly, from random slates: (). Its gradient moves the
        selection, with Q as given.
        """
        slate = self._slates(min(len(action), self.SLATES))
        n = len(action) if slate is None else len(slate)
        if slate is not None:
            slate[:, 0] = batch.item[:n]
        selected, vectors = self._select(action[:n], slate, batch.user[:n], batch.memory[:n])
        with torch.no_grad():
            values = self.judge.over_items(State(state.vector[:n], state.prior[:n]), vectors)  # (n, m)
        return _mean_of(selected, values).mean()

    def _slates(self, n: int) -> Tensor | None:
        """Items to select from for n states (n, m), m of them, drawn at random; None where that would be all."""
        n_items, m = self.online.n_items, self.config.slate_size
        if n_items <= m:
            return None
        slate = torch.randint(n_items, (n, m), generator=self.generator)
        return slate.to(self.online.items.weight.device)

    def _select(self, action: Tensor, slate: Tensor | None, user: Tensor, memory: Tensor) -> tuple[Tensor, Tensor]:
        """How far a vector (n, k) selects each item of a slate, from 0 to 1 (n, m), and their vectors (n, m, k); those
        of the whole catalogue are (n_items, k).
        """
        scores, vectors = self._scores(action, slate)
        barred = self._barred(slate, user, memory)
        if barred is not None:
            scores = scores.masked_fill(barred, -1e4)
        if self.config.slate_top == 1:
            return scores.softmax(dim=1), vectors
        top = min(self.config.slate_top, scores.shape[1] - 1)
        # Halfway between the last item that is selected and the first that is not.
        threshold = scores.topk(top + 1).values[:, -2:].mean(dim=1, keepdim=True)
        return torch.sigmoid(scores - threshold), vectors

    def _scores(self, action: Tensor, slate: Tensor | None) -> tuple[Tensor, Tensor]:
        """Dot products of vectors and items, sharpened (n, m), and the items' vectors."""
        if slate is None:
            vectors = self.online.item_vectors()
            return action @ vectors.T / self.config.temperature, vectors
        vectors = self.online.items(slate)  # (n, m, k)
        return (vectors @ action[:, :, None]).squeeze(2) / self.config.temperature, vectors

    def _judged(self, action: Tensor, user: Tensor, memory: Tensor) -> Tensor:
        """What a critic without slates judges an action by (B, k): the vector itself or, where it learned from items,
        the mean of those that it selects, softly, from the whole catalogue.
        """
        if self.config.critic_sees == "action":
            return action
        return self.log_selected(action, user, memory).exp() @ self.online.item_vectors()

    def log_selected(self, action: Tensor, user: Tensor, memory: Tensor) -> Tensor:
        """Log of softmax(pi(s) . items / temperature): which items the vector selects, softly; none that is
        known (B, n_items).
        """
        scores, _ = self._scores(action, None)
        barred = self._barred(None, user, memory)
        if barred is not None:
            scores = scores.masked_fill(barred, torch.finfo(scores.dtype).min)
        return scores.log_softmax(dim=1)

    def _barred(self, slate: Tensor | None, user: Tensor, memory: Tensor) -> Tensor | None:
        """Which items of a slate, or of the catalogue, cannot be shown, (n, m); None where all can."""
        if self.known is not None:
            return self.known.of(user) if slate is None else self.known.among(user, slate)
        if not self.once:
            return None
        n_items = self.online.n_items
        shown = memory % (n_items + 1)
        if slate is not None:
            return (slate[:, :, None] == shown[:, None]).any(dim=2)
        there = torch.zeros(len(shown), n_items + 1, dtype=torch.bool, device=shown.device)
        return there.scatter_(1, shown, True)[:, :n_items]

    def anneal(self, share: float) -> None:
        """Go on with this share of the learning rates that the settings say."""
        for name, optimizer in self.optimizers.items():
            for group, rate in zip(optimizer.param_groups, self._rates[name], strict=True):
                group["lr"] = rate * share

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
        self.judge.requires_grad_(False)
        value: Tensor = self.judge(State(state.vector.detach(), state.prior), action)
        self.judge.requires_grad_(True)
        return value


def _mean_of(selected: Tensor, values: Tensor) -> Tensor:
    """Mean of values (n, m), each as far as it is selected (n, m): (n,)."""
    return (selected * values).sum(dim=-1) / selected.sum(dim=-1)
