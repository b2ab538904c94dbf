"""The notebook's environment for several runs in lock-step: one user each, every eligible user once, in an order of the
run's own.

Kept as it was: the memory of a user starts empty and stays what the episode left it, the other half of the candidates
is drawn *with* replacement (so there are fewer of them), an episode is as long as the user has positives, and nothing
marks its end.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from drr_tutorial.data.ratings import DataError, Ratings


class Shown(NamedTuple):
    """What happened in one step of R runs."""

    user: NDArray[np.int64]  # (R,)
    memory: NDArray[np.int64]  # (R, N) before
    reward: NDArray[np.float32]  # (R,)
    next_memory: NDArray[np.int64]  # (R, N)


class StackedPlayers:
    """R users at play. `rngs` has a generator for each run; `penalty` (R, n_items) is 0 where an item can be shown,
    else minus infinity.

    Raises `DataError` when nobody has `min_positives` positives.
    """

    FIELDS = ("memory", "order", "place", "user", "steps_left", "is_liked", "penalty")

    def __init__(
        self, train: Ratings, rngs: Sequence[np.random.Generator], memory_size: int, min_positives: int
    ) -> None:
        self.rngs, self.liked, n_runs = rngs, train.positives().matrix(), len(rngs)
        n_positive = np.diff(self.liked.indptr)
        eligible = np.flatnonzero(n_positive >= min_positives)
        if len(eligible) == 0:
            raise DataError(f"train must hold a user with {min_positives} positives, the best has {n_positive.max()}")
        self.n_steps = int(n_positive[eligible].sum())  # of the whole pass
        self.memory = np.full((n_runs, train.n_users, memory_size), train.n_items)
        self.order = np.stack([rng.permutation(eligible) for rng in rngs])  # (R, eligible users)
        self.place, self.user, self.steps_left = (np.zeros(n_runs, dtype=np.int64) for _ in range(3))
        self.is_liked = np.zeros((n_runs, train.n_items), dtype=np.bool_)
        self.penalty = np.full((n_runs, train.n_items), -np.inf, dtype=np.float32)
        self._runs = np.arange(n_runs)

    def begin(self) -> NDArray[np.int64]:
        """Give the runs whose episode is over their next user; which runs those are."""
        runs = np.flatnonzero(self.steps_left == 0)
        for run in runs.tolist():
            user = self.order[run, self.place[run]]
            liked = self.liked.indices[self.liked.indptr[user] : self.liked.indptr[user + 1]]
            self.is_liked[run] = False
            self.is_liked[run, liked] = True
            others = self.rngs[run].choice(np.flatnonzero(~self.is_liked[run]), len(liked))
            self.penalty[run] = -np.inf
            self.penalty[run, liked] = self.penalty[run, others] = 0
            self.user[run], self.steps_left[run] = user, len(liked)
            self.place[run] += 1
        return runs

    def memories(self) -> NDArray[np.int64]:
        """Those of the users at play (R, N)."""
        return self.memory[self._runs, self.user]

    def show(self, item: NDArray[np.int64]) -> Shown:
        """Show each user an item (R,): the memory moves if it is liked."""
        before = self.memories()
        reward = self.is_liked[self._runs, item]
        after = np.where(reward[:, None], np.column_stack([before[:, 1:], item]), before)
        self.memory[self._runs, self.user] = after
        self.penalty[self._runs, item] = -np.inf
        self.steps_left -= 1
        return Shown(self.user.copy(), before, reward.astype(np.float32), after)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All that the next steps depend on, but the generators."""
        return {name: getattr(self, name) for name in self.FIELDS}

    def load_arrays(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Go on where `arrays` were taken."""
        for name in self.FIELDS:
            getattr(self, name)[:] = arrays[name]
