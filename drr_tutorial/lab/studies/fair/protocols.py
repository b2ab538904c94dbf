"""The protocols of the fair table: which split each needs, what is ranked, and what is kept of a report.

Methods are fitted once for each split and judged by all of its protocols. Lists are the same for all methods and seeds.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np

from drr_tutorial.data.load import load_ratings
from drr_tutorial.data.ratings import Ratings
from drr_tutorial.data.splits import Split, ncf_split, original_split, random_split, rated_split
from drr_tutorial.evaluation.ranking import evaluate_ranking
from drr_tutorial.evaluation.reports import EvaluationReport
from drr_tutorial.evaluation.simulator import SimulatedUsers, evaluate_simulated, simulate_users
from drr_tutorial.evaluation.tasks import RankingTask, ncf_task, own_items_task, ranking_task
from drr_tutorial.recommenders.base import Recommender

SPLITS = {
    "ml-100k": ("original", "by-user"),
    "ml-1m": ("original", "ncf", "by-user"),
}
"""Splits of each data set. original: the notebook's, and with it "rated", which has the same lists and most dislikes to
learn from; ncf: leave-last-out with the published files, which are for ML-1M; by-user: the paper's 80/20.
"""

METRICS = {
    "original": ("HR@10", "nDCG@10"),
    "masked": ("HR@10", "nDCG@10"),
    "unseen": ("HR@10", "nDCG@10"),
    "full": ("HR@10", "nDCG@10"),
    "leave-last-out": ("HR@10", "nDCG@10"),
    "own items": ("precision@5", "precision@10", "nDCG@5", "nDCG@10"),
    "simulated": ("reward@10",),
}
"""Protocols and the metrics that are kept of each."""

Figures = dict[str, Any]


def prepare(data: str, kind: str) -> Split:
    """The data and its split."""
    makers: dict[str, Callable[[Ratings], Split]]
    makers = {"original": original_split, "rated": rated_split, "ncf": ncf_split, "by-user": random_split}
    return makers[kind](load_ratings(data, progress=False))


def judge(recommender: Recommender, kind: str, split: Split) -> dict[str, EvaluationReport]:
    """A fitted recommender by all protocols of a split."""
    reports = {
        protocol: evaluate_ranking(recommender, task, ks=(5, 10) if protocol == "own items" else (10,))
        for protocol, task in _tasks(kind, split).items()
    }
    if kind == "by-user":
        reports["simulated"] = evaluate_simulated(recommender, _world(split), split)
    return reports


@cache  # the lists and the world are the same for all methods and seeds
def _tasks(kind: str, split: Split) -> dict[str, RankingTask]:
    if kind == "ncf":
        return {"leave-last-out": ncf_task(split)}
    if kind == "by-user":
        return {"own items": own_items_task(split)}
    likes = split.likes()  # so that "original" and "rated" have the same lists
    return {name: ranking_task(likes, name) for name in ("original", "masked", "unseen", "full")}  # type: ignore[arg-type]


@cache
def _world(split: Split) -> SimulatedUsers:
    return simulate_users(split.ratings, rng=np.random.default_rng(0))


def keep(runs: Sequence[Mapping[str, EvaluationReport]]) -> Figures:
    """What a row keeps of the reports of one method, one run a seed: means of each seed, and sums of each user.

    The sums are means over seeds, so that an interval over users does not count a seed as a user.
    """
    protocols = runs[0].keys()
    means = {p: {m: [run[p].mean(m) for run in runs] for m in METRICS[p]} for p in protocols}
    detail = {protocol: _by_user([run[protocol] for run in runs]) for protocol in protocols}
    return {"means": means, "detail": detail}


def _by_user(reports: Sequence[EvaluationReport]) -> Figures:
    """Of each user: number of lists, and the sum of each metric's values, mean over the reports; users ascending."""
    first = reports[0]
    _, index = np.unique(first.users, return_inverse=True)
    sums = {
        metric: np.mean([np.bincount(index, weights=report.values[metric]) for report in reports], axis=0)
        for metric in METRICS[first.protocol]
    }
    kept = {metric: np.round(values, 7).tolist() for metric, values in sums.items()}
    return {"task": first.fingerprint, "lists": np.bincount(index).tolist()} | kept


def together(rows: Iterable[Figures]) -> Figures:
    """One method's rows of several seeds as one: what `keep` would have made of all their runs."""
    parts = list(rows)
    protocols = parts[0]["means"].keys()
    means = {p: {m: [x for part in parts for x in part["means"][p][m]] for m in METRICS[p]} for p in protocols}
    detail = {
        p: parts[0]["detail"][p]
        | {m: np.mean([part["detail"][p][m] for part in parts], axis=0).tolist() for m in METRICS[p]}
        for p in protocols
    }
    return {"means": means, "detail": detail}
