"""A transition (s, a, r, s'): what is kept of it, in which layout, and what may stand in it."""

from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

# What is stored of a transition, in the order of `add`; users who are vectors have `next_user` too.
FIELDS = ("user", "memory", "action", "item", "reward", "next_memory", "terminated", "steps")


class TransitionBatch(NamedTuple):
    """B transitions (s, a, r, s') as tensors; the state module makes s of `user` and `memory`."""

    user: torch.Tensor  # (B,) int64, user index; or (B, u) float32, what is seen of the user
    memory: torch.Tensor  # (B, N) int64, the N latest items before the action, as `ActorCritic` reads them
    action: torch.Tensor  # (B, d) float32, the actor's vector, exploration noise included
    item: torch.Tensor  # (B,) int64, the item that was shown
    reward: torch.Tensor  # (B,) float32
    next_memory: torch.Tensor  # (B, N) int64, the memory afterwards
    terminated: torch.Tensor  # (B,) float32, 1 where no state follows: cuts the bootstrap
    steps: torch.Tensor  # (B,) float32, n: steps from s to s', over which the reward is summed
    weight: torch.Tensor  # (B,) float32, importance weights in (0, 1]; all 1 for uniform replay
    index: torch.Tensor  # type: ignore[assignment]  # (B,) int64, its row in the buffer
    next_user: torch.Tensor | None = None  # (B, u) float32, what is seen of the user afterwards; None: as before


def row_dtype(memory_size: int, action_dim: int, user_dim: int | None) -> np.dtype[np.void]:
    """Return the layout of one stored transition: as small as its numbers allow."""
    vectors: list[Any] = [] if user_dim is None else [(name, np.float32, (user_dim,)) for name in ("user", "next_user")]
    return np.dtype(
        [
            *(vectors or [("user", np.int32)]),
            ("memory", np.int32, (memory_size,)),
            ("action", np.float32, (action_dim,)),
            ("item", np.int32),
            ("reward", np.float32),
            ("next_memory", np.int32, (memory_size,)),
            ("terminated", np.bool_),
            ("steps", np.uint8),
        ],
        align=True,
    )


def tensor_dtype(field: NDArray[Any]) -> type[np.number[Any]]:
    """Return the numbers of a field's tensor: indices are int64, all others float32."""
    return np.int64 if field.dtype == np.int32 else np.float32


def check_field(name: str, array: NDArray[Any], expected: tuple[int, ...]) -> None:
    """Raise ValueError when a field of m transitions has a wrong shape or kind of numbers."""
    if array.shape != expected:
        raise ValueError(f"{name} must have shape {expected}, got {array.shape}")
    if name == "terminated":
        if array.dtype != np.bool_:
            raise ValueError(
                f"terminated must be booleans, got {array.dtype}; is it another field, such as the reward?"
            )
    elif name in ("action", "reward", "next_user") or (name == "user" and array.ndim == 2):
        if not np.isfinite(array).all():
            raise ValueError(f"{name} must be finite, got {array[~np.isfinite(array)][0]}")
    elif array.dtype.kind not in "iu":
        raise ValueError(f"{name} must be integers{'' if name == 'steps' else ' (indices)'}, got {array.dtype}")
    elif name == "steps" and not ((array >= 1) & (array <= 255)).all():
        raise ValueError(f"steps must be from 1 to 255, got {array[(array < 1) | (array > 255)][0]}")
