"""Learning a user in a few dozen steps: sessions with people from a log of whom nothing is known at first.

Each session is with somebody else. An item is shown once; it pays 1 if the user likes it in the log, and else 0: what
was never rated counts as not liked, for nobody knows better. What an agent sees of a user is what the answers so far
say of her taste, by `environment.taste`. What is shown changes nothing about her: it only tells more of her.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv
from numpy.typing import NDArray
from scipy.sparse import csr_array, issparse

from drr_tutorial.environment.inputs import check_counts, item_indices, known_options, reset_mask
from drr_tutorial.environment.taste import Guess, Taste
from drr_tutorial.worlds.sessions import observation_space, refuse_finished
from drr_tutorial.worlds.vector_env import set_spaces

Observation = dict[str, Any]
SESSION = 40  # items
REACH = 3.0  # standard deviations that still lie from -1 to 1 in what is seen of a user


class ColdStartVectorEnv(VectorEnv[Observation, NDArray[np.int64], NDArray[Any]]):
    """`num_envs` sessions at once, with users drawn from the rows of `likes` (n_users, n_items): sparse, of any format,
    and binary.

    `item_vectors` are (n_items, 1 + r): how much an item is liked on average, and its loadings; `user` is (1 + r,):
    [1, z] / 3, so that three times the dot product of the two is how much the user is expected to like an item. Raises
    `ValueError` for likes that are not binary or of other items than `taste` knows, and for sessions longer than the
    catalogue; `ResetNeeded` for a step before the first reset or after the end.
    """

    metadata = {"render_modes": [], "autoreset_mode": AutoresetMode.DISABLED}  # noqa: RUF012
    items_once = True

    def __init__(self, likes: csr_array, taste: Taste, num_envs: int, *, n_steps: int = SESSION) -> None:
        check_counts(num_envs=num_envs, n_steps=n_steps)
        n_items = len(taste.mean)
        likes = _binary(likes, n_items)
        if n_steps > n_items:
            raise ValueError(f"n_steps must be at most the number of items, {n_items}, got {n_steps}")
        self.taste, self.num_envs, self.n_steps = taste, num_envs, n_steps
        self.item_vectors = np.column_stack([taste.mean, taste.loadings])
        self.n_users, self.n_items = likes.shape
        rows = np.repeat(np.arange(self.n_users), np.diff(likes.indptr))
        self._liked = np.sort(rows * n_items + likes.indices)  # one number for each pair, to be searched
        seen = observation_space(self.item_vectors.shape[1], n_items, n_steps, bound=np.inf)
        set_spaces(self, seen, n_items)
        self.rng = np.random.default_rng()
        self.guess: Guess = taste.nothing_known(num_envs)
        self.users = np.zeros(num_envs, dtype=np.int64)
        self.n_shown = np.full(num_envs, n_steps, dtype=np.int64)  # nobody has arrived
        self.shown = np.full((num_envs, n_steps), n_items)
        self.responses = np.zeros((num_envs, n_steps), dtype=np.int8)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Somebody new everywhere, or where `options["reset_mask"]` (num_envs,) says so."""
        super().reset(seed=seed)
        mask = reset_mask(known_options(options, "reset_mask").get("reset_mask"), self.num_envs)
        if seed is not None:
            self.rng = np.random.default_rng(seed)
        self.users[mask] = self.rng.integers(self.n_users, size=int(mask.sum()))
        self.n_shown[mask], self.shown[mask], self.responses[mask] = 0, self.n_items, 0
        for now, fresh in zip(self.guess, self.taste.nothing_known(int(mask.sum())), strict=True):
            now[mask] = fresh
        return self.observation(), {}

    def step(
        self, actions: NDArray[np.int64]
    ) -> tuple[Observation, NDArray[Any], NDArray[Any], NDArray[Any], dict[str, Any]]:
        """Show every user one item that she has not seen in this session; `ValueError` for one that she has,
        `ResetNeeded` where a session has ended.
        """
        items = item_indices(actions, (self.num_envs,), self.n_items).astype(np.int64)
        refuse_finished(self.finished)
        if (again := (self.shown == items[:, None]).any(axis=1)).any():
            raise ValueError(f"actions must be items that were not shown in this session, got {items[again][0]} again")
        pairs = self.users * self.n_items + items
        places = np.searchsorted(self._liked, pairs).clip(max=len(self._liked) - 1)
        liked = self._liked[places] == pairs
        self.guess = self.taste.moved(self.guess, items, liked)
        self.shown = np.column_stack([self.shown[:, 1:], items])
        self.responses = np.column_stack([self.responses[:, 1:], liked.astype(np.int8)])
        self.n_shown += 1
        never = np.zeros(self.num_envs, dtype=np.bool_)
        return self.observation(), liked.astype(np.float32), never, self.finished, {}

    def observation(self) -> Observation:
        """What an agent sees now."""
        return {"user": _seen(self.guess), "shown": self.shown.copy(), "responses": self.responses.copy()}

    @property
    def finished(self) -> NDArray[np.bool_]:
        """Which sessions have ended or were never started, (num_envs,)."""
        return self.n_shown >= self.n_steps

    @property
    def sessions(self) -> "ColdStartVectorEnv":
        """What has the generators, `rngs`."""
        return self

    @property
    def rngs(self) -> list[np.random.Generator]:
        """The one that draws users."""
        return [self.rng]

    def state_dict(self) -> dict[str, NDArray[Any]]:
        """Everything that a later `load_state_dict` needs to go on, but the generator."""
        arrays = {"users": self.users, "n_shown": self.n_shown, "shown": self.shown, "responses": self.responses}
        return {name: array.copy() for name, array in {**arrays, **self.guess._asdict()}.items()}

    def load_state_dict(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Take up the state of `state_dict`. `ValueError` for one of other sizes, or that cannot have been."""
        mine = self.state_dict()
        largest = {"users": self.n_users - 1, "n_shown": self.n_steps, "shown": self.n_items, "responses": 1}
        for name, array in mine.items():
            _check_state(name, np.asarray(arrays[name]), array.shape, largest.get(name))
        kept = {name: np.array(arrays[name], dtype=array.dtype) for name, array in mine.items()}
        self.users, self.n_shown, self.shown = kept["users"], kept["n_shown"], kept["shown"]
        self.responses, self.guess = kept["responses"], Guess(kept["z"], kept["covariance"])


def _binary(likes: Any, n_items: int) -> csr_array:
    """Likes (n_users, n_items) with an entry, 1, for each. Raises `ValueError` for what is no such matrix."""
    if not issparse(likes):
        raise ValueError(f"likes must be a sparse matrix, got {type(likes).__name__}; scipy.sparse.csr_array makes one")
    found: Any = likes
    if found.ndim != 2 or found.shape[1] != n_items or found.shape[0] < 1:
        raise ValueError(f"likes must be (n_users, {n_items}), as taste knows items, got {found.shape}")
    found = csr_array(found, copy=True)
    found.sum_duplicates()
    if len(other := found.data[(found.data != 0) & (found.data != 1)]):
        raise ValueError(f"likes must be binary, 1 for a like and 0 for anything else, got {other[0]}")
    found.eliminate_zeros()
    if not found.nnz:
        raise ValueError("likes must hold at least one like, got none; nobody can be pleased")
    return found  # type: ignore[no-any-return]


def _check_state(name: str, array: NDArray[Any], shape: tuple[int, ...], largest: int | None) -> None:
    """`ValueError` unless `array` is of `shape`, finite, and, where there is a `largest`, of whole numbers up to it."""
    if array.shape != shape:
        raise ValueError(f"{name} must be of shape {shape}, got {array.shape}")
    if largest is not None and (array.dtype.kind not in "biu" or array.min() < 0 or array.max() > largest):
        got = f"{array.min()} to {array.max()}" if array.dtype.kind in "biu" else str(array.dtype)
        raise ValueError(f"{name} must be whole numbers from 0 to {largest}, got {got}")
    if not np.isfinite(array).all():
        raise ValueError(f"{name} must be finite, got NaN or infinity")


def observation_after(taste: Taste, answers: csr_array, n_steps: int = SESSION) -> Observation:
    """What the world shows of m users who answered (m, n_items), 1 liked and -1 not, in a row the earlier first.

    A stored 0 is no answer. So an agent that learned here can be asked for people from anywhere. `ValueError` for more
    than `n_steps` answers, and for what is no csr: other formats keep no order.
    """
    n_items = len(taste.mean)
    if not issparse(answers) or answers.format != "csr" or answers.shape[1:] != (n_items,):
        got = f"{answers.format} {answers.shape}" if issparse(answers) else type(answers).__name__
        raise ValueError(f"answers must be a csr (m, {n_items}), in a row the earlier answer first, got {got}")
    answers = answers.copy()
    answers.eliminate_zeros()
    m = answers.shape[0]
    counts = np.diff(answers.indptr)
    if (counts > n_steps).any():
        raise ValueError(f"answers must be at most n_steps = {n_steps} a user, got {counts.max()}")
    rows = np.repeat(np.arange(m), counts)
    places = np.arange(answers.nnz) + (n_steps - answers.indptr[1:])[rows]  # the latest stands last
    shown, responses = np.full((m, n_steps), n_items), np.zeros((m, n_steps), dtype=np.int8)
    shown[rows, places], responses[rows, places] = answers.indices, answers.data > 0
    return {"user": _seen(taste.given(answers)), "shown": shown, "responses": responses}


def _seen(guess: Guess) -> NDArray[np.float32]:
    """What an agent sees of users themselves, (m, 1 + r)."""
    return (np.column_stack([np.ones(len(guess.z)), guess.z]) / REACH).astype(np.float32)
