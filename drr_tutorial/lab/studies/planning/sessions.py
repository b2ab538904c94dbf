"""One user twice: with an agent that asks for the next like only and with one that plans, and with two players that
know everything.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drr_tutorial.agent import DRRAgent
from drr_tutorial.lab.studies.planning.agents import EVALUATION_SEED, PLACES, STEPS, users
from drr_tutorial.lab.studies.runner import Figures
from drr_tutorial.worlds.planners import Oracle, Planner, fit_planner, myopic
from drr_tutorial.worlds.planning import PlanningWorld
from drr_tutorial.worlds.sessions import Sessions
from drr_tutorial.worlds.vector_env import PlanningVectorEnv

CANDIDATES = 200  # users among whom a typical one is chosen


def two_sessions() -> Figures:
    """Both agents' sessions with the same user: what was shown at each step, whether it was liked, and what the user
    was like then, hidden or not. Under "known" those of myopic ("greedy") and planner ("planning").
    """
    agents = {
        name: DRRAgent(users(PLACES), seed=0, gamma=gamma).learn(STEPS)
        for name, gamma in (("greedy", 0.0), ("planning", 0.95))
    }
    learned = {name: recorded(agent, users(CANDIDATES)) for name, agent in agents.items()}
    known = {}
    for name, rule in (("greedy", myopic), ("planning", Planner(fit_planner(PlanningWorld(), 0)))):
        envs = users(CANDIDATES)
        known[name] = recorded(Oracle(envs.sessions, rule), envs)
    return {**of_typical_user(learned), "known": of_typical_user(known)}


def of_typical_user(played: Mapping[str, dict[str, Any]]) -> Figures:
    """The sessions of one user with each player."""
    user = typical([likes_of(session) for session in played.values()])
    return {"user": user, **{name: _of_user(session, user) for name, session in played.items()}}


def recorded(agent: Any, envs: PlanningVectorEnv) -> dict[str, Any]:
    """First sessions of all users, step by step: (steps, users) each, and their lengths (users,)."""
    observation, _ = envs.reset(seed=EVALUATION_SEED)
    sessions: Sessions = envs.sessions
    playing, length = np.ones(envs.num_envs, dtype=np.bool_), np.zeros(envs.num_envs, dtype=np.int64)
    steps: list[dict[str, Any]] = []
    while playing.any():
        items, _ = agent.predict(observation, deterministic=True)
        known: Any = sessions.users
        chance = known.chance(items)
        observation, reward, terminated, truncated, _ = envs.step(items)
        steps.append({"item": items, "liked": reward > 0, "chance": chance,
                      "interest": np.linalg.norm(known.interest, axis=1)})  # fmt: skip
        length += playing
        finished = terminated | truncated
        playing &= ~finished
        if finished.any():
            observation, _ = envs.reset(options={"reset_mask": finished})
    return {"length": length, **{name: np.array([step[name] for step in steps]) for name in steps[0]}}


def likes_of(session: Mapping[str, Any]) -> NDArray[np.int64]:
    """Likes of each user's first session, (users,)."""
    steps = np.arange(len(session["liked"]))[:, None]
    return np.asarray((session["liked"] & (steps < session["length"])).sum(axis=0))


def typical(likes: Sequence[NDArray[Any]]) -> int:
    """The user who comes closest to the average of every agent's likes (users,)."""
    return int(np.argmin(sum(np.abs(each - each.mean()) for each in likes)))


def _of_user(session: dict[str, Any], user: int) -> Figures:
    n, world = int(session["length"][user]), PlanningWorld()
    items = session["item"][:n, user]
    topics = np.argmax(world.items.topics[items] @ world.items.corners.T, axis=1)
    return {
        "topic": topics.tolist(),
        "depth": np.round(world.items.depths[items], 3).tolist(),
        "liked": session["liked"][:n, user].tolist(),
        "chance": np.round(session["chance"][:n, user], 3).tolist(),
        "interest": np.round(session["interest"][:n, user], 3).tolist(),
    }
