"""The four state representations of DRR: from a user's vector and the latest liked items' vectors to one state
(chapter 3).

Source: Liu et al. (2018), section 4.1 (DRR-p, DRR-u, DRR-ave); DRR-att after Liu et al. (2020), in our reading.
With u the user's vector, i_1 .. i_N the memory's item vectors (oldest first) and w_n a learned weight of place
n (all of size k):

    DRR-p   [w_n i_n for all n;  w_a i_a * w_b i_b for all a < b]          k (N + N(N-1)/2)
    DRR-u   [u * w_n i_n for all n;  w_a i_a * w_b i_b for all a < b]      k (N + N(N-1)/2)
    DRR-ave [u;  u * g;  g],  g = sum of w_n i_n                            3 k
    DRR-att [u;  u * g;  g],  g = sum of softmax(MLP([u, i_n])) i_n         3 k

A new representation is a subclass with `state_dim` and `forward`, entered in `STATES`.
"""

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from drr_tutorial.representation.features import ItemParts


class StateRepresentation(nn.Module, ABC):
    """What the policy sees, computed from vectors.

    `embedding_dim` k and `memory_size` N are at least 1; `generator` draws the initial weights.
    """

    sees_dislikes: ClassVar[bool] = False
    """Whether `forward` is told of all that was shown and how it was answered, not only of what was liked."""

    def __init__(self, embedding_dim: int, memory_size: int, generator: torch.Generator) -> None:
        super().__init__()
        if embedding_dim < 1 or memory_size < 1:
            raise ValueError(f"embedding_dim and memory_size must be at least 1, got {embedding_dim} and {memory_size}")
        self.embedding_dim, self.memory_size = embedding_dim, memory_size

    @property
    def item_parts(self) -> ItemParts | None:
        """Where a state holds vectors of item features; None where it does not."""
        return None

    def read(self, item_vectors: NDArray[np.float32]) -> None:
        """Take the catalogue (n_items, k) as it is now."""

    @property
    @abstractmethod
    def state_dim(self) -> int:
        """Length of a state."""

    @abstractmethod
    def forward(self, user: Tensor, items: Tensor, present: Tensor) -> Tensor:
        """States (B, state_dim) from user vectors (B, k), item vectors (B, N, k), and present (B, N): False for
        padding.

        A padding item's vector is all zeros.
        """


class _Weighted(StateRepresentation):
    """A learned weight for each place of the memory, 1/N at first: a plain average."""

    def __init__(self, embedding_dim: int, memory_size: int, generator: torch.Generator) -> None:
        super().__init__(embedding_dim, memory_size, generator)
        self.weights = nn.Parameter(torch.full((memory_size, 1), 1 / memory_size))


class _Pairwise(_Weighted):
    """Weighted items and the element-wise products of all their pairs: what DRR-p and DRR-u share."""

    first: Tensor
    second: Tensor

    def __init__(self, embedding_dim: int, memory_size: int, generator: torch.Generator) -> None:
        super().__init__(embedding_dim, memory_size, generator)
        nn.init.ones_(self.weights)  # products of 1/N and 1/N would vanish
        first, second = torch.triu_indices(memory_size, memory_size, offset=1)
        self.register_buffer("first", first, persistent=False)
        self.register_buffer("second", second, persistent=False)

    @property
    def state_dim(self) -> int:
        """N vectors, and one for each of their N(N-1)/2 pairs."""
        return self.embedding_dim * (self.memory_size + len(self.first))

    def _join(self, singles: Tensor, weighted: Tensor) -> Tensor:
        pairs = weighted[:, self.first] * weighted[:, self.second]  # (B, N(N-1)/2, k)
        return torch.cat([singles, pairs], dim=1).flatten(1)


class DRRp(_Pairwise):
    """Items and products of items: the user appears only through what was liked."""

    def forward(self, user: Tensor, items: Tensor, present: Tensor) -> Tensor:
        """(B, (N + N(N-1)/2) k): weighted items, then products of their pairs."""
        weighted = self.weights * items  # (B, N, k)
        return self._join(weighted, weighted)


class DRRu(_Pairwise):
    """Products of user and items, and of items with each other."""

    def forward(self, user: Tensor, items: Tensor, present: Tensor) -> Tensor:
        """(B, (N + N(N-1)/2) k): user times weighted items, then products of pairs of items."""
        weighted = self.weights * items  # (B, N, k)
        return self._join(user[:, None] * weighted, weighted)


class DRRAve(_Weighted):
    """The user, the weighted average of the memory, and their product."""

    @property
    def state_dim(self) -> int:
        """Three vectors."""
        return 3 * self.embedding_dim

    def forward(self, user: Tensor, items: Tensor, present: Tensor) -> Tensor:
        """(B, 3k): the user, user times average, the average."""
        average = (self.weights * items).sum(dim=1)  # (B, k)
        return torch.cat([user, user * average, average], dim=1)


class DRRAtt(StateRepresentation):
    """Like DRR-ave, with weights that depend on user and item: softmax over the memory of MLP([u, i_n])."""

    def __init__(self, embedding_dim: int, memory_size: int, generator: torch.Generator) -> None:
        super().__init__(embedding_dim, memory_size, generator)
        self.attention = nn.Sequential(
            linear(2 * embedding_dim, embedding_dim, generator), nn.ReLU(), linear(embedding_dim, 1, generator)
        )

    @property
    def state_dim(self) -> int:
        """Three vectors."""
        return 3 * self.embedding_dim

    def forward(self, user: Tensor, items: Tensor, present: Tensor) -> Tensor:
        """(B, 3k): the user, user times attended average, that average."""
        pairs = torch.cat([user[:, None].expand_as(items), items], dim=2)  # (B, N, 2k)
        logits = self.attention(pairs).squeeze(2)  # (B, N)
        # The smallest number, not -inf: the softmax of an empty memory stays finite, and its items are zeros anyway.
        logits = logits.masked_fill(~present, torch.finfo(logits.dtype).min)
        average = (logits.softmax(dim=1)[:, :, None] * items).sum(dim=1)  # (B, k)
        return torch.cat([user, user * average, average], dim=1)


STATES: dict[str, type[StateRepresentation]] = {
    "drr-p": DRRp,
    "drr-u": DRRu,
    "drr-ave": DRRAve,
    "drr-att": DRRAtt,
}


def linear(n_in: int, n_out: int, generator: torch.Generator) -> nn.Linear:
    """A linear layer with He-uniform weights from `generator` (on the CPU, so alike on every device) and zero biases.

    Torch's own initialization is skipped: it would draw from the global generator.
    """
    layer = nn.utils.skip_init(nn.Linear, n_in, n_out)
    nn.init.kaiming_uniform_(layer.weight, nonlinearity="relu", generator=generator)
    nn.init.zeros_(layer.bias)
    return layer
