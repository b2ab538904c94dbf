"""What the discount is worth: on logs, where the next item does not depend on what was shown, and in the planning
world, where it does.

On logs the agent of the study `correction` whose gates see the state is trained with each gamma, everything else the
same: the preset's one gate for all could not plan for anybody. It is judged by two rankings and two kinds of sessions:
with the likes of the test part, and with simulated users. The weights that validate best are kept, and where no
training helps these are the first: so an agent before training, which is the same for all gammas, stands beside them.
In the world it is the preset `planning`, in trainings of `planning.agents.SHORT` steps; those rows are shared with the
study `planning` where it has them.

Keys of the summary:

    "logs"    {data: {"gammas": {gamma: {protocol: {metric: {mean, low, high, seeds}}}},
                      "minus gamma 0": {gamma: {protocol: {metric: difference}}}, see `paired.difference`,
                      "training adds": the same, minus the agent before training,
                      "fit seconds": {gamma: mean}, "kept step", "correction share": {gamma: of each seed}}}
    "world"   {"gammas": {gamma: runs}, see the study `planning`,
               "minus gamma 0": {gamma: difference in likes a session}}
    "curves"  {place: {gamma: {mean, low, high, "over seeds": {mean, low, high}}}}: by how many percent of gamma 0 the
              nDCG@10 of `unseen`, by which the preset was tuned, or likes a session in the world, are more

A gamma is a string; "0.9, 5 steps" is gamma 0.9 with rewards of five steps summed, and "before training" is one, too.
"""

import time
from collections.abc import Mapping
from dataclasses import replace
from functools import cache, partial
from typing import NamedTuple

import numpy as np

from drr_tutorial.data.splits import Split
from drr_tutorial.evaluation.intervals import bootstrap_users, interval_over_seeds
from drr_tutorial.evaluation.log_sessions import evaluate_log_sessions
from drr_tutorial.evaluation.ranking import evaluate_ranking
from drr_tutorial.evaluation.reports import EvaluationReport
from drr_tutorial.evaluation.simulator import SimulatedUsers, evaluate_simulated, simulate_users
from drr_tutorial.evaluation.tasks import ranking_task
from drr_tutorial.lab.studies.correction import config_of
from drr_tutorial.lab.studies.fair.protocols import prepare
from drr_tutorial.lab.studies.paired import difference, judged, kept
from drr_tutorial.lab.studies.planning.agents import SHORT, gain, trained as trained_in_world
from drr_tutorial.lab.studies.planning.study import runs as runs_in_world
from drr_tutorial.lab.studies.runner import Figures, Row, Study
from drr_tutorial.recommenders.base import Recommender
from drr_tutorial.recommenders.drr import DRRRecommender

RANKING = ("HR@10", "nDCG@10")
METRICS = {"unseen": RANKING, "full": RANKING, "log sessions": ("reward@20",), "simulated": ("reward@10",)}
SEEDS, FEW_SEEDS = tuple(range(5)), tuple(range(3))
WORLD_GAMMAS = (0.0, 0.3, 0.6, 0.8, 0.9, 0.95, 0.99)
WORLD, BEFORE = "planning world", "before training"


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
        *(
            Row(_key(data, look, seed), partial(trained, data, look, seed), data == "ml-1m")
            for data in ("ml-1m", "ml-100k")
            for look in LOOKS[data]
            for seed in SEEDS
        ),
        *(
            Row(f"sweep.{gamma}.{seed}", partial(trained_in_world, "ours", seed, SHORT, gamma=gamma))
            for gamma in WORLD_GAMMAS
            for seed in FEW_SEEDS
        ),
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
    world = _of_world(figures)
    curves = {data: _percent(log["minus gamma 0"], log["gammas"], ("unseen", "nDCG@10")) for data, log in logs.items()}
    curves[WORLD] = _percent(world["minus gamma 0"], world["gammas"], ())
    return {"logs": logs, "world": world, "curves": curves}


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


def _of_world(figures: Mapping[str, Figures]) -> Figures:
    found = {gamma: [figures[f"sweep.{gamma}.{seed}"] for seed in FEW_SEEDS] for gamma in WORLD_GAMMAS}
    greedy = found[0.0]
    return {
        "gammas": {str(gamma): runs_in_world(runs) for gamma, runs in found.items()},
        "minus gamma 0": {str(gamma): _more_likes(runs, greedy) for gamma, runs in found.items() if gamma},
    }


def _more_likes(ours: list[Figures], theirs: list[Figures]) -> Figures:
    """A difference as `paired.difference` has it."""
    by_user = gain(ours, theirs)
    by_seed = np.array([run["likes"] for run in ours]) - np.array([run["likes"] for run in theirs])
    return bootstrap_users(by_user, np.ones(len(by_user)))._asdict() | {"over seeds": interval_over_seeds(by_seed)}


def _percent(minus: Mapping[str, Figures], levels: Mapping[str, Figures], place: tuple[str, ...]) -> Figures:
    """Differences in percent of what gamma 0 has; `place` leads to the metric."""
    base = _at(levels["0.0"], place)["mean"]
    return {gamma: _scaled(_at(found, place), 100 / base) for gamma, found in minus.items()}


def _at(figures: Figures, place: tuple[str, ...]) -> Figures:
    for name in place:
        figures = figures[name]
    return figures


def _scaled(interval: Figures, factor: float) -> Figures:
    return {
        name: _scaled(value, factor) if isinstance(value, dict) else value * factor for name, value in interval.items()
    }


STUDY = Study(
    name="gamma",
    title="What the discount is worth on logs and in the planning world",
    rows=rows,
    summarize=summarize,
    data=tuple(LOOKS),
    seeds=SEEDS,
    full_only=True,
    shares="planning",
)
