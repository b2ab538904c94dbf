"""The notebook's replay for several runs in lock-step: called prioritized, and uniform.

Its `sample` returns neither indices nor weights and nothing updates a priority, so that all stay equal: every stored
transition is as likely as any other, and every weight is 1.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from drr_tutorial.lab.clinic.original.networks import StackedBatch, StackedNetworks
from drr_tutorial.lab.clinic.original.players import Shown


class StackedReplay:
    """All transitions of R runs, `capacity` each."""

    def __init__(self, capacity: int, rngs: Sequence[np.random.Generator], memory_size: int, action_dim: int) -> None:
        self.rngs, self.capacity, n_runs = rngs, capacity, len(rngs)
        self.indices = np.zeros((n_runs, capacity, 1 + 2 * memory_size), dtype=np.int32)  # user, memory, next memory
        self.numbers = np.zeros((n_runs, capacity, action_dim + 1), dtype=np.float32)  # action, reward
        self.size = 0

    def __len__(self) -> int:
        return self.size

    def add(self, shown: Shown, action: NDArray[np.float32]) -> None:
        """Store one transition of each run; `action` is (R, k)."""
        self.indices[:, self.size] = np.column_stack([shown.user, shown.memory, shown.next_memory])
        self.numbers[:, self.size] = np.column_stack([action, shown.reward])
        self.size += 1

    def sample(self, batch_size: int, networks: StackedNetworks) -> StackedBatch:
        """`batch_size` transitions of each run, drawn with replacement, as rows of the stacked tables."""
        n_runs, n = len(self.rngs), self.capacity
        rows = np.concatenate([run * n + rng.integers(self.size, size=batch_size) for run, rng in enumerate(self.rngs)])
        indices = torch.from_numpy(self.indices.reshape(n_runs * n, -1).take(rows, axis=0)).view(n_runs, batch_size, -1)
        numbers = torch.from_numpy(self.numbers.reshape(n_runs * n, -1).take(rows, axis=0)).view(n_runs, batch_size, -1)
        memories = indices[:, :, 1:].view(n_runs, batch_size, 2, -1).permute(0, 3, 2, 1)  # (R, N, 2, B)
        return StackedBatch(
            user=indices[:, :, 0] + networks.user_rows,
            memory=memories.reshape(n_runs, -1, 2 * batch_size) + networks.item_rows,
            action=numbers[:, :, :-1],
            reward=numbers[:, :, -1:],
        )

    def arrays(self) -> dict[str, NDArray[Any]]:
        """What is stored."""
        return {"indices": self.indices[:, : self.size], "numbers": self.numbers[:, : self.size]}

    def load_arrays(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Go on where `arrays` were taken."""
        self.size = arrays["indices"].shape[1]
        self.indices[:, : self.size], self.numbers[:, : self.size] = arrays["indices"], arrays["numbers"]
