"""Bounds of the planning world: what can be earned without looking, by looking one step ahead, and by planning.

All three know everything about a user, hidden interest and boredom too, so no agent that must learn from answers has
it as easy. The planner is linear in six features of user and item, its weights found by the cross-entropy method
(Rubinstein & Kroese 2004; for policies: Szita & Lőrincz 2006). It need not be the best there is: a lower bound of the
optimum, which no agent here has passed.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from drr_tutorial.environment.inputs import check_counts
from drr_tutorial.worlds.planning import PlanningUsers, PlanningWorld
from drr_tutorial.worlds.sessions import MEMORY_SIZE, Sessions, World
from drr_tutorial.worlds.tiny import TinyPlanningWorld, solve

Policy = Callable[[Sessions], NDArray[np.int64]]  # sessions side by side -> the item for each, (m,)
POPULATION, ELITE, ROUNDS = 32, 8, 15  # of the cross-entropy method
SESSIONS_A_TRIAL = 128  # enough to tell a good planner from a bad one; the same users for all of a round
FEATURES = ("taste", "interest", "boredom", "depth", "deep taste", "deep, early")


class Oracle(NamedTuple):
    """A player by a rule that looks into the users themselves, with the verb of an agent."""

    sessions: Sessions
    rule: Policy

    def predict(self, observation: Any, *, deterministic: bool) -> tuple[NDArray[np.int64], None]:
        """Items (m,) for the m users at play."""
        return self.rule(self.sessions), None


class Played(NamedTuple):
    """Whole sessions, one of each user; (m,) both."""

    likes: NDArray[np.int64]
    steps: NDArray[np.int64]


class Bounds(NamedTuple):
    """Mean likes a session, over the same users."""

    static: float  # always the item that is liked best at first
    myopic: float  # always the item that is liked best now
    planner: float
    weights: NDArray[np.float64]  # of the planner, (6,)


def play(world: World, policy: Policy, n_sessions: int, seed: int, *, copies: int = 1) -> Played:
    """One whole session of each of `n_sessions` users, the same ones for the same seed.

    With `copies`, c times side by side, with the same luck: (c * n_sessions,), copy after copy.
    """
    check_counts(n_sessions=n_sessions, copies=copies)
    sessions = Sessions(world, copies * n_sessions, MEMORY_SIZE)
    sessions.rngs = [np.random.default_rng((seed, user)) for _ in range(copies) for user in range(n_sessions)]
    likes, steps = np.zeros((2, copies * n_sessions), dtype=np.int64)
    playing = np.ones(copies * n_sessions, dtype=np.bool_)
    while playing.any():
        sessions.start(sessions.finished)  # a place whose session is over goes on, uncounted
        liked = sessions.step(policy(sessions)).liked
        likes += playing & liked
        steps += playing
        playing &= ~sessions.finished
    return Played(likes, steps)


def myopic(sessions: Sessions) -> NDArray[np.int64]:
    """The item that is most likely to be liked now."""
    return sessions.users.chances().argmax(axis=1)


def static(sessions: Sessions) -> NDArray[np.int64]:
    """The item that was most likely to be liked when the session began: no effect of what was shown is seen."""
    users = _known(sessions)
    begin = PlanningUsers(users.world, len(users.taste))
    begin.taste[:] = users.taste
    return begin.chances().argmax(axis=1)


class Planner:
    """The item with the largest sum of six weighted features: u.v, x.v, b.v, h, max(h, 0) u.v and max(h, 0) times the
    share of the session that is left. Several planners side by side have weights (c, 6), for c copies of the sessions.
    """

    def __init__(self, weights: ArrayLike) -> None:
        self.weights = np.asarray(weights, dtype=np.float64)

    def __call__(self, sessions: Sessions) -> NDArray[np.int64]:
        """The planner's items (m,) for m sessions."""
        users, items = _known(sessions), _known(sessions).items
        copies = np.atleast_2d(self.weights)
        w = np.repeat(copies, len(users.taste) // len(copies), axis=0)[:, :, None]  # (m, 6, 1)
        deep = np.maximum(items.depths, 0)
        left = 1 - sessions.n_shown[:, None] / users.world.max_steps
        state = w[:, 0] * users.taste + w[:, 1] * users.interest + w[:, 2] * users.boredom  # (m, 8)
        tempting = w[:, 4] * (users.taste @ items.topics.T) + w[:, 5] * left
        return (state @ items.topics.T + w[:, 3] * items.depths + tempting * deep).argmax(axis=1)


def fit_planner(world: PlanningWorld, seed: int) -> NDArray[np.float64]:
    """The planner's weights (6,) by the cross-entropy method: draw, keep the best, draw around them."""
    rng = np.random.default_rng(seed)
    mean, spread = np.array([1.0, 1.0, -1.0, 0.0, 0.0, 0.0]), np.ones(len(FEATURES))
    for round_ in range(ROUNDS):
        trials = mean + spread * rng.normal(size=(POPULATION, len(FEATURES)))
        played = play(world, Planner(trials), SESSIONS_A_TRIAL, seed + 1 + round_, copies=POPULATION)
        likes = played.likes.reshape(POPULATION, -1).mean(axis=1)
        best = trials[np.argsort(-likes, kind="stable")[:ELITE]]
        mean, spread = best.mean(axis=0), best.std(axis=0) + 0.3 / (1 + round_)
    return mean


def bounds(world: PlanningWorld, *, n_sessions: int = 4000, seed: int = 0) -> Bounds:
    """What static, myopic and planner earn of `n_sessions` fresh users; the planner is fitted on others.

    `ValueError` for another world; `worlds.tiny.solve` has those of the tiny one.
    """
    if not isinstance(world, PlanningWorld):
        raise ValueError(
            f"world must be a PlanningWorld, got {type(world).__name__}; for the tiny one there is tiny.solve"
        )
    check_counts(n_sessions=n_sessions)
    weights = fit_planner(world, seed)
    fresh = seed + 10_000  # none of the seeds that the planner was fitted with

    def likes(policy: Policy) -> float:
        return float(play(world, policy, n_sessions, fresh).likes.mean())

    return Bounds(likes(static), likes(myopic), likes(Planner(weights)), weights)


def bounds_of(world: Any, *, seed: int = 0) -> dict[str, float]:
    """What is known of what can be earned in a world, mean likes a session; nothing for a world of somebody else, nor
    for a tiny one with short sessions, of which the exact values know nothing.
    """
    if isinstance(world, PlanningWorld):
        found = bounds(world, n_sessions=2000, seed=seed)
        return {"static": found.static, "myopic": found.myopic, "planner": found.planner}
    if isinstance(world, TinyPlanningWorld) and world.max_steps >= TinyPlanningWorld().max_steps:
        return {"myopic": solve(0).likes, "optimal": solve(1).likes}
    return {}


def _known(sessions: Sessions) -> PlanningUsers:
    return cast(PlanningUsers, sessions.users)
