"""What is looked at in an item's vector: its entries, and the products of them that a linear rule would miss."""

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
