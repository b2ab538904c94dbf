"""What 80/20 at random hides: the same methods, tuned anew on each of four splits.

All ratings are divided, and lists are made from the likes of the test part. Training items are in no list, liked or
not: an agent knows what was disliked, bars learn from likes alone, and nobody is to gain by knowing what a deployed
recommender would not show. "users" holds out whole users, who come with the older half of their likes (see
`strangers`).
"""

import dataclasses
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from drr_tutorial.config import PRESETS
from drr_tutorial.data.load import load_ratings
from drr_tutorial.data.ratings import Ratings
from drr_tutorial.data.splits import Split, leave_last_out_split, random_split, temporal_split
from drr_tutorial.evaluation.intervals import bootstrap_users
from drr_tutorial.evaluation.ranking import evaluate_ranking
from drr_tutorial.evaluation.reports import EvaluationReport
from drr_tutorial.evaluation.tasks import Protocol, ranking_task
from drr_tutorial.lab.studies.fair.bars import search
from drr_tutorial.lab.studies.fair.contestants import BASELINES, OF_ORDER, Contestant, in_time
from drr_tutorial.lab.studies.fair.protocols import METRICS, keep
from drr_tutorial.lab.studies.runner import DETAIL, Figures, Row, Study
from drr_tutorial.lab.studies.strangers import meeting, strangers_of, strangers_split
from drr_tutorial.lab.studies.time_leaks import leaks_of_time
from drr_tutorial.recommenders.base import Recommender
from drr_tutorial.recommenders.drr import DRRRecommender

DATA = ("ml-100k",)
SEEDS = (0, 1)
PROTOCOLS: tuple[Protocol, ...] = ("unseen", "full")
STRANGERS = "users"
SPLITS: Mapping[str, Callable[[Ratings], Split]] = {
    "random": random_split,
    "leave-last-out": leave_last_out_split,
    "temporal": temporal_split,
    STRANGERS: strangers_split,
}
RANKED_BY = "nDCG@10"
Bools = np.ndarray[Any, np.dtype[np.bool_]]


def default_agent(seed: int) -> Recommender:
    """DRR of the preset `default`."""
    return DRRRecommender(dataclasses.replace(PRESETS["default"], seed=seed), progress=False)


IN_ORDER = ("leave-last-out", "temporal", STRANGERS)
CONTESTANTS: Mapping[str, Contestant] = {
    "DRR": Contestant(default_agent, is_random=True, learns_from_likes=False),
    **in_time(OF_ORDER, *IN_ORDER),
    **{name: BASELINES[name] for name in ("Mult-VAE", "iALS", "EASE", "item-kNN", "popularity")},
}
"""The longest first; at most eight settings each, and DRR is not tuned. What reads an order is left out where the split
has none.
"""


def rows() -> list[Row]:
    """By method, data and split; and what each split is like."""
    places = [(data, kind) for data in DATA for kind in SPLITS]
    judged = [
        Row(_key(data, kind, method), partial(tuned, data, kind, method))
        for method, contestant in CONTESTANTS.items()
        for data, kind in places
        if contestant.competes(kind)
    ]
    sizes = [Row(_key(data, kind, "about"), partial(about, data, kind)) for data, kind in places]
    return [*judged, *sizes]


def divided(data: str, kind: str) -> Split:
    """All ratings of the data in the parts of a split."""
    return SPLITS[kind](load_ratings(data, progress=False))


def tuned(data: str, kind: str, method: str) -> Figures:
    """A method with the settings that are best on the validation part, by both protocols; two seeds if random."""
    split, contestant = divided(data, kind), CONTESTANTS[method]
    for_tuning = final = contestant
    if kind == STRANGERS:
        strangers = strangers_of(split)
        for_tuning, final = (meeting(contestant, strangers[part]) for part in ("tuning", "test"))
    trials = search(for_tuning, kind, split)
    seeds = [{"seed": seed} for seed in SEEDS] if contestant.is_random else [{}]
    settings = trials[0]["settings"]
    runs = [judge(final.make(**settings, **seed).fit(split.train), split) for seed in seeds]
    return {"settings": settings, "trials": trials} | keep(runs)


def judge(recommender: Recommender, split: Split) -> dict[str, EvaluationReport]:
    """By the lists of each protocol."""
    return {protocol: evaluate_ranking(recommender, ranking_task(split, protocol)) for protocol in PROTOCOLS}


def about(data: str, kind: str) -> Figures:
    """Sizes of a split, of likes, how many users of the test nothing was learned from, and what lies in the future."""
    likes = divided(data, kind).likes()
    users = np.unique(likes.test.users)
    is_known = np.isin(users, likes.train.users) & (kind != STRANGERS)
    sizes = {"train": len(likes.train), "test": len(likes.test), "users": len(users)}
    return {**sizes, "cold users": int((~is_known).sum()), **leaks_of_time(likes), DETAIL: is_known.tolist()}


def summarize(figures: Mapping[str, Figures]) -> Figures:
    """ "figures": data -> split -> protocol -> method -> metric -> interval over users; "known users": the same by
    nDCG@10 of those whom the methods have learned from, where there are others; "about": data -> split; "ranks": data
    -> protocol -> method -> split -> 1 for the best nDCG@10; "settings": data -> split -> method.
    """
    places = [(data, kind) for data in DATA for kind in SPLITS]
    tables = {place: _tables(figures, *place) for place in places}
    known = {(data, kind): _of_known(figures, data, kind) for data, kind in places}
    return {
        "figures": _by_data(tables),
        "known users": _by_data(known),
        "about": _by_data({place: _published(figures[_key(*place, "about")]) for place in places}),
        "ranks": {data: {p: _ranks({kind: tables[data, kind][p] for kind in SPLITS}) for p in PROTOCOLS}
                  for data in DATA},
        "settings": _by_data({place: {method: row["settings"] for method, row in _rows_of(figures, *place).items()}
                              for place in places}),
    }  # fmt: skip


def _by_data(found: Mapping[tuple[str, str], Figures]) -> Figures:
    """data -> split -> figures, without those that are empty."""
    there = dict.fromkeys(data for data, _ in found)
    return {data: {kind: found[data, kind] for kind in SPLITS if found[data, kind]} for data in there}


def _rows_of(figures: Mapping[str, Figures], data: str, kind: str) -> dict[str, Figures]:
    """method -> its row, of those that compete."""
    return {method: figures[_key(data, kind, method)] for method, one in CONTESTANTS.items() if one.competes(kind)}


def _published(row: Figures) -> Figures:
    return {name: value for name, value in row.items() if name != DETAIL}


def _tables(figures: Mapping[str, Figures], data: str, kind: str) -> Figures:
    """protocol -> method -> metric -> mean over seeds with its interval over users, and the seeds' values."""
    rows = _rows_of(figures, data, kind)
    for protocol in PROTOCOLS:
        if len({row[DETAIL][protocol]["task"] for row in rows.values()}) > 1:
            raise ValueError(f"all methods must be judged on the same lists of {data}, {kind}; compute the rows anew")
    return {
        protocol: {
            method: {m: _interval(row, protocol, m) | {"seeds": row["means"][protocol][m]} for m in METRICS[protocol]}
            for method, row in rows.items()
        }
        for protocol in PROTOCOLS
    }


def _of_known(figures: Mapping[str, Figures], data: str, kind: str) -> Figures:
    """protocol -> method -> nDCG@10 of known users; nothing where all are known, or none is."""
    is_known = np.array(figures[_key(data, kind, "about")][DETAIL])
    if is_known.all() or not is_known.any():
        return {}
    return {
        protocol: {
            method: _interval(row, protocol, RANKED_BY, is_known)
            for method, row in _rows_of(figures, data, kind).items()
        }
        for protocol in PROTOCOLS
    }


def _interval(row: Figures, protocol: str, metric: str, chosen: Bools | slice = slice(None)) -> dict[str, float]:
    """Over users, or those that are chosen."""
    detail = row[DETAIL][protocol]
    return bootstrap_users(np.array(detail[metric])[chosen], np.array(detail["lists"])[chosen])._asdict()


def _ranks(tables: Mapping[str, Figures]) -> dict[str, dict[str, int]]:
    """method -> split -> place from 1, by nDCG@10."""
    best_first = {
        kind: sorted(table, key=lambda method: -table[method][RANKED_BY]["mean"]) for kind, table in tables.items()
    }
    return {m: {kind: order.index(m) + 1 for kind, order in best_first.items() if m in order} for m in CONTESTANTS}


def _key(data: str, kind: str, method: str) -> str:
    return f"{data}.{kind}.{method.replace(' ', '-')}"


STUDY = Study(
    name="splits",
    title="What 80/20 at random hides: methods tuned on four splits",
    rows=rows,
    summarize=summarize,
    data=DATA,
    seeds=SEEDS,
)
