"""Sessions side by side: the dynamics that one environment and many share.

A world says who its users are, what they like and when they leave; this module plays them. Each place has a generator
of its own, so that the user at a place lives the same session whether others play beside her or not.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
from gymnasium import spaces
from gymnasium.error import ResetNeeded
from numpy.typing import NDArray

MEMORY_SIZE = 20  # items and answers that an observation holds


class Users(Protocol):
    """m users side by side. `ARRAYS` names the arrays (m, ...) that hold all there is to know of them."""

    ARRAYS: tuple[str, ...]

    def arrive(self, places: NDArray[np.int64], rngs: Sequence[np.random.Generator]) -> None:
        """Somebody new at each of the `places`, drawn by the generator of that place."""

    def chance(self, items: NDArray[np.int64]) -> NDArray[np.float64]:
        """P(like) of one item for each user, (m,)."""

    def chances(self) -> NDArray[np.float64]:
        """P(like) of all items, (m, n_items): full knowledge, which no agent has."""

    def see(self, items: NDArray[np.int64], liked: NDArray[np.bool_]) -> None:
        """What an item, and its answer (m,), does to each user."""

    def leave_chance(self, liked: NDArray[np.bool_]) -> NDArray[np.float64]:
        """P(leave) after each answer, (m,)."""

    def seen(self) -> NDArray[np.float32]:
        """What an agent sees of the users themselves, (m, user_size), from -1 to 1."""


class World(Protocol):
    """Items and users: everything that makes one world differ from another."""

    @property
    def n_items(self) -> int:
        """Size of the catalogue."""

    @property
    def user_size(self) -> int:
        """Length of what an agent sees of a user."""

    @property
    def max_steps(self) -> int:
        """Steps of a session at most."""

    @property
    def item_vectors(self) -> NDArray[np.float32]:
        """What an agent knows of the items, (n_items, k)."""

    def users(self, count: int) -> Users:
        """Places for `count` users."""


class Outcome(NamedTuple):
    """What one step of all sessions brought; each (m,)."""

    liked: NDArray[np.bool_]
    terminated: NDArray[np.bool_]  # the user left
    truncated: NDArray[np.bool_]  # `max_steps` items were shown


def observation_space(user_size: int, n_items: int, memory_size: int, bound: float = 1.0) -> spaces.Dict:
    """Of one user: `user` (user_size,) within the bound, and the latest items with their answers, the oldest first."""
    return spaces.Dict({
        "user": spaces.Box(-bound, bound, (user_size,), np.float32),
        "shown": spaces.MultiDiscrete(np.full(memory_size, n_items + 1)),
        "responses": spaces.MultiBinary(memory_size),
    })  # fmt: skip


class Sessions:
    """m sessions in a world: `users`, what they were `shown` (m, N) and their `responses` (m, N); n_items pads."""

    ARRAYS = ("shown", "responses", "n_shown", "finished")

    def __init__(self, world: World, count: int, memory_size: int) -> None:
        self.world, self.users = world, world.users(count)
        self.rngs = [np.random.default_rng() for _ in range(count)]  # until a reset says a seed
        self.shown = np.full((count, memory_size), world.n_items, dtype=np.int64)
        self.responses = np.zeros((count, memory_size), dtype=np.int8)
        self.n_shown = np.zeros(count, dtype=np.int64)
        self.finished = np.ones(count, dtype=np.bool_)  # until somebody arrives

    def start(self, mask: NDArray[np.bool_]) -> None:
        """Somebody new at the places of the mask (m,)."""
        places = np.flatnonzero(mask)
        self.users.arrive(places, [self.rngs[place] for place in places])
        self.shown[mask], self.responses[mask], self.n_shown[mask] = self.world.n_items, 0, 0
        self.finished = self.finished & ~mask  # a new array: the mask may be the old one itself

    def step(self, items: NDArray[np.int64]) -> Outcome:
        """Show every user one item (m,). Raises `ResetNeeded` when a session has ended."""
        refuse_finished(self.finished)
        liked, luck = self._luck(items)
        self.users.see(items, liked)
        for memory, latest in ((self.shown, items), (self.responses, liked)):
            memory[:, :-1] = memory[:, 1:]
            memory[:, -1] = latest
        self.n_shown += 1
        terminated = luck < self.users.leave_chance(liked)
        truncated = self.n_shown >= self.world.max_steps
        self.finished = terminated | truncated
        return Outcome(liked, terminated, truncated)

    def observation(self) -> dict[str, NDArray[Any]]:
        """What an agent sees now; copies, (m, ...) each."""
        return {"user": self.users.seen(), "shown": self.shown.copy(), "responses": self.responses.copy()}

    def state_dict(self) -> dict[str, NDArray[Any]]:
        """Everything that `load_state_dict` needs to go on, but the generators; copies."""
        return {name: getattr(owner, name).copy() for owner in (self, self.users) for name in owner.ARRAYS}

    def load_state_dict(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Go on where `state_dict` was taken."""
        for name, array in self.state_dict().items():
            if arrays[name].shape != array.shape or arrays[name].dtype != array.dtype:
                raise ValueError(
                    f"{name} must be {array.dtype} {array.shape}, got {arrays[name].dtype} {arrays[name].shape}"
                )
        for owner in (self, self.users):
            for name in owner.ARRAYS:
                getattr(owner, name)[:] = arrays[name]

    def _luck(self, items: NDArray[np.int64]) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
        """Who likes what is shown (m,), and what is compared with the chance to leave (m,)."""
        luck = np.array([(rng.random(), rng.random()) for rng in self.rngs])
        return luck[:, 0] < self.users.chance(items), luck[:, 1]


def refuse_finished(finished: NDArray[np.bool_]) -> None:
    """Raises `ResetNeeded` for a step where a session, (m,), has ended or was never started."""
    if finished.any():
        raise ResetNeeded(
            f"{finished.sum()} of {len(finished)} sessions have ended or were never started; call "
            "reset() before the next step (many at once: options={'reset_mask': terminated | truncated})"
        )
