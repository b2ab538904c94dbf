"""Replay on one device: what `ReplayBuffer` and `PrioritizedReplayBuffer` keep and draw, in tensors (chapter 5).

No transition leaves the device. A draw by priority is a cumulative sum and a search in it: for a GPU one pass over a
million numbers, where the sum tree, which wins on a CPU, would be twenty small steps one after the other.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from drr_tutorial.training.replay import PrioritizedReplayBuffer, ReplayBuffer
from drr_tutorial.training.transitions import TransitionBatch


class TensorReplay:
    """The last `like.capacity` transitions, drawn as `like` draws them: uniformly, or by priority.

    `like` says sizes and, where it is prioritized, alpha, beta and eps; it stays empty. `generator` is the device's.
    """

    def __init__(self, like: ReplayBuffer, device: torch.device | str, generator: torch.Generator) -> None:
        self.like, self.device, self.generator = like, torch.device(device), generator
        self.capacity, self.prioritized = like.capacity, isinstance(like, PrioritizedReplayBuffer)
        empty = like._rows[:1]
        self.fields = {name: _reserved(self.capacity, empty[name], device) for name in like._fields}
        self.priority = torch.zeros(self.capacity, dtype=torch.float64, device=device)
        self.max_error = torch.ones((), dtype=torch.float64, device=device)
        self._size = self._next = self._n_samples = 0

    def __len__(self) -> int:
        """Return the number of stored transitions."""
        return self._size

    def add(self, **fields: Tensor) -> None:
        """Store m transitions, by the names of `ReplayBuffer.add`, over the oldest ones when the buffer is full."""
        count = len(fields["item"])
        index = (self._next + torch.arange(count, device=self.device)) % self.capacity
        for name, kept in self.fields.items():
            kept[index] = fields[name].to(kept.dtype)
        if isinstance(self.like, PrioritizedReplayBuffer):
            self.priority[index] = (self.max_error + self.like.eps) ** self.like.alpha
        self._next = (self._next + count) % self.capacity
        self._size = min(self._size + count, self.capacity)

    def sample(self, batch_size: int) -> TransitionBatch:
        """Draw `batch_size` transitions, with their importance weights."""
        numbers = torch.rand(batch_size, generator=self.generator, device=self.device, dtype=torch.float64)
        index = self.places(numbers)
        weight = torch.ones(batch_size, device=self.device)
        if isinstance(self.like, PrioritizedReplayBuffer):
            beta = self.like._beta_schedule(self._n_samples)
            weight = ((self.priority[index] / self.priority[: self._size].min()) ** -beta).float()
            self._n_samples += 1
        drawn = {name: _as_read(kept[index]) for name, kept in self.fields.items()}
        return TransitionBatch(**drawn, weight=weight, index=index)

    def places(self, numbers: Tensor) -> Tensor:
        """The rows (B,) that numbers (B,) in [0, 1) stand for; by priority each in its own part of the total."""
        if not self.prioritized:
            return (numbers * self._size).long()
        sums = self.priority[: self._size].cumsum(0)
        parts = torch.arange(len(numbers), device=self.device) + numbers
        found = torch.searchsorted(sums, parts * (sums[-1] / len(numbers)), right=True)
        return found.clamp(max=self._size - 1)  # the last part may end above the total, by rounding

    def update_priorities(self, index: Tensor, td_error: Tensor) -> None:
        """Set the priorities of the rows `index` (B,) from their TD errors (B,); of uniform replay there are none."""
        if isinstance(self.like, PrioritizedReplayBuffer):
            error = td_error.double().abs()
            self.max_error = torch.maximum(self.max_error, error.max())
            self.priority[index] = (error + self.like.eps) ** self.like.alpha

    def state_dict(self) -> dict[str, NDArray[Any]]:
        """What the buffer `like` would have saved, so that either goes on where the other was."""
        kept = {name: value[: self._size].cpu().numpy() for name, value in self.fields.items()}
        state = {**self.like.state_dict(), "next": _number(self._next)}
        state |= {name: value.astype(state[name].dtype) for name, value in kept.items()}
        if self.prioritized:
            state |= {
                "priority": self.priority[: self._size].cpu().numpy(),
                "max_error": self.max_error.cpu().numpy(),
                "n_samples": _number(self._n_samples),
            }
        return state

    def load_state_dict(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Go on where `state_dict` was taken. `ValueError` for another kind or size; then nothing changes."""
        self.like._check_state(state)
        self._size, self._next = len(state["item"]), int(state["next"])
        for name, kept in self.fields.items():
            kept[: self._size] = torch.from_numpy(state[name]).to(self.device)
        if self.prioritized:
            self.priority[: self._size] = torch.from_numpy(state["priority"]).to(self.device)
            self.max_error = torch.tensor(float(state["max_error"]), dtype=torch.float64, device=self.device)
            self._n_samples = int(state["n_samples"])


def _reserved(capacity: int, empty: NDArray[Any], device: torch.device | str) -> Tensor:
    """Room for a field of `capacity` transitions, of the form of one empty row (1, ...)."""
    return torch.zeros((capacity, *empty.shape[1:]), dtype=torch.from_numpy(empty.copy()).dtype, device=device)


def _as_read(field: Tensor) -> Tensor:
    """Indices are int64, all others float32, as `TransitionBatch` has them."""
    return field.long() if field.dtype == torch.int32 else field.float()


def _number(value: int) -> NDArray[Any]:
    return np.array(value)
