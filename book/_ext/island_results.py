"""What islands know from result files: functions whose results become `drr.data[name]` (see `island_data`).

Whether a file is as new as its code is asked by a test, and by the notebooks when they run, not by every build.
"""

from collections.abc import Mapping
from typing import Any

from drr_tutorial.lab.pages import results_folder
from drr_tutorial.lab.studies.planning.study import PLANNING
from drr_tutorial.storage import read_json
from drr_tutorial.worlds.planning import MOST_INTEREST, PlanningWorld

SETS = ("ml-100k", "ml-1m")


def episodes() -> dict[str, Any]:
    """One user's sessions under several players, and under an agent at each stage of its training."""
    found = _summary("episodes")
    sessions = {player: session for player, session in found["sessions"].items() if player != "user"}
    return {**found, "sessions": sessions, "steps": PlanningWorld().max_steps, "mostInterest": MOST_INTEREST}


def seeds() -> dict[str, Any]:
    """What each seed gave, by result and method, with the interval that the book has: of methods with several seeds."""
    return {
        "The planning world, likes a session": _planning(_summary("planning")),
        **{
            f"{data}, unseen films, {metric}": _fair(found["unseen"]["methods"], metric)
            for data, found in _summary("fair-table").items()
            if data in SETS
            for metric in ("HR@10", "nDCG@10")
        },
    }


def _summary(study: str) -> Any:
    return read_json(results_folder() / f"{study}.json")["summary"]


def _planning(summary: Mapping[str, Any]) -> dict[str, Any]:
    ours = summary["ours"]
    methods = {
        f"DRR, gamma {PLANNING}": ours["planning"],
        "DRR, gamma 0": ours["gamma 0"],
        f"DRR, gamma {PLANNING}, trained for longer": ours["long"],
        **{f"without {name}": runs for name, runs in summary["without"].items()},
        **summary["paper"],
        **summary["others"],
    }
    return {"over": "seeds", "digits": 2, "methods": {name: _runs(runs) for name, runs in methods.items()}}


def _fair(methods: Mapping[str, Any], metric: str) -> dict[str, Any]:
    several = {name: found[metric] for name, found in methods.items() if len(found[metric]["seeds"]) > 1}
    return {"over": "users", "digits": 4, "methods": {name: _runs(runs) for name, runs in several.items()}}


def _runs(runs: Mapping[str, Any]) -> dict[str, Any]:
    return {"seeds": runs["seeds"], "table": {name: runs[name] for name in ("mean", "low", "high")}}
