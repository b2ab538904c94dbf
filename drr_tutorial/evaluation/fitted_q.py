"""Fitted Q evaluation with tables: a model of what a policy earns, from logs alone (chapter 11).

Sweep by sweep, Q of a state and action becomes the mean, over the logged steps that had both, of the reward plus gamma
times what the sweep before promises for the state that followed (Le, Voloshin & Yue 2019; with a table this is policy
evaluation on the frequencies of the log).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from drr_tutorial.evaluation.off_policy import ModelValues

Floats = NDArray[np.float64]


class Transitions(NamedTuple):
    """m logged steps, of all episodes in one row. States are numbers of cells: all there is to tell users apart."""

    states: ArrayLike  # (m,): 0 to S - 1
    actions: ArrayLike  # (m,): 0 to A - 1
    rewards: ArrayLike  # (m,)
    next_states: ArrayLike  # (m,)
    terminated: ArrayLike  # (m,): nothing came after; False where the episode was only cut off
    next_target: ArrayLike  # (m, A): the target policy's probabilities where each step led to


def fitted_q(transitions: Transitions, n_states: int, steps: int, gamma: float = 1.0) -> Floats:
    """Q of every step, state and action, (steps, S, A): row t is what is earned with `steps - t` steps to go.

    A state and action that the log does not hold gets 0: the log says nothing about it. For episodes without a last
    step take many steps and gamma below 1, and read row 0. Raises `ValueError` for shapes that do not fit, numbers out
    of range, rewards or probabilities that are not finite, and gamma outside 0 to 1.
    """
    if not 0 <= gamma <= 1 or steps < 1:
        raise ValueError(f"gamma must be from 0 to 1 and steps at least 1, got {gamma} and {steps}")
    log = _checked(transitions, n_states)
    n_actions = log.next_target.shape[1]
    pairs, size = log.states * n_actions + log.actions, n_states * n_actions
    seen = np.maximum(np.bincount(pairs, minlength=size), 1)
    goes_on = gamma * log.next_target * ~log.terminated[:, None]  # (m, A)
    q = np.zeros((steps + 1, n_states, n_actions))
    for step in reversed(range(steps)):
        promised = log.rewards + np.einsum("ma,ma->m", goes_on, q[step + 1][log.next_states])
        q[step] = (np.bincount(pairs, promised, size) / seen).reshape(n_states, n_actions)
    return q[:-1]


def values_at(q: Floats, states: ArrayLike, actions: ArrayLike, target: ArrayLike) -> ModelValues:
    """What a table says of logged episodes: q (T, S, A) at `states` and `actions` (n, T), and its mean over the target
    policy's probabilities there, (n, T, A). What `doubly_robust` needs.
    """
    rows = q[np.arange(len(q)), np.asarray(states)]  # (n, T, A)
    chosen = np.take_along_axis(rows, np.asarray(actions)[..., None], axis=2)[..., 0]
    return ModelValues(chosen, (rows * np.asarray(target)).sum(axis=2))


class _Steps(NamedTuple):
    states: NDArray[np.int64]
    actions: NDArray[np.int64]
    rewards: Floats
    next_states: NDArray[np.int64]
    terminated: NDArray[np.bool_]
    next_target: Floats


def _checked(transitions: Transitions, n_states: int) -> _Steps:
    rewards, next_target = (
        np.asarray(table, dtype=np.float64) for table in (transitions.rewards, transitions.next_target)
    )
    if rewards.ndim != 1 or len(rewards) == 0 or next_target.ndim != 2 or len(next_target) != len(rewards):
        raise ValueError(
            f"rewards must have shape (m,), m at least 1, and next_target (m, actions), got {rewards.shape} and "
            f"{next_target.shape}"
        )
    if not (np.isfinite(rewards).all() and np.isfinite(next_target).all()):
        raise ValueError("rewards and next_target must be finite; found NaN or infinity")
    limits = {"states": n_states, "actions": next_target.shape[1], "next_states": n_states}
    states, actions, next_states = (
        _indices(name, getattr(transitions, name), len(rewards), limit) for name, limit in limits.items()
    )
    terminated = np.asarray(transitions.terminated, dtype=np.bool_)
    if terminated.shape != rewards.shape:
        raise ValueError(f"terminated must have shape {rewards.shape}, got {terminated.shape}")
    return _Steps(states, actions, rewards, next_states, terminated, next_target)


def _indices(name: str, values: ArrayLike, length: int, limit: int) -> NDArray[np.int64]:
    found = np.asarray(values)
    if found.shape != (length,) or found.dtype.kind not in "iu" or found.min() < 0 or found.max() >= limit:
        raise ValueError(
            f"{name} must be {length} whole numbers from 0 to {limit - 1}, got {found.dtype} {found.shape}"
        )
    return found.astype(np.int64)
