"""Trees over an array of numbers: sums or minima of all of them, kept up to date while a few of them change.

A `SumTree` answers "which leaf holds the point x of the total?" in log2(capacity) steps, so drawing a
transition with probability p_i / sum(p) needs no pass over the whole buffer (Schaul et al. 2016, appendix
B.2.1). Updates and searches take a batch of leaves and walk the tree level by level, whole arrays at a time.

Layout: node 1 is the root, the children of node i are 2i and 2i + 1, the leaves are the last `n_leaves`
nodes. Parents are always computed anew from their children, never by adding differences: no rounding error
builds up, and equal leaves give equal trees, bit for bit.
"""

import numpy as np
from numpy.typing import NDArray


class _Tree:
    """Binary tree whose every node is `combine` of its two children; leaves start at `neutral`."""

    def __init__(self, capacity: int, combine: np.ufunc, neutral: float) -> None:
        if capacity < 1:
            raise ValueError(f"capacity must be 1 or more, got {capacity}")
        self.capacity = capacity
        self.n_leaves = 1 << (capacity - 1).bit_length()  # the next power of two: every leaf has the same depth
        self._combine = combine
        self._nodes = np.full(2 * self.n_leaves, neutral, dtype=np.float64)

    @property
    def root(self) -> float:
        """The combination of all leaves."""
        return float(self._nodes[1])

    def __getitem__(self, index: NDArray[np.integer]) -> NDArray[np.float64]:
        """Return the values of the leaves `index` (B,), each 0 .. capacity - 1."""
        leaves: NDArray[np.float64] = self._nodes[index + self.n_leaves]
        return leaves

    def update(self, index: NDArray[np.integer], value: NDArray[np.float64] | float) -> None:
        """Set the leaves `index` (B,) to `value` (B,) or to one number; of repeated leaves the last stays."""
        node = index + self.n_leaves
        self._nodes[node] = value
        pairs = self._nodes.reshape(-1, 2)
        for _ in range(self.n_leaves.bit_length() - 1):
            node = node >> 1  # siblings give the same parent twice: both write the same number
            children = pairs.take(node, axis=0)  # (B, 2): one cache line each
            self._nodes[node] = self._combine(children[:, 0], children[:, 1])


class MinTree(_Tree):
    """Keeps the smallest of `capacity` numbers while some of them change; leaves start at infinity."""

    def __init__(self, capacity: int) -> None:
        super().__init__(capacity, np.minimum, np.inf)


class SumTree(_Tree):
    """Keeps the sum of `capacity` numbers, each 0 (the start) or more, and finds leaves by cumulative sum."""

    def __init__(self, capacity: int) -> None:
        super().__init__(capacity, np.add, 0.0)

    def search(self, mass: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return for each `mass` (B,), 0 <= mass < root, the leaf i with sum(p[:i]) <= mass < sum(p[:i + 1]).

        A leaf of value 0 is never returned, whatever rounding does to the sums (one leaf must be above 0).
        """
        node = np.ones(len(mass), dtype=np.int64)
        mass = np.array(mass, dtype=np.float64)
        pairs = self._nodes.reshape(-1, 2)
        for _ in range(self.n_leaves.bit_length() - 1):
            children = pairs.take(node, axis=0)  # (B, 2)
            left, right = children[:, 0], children[:, 1]
            go_right = (mass >= left) & (right > 0)
            mass -= left * go_right
            node = 2 * node + go_right
        return node - self.n_leaves
