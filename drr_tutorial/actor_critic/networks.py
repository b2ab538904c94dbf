"""Actor and critic of DRR, and the tables of vectors beneath them (chapter 4).

Source: Liu et al. (2018), figure 2. The actor turns a state into a vector a in [-1, 1]^k; an item's score is
the dot product of a and the item's vector. The critic turns a state and an action's vector into Q, the reward
expected from there on.
"""

import copy
import itertools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from drr_tutorial.actor_critic.warm_start import WarmStart
from drr_tutorial.config import AgentConfig
from drr_tutorial.representation.states import StateRepresentation, linear, state_class


def linear_stack(sizes: Sequence[int], generator: torch.Generator) -> nn.Sequential:
    """Linear layers of these sizes with ReLU between them, none after the last."""
    layers: list[nn.Module] = []
    for n_in, n_out in itertools.pairwise(sizes):
        layers += [linear(n_in, n_out, generator), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


class Actor(nn.Module):
    """pi(s): state (B, state_dim) -> action (B, k).

    With `bounded` the output passes a tanh, as in the paper; without, it is any vector, as in the original
    notebook. With `residual` the last layer starts at zero and a `prior` (B, k) in (-1, 1) joins before the
    tanh, so that the untrained actor returns it: the output is added to it or, with `gates`, scales its entries.
    """

    def __init__(
        self,
        state_dim: int,
        action_dim: int,
        hidden_dims: Sequence[int],
        generator: torch.Generator,
        *,
        bounded: bool = True,
        residual: bool = False,
        gates: bool = False,
    ) -> None:
        super().__init__()
        self.layers = linear_stack([state_dim, *hidden_dims, action_dim], generator)
        self.bounded, self.residual, self.gates = bounded, residual, gates
        if residual:
            nn.init.zeros_(cast(nn.Linear, self.layers[-1]).weight)

    def forward(self, state: Tensor, prior: Tensor) -> Tensor:
        """Actions (B, k) from states (B, state_dim) and their priors (B, k)."""
        output = cast(Tensor, self.layers(state))
        if self.residual:
            start = torch.atanh(prior)
            output = start * (1 + output) if self.gates else start + output
        return torch.tanh(output) if self.bounded else output

    @torch.no_grad()
    def temper(self, share: float) -> None:
        """Keep this share of the output: of what is added to the prior, or of its gates."""
        for parameter in cast(nn.Linear, self.layers[-1]).parameters():
            parameter.mul_(share)

    @contextmanager
    def tempered(self, share: float) -> Iterator[None]:
        """The same for a while."""
        last = cast(nn.Linear, self.layers[-1])
        whole = copy.deepcopy(last.state_dict())
        self.temper(share)
        try:
            yield
        finally:
            last.load_state_dict(whole)


class Critic(nn.Module):
    """Q(s, a): state (B, state_dim), action (B, k) -> value (B,).

    `state_dims` are the layers that see the state alone, `hidden_dims` those after the action has joined;
    with `products` the state's prior times the action, entry by entry, joins too.
    """

    def __init__(
        self,
        state_dim: int,
        action_dim: int,
        state_dims: Sequence[int],
        hidden_dims: Sequence[int],
        generator: torch.Generator,
        *,
        products: bool = False,
    ) -> None:
        super().__init__()
        self.products = products
        state_layers = linear_stack([state_dim, *state_dims], generator)
        self.state_layers = nn.Sequential(state_layers, nn.ReLU()) if state_dims else nn.Identity()
        n_joined = [state_dim, *state_dims][-1] + (2 if products else 1) * action_dim
        self.layers = linear_stack([n_joined, *hidden_dims, 1], generator)

    def forward(self, state: "State", action: Tensor) -> Tensor:
        """Values (B,) of one action each: states with vectors (B, state_dim), actions (B, k)."""
        products = [state.prior * action] if self.products else []
        joined = torch.cat([self.state_layers(state.vector), action, *products], dim=1)
        return cast(Tensor, self.layers(joined)).squeeze(1)

    def over_items(self, state: "State", vectors: Tensor) -> Tensor:
        """Q(s, i) for m items of each state: vectors (B, m, k) -> values (B, m).

        The same as `forward` for each pair, without spelling the pairs out: the first layer is linear, so what the
        state says enters once, and a product with the prior is a weight of the item's own.
        """
        first, k = cast(nn.Linear, self.layers[0]), vectors.shape[2]
        of_state, of_item, *of_product = first.weight.split(
            [first.in_features - (2 if self.products else 1) * k, *[k] * (2 if self.products else 1)], dim=1
        )
        weight = of_item.T.expand(len(vectors), -1, -1)  # (B, k, h)
        if self.products:
            weight = weight + state.prior[:, :, None] * of_product[0].T
        shared = self.state_layers(state.vector) @ of_state.T + first.bias  # (B, h)
        return cast(Tensor, self.layers[1:](shared[:, None] + vectors @ weight)).squeeze(2)


class State(NamedTuple):
    """A state, and the warm start that belongs to it."""

    vector: Tensor  # (B, state_dim)
    prior: Tensor  # (B, k) in (-1, 1); what an untrained actor returns


class ActorCritic(nn.Module):
    """Everything that learns: tables of user and item vectors, state representation, actor, critic.

    `user_vectors` (n_users, k) and `item_vectors` (n_items, k) fill the tables; row n_items of the item table
    is the padding item, all zeros.
    """

    def __init__(
        self,
        config: AgentConfig,
        user_vectors: NDArray[np.float32],
        item_vectors: NDArray[np.float32],
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        n_items, k = item_vectors.shape
        self.n_items = n_items
        self.users = nn.Embedding.from_pretrained(torch.from_numpy(user_vectors.copy()), freeze=False)
        padded = np.concatenate([item_vectors, np.zeros((1, k), dtype=np.float32)])
        self.items = nn.Embedding.from_pretrained(torch.from_numpy(padded), freeze=False, padding_idx=n_items)
        self.warm_start = WarmStart(item_vectors, config.memory_weight)
        self.state: StateRepresentation = state_class(config.state)(k, config.memory_size, generator)
        self.actor = Actor(
            self.state.state_dim, k, config.actor_hidden, generator,
            bounded=config.bounded_actions, residual=config.warm_start,
            gates=config.correction == "gates",
        )  # fmt: skip
        self.critic = self.make_critic(config, self.state.state_dim, k, generator)

    def make_critic(self, config: AgentConfig, state_dim: int, k: int, generator: torch.Generator) -> Critic:
        """An untrained critic of states of length `state_dim` and actions of length k."""
        layers = (config.critic_state_hidden, config.critic_hidden)
        return Critic(state_dim, k, *layers, generator, products=config.critic_products)

    def see(self, user: Tensor, memory: Tensor) -> State:
        """The state of users (B,) with memories (B, N), both indices."""
        return self.see_vectors(self.users(user), memory)

    def see_vectors(self, user_vectors: Tensor, memory: Tensor) -> State:
        """The same for users given by their vectors (B, k): people who are not in the data."""
        liked = self.items(memory)  # (B, N, k)
        vector = self.state(user_vectors, liked, memory < self.n_items)
        return State(vector, self.warm_start(user_vectors.detach(), liked.detach()))

    def act(self, state: State) -> Tensor:
        """pi(s): (B, k)."""
        return cast(Tensor, self.actor(state.vector, state.prior))

    def value(self, state: State, action: Tensor) -> Tensor:
        """Q(s, a): (B,)."""
        return cast(Tensor, self.critic(state, action))

    def item_vectors(self) -> Tensor:
        """(n_items, k), without the padding item."""
        return self.items.weight[: self.n_items]

    @torch.no_grad()
    def replace_vectors(self, user_vectors: NDArray[np.float32], item_vectors: NDArray[np.float32]) -> None:
        """Put other vectors of the same sizes into the tables."""
        self.users.weight.copy_(torch.from_numpy(user_vectors))
        self.items.weight[: self.n_items].copy_(torch.from_numpy(item_vectors))
        self.warm_start.read(item_vectors)
