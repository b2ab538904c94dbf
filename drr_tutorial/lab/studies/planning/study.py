"""Planning against greed in the planning world: bounds, the discount, what planning needs, and other agents.

Keys of the summary:

    "bounds"    {world: {"static", "myopic", "planner"}}: mean likes a session with full knowledge; worlds are "all" and
                those with an effect switched off
    "ours"      {"planning" | "gamma 0" | "long": runs}, with "share of planner" and "times myopic" of the mean
    "sweep"     {gamma: runs}, over a shorter training
    "sweep minus gamma 0"   {gamma: {mean, low, high, "over seeds": {mean, low, high}}}: likes a session, by user
    "curve"     {gamma: the same in percent of gamma 0}, beside which the study `gamma` has its logs
    "without"   {part of the agent: runs}, one part left out, the same training as in the sweep
    "states" | "paper"   {name: runs}, the same
    "switches"  {world: {"planning": runs, "gamma 0": runs, "gain": interval}}
    "others"    {agent: runs}, with the steps of "ours"; the table's are in the tiny world
    "tiny"      {what is seen: runs} of our agent in the tiny world, with the "optimum"
    "sessions"  one user's session with the greedy and the planning agent

Runs are {"seeds": [mean likes of each], "mean", "low", "high": Student's interval over seeds, "cpu seconds"}; the
interval of a gain is over users and pairs them.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from drr_tutorial.evaluation.intervals import bootstrap_users, interval_over_seeds
from drr_tutorial.lab.studies.paired import in_percent
from drr_tutorial.lab.studies.planning.agents import (
    LIKES_ONLY,
    LONG,
    PAPER,
    SHORT,
    STEPS,
    TINY,
    WITHOUT,
    gain,
    in_tiny,
    more_likes,
    trained,
)
from drr_tutorial.lab.studies.planning.others import dqn, ppo, reinforce, sac, tabular, td3
from drr_tutorial.lab.studies.planning.sessions import two_sessions
from drr_tutorial.lab.studies.runner import Figures, Row, Study
from drr_tutorial.worlds.planners import bounds
from drr_tutorial.worlds.planning import PlanningWorld

SEEDS, FEW_SEEDS = tuple(range(5)), tuple(range(3))
GAMMAS = (0.0, 0.3, 0.6, 0.8, 0.9, 0.95, 0.97, 0.99)
PLANNING = 0.95
OTHERS: dict[str, Callable[..., Figures]] = {
    "DQN": dqn,
    "PPO": ppo,
    "SAC": sac,
    "TD3": td3,
    "REINFORCE": reinforce,
    "table": tabular,
}
SWITCHES: dict[str, dict[str, bool]] = {
    "all": {},
    "no boredom": {"boredom": False},
    "no growth": {"growth": False},
    "no leaving": {"leaving": False},
    "no boredom, no growth": {"boredom": False, "growth": False},
}


def rows() -> list[Row]:
    """Bounds, and a training a row."""
    return [
        *(Row(f"ours.{seed}", partial(trained, "ours", seed, STEPS)) for seed in SEEDS),
        *(Row(f"greedy.{seed}", partial(trained, "ours", seed, STEPS, gamma=0.0)) for seed in SEEDS),
        *(Row(f"long.{seed}", partial(trained, "ours", seed, LONG), full_only=seed > 0) for seed in FEW_SEEDS),
        *(Row(f"bounds.{key(world)}", partial(known_bounds, world)) for world in SWITCHES),
        *(
            Row(f"sweep.{gamma}.{seed}", partial(trained, "ours", seed, SHORT, gamma=gamma))
            for gamma in GAMMAS
            for seed in FEW_SEEDS
        ),
        *(
            Row(f"{key(name)}.{seed}", partial(trained, name, seed, SHORT))
            for name in {**LIKES_ONLY, **WITHOUT, **PAPER}
            for seed in FEW_SEEDS
        ),
        *(
            Row(f"{key(world)}.{gamma}.{seed}", partial(trained, "ours", seed, SHORT, gamma=gamma, world=switches))
            for world, switches in SWITCHES.items()
            if switches
            for gamma in (0.0, PLANNING)
            for seed in FEW_SEEDS
        ),
        *(Row(f"other-{name}.{seed}", partial(other, seed)) for name, other in OTHERS.items() for seed in FEW_SEEDS),
        *(Row(f"tiny-{key(name)}.{seed}", partial(in_tiny, name, seed, SHORT)) for name in TINY for seed in FEW_SEEDS),
        Row("sessions", two_sessions),
    ]


def key(name: str) -> str:
    """A name as rows have it."""
    return "".join(letter if letter.isalnum() else "-" for letter in name)


def known_bounds(world: str) -> Figures:
    """What full knowledge earns."""
    found = bounds(PlanningWorld(**SWITCHES[world]))
    return {"static": found.static, "myopic": found.myopic, "planner": found.planner, "weights": found.weights.tolist()}


def summarize(figures: Mapping[str, Figures]) -> Figures:
    """See the module."""
    known = {world: _without_weights(figures[f"bounds.{key(world)}"]) for world in SWITCHES}
    sweep = {str(gamma): _found(figures, f"sweep.{gamma}") for gamma in GAMMAS}
    minus = {gamma: more_likes(found, sweep["0.0"]) for gamma, found in sweep.items() if found is not sweep["0.0"]}
    ours = {name: _found(figures, row) for name, row in (("planning", "ours"), ("gamma 0", "greedy"), ("long", "long"))}
    return {
        "bounds": known,
        "ours": {name: runs(found) | against(found, known["all"]) for name, found in ours.items()},
        "gain": _interval(gain(ours["planning"], ours["gamma 0"])),
        "sweep": {gamma: runs(found) for gamma, found in sweep.items()},
        "sweep minus gamma 0": minus,
        "curve": {gamma: in_percent(found, runs(sweep["0.0"])["mean"]) for gamma, found in minus.items()},
        "without": {name: runs(_found(figures, key(name))) for name in WITHOUT},
        "states": {name: runs(_found(figures, key(name))) for name in LIKES_ONLY},
        "paper": {name: runs(_found(figures, key(name))) for name in PAPER},
        "switches": {world: _switched(figures, world) for world in SWITCHES},
        "others": {name: runs(_found(figures, f"other-{name}")) for name in OTHERS},
        "tiny": {name: _tiny(_found(figures, f"tiny-{key(name)}")) for name in TINY},
        "sessions": figures["sessions"],
    }


def runs(found: Sequence[Figures]) -> Figures:
    """The seeds of one agent side by side."""
    likes = np.array([run["likes"] for run in found])
    sure = interval_over_seeds(likes) if len(likes) > 1 else {"mean": float(likes.mean()), "low": None, "high": None}
    return {
        "seeds": likes.tolist(), **sure, "steps": found[0]["steps"],
        "cpu seconds": float(np.mean([run["cpu seconds"] for run in found])),
    }  # fmt: skip


def against(found: Sequence[Figures], known: Mapping[str, float]) -> Figures:
    """The mean beside the bounds, and the worst seed beside the myopic one."""
    likes = [run["likes"] for run in found]
    return {
        "share of planner": float(np.mean(likes)) / known["planner"],
        "times myopic": float(np.mean(likes)) / known["myopic"],
        "worst seed, times myopic": min(likes) / known["myopic"],
    }


def _tiny(found: Sequence[Figures]) -> Figures:
    return runs(found) | {"optimum": found[0]["optimum"]}


def _switched(figures: Mapping[str, Figures], world: str) -> Figures:
    greedy, planning = (
        _found(figures, f"{key(world)}.{gamma}" if SWITCHES[world] else f"sweep.{gamma}") for gamma in (0.0, PLANNING)
    )
    return {"gamma 0": runs(greedy), "planning": runs(planning), "gain": _interval(gain(planning, greedy))}


def _found(figures: Mapping[str, Figures], name: str) -> list[Figures]:
    return [figures[row] for seed in SEEDS if (row := f"{name}.{seed}") in figures]


def _interval(differences: Any) -> dict[str, float]:
    return bootstrap_users(differences, np.ones(len(differences)))._asdict()


def _without_weights(found: Figures) -> Figures:
    return {name: value for name, value in found.items() if name != "weights"}


STUDY = Study(
    name="planning",
    title="Planning against greed in the planning world: bounds, discount, what planning needs, other agents",
    rows=rows,
    summarize=summarize,
    seeds=SEEDS,
    full_only=True,
)
