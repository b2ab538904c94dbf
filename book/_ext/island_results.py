"""What islands know from result files: functions whose results become `drr.data[name]` (see `island_data`).

A file that is older than its code stops the build, as it stops the notebooks: for "episodes" nobody else asks.
"""

from collections.abc import Mapping
from typing import Any

from drr_tutorial.lab.pages import read_result
from drr_tutorial.lab.studies.planning.study import PLANNING
from drr_tutorial.worlds.planning import MOST_INTEREST, PlanningWorld

SETS = ("ml-100k", "ml-1m")


def episodes() -> dict[str, Any]:
    """One user's sessions under several players, and under an agent at each stage of its training."""
    found = summary("episodes")
    sessions = {player: session for player, session in found["sessions"].items() if player != "user"}
    return {**found, "sessions": sessions, "steps": PlanningWorld().max_steps, "mostInterest": MOST_INTEREST}


def seeds() -> dict[str, Any]:
    """What each seed gave, by result and method, with the interval that the book has: of methods with several seeds."""
    planning = summary("planning")
    return {
        "The planning world, likes a session": _planning(planning),
        "The tiny world, likes a session": _world({"Q-learning on a table": planning["others"]["table"]}),
        **{
            f"{data}, unseen films, {metric}": _fair(found["unseen"]["methods"], metric)
            for data, found in summary("fair-table").items()
            if data in SETS
            for metric in ("HR@10", "nDCG@10")
        },
    }


def summary(study: str) -> Any:
    """What a study found. Raises `StorageError` where its code has changed since."""
    return read_result(study)["summary"]


def _planning(found: Mapping[str, Any]) -> dict[str, Any]:
    ours = found["ours"]
    return _world(
        {
            f"DRR, gamma {PLANNING}": ours["planning"],
            "DRR, gamma 0": ours["gamma 0"],
            **{f"without {name}": runs for name, runs in found["without"].items()},
            **found["paper"],
            **{name: runs for name, runs in found["others"].items() if name != "table"},  # it plays in the tiny world
        }
    )


def _world(methods: Mapping[str, Any]) -> dict[str, Any]:
    return {"over": "seeds", "digits": 2, "methods": _several(methods)}


def _fair(methods: Mapping[str, Any], metric: str) -> dict[str, Any]:
    return {
        "over": "users",
        "digits": 4,
        "methods": _several({name: found[metric] for name, found in methods.items()}),
    }


def _several(methods: Mapping[str, Any]) -> dict[str, Any]:
    """The methods that have an interval over seeds: one seed has none."""
    return {name: _runs(runs) for name, runs in methods.items() if len(runs["seeds"]) > 1}


def _runs(runs: Mapping[str, Any]) -> dict[str, Any]:
    return {"seeds": runs["seeds"], "table": {name: runs[name] for name in ("mean", "low", "high")}}
