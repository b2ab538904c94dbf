"""From the failing agent to the winning one, an ingredient at a time, and the winning one without each, ml-100k, test
part.

Keys of the summary:

    "steps" | "without" | "tried"   names of recipes, in order; the last step is the default
    "recipes"     {name: {"learns from", "n seeds", "correction share", "fit seconds",
                  "trained": {protocol: {metric: {mean, low, high, seeds}}}, interval over users,
                  "before training": the same of the actor that has learned nothing; None without a warm start,
                  "training adds": a difference, see below; None without a warm start,
                  "minus default": a difference}}
    "step adds"   {name: a difference to the step before}, from the second step on
    "history"     {name: {"step", "hit", "dcg"}} on the validation part, each (seeds, evaluations)
    "baselines"   {name: {protocol: {metric: {mean, low, high, seeds}}}}

A difference is paired by user and by seed, over the seeds that both have: {protocol: {metric: {mean, low, high, "over
seeds": {mean, low, high}}}}: the first interval says what other users would give, the second, Student's, what other
seeds would.
"""

import itertools
from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np

from drr_tutorial.evaluation.intervals import bootstrap_users, interval_over_seeds
from drr_tutorial.lab.studies.ablation.recipes import (
    LAST_STEP,
    PROTOCOLS,
    baselines,
    recipes,
    steps,
    trained_agent,
    tried,
    without,
)
from drr_tutorial.lab.studies.fair.protocols import Figures, together
from drr_tutorial.lab.studies.runner import Row, Study

SEEDS = tuple(range(5))
METRICS = ("HR@10", "nDCG@10")


def rows() -> list[Row]:
    """A training a row, and the baselines."""
    agents = [
        Row(f"{key(name)}.{seed}", partial(trained_agent, name, seed))
        for name, recipe in recipes().items()
        for seed in SEEDS[: recipe.n_seeds]
    ]
    return [*agents, Row("baselines", baselines)]


def key(name: str) -> str:
    """A recipe's name as rows have it."""
    return "".join(letter if letter.isalnum() else "-" for letter in name)


def summarize(figures: Mapping[str, Figures]) -> Figures:
    """See the module."""
    runs = {name: _runs(figures, name) for name in recipes()}
    trained = {name: [_version(run, "trained") for run in found] for name, found in runs.items()}
    order = list(steps())
    bars = figures["baselines"]
    return {
        "steps": order,
        "without": list(without()),
        "tried": list(tried()),
        "recipes": {name: _recipe(name, found, trained[LAST_STEP]) for name, found in runs.items()},
        "step adds": {name: difference(trained[name], trained[before]) for before, name in itertools.pairwise(order)},
        "history": {name: _history(found) for name, found in runs.items()},
        "baselines": {name: _judged([_version(bars, name)]) for name in bars["means"]},
    }


def difference(ours: Sequence[Figures], theirs: Sequence[Figures]) -> Figures:
    """Runs of two recipes, seed by seed from the first on; as many as both have."""
    n = min(len(ours), len(theirs))
    found: Figures = {}
    for protocol in PROTOCOLS:
        found[protocol] = {}
        (a, means_a), (b, means_b) = (_together(runs[:n], protocol) for runs in (ours, theirs))
        if a["task"] != b["task"]:
            raise ValueError(f"both recipes must be judged on the same lists of {protocol!r}; compute the rows anew")
        for metric in METRICS:
            by_users = bootstrap_users(np.array(a[metric]) - np.array(b[metric]), np.array(a["lists"]))
            by_seeds = np.array(means_a[metric]) - np.array(means_b[metric])
            over_seeds = {"over seeds": interval_over_seeds(by_seeds)} if n > 1 else {}
            found[protocol][metric] = by_users._asdict() | over_seeds
    return found


def _recipe(name: str, runs: Sequence[Figures], default: Sequence[Figures]) -> Figures:
    trained = [_version(run, "trained") for run in runs]
    config = recipes()[name].config
    before = [_version(run, "before training") for run in runs] if config.agent.warm_start else []
    return {
        "learns from": "likes" if config.split == "original" else "likes and dislikes",
        "n seeds": len(runs),
        "correction share": [run["correction share"] for run in runs],
        "fit seconds": float(np.mean([run["fit seconds"] for run in runs])),
        "trained": _judged(trained),
        "before training": _judged(before) if before else None,
        "training adds": difference(trained, before) if before else None,
        "minus default": difference(trained, default),
    }


def _runs(figures: Mapping[str, Figures], name: str) -> list[Figures]:
    return [figures[row] for seed in SEEDS if (row := f"{key(name)}.{seed}") in figures]


def _version(run: Figures, name: str) -> Figures:
    return {part: run[part][name] for part in ("means", "detail")}


def _together(runs: Sequence[Figures], protocol: str) -> tuple[Figures, Figures]:
    joined = together(runs)
    return joined["detail"][protocol], joined["means"][protocol]


def _judged(runs: Sequence[Figures]) -> Figures:
    """Mean over seeds, interval over users, and each seed's own."""
    found: Figures = {}
    for protocol in PROTOCOLS:
        detail, means = _together(runs, protocol)
        found[protocol] = {
            metric: bootstrap_users(np.array(detail[metric]), np.array(detail["lists"]))._asdict()
            | {"mean": float(np.mean(means[metric])), "seeds": means[metric]}
            for metric in METRICS
        }
    return found


def _history(runs: Sequence[Figures]) -> Figures:
    return {name: [[entry[name] for entry in run["history"]] for run in runs] for name in ("step", "hit", "dcg")}


STUDY = Study(
    name="ablation",
    title="From the failing agent to the winning one, and the winning one without each ingredient, ml-100k",
    rows=rows,
    summarize=summarize,
    data=("ml-100k",),
    seeds=SEEDS,
)
