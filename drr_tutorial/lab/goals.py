"""The goals that were set for the agent before its recipe was known, beside what it reached (chapter 15).

Input is what the study `fair-table` wrote, and measured times, so the verdicts are computed with the figures.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

OURS = "DRR"  # what the names of our agents begin with
BOTH = "likes, 80 % of the dislikes"
ALL = "all ratings but the last of each user"


@dataclass(frozen=True)
class Target:
    """A goal by one protocol: figures that the mean over seeds must reach, or, without figures, to be above every
    single method by these metrics, with an interval of the difference above 0.
    """

    data: str
    protocol: str
    agent: str
    learns_from: str
    metrics: tuple[str, ...] = ("HR@10", "nDCG@10")
    least: tuple[float, ...] | None = None


TARGETS = (
    Target("ml-1m", "unseen", "DRR-ave", BOTH, least=(0.82, 0.56)),
    Target("ml-1m", "masked", "DRR-ave", BOTH, least=(0.83, 0.57)),
    Target("ml-1m", "original", "DRR-ave", BOTH, least=(0.73, 0.42)),
    Target("ml-1m", "full", "DRR-ave", BOTH, metrics=("nDCG@10",)),
    Target("ml-1m", "leave-last-out", "DRR next", ALL, least=(0.735, 0.455)),
    Target("ml-100k", "unseen", "DRR-ave", BOTH),
)
SECONDS = 180.0  # on ML-1M, from the files to a finished agent
MILLISECONDS = 1.0  # to recommend to one user


def table(result: Mapping[str, Any], *, seconds: float, milliseconds: float) -> pd.DataFrame:
    """All goals, a row each: the goal, what was reached, a verdict.

    `result` is that of `fair-table`; `seconds` is the measured time of a whole training on ML-1M, `milliseconds` that
    of one recommendation.
    """
    found = [_row(target, result["summary"][target.data][target.protocol]) for target in TARGETS]
    found += [
        _limit("ml-1m", "time to this quality", "s", SECONDS, seconds),
        _limit("ml-1m", "time of a recommendation", "ms", MILLISECONDS, milliseconds),
    ]
    return pd.DataFrame(found).set_index(["data", "protocol"])[["learns from", "target", "reached", "verdict"]]


def best_other(table: Mapping[str, Any], metric: str) -> str:
    """The method with the highest mean that is not one of our agents."""
    others = {name: row for name, row in table["methods"].items() if not name.startswith(OURS)}
    return max(others, key=lambda name: others[name][metric]["mean"])


def _row(target: Target, table: Mapping[str, Any]) -> dict[str, str]:
    means = [table["methods"][target.agent][metric]["mean"] for metric in target.metrics]
    compared = _against_all(target, table) if target.least is None else _against_figures(target, means)
    return {
        "data": target.data,
        "protocol": target.protocol,
        "learns from": target.learns_from,
        "reached": " / ".join(f"{mean:.3f}" for mean in means),
    } | compared


def _against_figures(target: Target, means: list[float]) -> dict[str, str]:
    least = target.least or ()
    short = {
        metric: goal - mean for metric, goal, mean in zip(target.metrics, least, means, strict=True) if mean < goal
    }
    missed = ", ".join(f"{metric} by {gap:.3f}" for metric, gap in short.items())
    return {
        "target": " / ".join(f"{goal:g}" for goal in least),
        "verdict": f"missed: {missed}" if short else "reached",
    }


def _against_all(target: Target, table: Mapping[str, Any]) -> dict[str, str]:
    """Against every single method, by the paired differences of the default to it."""
    failed = []
    for metric in target.metrics:
        differences = table["default minus"][metric]
        others = {name: found for name, found in differences.items() if not name.startswith(OURS)}
        name, least = min(others.items(), key=lambda item: item[1]["low"])
        if least["low"] <= 0:
            failed.append(f"{metric} minus {name}: {least['mean']:+.4f} [{least['low']:+.4f}, {least['high']:+.4f}]")
    metrics = " and ".join(target.metrics)
    return {
        "target": f"{metrics} above every single method",
        "verdict": f"missed: {'; '.join(failed)}" if failed else "reached",
    }


def _limit(data: str, what: str, unit: str, limit: float, measured: float) -> dict[str, str]:
    return {
        "data": data,
        "protocol": what,
        "learns from": "",
        "reached": f"{measured:.3g} {unit}",
        "target": f"at most {limit:g} {unit}",
        "verdict": "reached" if measured <= limit else f"missed: by {measured - limit:.3g} {unit}",
    }
