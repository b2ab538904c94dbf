"""What the discount is worth on logs, where the next item does not depend on what was shown. (In the planning world,
where it does, the study `planning` sweeps the same discounts.)

The agent of the study `correction` whose gates see the state is trained with each gamma, everything else the
same: the preset's one gate for all could not plan for anybody. It is judged by two rankings and two kinds of sessions:
with the likes of the test part, and with simulated users. The weights that validate best are kept, and where no
training helps these are the first: so an agent before training, which is the same for all gammas, stands beside them.

Keys of the summary:

    "logs"    {data: {"gammas": {gamma: {protocol: {metric: {mean, low, high, seeds}}}},
                      "minus gamma 0": {gamma: {protocol: {metric: difference}}}, see `paired.difference`,
                      "training adds": the same, minus the agent before training,
                      "fit seconds": {gamma: mean}, "kept step", "correction share": {gamma: of each seed}}}
    "curves"  {data: {gamma: {mean, low, high, "over seeds": {mean, low, high}}}}: by how many percent of gamma 0 the
              nDCG@10 of `unseen`, by which the preset was tuned, is more

A gamma is a string; "0.9, 5 steps" is gamma 0.9 with rewards of five steps summed, and "before training" is one, too.
"""

import time
from collections.abc import Mapping
from dataclasses import replace
from functools import cache, partial
from typing import NamedTuple

import numpy as np

from drr_tutorial.data.splits import Split
from drr_tutorial.evaluation.log_sessions import evaluate_log_sessions
from drr_tutorial.evaluation.ranking import evaluate_ranking
from drr_tutorial.evaluation.reports import EvaluationReport
from drr_tutorial.evaluation.simulator import SimulatedUsers, evaluate_simulated, simulate_users
from drr_tutorial.evaluation.tasks import ranking_task
from drr_tutorial.lab.studies.correction import config_of
from drr_tutorial.lab.studies.fair.protocols import prepare
from drr_tutorial.lab.studies.paired import difference, in_percent, judged, kept
from drr_tutorial.lab.studies.runner import Figures, Row, Study
from drr_tutorial.recommenders.base import Recommender
from drr_tutorial.recommenders.drr import DRRRecommender

RANKING = ("HR@10", "nDCG@10")
METRICS = {"unseen": RANKING, "full": RANKING, "log sessions": ("reward@20",), "simulated": ("reward@10",)}
SEEDS = tuple(range(5))
BEFORE = "before training"


class Look(NamedTuple):
    """How far an agent looks ahead."""

    gamma: float
    n_steps: int = 1

    def __str__(self) -> str:
        return str(self.gamma) + (f", {self.n_steps} steps" if self.n_steps > 1 else "")


SEVERAL_STEPS = Look(0.9, 5)
LOOKS: Mapping[str, tuple[Look, ...]] = {
    "ml-100k": (*map(Look, (0.0, 0.3, 0.6, 0.8, 0.9, 0.95)), SEVERAL_STEPS),
    "ml-1m": tuple(map(Look, (0.0, 0.9))),  # many minutes each: a target network doubles the time of gamma 0
}


def rows() -> list[Row]:
    """A training a row, those of ML-1M first, which are for the full set."""
    return [
        Row(_key(data, look, seed), partial(trained, data, look, seed), data == "ml-1m")
        for data in ("ml-1m", "ml-100k")
        for look in LOOKS[data]
        for seed in SEEDS
    ]


def _key(data: str, look: Look, seed: int) -> str:
    return f"log.{data}.{look.gamma}.{look.n_steps}.{seed}"


def trained(data: str, look: Look, seed: int) -> Figures:
    """A row: one training of the agent that looks so far ahead, judged by everything."""
    config, split = config_of(data, seed), prepare(data, "rated")
    config = replace(config, agent=replace(config.agent, gamma=look.gamma, n_steps=look.n_steps))
    start = time.perf_counter()
    fitted = DRRRecommender(config, progress=False).fit(split.train)
    about = {
        "fit seconds": time.perf_counter() - start,
        "correction share": fitted.correction_share,
        "kept step": max(fitted.history, key=lambda entry: entry["hit"] + entry["dcg"])["step"],
        BEFORE: kept(judge(fitted.before_training(), split), METRICS),
    }
    return about | kept(judge(fitted, split), METRICS)


def judge(recommender: Recommender, split: Split) -> dict[str, EvaluationReport]:
    """By the rankings, on lists of the likes, and by both kinds of sessions."""
    likes = split.likes()
    return {
        "unseen": evaluate_ranking(recommender, ranking_task(likes, "unseen")),
        "full": evaluate_ranking(recommender, ranking_task(likes, "full")),
        "log sessions": evaluate_log_sessions(recommender, split),
        "simulated": evaluate_simulated(recommender, _world(split), split),
    }


@cache  # the same for both versions
def _world(split: Split) -> SimulatedUsers:
    return simulate_users(split.ratings, rng=np.random.default_rng(0))


def summarize(figures: Mapping[str, Figures]) -> Figures:
    """See the module."""
    logs = {data: _of_log(figures, data) for data in LOOKS if _key(data, Look(0.0), 0) in figures}
    return {"logs": logs, "curves": {data: _curve(log) for data, log in logs.items()}}


def _of_log(figures: Mapping[str, Figures], data: str) -> Figures:
    runs = {
        look: [figures[key] for seed in SEEDS if (key := _key(data, look, seed)) in figures] for look in LOOKS[data]
    }
    named, greedy = {str(look): found for look, found in runs.items()}, runs[Look(0.0)]
    judgeable = named | {BEFORE: [run[BEFORE] for run in greedy]}
    return {
        "gammas": {name: judged(found) for name, found in judgeable.items()},
        "minus gamma 0": {name: difference(found, greedy) for name, found in judgeable.items() if found is not greedy},
        "training adds": {name: difference(found, judgeable[BEFORE]) for name, found in named.items()},
        "fit seconds": {name: float(np.mean([run["fit seconds"] for run in found])) for name, found in named.items()},
        **{
            about: {name: [run[about] for run in found] for name, found in named.items()}
            for about in ("kept step", "correction share")
        },
    }


def _curve(log: Mapping[str, Figures]) -> Figures:
    base = log["gammas"]["0.0"]["unseen"]["nDCG@10"]["mean"]
    return {gamma: in_percent(found["unseen"]["nDCG@10"], base) for gamma, found in log["minus gamma 0"].items()}


STUDY = Study(
    name="gamma",
    title="What the discount is worth on logs",
    rows=rows,
    summarize=summarize,
    data=tuple(LOOKS),
    seeds=SEEDS,
    full_only=True,
)
