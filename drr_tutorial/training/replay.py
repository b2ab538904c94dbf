"""Replay: transitions are stored once and learned from many times.

`ReplayBuffer` draws uniformly (Lillicrap et al. 2016). `PrioritizedReplayBuffer` draws in proportion to the
size of the last TD error and hands out the importance weights that undo this bias (Schaul et al. 2016,
proportional variant). Both have one interface:

    add -> sample -> learn with batch.weight -> update_priorities(batch.index, td_error)

A full buffer overwrites its oldest transitions. Only `terminated` is stored: an episode cut off by a time
limit (truncated) does not end the value of its state.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from drr_tutorial.training.schedules import LinearSchedule
from drr_tutorial.training.sum_tree import MinTree, SumTree
from drr_tutorial.training.transitions import FIELDS, TransitionBatch, check_field, row_dtype, tensor_dtype

__all__ = ["PAPER_BETA", "PrioritizedReplayBuffer", "ReplayBuffer", "TransitionBatch"]

# From 0.4 to 1 as in the paper, which takes its whole training for that; the length here is a usual one.
PAPER_BETA = LinearSchedule(start=0.4, end=1.0, n_steps=100_000)


class ReplayBuffer:
    """Uniform replay of the last `capacity` transitions: all equally likely, drawn with replacement.

    Args:
        capacity: number of transitions that are kept; their memory is reserved at once (88 bytes each for
            memory_size 5 and action_dim 8).
        memory_size: N, the number of liked items in a state.
        action_dim: d, the length of the action vector.
        user_dim: u, for users who are seen as vectors, not as indices; what is seen of them may change.
    """

    def __init__(self, capacity: int, memory_size: int, action_dim: int, *, user_dim: int | None = None) -> None:
        for name, value in (("capacity", capacity), ("memory_size", memory_size), ("action_dim", action_dim)):
            if value < 1:
                raise ValueError(f"{name} must be 1 or more, got {value}")
        self.capacity = capacity
        # One row a transition: a sample touches each row once, twice as fast as one array for each field.
        self._rows: NDArray[np.void] = np.zeros(capacity, dtype=row_dtype(memory_size, action_dim, user_dim))
        self._fields = FIELDS if user_dim is None else (*FIELDS, "next_user")
        self._size = 0
        self._next = 0  # the row that the next transition goes to

    def __len__(self) -> int:
        """Return the number of stored transitions."""
        return self._size

    def add(
        self,
        *,
        user: ArrayLike,  # (m,) integers, or (m, u) finite
        memory: ArrayLike,  # (m, N) integers
        action: ArrayLike,  # (m, d) finite
        item: ArrayLike,  # (m,) integers
        reward: ArrayLike,  # (m,) finite
        next_memory: ArrayLike,  # (m, N) integers
        terminated: ArrayLike,  # (m,) booleans
        steps: ArrayLike | None = None,  # (m,) integers from 1 to 255; None: one step each
        next_user: ArrayLike | None = None,  # (m, u) finite; only with `user_dim`, None: as before
    ) -> None:
        """Store m transitions, over the oldest ones when the buffer is full.

        Raises ValueError when shapes or kinds of numbers are wrong, an action or reward is not finite, or
        m > capacity; then nothing is stored.
        """
        steps = np.ones(np.shape(user)[:1], dtype=np.uint8) if steps is None else steps
        fields = (
            user,
            memory,
            action,
            item,
            reward,
            next_memory,
            terminated,
            steps,
            user if next_user is None else next_user,
        )
        rows = self._checked_rows(dict(zip(self._fields, fields, strict=False)))
        index = (self._next + np.arange(len(rows))) % self.capacity
        self._rows[index] = rows
        self._next = (self._next + len(rows)) % self.capacity
        self._size = min(self._size + len(rows), self.capacity)
        self._added(index)

    def take_over(self, other: "ReplayBuffer") -> None:
        """Store what another buffer of the same form holds, the latest of it as far as there is room."""
        order = (other._next - other._size + np.arange(other._size)) % other.capacity
        rows = other._rows[order[-self.capacity :]]
        self.add(**{name: rows[name] for name in self._fields})

    def sample(self, batch_size: int, rng: np.random.Generator, device: torch.device | str = "cpu") -> TransitionBatch:
        """Draw `batch_size` transitions as tensors on `device`.

        Raises ValueError when the buffer is empty or batch_size < 1.
        """
        if batch_size < 1:
            raise ValueError(f"batch_size must be 1 or more, got {batch_size}")
        if self._size == 0:
            raise ValueError("cannot sample from an empty replay buffer; call add(...) first")
        index, weight = self._draw(batch_size, rng)
        rows = self._rows.take(index)
        arrays = {name: rows[name].astype(tensor_dtype(rows[name])) for name in self._fields}
        arrays |= {"weight": weight.astype(np.float32), "index": index}
        return TransitionBatch(**{name: torch.from_numpy(array).to(device) for name, array in arrays.items()})

    def update_priorities(self, index: torch.Tensor | ArrayLike, td_error: torch.Tensor | ArrayLike) -> None:
        """Do nothing: uniform replay has no priorities. See `PrioritizedReplayBuffer.update_priorities`."""

    def state_dict(self) -> dict[str, NDArray[Any]]:
        """Return copies of everything that the next samples depend on; no empty rows."""
        fields = {name: self._rows[name][: self._size].copy() for name in self._fields}
        return {"capacity": np.array(self.capacity), "next": np.array(self._next), **fields}

    def load_state_dict(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Go on where `state_dict` was taken: with the same `rng` the next samples are the same, bit for bit.

        Raises ValueError when the state is not one of this kind of buffer with the same sizes; then nothing
        changes.
        """
        self._check_state(state)
        self._size, self._next = len(state["item"]), int(state["next"])
        for name in self._fields:
            self._rows[name][: self._size] = state[name]

    def _draw(self, batch_size: int, rng: np.random.Generator) -> tuple[NDArray[np.int64], NDArray[np.floating]]:
        """Return the rows to use (B,) and their importance weights (B,)."""
        return rng.integers(self._size, size=batch_size), np.ones(batch_size, dtype=np.float32)

    def _added(self, index: NDArray[np.int64]) -> None:
        """Take note of new transitions at `index` (m,)."""

    def _checked_rows(self, fields: Mapping[str, ArrayLike]) -> NDArray[np.void]:
        """Return the transitions (m,) as rows of this buffer."""
        arrays = {name: np.asarray(value) for name, value in fields.items()}
        n_rows = len(np.atleast_1d(arrays["user"]))
        if n_rows > self.capacity:
            raise ValueError(
                f"{n_rows} transitions do not fit: capacity is {self.capacity}; "
                "use a larger buffer or add fewer at once"
            )
        rows = np.empty(n_rows, dtype=self._rows.dtype)
        for name, array in arrays.items():
            check_field(name, array, expected=rows[name].shape)
            rows[name] = array
        return rows

    def _check_state(self, state: Mapping[str, NDArray[Any]]) -> None:
        own = self.state_dict_names()
        if set(state) != own:
            raise ValueError(
                f"this is not the state of a {type(self).__name__}: missing {sorted(own - set(state))}, "
                f"unknown {sorted(set(state) - own)}; load it into the kind of buffer that saved it"
            )
        numbers = own - set(self._fields) - {"priority"}
        if any(state[name].shape != () for name in numbers):
            raise ValueError(f"the saved buffer is damaged: {sorted(numbers)} must be single numbers")
        size, position, capacity = state["item"].size, int(state["next"]), int(state["capacity"])
        if capacity != self.capacity:
            raise ValueError(f"capacity is {self.capacity} here, but the saved buffer had {capacity}; use the same")
        if not (0 <= position < capacity and (size == capacity or position == size)):
            raise ValueError(f"the saved buffer is damaged: next row {position}, {size} stored, capacity {capacity}")
        for name in self._fields:
            check_field(name, state[name], expected=(size, *self._rows.dtype[name].shape))

    def state_dict_names(self) -> set[str]:
        """Return the names in this buffer's `state_dict`."""
        return {"capacity", "next", *self._fields}


class PrioritizedReplayBuffer(ReplayBuffer):
    """Prioritized replay, proportional variant (Schaul et al. 2016).

    Transition i is drawn with probability P(i) = p_i / sum_k p_k (eq. 1), where p_i = (``|delta_i|`` + eps)^alpha
    and delta_i is its last TD error. A new transition gets the largest ``|delta|`` seen so far (at first 1), so
    that everything is likely to be learned from once. A batch is stratified (appendix B.2.1): the total is
    cut into B equal parts and one point is drawn in each.

    Its importance weights are w_i = (N P(i))^-beta / max_k w_k (section 3.4). The maximum is taken over the
    whole buffer, so that all batches share one scale; weights only ever make an update smaller.

    Args:
        capacity: as in `ReplayBuffer`, like memory_size and action_dim.
        alpha: how much the TD error counts, 0 (uniform) to 1 (proportional); the paper uses 0.6.
        beta: how much of the bias the weights undo, 0 to 1, as a schedule over the number of samples drawn;
            the paper goes from 0.4 to 1 in a straight line.
        eps: added to ``|delta|``, above 0, so that no transition is forgotten. It also keeps the weights from
            vanishing: they are at least (eps / (max ``|delta|`` + eps))^(alpha beta).
    """

    def __init__(
        self,
        capacity: int,
        memory_size: int,
        action_dim: int,
        *,
        alpha: float = 0.6,
        beta: LinearSchedule = PAPER_BETA,
        eps: float = 1e-2,
        user_dim: int | None = None,
    ) -> None:
        super().__init__(capacity, memory_size, action_dim, user_dim=user_dim)
        if not 0 <= alpha <= 1:
            raise ValueError(f"alpha must lie in 0 .. 1, got {alpha}; 0 means uniform replay")
        if not (0 <= beta.start <= 1 and 0 <= beta.end <= 1):
            raise ValueError(f"beta must stay in 0 .. 1, got {beta}")
        if not eps > 0:
            raise ValueError(f"eps must be above 0, got {eps}; otherwise a transition without error never comes back")
        self.alpha, self.eps = alpha, eps
        self._beta_schedule = beta
        self._n_samples = 0
        self._max_error = 1.0
        self._sums, self._minima = SumTree(capacity), MinTree(capacity)

    @property
    def beta(self) -> float:
        """The exponent of the next sample's importance weights."""
        return self._beta_schedule(self._n_samples)

    def update_priorities(self, index: torch.Tensor | ArrayLike, td_error: torch.Tensor | ArrayLike) -> None:
        """Set the priorities of the rows `index` (B,) from their TD errors `td_error` (B,) of either sign.

        Pass the error itself, not its square, else alpha counts twice. Raises ValueError when shapes differ,
        a row holds no transition, or an error is not finite.
        """
        rows, error = _as_array(index), np.abs(_as_array(td_error).astype(np.float64))
        if rows.shape != error.shape or rows.ndim != 1:
            raise ValueError(f"index and td_error must both be (B,), got {rows.shape} and {error.shape}")
        if not np.isfinite(error).all():
            raise ValueError("td_error must be finite; training has diverged: try a smaller learning rate")
        if len(rows) == 0:
            return
        if rows.min() < 0 or rows.max() >= len(self):
            raise ValueError(f"index must lie in 0 .. {len(self) - 1}, got {rows.min()} .. {rows.max()}")
        self._max_error = max(self._max_error, float(error.max()))
        self._set_priorities(rows, (error + self.eps) ** self.alpha)

    def probabilities(self) -> NDArray[np.float64]:
        """Return P(i) of every stored transition, (len(self),)."""
        probabilities: NDArray[np.float64] = self._sums[np.arange(len(self))] / self._sums.root
        return probabilities

    def state_dict(self) -> dict[str, NDArray[Any]]:
        """Return copies of everything that the next samples depend on, priorities included."""
        return {
            **super().state_dict(),
            "priority": self._sums[np.arange(len(self))],
            "max_error": np.array(self._max_error),
            "n_samples": np.array(self._n_samples),
        }

    def load_state_dict(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Go on where `state_dict` was taken; see `ReplayBuffer.load_state_dict`."""
        super().load_state_dict(state)
        self._max_error, self._n_samples = float(state["max_error"]), int(state["n_samples"])
        self._sums, self._minima = SumTree(self.capacity), MinTree(self.capacity)
        self._set_priorities(np.arange(len(self)), state["priority"])

    def _draw(self, batch_size: int, rng: np.random.Generator) -> tuple[NDArray[np.int64], NDArray[np.floating]]:
        mass = (np.arange(batch_size) + rng.random(batch_size)) * (self._sums.root / batch_size)
        index = self._sums.search(mass)
        weight = (self._sums[index] / self._minima.root) ** -self.beta  # N and the total cancel
        self._n_samples += 1
        return index, weight

    def _added(self, index: NDArray[np.int64]) -> None:
        priority = (self._max_error + self.eps) ** self.alpha
        self._set_priorities(index, np.full(len(index), priority))

    def _set_priorities(self, index: NDArray[np.integer], priority: NDArray[np.float64]) -> None:
        self._sums.update(index, priority)
        self._minima.update(index, priority)

    def _check_state(self, state: Mapping[str, NDArray[Any]]) -> None:
        super()._check_state(state)
        priority, size = state["priority"], state["item"].size
        if not (np.isfinite(state["max_error"]) and state["max_error"] > 0 and state["n_samples"] >= 0):
            raise ValueError(
                "the saved buffer is damaged: max_error must be above 0 and n_samples 0 or more, "
                f"got {state['max_error']} and {state['n_samples']}"
            )
        if priority.shape != (size,) or not (np.isfinite(priority) & (priority > 0)).all():
            raise ValueError(f"the saved buffer is damaged: priority must be {(size,)} numbers above 0")

    def state_dict_names(self) -> set[str]:
        """Return the names in this buffer's `state_dict`."""
        return super().state_dict_names() | {"priority", "max_error", "n_samples"}


def _as_array(value: torch.Tensor | ArrayLike) -> NDArray[Any]:
    """Return a tensor on any device, or anything like an array, as a numpy array."""
    return value.detach().cpu().numpy() if isinstance(value, torch.Tensor) else np.asarray(value)
