"""One user of the planning world with several players: what each shows, and where an actor's vector goes meanwhile."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drr_tutorial.agent import DRRAgent
from drr_tutorial.lab.studies.planning.sessions import of_typical_user, recorded
from drr_tutorial.worlds.planners import Oracle
from drr_tutorial.worlds.planning import PlanningUsers, PlanningWorld
from drr_tutorial.worlds.sessions import Sessions
from drr_tutorial.worlds.vector_env import PlanningVectorEnv

COUNT = 100  # users among whom a typical one is chosen
PUBLIC = 2000  # users whose first likes make a popularity list


class Watched:
    """An agent whose vectors are kept as it plays: `vectors`, one array (m, k) a step."""

    def __init__(self, agent: DRRAgent) -> None:
        self.agent, self.vectors = agent, list[NDArray[Any]]()
        self._inverse = np.linalg.pinv(vectors_of(agent).T)  # scores are dot products with all items

    def predict(self, observation: Any, *, deterministic: bool = True) -> tuple[NDArray[np.int64], None]:
        """The items of the agent."""
        scores = self.agent.scores(observation)
        self.vectors.append(scores @ self._inverse)
        return scores.argmax(axis=1), None


def vectors_of(agent: DRRAgent) -> NDArray[np.float64]:
    """The items as the agent sees them, (n_items, k)."""
    return agent.networks.item_vectors().detach().numpy().astype(np.float64)


def popular(sessions: Sessions) -> NDArray[np.int64]:
    """A popularity list, from the top down: the same for everybody, (m,)."""
    order = _by_popularity()
    return order[sessions.n_shown % len(order)]


def sessions_with(players: Mapping[str, Any]) -> dict[str, Any]:
    """The same user with the same luck, once with each player: "topic", "depth", "liked" at each step, by player.

    A player is an agent, or a rule that looks into the users themselves, such as `planners.myopic`. Of an agent there
    is "vectors", too, (steps, k). The user is the one of `COUNT` who comes closest to the average of all players.
    """
    played, watched = {}, {}
    for name, player in players.items():
        envs = PlanningVectorEnv(COUNT)
        watched[name] = Watched(player) if isinstance(player, DRRAgent) else None
        played[name] = recorded(watched[name] or Oracle(envs.sessions, player), envs)
    found = of_typical_user(played)
    user = found.pop("user")
    for name, session in found.items():
        keeper = watched[name]
        if keeper is not None:
            session["vectors"] = np.array(keeper.vectors)[: len(session["liked"]), user]
    return found


@cache
def _by_popularity() -> NDArray[np.int64]:
    everybody = PlanningUsers(PlanningWorld(), PUBLIC)
    everybody.arrive(np.arange(PUBLIC), [np.random.default_rng(seed) for seed in range(PUBLIC)])
    return np.argsort(-everybody.chances().mean(axis=0), kind="stable")
