"""One user of the planning world under different players, and under an agent at each stage of its training: what the
island "Watch an episode" plays.

    "players"   mean likes of the same users: random, popularity, and with full knowledge greedy and planner
    "curve"     steps of training, and mean likes of the agent as it was then; the first untrained
    "sessions"  of the typical user, by player; the agent's by its steps
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drr_tutorial.agent import DRRAgent
from drr_tutorial.lab.studies.planning.agents import EVALUATION_SEED, PLACES, SHORT, users
from drr_tutorial.lab.studies.planning.sessions import likes_of, of_typical_user, recorded
from drr_tutorial.lab.studies.runner import DETAIL, Figures, Row, Study
from drr_tutorial.worlds.planners import Oracle, Planner, Policy, fit_planner, myopic
from drr_tutorial.worlds.planning import PlanningWorld
from drr_tutorial.worlds.sessions import Sessions

CHECKPOINTS = 10  # of the training, at even distances
WATCHED = 1000  # users who play with everybody; one of them is shown
MANY = 20_000  # users who say what is popular
Session = dict[str, Any]


def episodes() -> Figures:
    """Everything: an agent takes under a minute of one thread to train."""
    rules: dict[str, Policy] = {
        "random": at_random, "popularity": Popularity(PlanningWorld()),
        "greedy": myopic, "planner": Planner(fit_planner(PlanningWorld(), 0)),
    }  # fmt: skip
    played = {name: watched(rule) for name, rule in rules.items()}
    stages = agent_by_stages(SHORT)
    shown = of_typical_user({**played, **{str(step): session for step, session in stages.items()}})
    return {
        "players": {name: mean_likes(session) for name, session in played.items()},
        "curve": [[step, mean_likes(session)] for step, session in stages.items()],
        DETAIL: shown,
    }


def agent_by_stages(steps: int) -> dict[int, Session]:
    """The sessions that an agent plays before its training and after each part of it, by the steps that it has learned
    from.
    """
    agent = DRRAgent(users(PLACES), seed=0)
    found = {0: recorded(agent, users(WATCHED))}
    due = [steps * part // CHECKPOINTS for part in range(1, CHECKPOINTS)]

    def look(trainer: Any) -> None:
        if due and trainer.step >= due[0]:
            found[due.pop(0)] = recorded(agent, users(WATCHED))

    agent.learn(steps, callback=look)
    return {**found, steps: recorded(agent, users(WATCHED))}


class Popularity:
    """The items by how many of `MANY` new users would like them, one after the other: everybody gets the same list."""

    def __init__(self, world: PlanningWorld) -> None:
        crowd = world.users(MANY)
        crowd.arrive(np.arange(MANY), np.random.default_rng(EVALUATION_SEED).spawn(MANY))
        self.order: NDArray[np.int64] = np.argsort(-crowd.chances().mean(axis=0), kind="stable")

    def __call__(self, sessions: Sessions) -> NDArray[np.int64]:
        """Items (m,) for m sessions."""
        return self.order[sessions.n_shown % len(self.order)]


def at_random(sessions: Sessions) -> NDArray[np.int64]:
    """Any item, (m,); the same ones whenever it is asked about users at the same steps."""
    n_items = sessions.users.world.n_items  # type: ignore[attr-defined]
    draws = [np.random.default_rng((EVALUATION_SEED, user, step)) for user, step in enumerate(sessions.n_shown)]  # type: ignore[arg-type]
    return np.array([rng.integers(n_items) for rng in draws])


def watched(rule: Policy) -> Session:
    """The sessions that a rule plays."""
    envs = users(WATCHED)
    return recorded(Oracle(envs.sessions, rule), envs)


def mean_likes(session: Session) -> float:
    """Likes a session."""
    return float(likes_of(session).mean())


def summarize(figures: Mapping[str, Figures]) -> Figures:
    """See the module."""
    found = figures["episodes"]
    return {"players": found["players"], "curve": found["curve"], "sessions": found[DETAIL]}


STUDY = Study(
    name="episodes",
    title="One user of the planning world under several players, and under an agent at each stage of its training",
    rows=lambda: [Row("episodes", episodes)],
    summarize=summarize,
    seeds=(0,),
)
