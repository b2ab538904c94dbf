"""Users a block at a time, so that no array of all users times all items is ever made."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

CELLS = 1 << 25  # users times items at once: 134 MB of single precision


def blocks(n_users: int, n_items: int) -> Iterator[slice]:
    """All of `n_users` in order, as many at once as have `CELLS` scores together, or one."""
    size = _size(n_items)
    return (slice(start, min(start + size, n_users)) for start in range(0, n_users, size))


class ScoresInBlocks:
    """Scores of users (m, n_items), made by `scores_of` a whole block of users at a time; the latest block is kept.

    Whoever asks for ascending users has every block made once.
    """

    def __init__(self, scores_of: Callable[[slice], NDArray[Any]], n_users: int, n_items: int) -> None:
        self.scores_of, self.n_users, self.size = scores_of, n_users, _size(n_items)
        self.number, self.latest = -1, np.empty((0, 0))

    def __call__(self, users: NDArray[np.integer[Any]]) -> NDArray[Any]:
        """Scores (m, n_items) of the users (m,), ascending."""
        of_user = users // self.size
        parts = [self._block(int(one))[users[of_user == one] - one * self.size] for one in np.unique(of_user)]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def _block(self, number: int) -> NDArray[Any]:
        if number != self.number:
            self.latest = np.empty((0, 0))  # two blocks need not be there at once
            start = number * self.size
            self.latest = self.scores_of(slice(start, min(start + self.size, self.n_users)))
            self.number = number
        return self.latest


def _size(n_items: int) -> int:
    return max(1, CELLS // max(1, n_items))
