"""The original notebook, faithfully and whole: one pass on ML-1M, three seeds, with and without noise.

All six runs are one row, for they train in lock-step (`clinic.original`). A checkpoint beside the row's file holds the
training: it is taken up as long as the code of the training and the data are the same, whatever else changes.

Keys of the summary, R the runs in the order of "runs" (label, seed, noise):

    "published"     {name: {"HR@10", "nDCG@10"}} of the text and of the later repository
    "figures"       {protocol: {"popularity": {metric: interval}, "best": {metric: [R]}, "final": {metric: [R]}}}
    "mean"          {protocol: {"best" | "final": {"noise" | "no noise": {metric: {mean, low, high}}}}} over seeds
    "curve"         [{"step", "hit": [R], "dcg": [R], "reward", "action_length", "value", "target_value", "policy_loss",
                    "value_loss"}]: `hit` and `dcg` on lists of sampled users, others means since the entry before
    "one user"      {"steps": [n], "hit": [R][n], "dcg": [R][n]}: the tracked user's own curve, thinned to means
    "best step"     [R], where the notebook's rule took its best weights
    "best by the right bar"  [R], the step of the tracked user's highest figure
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from drr_tutorial.data.load import load_ratings
from drr_tutorial.data.splits import Split, original_split
from drr_tutorial.evaluation.intervals import interval_over_seeds
from drr_tutorial.evaluation.ranking import evaluate_scores
from drr_tutorial.evaluation.reports import EvaluationReport
from drr_tutorial.evaluation.tasks import RankingTask, ranking_task
from drr_tutorial.lab.clinic.original.one_user import OneUsersLists, SampledLists
from drr_tutorial.lab.clinic.original.training import EVALUATE_EVERY, OriginalPass, Run
from drr_tutorial.lab.digests import code_key
from drr_tutorial.lab.studies.runner import ROWS, Figures, Row, Study

RUNS = tuple(Run(seed, noise) for noise in (False, True) for seed in range(3))
TRACKED_USER = 6039  # row of the user table, the notebook's own number: MovieLens' user 6040
SAMPLED_USERS = 604  # for the curve; drawn with seed 0
PROTOCOLS = ("original", "masked", "unseen")
METRICS = ("HR@10", "nDCG@10")
TRAINING = ("drr_tutorial.lab.clinic.original.training",)
PUBLISHED = {
    "this text": {"HR@10": 0.4905, "nDCG@10": 0.2636},
    "later repository, no noise": {"HR@10": 0.454, "nDCG@10": 0.254},
    "later repository, noise": {"HR@10": 0.502, "nDCG@10": 0.280},
}


def compute() -> Figures:
    """Train, or take up the training, then rank the whole test part."""
    split = original_split(load_ratings("ml-1m", progress=False))
    trained = train(split, ranking_task(split, "original"))
    tasks = {protocol: ranking_task(split, protocol) for protocol in PROTOCOLS}  # type: ignore[arg-type]
    everybody = np.arange(split.ratings.n_users)
    figures: dict[str, Any] = {
        protocol: {"popularity": _with_intervals(_popularity(split, task)), "best": [], "final": []}
        for protocol, task in tasks.items()
    }
    for number in range(len(RUNS)):
        for weights, parameters in (("best", trained.best[number]), ("final", trained.networks.run(number))):
            scores = trained.scores(number, parameters, everybody)
            for protocol, task in tasks.items():
                report = evaluate_scores(scores, task)
                figures[protocol][weights].append({metric: report.mean(metric) for metric in METRICS})
    bars = [{"best step": bar.bar * EVALUATE_EVERY, "figures": bar.figures} for bar in trained.bars]
    return {"figures": figures, "curve": trained.curve, "detail": {"bars": bars}}


def train(split: Split, task: RankingTask, *, progress: bool = True) -> OriginalPass:
    """The six runs to their end, from the last checkpoint where there is one."""
    users = np.random.default_rng(0).choice(np.unique(task.users), SAMPLED_USERS, replace=False)
    one_user, sample = OneUsersLists(task, TRACKED_USER), SampledLists(task, users)
    trained = OriginalPass(split.train, RUNS, one_user=one_user, sample=sample)
    tag = " ".join((code_key(TRAINING), split.train.fingerprint(), task.fingerprint))
    trained.run(ROWS / "original" / "pass.safetensors", tag=tag, progress=progress)
    return trained


def summarize(rows: Mapping[str, Figures]) -> Figures:
    """Means over seeds, the curves thinned to what a figure can show, where the best weights were taken."""
    row = rows["six-runs"]
    bars = row["detail"]["bars"]
    tracked = np.array([bar["figures"] for bar in bars])  # (R, n_evaluations, 2)
    width = max(1, tracked.shape[1] // 100)
    kept = tracked[:, : tracked.shape[1] // width * width].reshape(len(RUNS), -1, width, 2).mean(axis=2)
    steps = EVALUATE_EVERY * (np.arange(kept.shape[1]) * width + (width + 1) / 2)
    return {
        "runs": [{"seed": run.seed, "noise": run.noise} for run in RUNS],
        "published": PUBLISHED,
        "figures": {protocol: _by_metric(found) for protocol, found in row["figures"].items()},
        "mean": {
            protocol: {weights: _over_seeds(found[weights]) for weights in ("best", "final")}
            for protocol, found in row["figures"].items()
        },
        "curve": row["curve"],
        "one user": {"steps": steps.tolist(), "hit": kept[..., 0].tolist(), "dcg": kept[..., 1].tolist()},
        "best step": [bar["best step"] for bar in bars],
        "best by the right bar": (EVALUATE_EVERY * (1 + tracked.sum(axis=2).argmax(axis=1))).tolist(),
    }


def _popularity(split: Split, task: RankingTask) -> EvaluationReport:
    counts = np.bincount(split.train.items, minlength=split.ratings.n_items).astype(np.float64)
    return evaluate_scores(np.broadcast_to(counts, (split.ratings.n_users, len(counts))), task, method="popularity")


def _with_intervals(report: EvaluationReport) -> Figures:
    return {metric: report.interval(metric)._asdict() for metric in METRICS}


def _by_metric(found: Mapping[str, Any]) -> Figures:
    runs = {
        weights: {metric: [run[metric] for run in found[weights]] for metric in METRICS}
        for weights in ("best", "final")
    }
    return {"popularity": found["popularity"], **runs}


def _over_seeds(found: list[dict[str, float]]) -> Figures:
    noisy = np.array([run.noise for run in RUNS])
    return {
        name: {metric: interval_over_seeds(np.array([run[metric] for run in found])[chosen]) for metric in METRICS}
        for name, chosen in (("no noise", ~noisy), ("noise", noisy))
    }


STUDY = Study(
    name="original",
    title="The original notebook's whole training on ML-1M, three seeds, with and without noise",
    rows=lambda: [Row("six-runs", compute)],
    summarize=summarize,
    data=("ml-1m",),
    seeds=(0, 1, 2),
    full_only=True,
)
