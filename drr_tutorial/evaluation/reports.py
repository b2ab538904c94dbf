"""The figures of an evaluation: a value for each list and metric, intervals, paired differences, a table.

A published figure is the plain mean over lists. Two methods are compared list by list, which is sharper than comparing
two intervals.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drr_tutorial.evaluation.intervals import Floats, Interval, bootstrap_users


@dataclass(frozen=True, eq=False)
class EvaluationReport:
    """The figures of one method: one value a list for each metric, whose plain mean is to be published."""

    method: str
    protocol: str
    ks: tuple[int, ...]
    n_negatives: int | None  # sampled negatives of a list; None: the whole catalogue is ranked
    seed: int
    users: NDArray[Any]  # (n_lists,) original user id; sampled protocols have a list for each test positive
    values: Mapping[str, Floats]  # "nDCG@10" -> (n_lists,)
    fingerprint: str  # of the task
    overall: Mapping[str, float] = field(default_factory=dict)  # figures of all lists together: "coverage@10"

    @property
    def n_lists(self) -> int:
        """Number of lists."""
        return len(self.users)

    @property
    def per_user(self) -> pd.DataFrame:
        """Mean of every metric over each user's lists: index user_id; columns n_lists and the metrics."""
        grouped = pd.DataFrame(dict(self.values)).groupby(pd.Index(self.users, name="user_id"))
        means = grouped.mean()
        means.insert(0, "n_lists", grouped.size())
        return means

    def mean(self, metric: str) -> float:
        """Mean over lists of a metric, by its label, e.g. "HR@10"; ValueError says which labels there are."""
        return self.overall[metric] if metric in self.overall else float(self._of(metric).mean())

    def interval(self, metric: str, level: float = 0.95, n_resamples: int = 1000, seed: int = 0) -> Interval:
        """Mean with its bootstrap interval: `n_resamples` draws of whole users, `level` in (0, 1)."""
        return _bootstrap(self._of(metric), self.users, level, n_resamples, seed)

    def difference(
        self,
        other: "EvaluationReport",
        metric: str,
        level: float = 0.95,
        n_resamples: int = 1000,
        seed: int = 0,
    ) -> Interval:
        """Mean of (this - other), list by list, with its interval; ValueError unless the task is the same."""
        if self.fingerprint != other.fingerprint:
            raise ValueError(
                "other must be a report of the same task, but the lists of "
                f"{self.method!r} ({self.protocol}, seed {self.seed}, {self.n_lists} lists) and "
                f"{other.method!r} ({other.protocol}, seed {other.seed}, {other.n_lists} lists) differ; "
                "make one ranking_task and evaluate both on it"
            )
        return _bootstrap(self._of(metric) - other._of(metric), self.users, level, n_resamples, seed)

    def to_dict(self, level: float = 0.95, n_resamples: int = 1000) -> dict[str, Any]:
        """All but the single lists, ready for JSON; under "metrics" the mean, low and high of each metric."""
        intervals = {label: self.interval(label, level, n_resamples)._asdict() for label in self.values}
        return {
            "method": self.method,
            "protocol": self.protocol,
            "ks": list(self.ks),
            "n_negatives": self.n_negatives,
            "seed": self.seed,
            "n_lists": self.n_lists,
            "n_users": len(np.unique(self.users)),
            "level": level,
            "metrics": intervals | {label: {"mean": value} for label, value in self.overall.items()},
            "fingerprint": self.fingerprint,
        }

    def _of(self, metric: str) -> Floats:
        if metric not in self.values:
            raise ValueError(f"metric must be one of {', '.join(self.values)}; got {metric!r}; ask for it by ks")
        return self.values[metric]


def compare(
    reports: Sequence[EvaluationReport],
    labels: Sequence[str] | None = None,
    reference: EvaluationReport | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Methods x means of the metrics `labels` (default: all).

    With a `reference`, "nDCG@10 minus popularity" (for a reference named so), "... low" and "... high" follow
    each metric: the paired difference to it and its bootstrap interval.
    """
    rows = []
    for report in reports:
        row: dict[str, float] = {}
        for label in labels or _labels(report):
            row[label] = report.mean(label)
            if reference is not None and label in report.values:
                name = f"{label} minus {reference.method}"
                row |= zip(
                    (name, f"{name} low", f"{name} high"),
                    report.difference(reference, label, level),
                    strict=True,
                )
        rows.append(row)
    return pd.DataFrame(rows, index=pd.Index([report.method for report in reports], name="method"))


def format_table(
    reports: Sequence[EvaluationReport],
    labels: Sequence[str] | None = None,
    reference: EvaluationReport | None = None,
    level: float = 0.95,
) -> str:
    """The table of `compare` as text, with differences like "+0.055 [+0.049, +0.061]"."""
    table = pd.DataFrame(index=pd.Index([report.method for report in reports], name="method"))
    for label in labels or _labels(reports[0]):
        table[label] = [f"{report.mean(label):.3f}" for report in reports]
        if reference is not None and label in reference.values:
            table[f"{label} minus {reference.method}"] = [
                ""
                if report is reference
                else "{:+.3f} [{:+.3f}, {:+.3f}]".format(*report.difference(reference, label, level))
                for report in reports
            ]
    return table.to_string()


def _labels(report: EvaluationReport) -> list[str]:
    return [*report.values, *report.overall]


def _bootstrap(values: Floats, users: NDArray[Any], level: float, n_resamples: int, seed: int) -> Interval:
    """Percentile interval of the mean over lists; a resample draws users and takes all lists of each."""
    _, index = np.unique(users, return_inverse=True)
    sums, counts = np.bincount(index, weights=values), np.bincount(index)
    _, low, high = bootstrap_users(sums, counts, level, n_resamples, seed)
    return Interval(float(values.mean()), low, high)
