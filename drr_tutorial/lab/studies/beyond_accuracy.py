"""What the lists of bars and agents are like beside being right: the catalogue they show, how popular, new, varied and
faithful to a user's genres they are, and whom they serve.

The split is `rated`. Each list is a user's ten best of the whole catalogue without whatever is known to be rated, so
that no method shows what is known to be disliked.
"""

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from drr_tutorial.config import PRESETS
from drr_tutorial.data.splits import Split
from drr_tutorial.evaluation.beyond_accuracy import activity_groups, evaluate_beyond_accuracy
from drr_tutorial.evaluation.intervals import bootstrap_users
from drr_tutorial.evaluation.reports import EvaluationReport
from drr_tutorial.lab.bars.autoencoder import MultVAERecommender
from drr_tutorial.lab.bars.item_to_item import RP3betaRecommender, SLIMRecommender
from drr_tutorial.lab.bars.without_rl import CorrectionWithoutRL
from drr_tutorial.lab.studies.fair.protocols import prepare
from drr_tutorial.lab.studies.runner import DETAIL, Figures, Row, Study
from drr_tutorial.recommenders.base import Recommender
from drr_tutorial.recommenders.baselines import (
    AverageRatingRecommender,
    BPRRecommender,
    EASERecommender,
    IALSRecommender,
    ItemKNNRecommender,
    PopularityRecommender,
    RandomRecommender,
)
from drr_tutorial.recommenders.drr import DRRRecommender

DATA = ("ml-100k",)
SEEDS = (0, 1, 2)
METRICS = (
    "nDCG@10",
    "popularity@10",
    "popularity percentile@10",
    "novelty@10",
    "diversity by genre@10",
    "diversity by likes@10",
    "miscalibration@10",
)
"""Means over users."""
OVERALL = ("coverage@10", "gini@10")
"""Of all lists together."""
AGENTS: Mapping[str, str] = {"DRR": "rated", "DRR, likes only": "original"}
"""The preset `default`, and the split from whose training part it learns."""
BEFORE = "DRR, before training"
PAIRS = (("DRR", BEFORE), ("DRR, likes only", "iALS"), ("DRR", "gates by BPR"))
"""Who is compared with whom: they know the same."""


class Method(NamedTuple):
    """A bar with the settings that the fair table's search chose; `is_random`: three seeds, not its own alone."""

    make: Callable[..., Recommender]
    is_random: bool = False


METHODS: Mapping[str, Method] = {
    "random": Method(RandomRecommender, is_random=True),
    "popularity": Method(PopularityRecommender),
    "average rating": Method(partial(AverageRatingRecommender, damping=80.0)),
    "item-kNN": Method(partial(ItemKNNRecommender, n_neighbours=100, shrinkage=10.0)),
    "RP3beta": Method(partial(RP3betaRecommender, n_neighbours=200, alpha=0.7, beta=0.5)),
    "SLIM": Method(partial(SLIMRecommender, l1=0.1, l2=200.0)),
    "EASE": Method(partial(EASERecommender, regularization=200.0)),
    "iALS": Method(
        partial(IALSRecommender, n_iterations=10, n_factors=64, regularization=50.0, count_power=0.0), is_random=True
    ),
    "BPR": Method(
        partial(BPRRecommender, n_factors=64, n_iterations=50, regularization=0.03, popularity_weight=1.0),
        is_random=True,
    ),
    "Mult-VAE": Method(partial(MultVAERecommender, kl_weight=0.5), is_random=True),
    "gates by BPR": Method(partial(CorrectionWithoutRL, "default", loss="bpr", progress=False)),
    "gates by softmax": Method(partial(CorrectionWithoutRL, "default", loss="softmax", progress=False)),
}


def rows() -> list[Row]:
    """By data, method and seed; the longest first."""
    agents = [
        Row(_key(data, name, seed), partial(agent, data, name, seed))
        for data in DATA
        for name in AGENTS
        for seed in SEEDS
    ]
    bars = [
        Row(_key(data, name, seed), partial(bar, data, name, seed))
        for data in DATA
        for name, method in METHODS.items()
        for seed in (SEEDS if method.is_random else SEEDS[:1])
    ]
    return [*agents, *bars]


def bar(data: str, name: str, seed: int) -> Figures:
    """A bar's lists."""
    method, split = METHODS[name], prepare(data, "rated")
    seeded = {"seed": seed} if method.is_random else {}
    return judge(method.make(**seeded).fit(split.train), split)


def agent(data: str, name: str, seed: int) -> Figures:
    """An agent's lists; of one that knows dislikes also before training, under the name of that."""
    config = dataclasses.replace(PRESETS["default"], dataset=data, seed=seed)
    trained = DRRRecommender(config, progress=False).fit(prepare(data, AGENTS[name]).train)
    split = prepare(data, "rated")
    before = {BEFORE: judge(trained.before_training(), split)} if name == "DRR" else {}
    return judge(trained, split) | before


def judge(recommender: Recommender, split: Split) -> Figures:
    """Means of all figures, and the values of each user, with how many ratings the training part has of them."""
    report = evaluate_beyond_accuracy(recommender, split)
    n_ratings = np.bincount(split.train.users, minlength=split.train.n_users)
    return {
        "means": {metric: report.mean(metric) for metric in (*METRICS, *OVERALL)},
        DETAIL: {
            "task": report.fingerprint,
            "ratings": n_ratings[split.ratings.user_index(report.users)].tolist(),
            "values": _of_users(report),
        },
    }


def _of_users(report: EvaluationReport) -> dict[str, list[float]]:
    return {metric: np.round(report.values[metric], 7).tolist() for metric in METRICS}


def summarize(figures: Mapping[str, Figures]) -> Figures:
    """ "methods": data -> method -> metric -> interval over users, or the seeds' values of one figure of all lists;
    "by activity": data -> method -> group -> metric -> interval, to be compared within a group, for who rated more has
    more in the test part to be hit, too; "groups": data -> group -> its users; "minus": data -> pair of `PAIRS` ->
    "all" or group -> metric -> paired difference.
    """
    found = {data: _methods(figures, data) for data in DATA}
    groups = {data: activity_groups(_first(methods)[DETAIL]["ratings"]) for data, methods in found.items()}
    return {
        "methods": {data: {m: _figures(row) for m, row in methods.items()} for data, methods in found.items()},
        "by activity": {
            data: {m: _by_group(row, groups[data]) for m, row in methods.items()} for data, methods in found.items()
        },
        "groups": {data: _about(groups[data], _first(methods)[DETAIL]["ratings"]) for data, methods in found.items()},
        "minus": {
            data: {
                f"{one} minus {other}": _differences(methods[one], methods[other], groups[data]) for one, other in PAIRS
            }
            for data, methods in found.items()
        },
    }


def _methods(figures: Mapping[str, Figures], data: str) -> dict[str, Figures]:
    """One entry a method, its seeds together."""
    rows = {name: [figures[key] for seed in SEEDS if (key := _key(data, name, seed)) in figures] for name in METHODS}
    rows |= {name: [figures[_key(data, name, seed)] for seed in SEEDS] for name in AGENTS}
    rows[BEFORE] = [row[BEFORE] for row in rows["DRR"]]
    if len({row[DETAIL]["task"] for found in rows.values() for row in found}) > 1:
        raise ValueError(f"all methods must be judged on the same lists of {data}; compute the rows anew")
    return {name: _together(found) for name, found in rows.items()}


def _together(rows: Iterable[Figures]) -> Figures:
    """Values of users are means over seeds, so that an interval over users does not count a seed as a user."""
    parts = list(rows)
    values = {m: np.mean([part[DETAIL]["values"][m] for part in parts], axis=0) for m in METRICS}
    seeds = {m: [part["means"][m] for part in parts] for m in OVERALL}
    return {"seeds": seeds, DETAIL: {**parts[0][DETAIL], "values": values}}


def _figures(row: Figures) -> Figures:
    intervals = {metric: _interval(values) for metric, values in row[DETAIL]["values"].items()}
    return intervals | {m: {"mean": float(np.mean(seeds)), "seeds": seeds} for m, seeds in row["seeds"].items()}


def _by_group(row: Figures, groups: Mapping[str, NDArray[np.bool_]]) -> Figures:
    values = row[DETAIL]["values"]
    return {name: {m: _interval(values[m][members]) for m in METRICS} for name, members in groups.items()}


def _about(groups: Mapping[str, NDArray[np.bool_]], n_ratings: list[int]) -> Figures:
    """How many users a group has, and from how many training ratings to how many."""
    of = {name: np.array(n_ratings)[members] for name, members in groups.items()}
    return {name: {"users": len(n), "least": int(n.min()), "most": int(n.max())} for name, n in of.items()}


def _differences(one: Figures, other: Figures, groups: Mapping[str, NDArray[np.bool_]]) -> Figures:
    """Paired by user, of all and of each group."""
    by_user = {m: one[DETAIL]["values"][m] - other[DETAIL]["values"][m] for m in METRICS}
    everybody = {"all": np.ones(len(next(iter(by_user.values()))), dtype=np.bool_)}
    return {
        name: {m: _interval(values[members]) for m, values in by_user.items()}
        for name, members in (everybody | dict(groups)).items()
    }


def _interval(values: NDArray[np.float64]) -> dict[str, float]:
    return bootstrap_users(values, np.ones(len(values)))._asdict()


def _first(methods: Mapping[str, Figures]) -> Figures:
    return next(iter(methods.values()))


def _key(data: str, name: str, seed: int) -> str:
    return f"{data}.{'-'.join(name.replace(',', '').split())}.{seed}"


STUDY = Study(
    name="beyond-accuracy",
    title="Beyond accuracy: catalogue, popularity, novelty, diversity, calibration, and whom lists serve",
    rows=rows,
    summarize=summarize,
    data=DATA,
    seeds=SEEDS,
)
