"""Does planning pay in a world that is not ours? SARDINE's users, who get bored and, by its own setting, influenced.

Players that know everything, one that shows anything, and agents that were trained with and without a look ahead, all
with the same fresh users: clicks in 100 steps.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drr_tutorial.agent import DRRAgent
from drr_tutorial.evaluation.episodes import play_episodes
from drr_tutorial.evaluation.intervals import bootstrap_users, interval_over_seeds
from drr_tutorial.lab.studies.runner import DETAIL, Row, Study
from drr_tutorial.worlds.planners import Oracle, Policy, myopic
from drr_tutorial.worlds.sardine import SardineVectorEnv
from drr_tutorial.worlds.sardine_oracles import rotating, sparing
from drr_tutorial.worlds.sessions import Sessions

NAME = "sardine/SingleItem-BoredInf-v0"
INFLUENCE: dict[str, dict[str, Any]] = {"fixed": {"env_omega": 1.0}, "moving": {}}  # what clicks do to a taste
LOOKS: dict[str, dict[str, Any]] = {"gamma 0": {"gamma": 0.0, "n_steps": 1}, "planning": {"gamma": 0.9, "n_steps": 5}}
SEEDS = tuple(range(3))
STEPS, NUM_ENVS = 1_200_000, 256
N_FRESH, FRESH = 512, 1_000_000  # users that judge all players, and their seed
Figures = dict[str, Any]


def rows() -> list[Row]:
    """A training each of both tastes, both looks and all seeds, which take minutes, then the players without one."""
    trainings = [
        Row(f"{taste}-{look.replace(' ', '-')}-{seed}", partial(trained, taste, look, seed))
        for taste in INFLUENCE
        for look in LOOKS
        for seed in SEEDS
    ]
    return trainings + [Row(f"{taste}-bounds", partial(bounds, taste)) for taste in INFLUENCE]


def users(taste: str, count: int) -> SardineVectorEnv:
    """Users whose taste is fixed or moving."""
    return SardineVectorEnv(NAME, count, **INFLUENCE[taste])


def trained(taste: str, look: str, seed: int, *, steps: int = STEPS, n_fresh: int = N_FRESH) -> Figures:
    """Clicks of an agent after its training."""
    agent = DRRAgent(users(taste, NUM_ENVS), seed=seed, critic="mixed", **LOOKS[look]).learn(steps)
    return _kept(play_episodes(agent, users(taste, n_fresh), n_fresh, FRESH).returns)


def bounds(taste: str, *, n_fresh: int = N_FRESH) -> Figures:
    """Clicks of the players that learn nothing."""
    rng = np.random.default_rng(0)
    rules: dict[str, Policy] = {
        "random": partial(anything, rng),
        "greedy": myopic,
        "rotating": rotating,
        "sparing": sparing,
    }
    figures = {}
    for name, rule in rules.items():
        fresh = users(taste, n_fresh)
        figures[name] = _kept(play_episodes(Oracle(fresh.sessions, rule), fresh, n_fresh, FRESH).returns)
    return figures


def anything(rng: np.random.Generator, sessions: Sessions) -> NDArray[np.int64]:
    """Any item, (m,)."""
    return rng.integers(sessions.world.n_items, size=len(sessions.shown))


def _kept(clicks: NDArray[np.float64]) -> Figures:
    return {"clicks": float(clicks.mean()), DETAIL: clicks.tolist()}


def summarize(figures: Mapping[str, Figures]) -> Figures:
    """For fixed and moving tastes: mean clicks of each player with 95 % intervals over users and, for the agents, over
    seeds; and what planning adds to gamma 0, in clicks and as a factor, user by user and seed by seed.
    """
    return {taste: _of_one_taste(figures, taste) for taste in INFLUENCE}


def _of_one_taste(figures: Mapping[str, Figures], taste: str) -> Figures:
    players = {name: _users_and_seeds(np.array([row[DETAIL]])) for name, row in figures[f"{taste}-bounds"].items()}
    clicks = {
        look: np.array([figures[f"{taste}-{look.replace(' ', '-')}-{seed}"][DETAIL] for seed in SEEDS])
        for look in LOOKS
    }
    players |= {look: _users_and_seeds(values) for look, values in clicks.items()}
    before, after = clicks["gamma 0"], clicks["planning"]
    factors = after.mean(axis=1) / before.mean(axis=1)
    gain = {"clicks": _users_and_seeds(after - before), "factor": {"over seeds": interval_over_seeds(factors)}}
    return {"players": players, "planning adds": gain}


def _users_and_seeds(clicks: NDArray[np.float64]) -> Figures:
    """Intervals of clicks (seeds, users): over users, of the mean over seeds; and over seeds, where there are some."""
    each = clicks.mean(axis=0)
    figures: Figures = {"over users": bootstrap_users(each, np.ones(len(each)))._asdict()}
    if len(clicks) > 1:
        figures["over seeds"] = interval_over_seeds(clicks.mean(axis=1))
    return figures


STUDY = Study(
    name="sardine",
    title="What planning is worth in SARDINE, clicks in 100 steps",
    rows=rows,
    summarize=summarize,
    seeds=SEEDS,
)
