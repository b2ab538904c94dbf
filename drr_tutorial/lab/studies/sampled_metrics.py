"""What sampled metrics hide (chapter 13): figures by number of negatives, what is held out, and what lies in the
future.
"""

from collections.abc import Callable, Mapping
from functools import partial
from itertools import permutations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drr_tutorial.data.load import load_ratings
from drr_tutorial.data.splits import (
    Split,
    leave_last_out_split,
    ncf_split,
    original_split,
    random_split,
    temporal_split,
)
from drr_tutorial.evaluation.intervals import bootstrap_users
from drr_tutorial.evaluation.ranking import evaluate_ranking
from drr_tutorial.evaluation.sampling import WholeRanks, expected_figures, whole_ranks
from drr_tutorial.evaluation.tasks import ncf_task, ranking_task
from drr_tutorial.lab.studies.runner import Figures, Row, Study
from drr_tutorial.lab.studies.time_leaks import leaks_of_time
from drr_tutorial.recommenders.base import Recommender
from drr_tutorial.recommenders.baselines import (
    EASERecommender,
    IALSRecommender,
    ItemKNNRecommender,
    PopularityRecommender,
)

METHODS: Mapping[str, Callable[[], Recommender]] = {
    "popularity": PopularityRecommender,
    "item-kNN": ItemKNNRecommender,
    "EASE": EASERecommender,
    "iALS": IALSRecommender,
}
DATA = ("ml-100k", "ml-1m")
NEGATIVES = (10, 20, 50, 99, 200, 500, 1000, 10_000)
"""The last is more than any catalogue here has: all items."""
METRICS = ("HR@10", "nDCG@10")
SPLITS: Mapping[str, Callable[..., Split]] = {
    "random": random_split,
    "leave-last-out": leave_last_out_split,
    "temporal": temporal_split,
}


def rows() -> list[Row]:
    """By data and method; by split; and what the NCF files hold out."""
    curves = [Row(f"{data}.{name}", partial(curve, data, name)) for data in DATA for name in METHODS]
    leaks = [Row(f"time.{name}", partial(leak, name)) for name in SPLITS]
    return [*leaks, *curves, Row("held-out", held_out)]


def curve(data: str, method: str) -> Figures:
    """Expected figures of one method, by number of negatives, on the original split."""
    split = original_split(load_ratings(data, progress=False))
    ranks = whole_ranks(METHODS[method]().fit(split.train), split)
    found = [expected_figures(ranks, n) for n in NEGATIVES]
    values = {m: [_by_user(ranks, figures[m]) for figures in found] for m in METRICS}
    lists = np.bincount(np.unique(ranks.users, return_inverse=True)[1])
    means = {m: [float(sums.sum() / lists.sum()) for sums in values[m]] for m in METRICS}
    detail = {m: [np.round(sums, 7).tolist() for sums in values[m]] for m in METRICS}
    return {"means": means, "lists": int(lists.sum()), "detail": {"lists": lists.tolist()} | detail}


def leak(name: str) -> Figures:
    """ML-1M's likes under one split: figures of some methods by `unseen`, and how far training reaches into the
    future.
    """
    split = SPLITS[name](load_ratings("ml-1m", progress=False).positives())
    task = ranking_task(split, "unseen")
    reports = {m: evaluate_ranking(make().fit(split.train), task) for m, make in METHODS.items()}
    figures = {m: {label: r.interval(label)._asdict() for label in METRICS} for m, r in reports.items()}
    return {"figures": figures, "lists": len(task.users)} | leaks_of_time(split)


def held_out() -> Figures:
    """What the NCF files hold out: how many of the items were not liked, and how well those are hit."""
    ratings = load_ratings("ml-1m", progress=False)
    split = ncf_split(ratings)
    task = ncf_task(split)
    stars = np.empty(ratings.n_users)
    stars[split.test.users] = ratings.ratings[split.test_rows]
    liked = stars[task.users] > 3
    hits = {m: evaluate_ranking(make().fit(split.train), task).values["HR@10"] for m, make in METHODS.items()}
    in_own_negatives = (task.negatives == task.items[:, None]).any(axis=1) if task.negatives is not None else liked
    return {
        "stars": [int((stars == s).sum()) for s in range(1, 6)],
        "not liked": float((~liked).mean()),
        "positive among its negatives": int(in_own_negatives.sum()),
        "HR@10": {m: {"liked": float(v[liked].mean()), "not liked": float(v[~liked].mean())} for m, v in hits.items()},
    }


def _by_user(ranks: WholeRanks, values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.bincount(np.unique(ranks.users, return_inverse=True)[1], weights=values), dtype=np.float64)


def summarize(figures: Mapping[str, Figures]) -> Figures:
    """Curves and flips of each data set, the splits, and what is held out."""
    curves = {data: {m: figures[f"{data}.{m}"] for m in METHODS} for data in DATA}
    return {
        "negatives": list(NEGATIVES),
        "curves": {data: {m: row["means"] for m, row in found.items()} for data, found in curves.items()},
        "flips": {data: [flip for m in METRICS for flip in _flips(found, m)] for data, found in curves.items()},
        "splits": {name: figures[f"time.{name}"] for name in SPLITS},
        "held out": figures["held-out"],
    }


def _flips(rows: Mapping[str, Figures], metric: str) -> list[Figures]:
    """Pairs of which one is better for few negatives and the other for many, each by more than the 95 % interval."""
    found = []
    for one, other in permutations(rows, 2):
        differences = [_difference(rows[one], rows[other], metric, i) for i in range(len(NEGATIVES))]
        wins = [i for i, d in enumerate(differences) if d["low"] > 0]
        losses = [i for i, d in enumerate(differences) if d["high"] < 0]
        if wins and losses and wins[0] < losses[0]:
            turned = next(i for i in range(wins[0], len(NEGATIVES)) if differences[i]["mean"] < 0)
            found.append(
                {
                    "metric": metric,
                    "better with few": one,
                    "better with many": other,
                    "turns by": NEGATIVES[turned],
                    "surely by": NEGATIVES[losses[0]],
                    "differences": differences,
                }
            )
    return found


def _difference(one: Figures, other: Figures, metric: str, i: int) -> dict[str, Any]:
    sums = np.array(one["detail"][metric][i]) - np.array(other["detail"][metric][i])
    return bootstrap_users(sums, np.array(one["detail"]["lists"]))._asdict()


STUDY = Study(
    name="sampled-metrics",
    title="Figures by number of negatives, what the NCF files hold out, and leaks of time",
    rows=rows,
    summarize=summarize,
    data=DATA,
    seeds=(0,),
)
