"""The original's networks for several runs in lock-step: one more axis in front, one set of overheads for all.

Nets of 16 hidden units cost more to call than to compute. So the weights of R runs lie side by side, (R, ...), in one
flat vector, and one batched product serves all runs; no run sees another's numbers. Gradients are written out, for
automatic ones would double the time; a test holds them against `DDPG`. What they are of, with the letters of chapter 5,
u and i vectors of user and items:

    g = sum of w_n i_n + b,   s = [u, u * g, g]                          DRR-ave as a convolution with a bias
    policy loss = mean of -Q(s, pi(s))                                   (defect: it moves s too, not only a = pi(s))
    value loss = mean of (Q(s, a) - y)^2, y = clip(r + gamma Q'(s', pi'(s')))            (defect: no end of episode)
"""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

Parameters = dict[str, Tensor]


class Sizes(NamedTuple):
    """The notebook's sizes, but for the catalogue."""

    n_users: int
    n_items: int
    k: int = 8
    hidden: int = 16
    memory: int = 5

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of every parameter of one run: first what only the state is made of, then the two networks."""
        k, h = self.k, self.hidden
        return {
            "users": (self.n_users, k),
            "items": (self.n_items + 1, k),  # the last is the padding item
            "pooling": (1, self.memory),
            "pooling_bias": (1, 1),
            "actor_in": (h, 3 * k),
            "actor_in_bias": (1, h),
            "actor_out": (k, h),
            "actor_out_bias": (1, k),
            "critic_in": (h, 4 * k),
            "critic_in_bias": (1, h),
            "critic_out": (1, h),
            "critic_out_bias": (1, 1),
        }


NETWORKS_FROM = "actor_in"  # from here on the parameters have slow copies


class StackedBatch(NamedTuple):
    """B transitions of each of R runs; rows of users and items are those of the stacked tables."""

    user: Tensor  # (R, B) int64
    memory: Tensor  # (R, N, 2 B) int64: those before the action, then those after it
    action: Tensor  # (R, B, k)
    reward: Tensor  # (R, B, 1)


class Seen(NamedTuple):
    """What an update saw, mean over the batch, (R,) each."""

    value: Tensor
    target_value: Tensor
    policy_loss: Tensor
    value_loss: Tensor


def initial_parameters(sizes: Sizes, generator: torch.Generator) -> Parameters:
    """One run's parameters as the notebook draws them: vectors N(0, 0.01^2), pooling U(0, 1), He-uniform weights,
    and PyTorch's own U(-1, 1) / sqrt(n_in) for the biases of linear layers.
    """
    drawn = {name: torch.zeros(shape) for name, shape in sizes.shapes().items()}
    for name, tensor in drawn.items():
        n_in = drawn.get(name.removesuffix("_bias"), tensor).shape[1]
        if name in ("users", "items"):
            tensor.normal_(0.0, 0.01, generator=generator)
        elif name == "pooling":
            tensor.uniform_(0.0, 1.0, generator=generator)
        elif name != "pooling_bias":
            bound = 1 / math.sqrt(n_in) if name.endswith("_bias") else math.sqrt(6 / n_in)
            tensor.uniform_(-bound, bound, generator=generator)
    drawn["items"][-1] = 0.0
    return drawn


class StackedNetworks:
    """R runs' parameters, `flat` (all of them in one vector) and by name (R, ...), their slow copies, and gradients."""

    def __init__(self, sizes: Sizes, runs: Sequence[Mapping[str, Tensor]]) -> None:
        self.sizes, self.n_runs = sizes, len(runs)
        self.flat = torch.cat([torch.stack([run[name] for run in runs]).flatten() for name in sizes.shapes()])
        self.gradient = torch.zeros_like(self.flat)
        self.online, self._gradients = self._views(self.flat), self._views(self.gradient)
        start = self.online[NETWORKS_FROM].storage_offset()
        slow = self.flat.clone()
        self.networks, self.target_networks = self.flat[start:], slow[start:]
        self.target = {
            name: tensor for name, tensor in self._views(slow).items() if name.startswith(("actor", "critic"))
        }
        runs_from = torch.arange(self.n_runs)[:, None]
        self.user_rows, self.item_rows = runs_from * sizes.n_users, (runs_from * (sizes.n_items + 1))[:, :, None]

    def _views(self, flat: Tensor) -> Parameters:
        views, start = {}, 0
        for name, shape in self.sizes.shapes().items():
            size = self.n_runs * math.prod(shape)
            views[name] = flat[start : start + size].view(self.n_runs, *shape)
            start += size
        return views

    def run(self, number: int) -> Parameters:
        """Copies of one run's parameters, as `initial_parameters` returns them."""
        return {name: tensor[number].clone() for name, tensor in self.online.items()}

    def state(self, user: Tensor, memory: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """u, g (R, M, k), s (R, M, 3 k) and the memory's vectors (R, N, M k) of rows (R, M) and (R, N, M)."""
        n_runs, k, p = self.n_runs, self.sizes.k, self.online
        u = p["users"].view(-1, k).index_select(0, user.reshape(-1)).view(n_runs, -1, k)
        i = p["items"].view(-1, k).index_select(0, memory.reshape(-1)).view(n_runs, self.sizes.memory, -1)
        g = torch.baddbmm(p["pooling_bias"], p["pooling"], i).view(n_runs, -1, k)
        return u, g, torch.cat([u, u * g, g], dim=2), i

    def act(self, state: Tensor, networks: Parameters | None = None) -> tuple[Tensor, Tensor]:
        """pi(s) (R, M, k) and the hidden layer (R, M, h)."""
        p = networks or self.online
        hidden = torch.baddbmm(p["actor_in_bias"], state, p["actor_in"].mT).relu_()
        return torch.baddbmm(p["actor_out_bias"], hidden, p["actor_out"].mT), hidden

    def judge(self, state_part: Tensor, action: Tensor, networks: Parameters | None = None) -> tuple[Tensor, Tensor]:
        """Q (R, M, 1) and the hidden layer, from `state_part` of the first layer."""
        p = networks or self.online
        hidden = torch.baddbmm(state_part, action, p["critic_in"][:, :, 3 * self.sizes.k :].mT).relu_()
        return torch.baddbmm(p["critic_out_bias"], hidden, p["critic_out"].mT), hidden

    def state_part(self, state: Tensor, networks: Parameters | None = None) -> Tensor:
        """What the critic's first layer makes of s alone (R, M, h)."""
        p = networks or self.online
        return torch.baddbmm(p["critic_in_bias"], state, p["critic_in"][:, :, : 3 * self.sizes.k].mT)

    def compute_gradients(self, batch: StackedBatch, gamma: float, limit: float) -> Seen:
        """Fill `gradient` with those of policy loss and value loss, centralized as Ranger does."""
        p, d, k, size = self.online, self._gradients, self.sizes.k, batch.user.shape[1]
        u, g, states, i = self.state(batch.user.repeat(1, 2), batch.memory)
        state, next_state = states[:, :size].contiguous(), states[:, size:].contiguous()
        next_action, _ = self.act(next_state, self.target)
        target_value, _ = self.judge(self.state_part(next_state, self.target), next_action, self.target)
        expected = (batch.reward + gamma * target_value).clamp_(-limit, limit)  # y

        action, actor_hidden = self.act(state)
        part = self.state_part(state)
        told, told_hidden = self.judge(part, action)  # Q(s, pi(s))
        value, hidden = self.judge(part, batch.action)  # Q(s, a)
        error = value - expected

        of_value = error * (2 / size)  # (R, B, 1)
        # Of the policy loss, and of the value loss: (R, B, h).
        from_told = through_relu((p["critic_out"] / -size).expand_as(hidden), told_hidden)
        from_value = through_relu(of_value * p["critic_out"], hidden)
        torch.bmm(of_value.mT, hidden, out=d["critic_out"])
        d["critic_out_bias"].copy_(of_value.sum(1, keepdim=True))
        d["critic_in_bias"].copy_(from_value.sum(1, keepdim=True))
        torch.bmm(from_value.mT, torch.cat([state, batch.action], dim=2), out=d["critic_in"])

        in_state, in_action = p["critic_in"][:, :, : 3 * k], p["critic_in"][:, :, 3 * k :]
        of_action = torch.bmm(from_told, in_action)  # (R, B, k)
        from_action = through_relu(torch.bmm(of_action, p["actor_out"]), actor_hidden)
        torch.bmm(of_action.mT, actor_hidden, out=d["actor_out"])
        d["actor_out_bias"].copy_(of_action.sum(1, keepdim=True))
        torch.bmm(from_action.mT, state, out=d["actor_in"])
        d["actor_in_bias"].copy_(from_action.sum(1, keepdim=True))

        of_state = torch.bmm(from_told + from_value, in_state)
        of_state.baddbmm_(from_action, p["actor_in"])  # (R, B, 3 k)
        self._state_gradients(batch, of_state, u[:, :size], g[:, :size], i)
        for name in ("pooling", "actor_in", "actor_out", "critic_in", "critic_out"):
            d[name].sub_(d[name].mean(2, keepdim=True))
        means = (value.mean((1, 2)), target_value.mean((1, 2)), -told.mean((1, 2)), error.square().mean((1, 2)))
        return Seen(*means)

    def _state_gradients(self, batch: StackedBatch, of_state: Tensor, u: Tensor, g: Tensor, i: Tensor) -> None:
        """From s to the pooling and the tables; rows are centralized before they are added up, which is the same."""
        n_runs, k, d, size = self.n_runs, self.sizes.k, self._gradients, batch.user.shape[1]
        of_u, of_product, of_g = of_state.split(k, dim=2)
        of_u = of_u + of_product * g
        of_g = of_g + of_product * u
        torch.bmm(of_g.reshape(n_runs, 1, -1), i[:, :, : size * k].mT, out=d["pooling"])
        d["pooling_bias"].copy_(of_g.sum((1, 2)).view(n_runs, 1, 1))
        of_u, of_g = (part - part.mean(2, keepdim=True) for part in (of_u, of_g))
        of_i = torch.bmm(self.online["pooling"].mT, of_g.reshape(n_runs, 1, -1)).view(-1, k)
        users, items = d["users"].zero_().view(-1, k), d["items"].zero_().view(-1, k)
        users.index_add_(0, batch.user.reshape(-1), of_u.reshape(-1, k))
        items.index_add_(0, batch.memory[:, :, :size].reshape(-1), of_i)
        d["items"][:, -1] = 0.0

    def follow(self, tau: float) -> None:
        """Soft update of the slow copies."""
        self.target_networks.lerp_(self.networks, tau)


def through_relu(gradient: Tensor, output: Tensor) -> Tensor:
    """The gradient where the ReLU let something through, else 0."""
    passed: Tensor = torch.ops.aten.threshold_backward(gradient, output, 0)
    return passed
