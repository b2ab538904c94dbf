"""Logs of the tiny world, and what a policy earns there in sessions of at most so many steps, exactly (chapter 11).

`solve` and `likes_of` of `drr_tutorial.worlds.tiny` know policies that always choose the same, in sessions without a
last step. Whoever keeps logs chooses by chance, and stops after a while; that stands here. Policies are tables
(400, 4): the probability of each action in each state.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from drr_tutorial.environment.inputs import check_counts
from drr_tutorial.worlds.planning import LEAVES_AFTER_DISLIKE, LEAVES_AFTER_LIKE, Vectors
from drr_tutorial.worlds.tiny import N_ACTIONS, N_STATES, tiny_model

Indices = NDArray[np.int64]


class TinyLog(NamedTuple):
    """n sessions of at most T steps; what stands behind a session's end is 0."""

    states: Indices  # (n, T)
    actions: Indices  # (n, T)
    rewards: Vectors  # (n, T): 1 for a like
    next_states: Indices  # (n, T): also after the last step, when the user would have gone on
    lengths: Indices  # (n,): steps that were played, 1 to T
    left: NDArray[np.bool_]  # (n,): the user left (terminated); else the session was cut off (truncated)

    def mask(self) -> NDArray[np.bool_]:
        """Steps that were played, (n, T)."""
        return np.arange(self.states.shape[1]) < self.lengths[:, None]

    def first(self, steps: int) -> "TinyLog":
        """The same sessions, cut off after `steps`: what a log of shorter sessions would hold, for this world's users
        do not know when the session will be cut off.
        """
        check_counts(steps=steps)
        states, actions, rewards, follow = (table[:, :steps] for table in self[:4])
        lengths, left = np.minimum(self.lengths, steps), self.left & (self.lengths <= steps)
        return TinyLog(states, actions, rewards, follow, lengths, left)  # type: ignore[arg-type]

    def where(self, rows: NDArray[np.bool_]) -> "TinyLog":
        """The sessions of a mask (n,)."""
        return TinyLog(*(table[rows] for table in self))  # type: ignore[arg-type]


class FiniteValues(NamedTuple):
    """What a policy earns from each step, state (and action) on, until the session is cut off."""

    q: Vectors  # (T, 400, 4)
    v: Vectors  # (T, 400)
    start: float  # v at the first step of a session


def softened(best: Indices, epsilon: float) -> Vectors:
    """The action that `best` (400,) names, but with probability `epsilon` any of the four, each as likely: (400, 4).

    Raises `ValueError` unless epsilon is from 0 to 1.
    """
    if not 0 <= epsilon <= 1:
        raise ValueError(f"epsilon must be from 0 to 1, got {epsilon}")
    return epsilon / N_ACTIONS + (1 - epsilon) * np.eye(N_ACTIONS)[best]


def finite_values(policy: Vectors, steps: int, gamma: float = 1.0) -> FiniteValues:
    """Values of a policy (400, 4) in sessions of at most `steps`, by backward induction on the world's own model.

    Raises `ValueError` for another shape, rows that do not sum to 1, `steps` below 1 and gamma outside 0 to 1.
    """
    _check_policy(policy)
    check_counts(steps=steps)
    if not 0 <= gamma <= 1:
        raise ValueError(f"gamma must be from 0 to 1, got {gamma}")
    model = tiny_model()
    stays_liked, stays_not = model.like * (1 - LEAVES_AFTER_LIKE), (1 - model.like) * (1 - LEAVES_AFTER_DISLIKE)
    q, v = np.empty((steps, N_STATES, N_ACTIONS)), np.zeros((steps + 1, N_STATES))
    for step in reversed(range(steps)):
        later = stays_liked * v[step + 1][model.after_like] + stays_not * v[step + 1][model.after_dislike]
        q[step] = model.like + gamma * later
        v[step] = (policy * q[step]).sum(axis=1)
    return FiniteValues(q, v[:-1], float(v[0, 0]))


def log_sessions(policy: Vectors, n_sessions: int, steps: int, rng: np.random.Generator) -> TinyLog:
    """What a policy (400, 4) leaves behind: `n_sessions`, side by side, each of at most `steps`.

    Same dynamics as `TinyPlanningWorld(max_steps=steps)`, played on the model, whole-array. Raises `ValueError` as
    `finite_values` does.
    """
    _check_policy(policy)
    check_counts(n_sessions=n_sessions, steps=steps)
    model, bounds = tiny_model(), policy.cumsum(axis=1)[:, :-1]
    log = TinyLog(*_empty(n_sessions, steps))
    states, playing = np.zeros(n_sessions, dtype=np.int64), np.ones(n_sessions, dtype=np.bool_)
    for step in range(steps):
        luck = rng.random((3, n_sessions))
        actions = (luck[0][:, None] >= bounds[states]).sum(axis=1)
        liked = luck[1] < model.like[states, actions]
        follow = np.where(liked, model.after_like[states, actions], model.after_dislike[states, actions])
        for table, now in zip(log[:4], (states, actions, liked, follow), strict=True):
            table[:, step] = now * playing
        log.lengths[:] += playing
        leaves = playing & (luck[2] < np.where(liked, LEAVES_AFTER_LIKE, LEAVES_AFTER_DISLIKE))
        log.left[:] |= leaves
        states, playing = follow, playing & ~leaves
    return log


def _empty(n: int, steps: int) -> tuple[Indices, Indices, Vectors, Indices, Indices, NDArray[np.bool_]]:
    states, actions, follow = np.zeros((3, n, steps), dtype=np.int64)
    return states, actions, np.zeros((n, steps)), follow, np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.bool_)


def _check_policy(policy: Vectors) -> None:
    if policy.shape != (N_STATES, N_ACTIONS):
        raise ValueError(f"policy must have shape {(N_STATES, N_ACTIONS)}, got {policy.shape}; see softened")
    if not ((policy >= 0).all() and np.allclose(policy.sum(axis=1), 1)):
        raise ValueError("policy must hold probabilities: none below 0, and a sum of 1 in each row")
