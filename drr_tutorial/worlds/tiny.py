"""The planning world's small twin: 4 items, 400 states, solved exactly by value iteration.

Two topics, each with a shallow and a deep item. Boredom of a topic is 0 to 3: +2 when it is shown, -1 when it is not.
Interest is 0 to 4: +1 when a deep item of the topic is liked, and it stays. The taste is the same for all users. Here
every learner has a known answer.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from drr_tutorial.config.checked import Count, settings
from drr_tutorial.worlds.planning import LEAVES_AFTER_DISLIKE, LEAVES_AFTER_LIKE, SHARPNESS, THRESHOLD, Vectors

N_TOPICS, N_ACTIONS = 2, 4
TOPIC, DEPTH = np.array([0, 0, 1, 1]), np.array([-1.0, 1.0, -1.0, 1.0])  # of the four items
TASTE = np.array([0.6, 0.3])
BOREDOM_LEVELS, INTEREST_LEVELS = 4, 5
BOREDOM_WEIGHT, DEPTH_COST, LEVEL_WORTH = 0.3, 0.2, 0.25
SHAPE = (BOREDOM_LEVELS, BOREDOM_LEVELS, INTEREST_LEVELS, INTEREST_LEVELS)
N_STATES = int(np.prod(SHAPE))


@settings
class TinyPlanningWorld:
    """The four items: (first topic, shallow), (first, deep), (second, shallow), (second, deep).

        P(like) = sigmoid(3 (u_t + interest_t / 4 - 0.3 boredom_t - 0.2 h - 0.2)),  h = -1 shallow, 1 deep

    The user leaves with probability 0.01 after a like, 0.10 after a dislike.

    Args:
        max_steps: steps of a session at most; the exact values of `solve` know no such end, and with the default
            hardly a session reaches it.
        sees_levels: whether an agent sees boredom and interest themselves: then what it sees is the state, and what it
            loses against the optimum is lost in learning. Else it has to make them of what was shown and answered.
    """

    max_steps: Count = 1000
    sees_levels: bool = False
    n_items = N_ACTIONS

    @property
    def user_size(self) -> int:
        """The taste, or a place for each level of boredom and interest of each topic."""
        return N_TOPICS * (BOREDOM_LEVELS + INTEREST_LEVELS) if self.sees_levels else N_TOPICS

    @property
    def item_vectors(self) -> NDArray[np.float32]:
        """One-hot, (4, 4): what an agent knows of the items is which one it is."""
        return np.eye(N_ACTIONS, dtype=np.float32)

    def users(self, count: int) -> "TinyUsers":
        """Places for `count` users."""
        return TinyUsers(count, sees_levels=self.sees_levels)


class TinyUsers:
    """m users side by side; `boredom` and `interest` are (m, 2) levels."""

    ARRAYS: tuple[str, ...] = ("boredom", "interest")

    def __init__(self, count: int, *, sees_levels: bool = False) -> None:
        self.sees_levels = sees_levels
        self.boredom, self.interest = np.zeros((2, count, N_TOPICS), dtype=np.int64)

    def arrive(self, places: NDArray[np.int64], rngs: Sequence[np.random.Generator]) -> None:
        """Somebody new at each of the `places`: all are alike."""
        self.boredom[places] = self.interest[places] = 0

    def chance(self, items: NDArray[np.int64]) -> Vectors:
        """P(like) of one item for each user, (m,)."""
        return self.chances()[np.arange(len(items)), items]

    def chances(self) -> Vectors:
        """P(like) of all items, (m, 4)."""
        liking = TASTE + LEVEL_WORTH * self.interest - BOREDOM_WEIGHT * self.boredom  # (m, 2)
        return expit(SHARPNESS * (liking[:, TOPIC] - DEPTH_COST * DEPTH - THRESHOLD))

    def see(self, items: NDArray[np.int64], liked: NDArray[np.bool_]) -> None:
        """What an item does to each user."""
        shown = np.arange(N_TOPICS) == TOPIC[items][:, None]  # (m, 2)
        self.boredom = np.clip(self.boredom + np.where(shown, 2, -1), 0, BOREDOM_LEVELS - 1)
        grows = shown & (liked & (DEPTH[items] > 0))[:, None]
        self.interest = np.minimum(self.interest + grows, INTEREST_LEVELS - 1)

    def leave_chance(self, liked: NDArray[np.bool_]) -> Vectors:
        """P(leave) after each answer, (m,)."""
        return np.where(liked, LEAVES_AFTER_LIKE, LEAVES_AFTER_DISLIKE)

    def seen(self) -> NDArray[np.float32]:
        """What an agent sees of the users themselves: the taste of them all, (m, 2), or their levels, (m, 18)."""
        if not self.sees_levels:
            return np.tile(TASTE.astype(np.float32), (len(self.boredom), 1))
        seen = np.eye(BOREDOM_LEVELS)[self.boredom], np.eye(INTEREST_LEVELS)[self.interest]
        levels = np.concatenate(seen, axis=2).reshape(len(self.boredom), -1)
        return (levels / 3).astype(np.float32)  # as long as the taste

    def state(self) -> NDArray[np.int64]:
        """The state's number, 0 to 399, (m,): what a table is indexed by."""
        return np.ravel_multi_index(tuple(np.concatenate([self.boredom, self.interest], axis=1).T), SHAPE)


class Model(NamedTuple):
    """The tiny world as a Markov decision process: 400 states, 4 actions."""

    like: Vectors  # (400, 4): P(like), which is the mean reward
    after_like: NDArray[np.int64]  # (400, 4): the state that follows, when the user stays
    after_dislike: NDArray[np.int64]  # (400, 4)


class Solution(NamedTuple):
    """What value iteration finds."""

    values: Vectors  # (400,): discounted likes from each state on
    policy: NDArray[np.int64]  # (400,): the best action
    likes: float  # undiscounted likes of a session that plays the policy from the start


def tiny_model() -> Model:
    """All transitions, from the users' own rules."""
    levels = np.array(np.unravel_index(np.arange(N_STATES), SHAPE)).T
    like, follow = np.empty((N_STATES, N_ACTIONS)), np.empty((2, N_STATES, N_ACTIONS), dtype=np.int64)
    for action in range(N_ACTIONS):
        for liked in (0, 1):
            users = TinyUsers(N_STATES)
            users.boredom, users.interest = levels[:, :N_TOPICS].copy(), levels[:, N_TOPICS:].copy()
            like[:, action] = users.chances()[:, action]
            users.see(np.full(N_STATES, action), np.full(N_STATES, bool(liked)))
            follow[liked, :, action] = users.state()
    return Model(like, follow[1], follow[0])


def solve(gamma: float, *, tolerance: float = 1e-10) -> Solution:
    """Value iteration (Sutton & Barto 2018, section 4.4) until no value moves by more than `tolerance`.

    `gamma` is from 0 to 1; 1 is allowed, for every session ends. `tolerance` is at least 0; 0 is allowed, for values
    that begin at 0 only rise, and stop where rounding stops them. Ties go to the first action.
    """
    if not 0 <= gamma <= 1:
        raise ValueError(f"gamma must be from 0 to 1, got {gamma}")
    if not tolerance >= 0:
        raise ValueError(f"tolerance must be at least 0, got {tolerance}")
    model, values = tiny_model(), np.zeros(N_STATES)
    while True:
        best = _returns(model, values, gamma).max(axis=1)
        moved, values = np.abs(best - values).max(), best
        if moved <= tolerance:
            policy = _returns(model, values, gamma).argmax(axis=1)
            return Solution(values, policy, likes_of(policy))


def likes_of(policy: NDArray[np.int64]) -> float:
    """Mean likes of a session in which `policy` (400,) plays, exactly: a linear system of its 400 values."""
    model, rows = tiny_model(), np.arange(N_STATES)
    like = model.like[rows, policy]
    stay = np.zeros((N_STATES, N_STATES))
    np.add.at(stay, (rows, model.after_like[rows, policy]), like * (1 - LEAVES_AFTER_LIKE))
    np.add.at(stay, (rows, model.after_dislike[rows, policy]), (1 - like) * (1 - LEAVES_AFTER_DISLIKE))
    return float(np.linalg.solve(np.eye(N_STATES) - stay, like)[0])


def _returns(model: Model, values: Vectors, gamma: float) -> Vectors:
    """Q of each state and action, (400, 4)."""
    liked = model.like * (1 - LEAVES_AFTER_LIKE) * values[model.after_like]
    disliked = (1 - model.like) * (1 - LEAVES_AFTER_DISLIKE) * values[model.after_dislike]
    return model.like + gamma * (liked + disliked)
