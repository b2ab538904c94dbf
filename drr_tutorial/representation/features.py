"""What is looked at in an item's vector: its entries, and the products of them that a linear rule would miss."""

from typing import NamedTuple

import torch
from torch import Tensor

PRODUCTS_UP_TO = 16  # entries of a vector; longer ones stand for themselves, or there would be hundreds of products


def n_features(k: int) -> int:
    """Length of `features` of vectors of length k."""
    return 2 * k - 1 if k <= PRODUCTS_UP_TO else k


def features(vectors: Tensor) -> Tensor:
    """Vectors (..., k) -> [e, 2 e_1 e_k, ..., 2 e_{k-1} e_k] (..., n_features(k)).

    The last entry says how much of an item there is (its depth, its length), the others of what; the products say both.
    """
    if vectors.shape[-1] > PRODUCTS_UP_TO:
        return vectors
    return torch.cat([vectors, 2 * vectors[..., :-1] * vectors[..., -1:]], dim=-1)


class ItemParts(NamedTuple):
    """Where in a state vectors of item features lie: `number` of them, of length `size`, from entry `start` on.

    What a state says about *an* item is how its features go with such a vector: is it like what was liked, like what
    was shown just now. A critic that may mix these vectors into its weights says so for all items at once, and need not
    learn it for each entry of the features anew.
    """

    start: int
    number: int
    size: int

    def of(self, state: Tensor) -> Tensor:
        """States (B, state_dim) -> (B, number, size)."""
        return state[:, self.start : self.start + self.number * self.size].unflatten(1, (self.number, self.size))

    def mixed(self, outputs: Tensor, state: Tensor) -> Tensor:
        """Outputs (B, n + number) -> (B, n): the first n, and the vectors, as far as n, times the others."""
        own, weights = outputs.tensor_split([outputs.shape[1] - self.number], dim=1)
        return own + (weights[:, None] @ self.of(state)).squeeze(1)[:, : own.shape[1]]
