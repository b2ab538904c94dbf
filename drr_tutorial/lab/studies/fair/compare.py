"""Numbers of the fair table with their intervals: over users, over seeds, and with many comparisons in mind."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from drr_tutorial.evaluation.intervals import bootstrap_users, interval_over_seeds, randomization_test
from drr_tutorial.lab.studies.fair.protocols import Figures


def figure(row: Figures, protocol: str, metric: str) -> Figures:
    """Mean over seeds, each seed's own, and an interval over users."""
    detail, seeds = row["detail"][protocol], row["means"][protocol][metric]
    interval = bootstrap_users(np.array(detail[metric]), np.array(detail["lists"]))
    return {"mean": float(np.mean(seeds)), "low": interval.low, "high": interval.high, "seeds": seeds}


def difference(ours: Figures, theirs: Figures, protocol: str, metric: str) -> Figures:
    """Paired by user: mean, interval, and the p-value of a randomization test; "over seeds", the interval that
    trainings with other seeds would give, where both methods have several, or one has and the other needs none.
    """
    one, other = ours["detail"][protocol], theirs["detail"][protocol]
    sums: Any = np.array(one[metric]) - np.array(other[metric])
    interval = bootstrap_users(sums, np.array(one["lists"]))
    seeds = _by_seed(ours["means"][protocol][metric], theirs["means"][protocol][metric])
    over_seeds = {"over seeds": interval_over_seeds(seeds)} if len(seeds) > 1 else {}
    return interval._asdict() | {"p": randomization_test(sums)} | over_seeds


def _by_seed(ours: Sequence[float], theirs: Sequence[float]) -> Any:
    """Differences seed by seed, as many as both have; a method of one value meets all seeds of the other."""
    if 1 in (len(ours), len(theirs)):
        return np.array(ours) - np.array(theirs)
    n = min(len(ours), len(theirs))
    return np.array(ours[:n]) - np.array(theirs[:n])


def holm(differences: Sequence[Figures]) -> int:
    """Add "p corrected" to each of these differences, and return how many they are.

    Holm (1979): by ascending p, the i-th of n is multiplied by n - i + 1, and none is smaller than the one before. So
    the chance that any of them is found although there is none stays what a single p says.
    """
    ascending = sorted(differences, key=lambda found: float(found["p"]))
    n, least = len(ascending), 0.0
    for i, found in enumerate(ascending):
        least = max(least, min(1.0, (n - i) * found["p"]))
        found["p corrected"] = least
    return n
