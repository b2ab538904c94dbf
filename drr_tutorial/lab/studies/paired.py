"""Trainings of several seeds side by side: their figures with intervals, and differences by user and by seed.

A run is what one training leaves: {"means": {protocol: {metric: [one value a seed]}}, "detail": {protocol: {"task",
"lists", metric: [a sum for each user]}}}, the form of `fair.protocols.keep`, of any protocols.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from drr_tutorial.evaluation.intervals import bootstrap_users, interval_over_seeds
from drr_tutorial.evaluation.reports import EvaluationReport
from drr_tutorial.lab.studies.runner import DETAIL, Figures


def kept(reports: Mapping[str, EvaluationReport], metrics: Mapping[str, Sequence[str]]) -> Figures:
    """The run of one training: of each report the named metrics; users ascending."""
    return {
        "means": {name: {m: [report.mean(m)] for m in metrics[name]} for name, report in reports.items()},
        DETAIL: {name: _by_user(report, metrics[name]) for name, report in reports.items()},
    }


def _by_user(report: EvaluationReport, metrics: Sequence[str]) -> Figures:
    """Number of lists of each user, and the sum of each metric's values."""
    _, index = np.unique(report.users, return_inverse=True)
    sums = {m: np.round(np.bincount(index, weights=report.values[m]), 7).tolist() for m in metrics}
    return {"task": report.fingerprint, "lists": np.bincount(index).tolist()} | sums


def judged(runs: Sequence[Figures]) -> Figures:
    """{protocol: {metric: {mean, low, high, seeds}}}: mean over seeds, interval over users, each seed's own value."""
    return {
        protocol: {metric: _figure(runs, protocol, metric) for metric in metrics}
        for protocol, metrics in runs[0]["means"].items()
    }


def _figure(runs: Sequence[Figures], protocol: str, metric: str) -> Figures:
    seeds = _seeds(runs, protocol, metric)
    interval = bootstrap_users(_sums(runs, protocol, metric), _lists(runs, protocol))
    return interval._asdict() | {"mean": float(np.mean(seeds)), "seeds": seeds}


def difference(ours: Sequence[Figures], theirs: Sequence[Figures]) -> Figures:
    """{protocol: {metric: {mean, low, high, "over seeds": {mean, low, high}}}}: ours minus theirs.

    The first interval, a bootstrap over users, says what other users would give; the second, Student's, what other
    seeds would, and is left out where there is one seed only. Seeds are paired in their order, as many as both have; a
    method without randomness, which has one run, is set against every seed. Raises `ValueError` when the lists of a
    protocol are not the same.
    """
    n = len(ours) if len(theirs) == 1 else min(len(ours), len(theirs))
    ours, theirs = ours[:n], theirs[:n]
    return {
        protocol: {metric: _difference(ours, theirs, protocol, metric) for metric in metrics}
        for protocol, metrics in ours[0]["means"].items()
    }


def _difference(ours: Sequence[Figures], theirs: Sequence[Figures], protocol: str, metric: str) -> Figures:
    if len({run[DETAIL][protocol]["task"] for run in (*ours, *theirs)}) > 1:
        raise ValueError(f"runs must be judged on the same lists of {protocol!r}; compute the rows anew")
    sums = _sums(ours, protocol, metric) - _sums(theirs, protocol, metric)
    by_seeds = np.array(_seeds(ours, protocol, metric)) - np.array(_seeds(theirs, protocol, metric))
    over_seeds = {"over seeds": interval_over_seeds(by_seeds)} if len(by_seeds) > 1 else {}
    return bootstrap_users(sums, _lists(ours, protocol))._asdict() | over_seeds


def in_percent(found: Mapping[str, Any], base: float) -> Figures:
    """A difference, with all its intervals, in percent of `base`."""
    return {
        name: in_percent(value, base) if isinstance(value, Mapping) else 100 * value / base
        for name, value in found.items()
    }


def _seeds(runs: Sequence[Figures], protocol: str, metric: str) -> list[float]:
    return [value for run in runs for value in run["means"][protocol][metric]]


def _sums(runs: Sequence[Figures], protocol: str, metric: str) -> Any:
    """Each user's sum, mean over the runs: (n_users,)."""
    return np.mean([run[DETAIL][protocol][metric] for run in runs], axis=0)


def _lists(runs: Sequence[Figures], protocol: str) -> Any:
    return np.array(runs[0][DETAIL][protocol]["lists"])
