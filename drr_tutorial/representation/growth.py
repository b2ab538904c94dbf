"""Vectors take in new ratings without a new factorization: new users, new items, and what known users have added.

Items that are known keep their vectors, and so do users of whom there is nothing new. A new item's vector solves the
items' equation for those who rated it, as a user's fold-in solves the users'. A known user's vector moves by what the
new ratings change in a fold-in, so that whatever else made it stays in it.
"""

from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import csr_array

from drr_tutorial.data.merge import Merged
from drr_tutorial.representation.embeddings import Embeddings, Signal, _solve_rows, _targets

Floats = NDArray[np.float32]


def grown(embeddings: Embeddings, merged: Merged, signal: Signal = "liked") -> Embeddings:
    """The vectors of all users and items of `merged.ratings`, from those of the users and items before.

    A new item without entries gets zeros, so that it is scored by nothing; a new user without any is the average user.
    Raises `ValueError` for random vectors, which know no equation.
    """
    if embeddings.method == "scratch":
        raise ValueError("embeddings must be of 'ials' or 'pmf' to take in new ratings, got 'scratch'; fit anew")
    after, before = (
        _targets(part, embeddings.method, signal, embeddings.weighted) for part in (merged.ratings, merged.before)
    )
    users = _moved(embeddings.users, merged.users, merged.ratings.n_users)
    items = _moved(embeddings.items, merged.items, merged.ratings.n_items)
    new_users, new_items = np.flatnonzero(merged.new_users), np.flatnonzero(merged.new_items)
    users[new_users] = solved(after[new_users], items, embeddings)  # by the items that are known
    if len(new_items):
        items[new_items] = solved(csr_array(after.T.tocsr())[new_items], users, embeddings)
        users[new_users] = solved(after[new_users], items, embeddings)
    told = np.flatnonzero(merged.touched & ~merged.new_users)
    users[told] += solved(after[told], items, embeddings) - solved(before[told], items, embeddings)
    silent = new_users[np.diff(after.indptr)[new_users] == 0]
    users[silent] = embeddings.users.mean(axis=0)
    return replace(embeddings, users=users, items=items)


def _moved(vectors: Floats, places: NDArray[np.int64], n: int) -> Floats:
    """Vectors in their new places, zeros at the others: (n, k)."""
    moved = np.zeros((n, vectors.shape[1]), dtype=np.float32)
    moved[places] = vectors
    return moved


def solved(targets: csr_array, factors: Floats, like: Embeddings) -> Floats:
    """Vectors (m, k) of rows of targets (m, n) on factors (n, k), with the penalties of `like`."""
    if targets.shape[0] == 0:
        return np.zeros((0, factors.shape[1]), dtype=np.float32)
    solved: Floats = _solve_rows(csr_array(targets), torch.from_numpy(factors), like._penalty()).numpy()
    return solved
