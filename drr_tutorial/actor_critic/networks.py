"""Actor and critic of DRR, and the tables of vectors beneath them (chapter 4).

Source: Liu et al. (2018), figure 2. The actor turns a state into a vector a in [-1, 1]^k; an item's score is
the dot product of a and the item's vector. The critic turns a state and an action's vector into Q, the reward
expected from there on.
"""

import copy
import itertools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Literal, NamedTuple, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from drr_tutorial.actor_critic.warm_start import WarmStart
from drr_tutorial.config import AgentConfig
from drr_tutorial.representation.by_name import state_class
from drr_tutorial.representation.features import ItemParts, features, n_features
from drr_tutorial.representation.states import StateRepresentation, linear
from drr_tutorial.representation.traces import Traces

Actions = Literal["bounded", "unit", "free"]


def linear_stack(sizes: Sequence[int], generator: torch.Generator) -> nn.Sequential:
    """Linear layers of these sizes with ReLU between them, none after the last."""
    layers: list[nn.Module] = []
    for n_in, n_out in itertools.pairwise(sizes):
        layers += [linear(n_in, n_out, generator), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


class OneForAll(nn.Module):
    """The same k numbers for every state, zero at first: (B, state_dim) -> (B, k)."""

    def __init__(self, k: int) -> None:
        super().__init__()
        self.output = nn.Parameter(torch.zeros(k))

    def forward(self, state: Tensor) -> Tensor:
        """(B, k), each row the same."""
        return self.output.expand(len(state), -1)


class Actor(nn.Module):
    """pi(s): state (B, state_dim) -> action (B, k).

    `actions` says what the output is: "bounded" by a tanh, as in the paper; of "unit" length; or "free", any vector, as
    in the original notebook. With `residual` the last layer starts at zero and a `prior` (B, k) in (-1, 1) joins before
    the tanh, so that the untrained actor returns it: the output is added to it or, with `gates`, scales its entries.
    With `shared` the output is one vector for all states: what differs from user to user is the prior.
    """

    def __init__(
        self,
        state_dim: int,
        action_dim: int,
        hidden_dims: Sequence[int],
        generator: torch.Generator,
        *,
        actions: Actions = "bounded",
        residual: bool = False,
        gates: bool = False,
        shared: bool = False,
    ) -> None:
        super().__init__()
        self.layers = linear_stack([state_dim, *hidden_dims, action_dim], generator)
        self.actions, self.residual, self.gates = actions, residual, gates
        if residual:
            nn.init.zeros_(cast(nn.Linear, self.layers[-1]).weight)
        if shared:
            self.layers = nn.Sequential(OneForAll(action_dim))

    def forward(self, state: Tensor, prior: Tensor) -> Tensor:
        """Actions (B, k) from states (B, state_dim) and their priors (B, k)."""
        output = cast(Tensor, self.layers(state))
        if self.residual:
            start = torch.atanh(prior)
            output = start * (1 + output) if self.gates else start + output
        if self.actions == "unit":
            return nn.functional.normalize(output, dim=1)
        return torch.tanh(output) if self.actions == "bounded" else output

    @torch.no_grad()
    def temper(self, share: float) -> None:
        """Keep this share of the output: of what is added to the prior, or of its gates."""
        for parameter in self.layers[-1].parameters():
            parameter.mul_(share)

    @contextmanager
    def tempered(self, share: float) -> Iterator[None]:
        """The same for a while."""
        last = self.layers[-1]
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
        """Q(s, i) for m items of each state: vectors (B, m, k), or (m, k) the same for all -> values (B, m).

        The same as `forward` for each pair, without spelling the pairs out: the first layer is linear, so what the
        state says enters once, and a product with the prior is a weight of the item's own.
        """
        first, k = cast(nn.Linear, self.layers[0]), vectors.shape[-1]
        of_state, of_item, *of_product = first.weight.split(
            [first.in_features - (2 if self.products else 1) * k, *[k] * (2 if self.products else 1)], dim=1
        )
        weight = of_item.T.expand(len(state.vector), -1, -1)  # (B, k, h)
        if self.products:
            weight = weight + state.prior[:, :, None] * of_product[0].T
        shared = self.state_layers(state.vector) @ of_state.T + first.bias  # (B, h)
        return cast(Tensor, self.layers[1:](shared[:, None] + vectors @ weight)).squeeze(2)


class LinearCritic(nn.Module):
    """Q(s, e) = V(s) + g(s).F(e), with F the features of an item's vector: state, action (B, k) -> value (B,).

    V and g are the outputs of one network of the state, so what it costs to judge all items is one matrix product.
    With `parts` of the state that are item features, the network also says how much of each joins g, none at first.
    """

    def __init__(
        self,
        state_dim: int,
        action_dim: int,
        hidden_dims: Sequence[int],
        generator: torch.Generator,
        *,
        parts: ItemParts | None = None,
    ) -> None:
        super().__init__()
        self.parts = parts
        n_mixed = 0 if parts is None else parts.number
        self.layers = linear_stack([state_dim, *hidden_dims, 1 + n_features(action_dim) + n_mixed], generator)
        if n_mixed > 0:
            nn.init.zeros_(cast(nn.Linear, self.layers[-1]).weight[-n_mixed:])

    def forward(self, state: "State", action: Tensor) -> Tensor:
        """Values (B,) of one action each: states with vectors (B, state_dim), actions (B, k)."""
        value, weights = self._value_and_weights(state.vector)
        return value.squeeze(1) + (weights * features(action)).sum(dim=1)

    def over_items(self, state: "State", vectors: Tensor) -> Tensor:
        """Q(s, i) for m items of each state: vectors (B, m, k), or (m, k) the same for all -> values (B, m)."""
        value, weights = self._value_and_weights(state.vector)
        of_items = features(vectors)
        if vectors.ndim == 2:
            return torch.addmm(value, weights, of_items.T)
        return value + (of_items @ weights[:, :, None]).squeeze(2)

    def _value_and_weights(self, state: Tensor) -> tuple[Tensor, Tensor]:
        """V (B, 1) and g (B, n_features) of states (B, state_dim)."""
        value, weights = self.layers(state).tensor_split([1], dim=1)
        return value, weights if self.parts is None else self.parts.mixed(weights, state)


AnyCritic = Critic | LinearCritic


class State(NamedTuple):
    """A state, and the warm start that belongs to it."""

    vector: Tensor  # (B, state_dim)
    prior: Tensor  # (B, k) in (-1, 1); what an untrained actor returns; empty where nothing starts warm


class ActorCritic(nn.Module):
    """Everything that learns: tables of user and item vectors, state representation, actor, critic.

    `user_vectors` (n_users, k) and `item_vectors` (n_items, k) fill the tables; row n_items of the item table
    is the padding item, all zeros. A memory holds item indices: i for a like, n_items for padding, n_items + 1 + i for
    what was shown and not liked. The latter only a state of all that was shown looks at, and only there may users have
    vectors of another length, u; shorter ones are filled up with zeros elsewhere.
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
        self.warm_start = WarmStart(item_vectors, config.memory_weight, decay=config.memory_decay)
        self.starts_warm = config.warm_start or config.critic_products
        self.state = self._make_state(config, user_vectors.shape[1], k, generator)
        if self.starts_warm and self.state.sees_dislikes and user_vectors.shape[1] != k:
            raise ValueError(
                "AgentConfig.warm_start and critic_products must be off where users are seen by "
                f"{user_vectors.shape[1]} numbers and items by {k}: nothing scores one by the other"
            )
        self.state.read(item_vectors)
        self.actor = Actor(
            self.state.state_dim, k, config.actor_hidden, generator,
            actions=config.actions, residual=config.warm_start,
            gates=config.correction != "sum", shared=config.correction == "shared gates",
        )  # fmt: skip
        self.critic = self.make_critic(config, self.state.state_dim, k, generator)

    def make_critic(self, config: AgentConfig, state_dim: int, k: int, generator: torch.Generator) -> AnyCritic:
        """An untrained critic of states of length `state_dim` and actions of length k."""
        if config.critic != "joined":
            parts = self.state.item_parts if config.critic == "mixed" else None
            hidden = (*config.critic_state_hidden, *config.critic_hidden)
            return LinearCritic(state_dim, k, hidden, generator, parts=parts)
        layers = (config.critic_state_hidden, config.critic_hidden)
        return Critic(state_dim, k, *layers, generator, products=config.critic_products)

    def see(self, user: Tensor, memory: Tensor) -> State:
        """The state of users with memories (B, N) of indices; users are indices (B,) too, or vectors (B, u)."""
        return self.see_vectors(user if user.is_floating_point() else self.users(user), memory)

    def see_vectors(self, user_vectors: Tensor, memory: Tensor) -> State:
        """The same for users given by their vectors (B, k): people who are not in the data."""
        answers = memory < self.n_items
        if self.state.sees_dislikes:
            user, items = user_vectors, self.items(memory % (self.n_items + 1))  # (B, N, k)
            answers = answers.to(torch.int8) - (memory > self.n_items).to(torch.int8)
        else:
            user, items = self._filled_up(user_vectors), self.items(memory.clamp_max(self.n_items))
        vector = self.state(user, items, answers)
        if not self.starts_warm:
            return State(vector, vector.new_zeros(len(vector), 0))
        return State(vector, self.warm_start(user.detach(), items.detach()))

    def act(self, state: State) -> Tensor:
        """pi(s): (B, k)."""
        return cast(Tensor, self.actor(state.vector, state.prior))

    def value(self, state: State, action: Tensor) -> Tensor:
        """Q(s, a): (B,)."""
        return cast(Tensor, self.critic(state, action))

    def item_vectors(self) -> Tensor:
        """(n_items, k), without the padding item."""
        return self.items.weight[: self.n_items]

    def _make_state(self, config: AgentConfig, u: int, k: int, generator: torch.Generator) -> StateRepresentation:
        kind = state_class(config.state)
        if issubclass(kind, Traces):
            return kind(k, config.memory_size, generator, user_dim=u)
        if u > k:
            raise ValueError(f"AgentConfig.state must be 'traces' for users of {u} and items of {k} numbers")
        return kind(k, config.memory_size, generator)

    def _filled_up(self, user_vectors: Tensor) -> Tensor:
        return nn.functional.pad(user_vectors, (0, self.items.embedding_dim - user_vectors.shape[1]))

    @torch.no_grad()
    def replace_vectors(self, user_vectors: NDArray[np.float32], item_vectors: NDArray[np.float32]) -> None:
        """Put other vectors of the same sizes into the tables."""
        self.users.weight.copy_(torch.from_numpy(user_vectors))
        self.items.weight[: self.n_items].copy_(torch.from_numpy(item_vectors))
        self.warm_start.read(item_vectors)
        self.state.read(item_vectors)
