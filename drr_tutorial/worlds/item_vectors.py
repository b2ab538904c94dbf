"""Item vectors by which an agent can learn: columns that can be compared, and no item out of reach."""

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

UNEQUAL, PROBES, REACHED = 20.0, 1000, 0.5  # what `warn_of_vectors` warns of
AT_ONCE = 10_000_000  # products of probes and items in memory


def lifted(item_vectors: NDArray[Any]) -> NDArray[np.float32]:
    """Item vectors with one more entry, at their front, that gives all of them the same length around their mean:
    (n_items, 1 + k). On a sphere each item is nearest to some vector, wherever it lay among the others.
    """
    around = item_vectors - item_vectors.mean(axis=0, dtype=np.float64)
    squared = (around**2).sum(axis=1)
    return np.column_stack([np.sqrt(squared.max() - squared), around]).astype(np.float32)


def warn_of_vectors(vectors: NDArray[np.float32], *, once: bool = False) -> None:
    """Say so where an agent will hardly learn from such item vectors (n_items, k), standardized; `once`: no item is
    shown twice in an episode, so that those between others have their turn.
    """
    if len(vectors) < 2:
        return
    spread = vectors.std(axis=0)
    usual = np.median(spread[spread > 0])
    if spread.max() > UNEQUAL * usual:
        warnings.warn(
            f"column {spread.argmax()} of item_vectors is spread {spread.max() / usual:.0f} times as far as the usual "
            "one, and will hide the others; bring columns to about the same spread",
            stacklevel=3,
        )
    if once:
        return
    probes = np.random.default_rng(0).standard_normal((PROBES, vectors.shape[1])).astype(np.float32)
    own = np.flatnonzero(_nearest(vectors[:PROBES], vectors) == np.arange(min(len(vectors), PROBES)))
    reached = np.union1d(_nearest(probes, vectors), own)
    if len(reached) < REACHED * min(len(vectors), PROBES):
        warnings.warn(
            f"only {len(reached)} of {len(vectors)} items were nearest to any of {PROBES} vectors: those between "
            "others are hardly ever shown; item_vectors=lifted(item_vectors) lets an agent reach all "
            "(drr_tutorial.worlds.item_vectors)",
            stacklevel=3,
        )


def _nearest(probes: NDArray[np.float32], vectors: NDArray[np.float32]) -> NDArray[np.int64]:
    """The item with the largest dot product with each of the probes (m, k), (m,)."""
    pieces = np.array_split(probes, -(-len(probes) * len(vectors) // AT_ONCE))
    return np.concatenate([(piece @ vectors.T).argmax(axis=1) for piece in pieces])
