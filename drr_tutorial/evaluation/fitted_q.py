"""Fitted Q evaluation with tables: a model of what a policy earns, from logs alone (chapter 11).

Sweep by sweep, Q of a state and action becomes the mean, over the logged steps that had both, of the reward plus gamma
times what the sweep before promises for the state that followed (Le, Voloshin & Yue 2019; with a table this is policy
evaluation on the frequencies of the log).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from drr_tutorial.environment.inputs import check_counts
from drr_tutorial.evaluation.off_policy import ROUNDING, ModelValues, check_gamma, numbers_of

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
    check_gamma(gamma)
    check_counts(n_states=n_states, steps=steps)
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
    policy's probabilities there, (n, T, A). What `doubly_robust` needs. Raises `ValueError` for shapes that do not fit,
    and for states and actions that the table does not have; give padding any that it has.
    """
    n_steps, n_states, n_actions = q.shape
    n = len(np.asarray(states))
    there, chosen = (
        _indices("states", states, (n, n_steps), n_states),
        _indices("actions", actions, (n, n_steps), n_actions),
    )
    mean_over = numbers_of("target", target)
    if mean_over.shape != (n, n_steps, n_actions):
        raise ValueError(f"target must have shape {(n, n_steps, n_actions)}, got {mean_over.shape}")
    rows = q[np.arange(n_steps), there]  # (n, T, A)
    return ModelValues(np.take_along_axis(rows, chosen[..., None], axis=2)[..., 0], (rows * mean_over).sum(axis=2))


class _Steps(NamedTuple):
    states: NDArray[np.int64]
    actions: NDArray[np.int64]
    rewards: Floats
    next_states: NDArray[np.int64]
    terminated: NDArray[np.bool_]
    next_target: Floats


def _checked(transitions: Transitions, n_states: int) -> _Steps:
    rewards, next_target = (numbers_of(name, getattr(transitions, name)) for name in ("rewards", "next_target"))
    if rewards.ndim != 1 or len(rewards) == 0 or next_target.ndim != 2 or len(next_target) != len(rewards):
        raise ValueError(
            f"rewards must have shape (m,), m at least 1, and next_target (m, actions), got {rewards.shape} and "
            f"{next_target.shape}"
        )
    if not (np.isfinite(rewards).all() and np.isfinite(next_target).all()):
        raise ValueError("rewards and next_target must be finite; found NaN or infinity")
    if next_target.min() < 0 or next_target.sum(axis=1).max() > 1 + ROUNDING * next_target.shape[1]:
        raise ValueError(
            "next_target must hold probabilities, rows that add up to 1, got entries from "
            f"{next_target.min()} and a sum of {next_target.sum(axis=1).max()}"
        )
    limits = {"states": n_states, "actions": next_target.shape[1], "next_states": n_states}
    states, actions, next_states = (
        _indices(name, getattr(transitions, name), rewards.shape, limit) for name, limit in limits.items()
    )
    terminated = numbers_of("terminated", transitions.terminated)
    if terminated.shape != rewards.shape or not np.isin(terminated, (0, 1)).all():
        raise ValueError(f"terminated must be truth values of shape {rewards.shape}, got shape {terminated.shape}")
    return _Steps(states, actions, rewards, next_states, terminated > 0, next_target)


def _indices(name: str, values: ArrayLike, shape: tuple[int, ...], limit: int) -> NDArray[np.int64]:
    found = np.asarray(values)
    if found.shape != shape or found.dtype.kind not in "iu":
        raise ValueError(f"{name} must be whole numbers of shape {shape}, got {found.dtype} {found.shape}")
    if found.size and (found.min() < 0 or found.max() >= limit):
        raise ValueError(f"{name} must be from 0 to {limit - 1}, got {found.min()} to {found.max()}")
    return found.astype(np.int64)
