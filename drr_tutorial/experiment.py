"""A configuration in, a folder of results out: the agent beside the baselines, with all that is needed to trace
a figure (chapter 6).

The folder holds config.json, metrics.json (figures with intervals, command, versions, machine, data), the agent
(`agent/`), its weights (best.safetensors, final.safetensors), the checkpoint to resume from, and the
TensorBoard log (`tensorboard/`). What cannot work is refused before the training starts, and the agent is saved before
it is evaluated, so that nothing that was learned gets lost.
"""

import sys
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from drr_tutorial.actor_critic.devices import require_device
from drr_tutorial.config import ExperimentConfig
from drr_tutorial.data.load import load_ratings, place_of, read_ratings
from drr_tutorial.data.options import ReadingOptions
from drr_tutorial.data.ratings import DataError, Ratings
from drr_tutorial.data.reading import Reading
from drr_tutorial.data.splits import Split, make_split
from drr_tutorial.evaluation.ranking import evaluate_ranking
from drr_tutorial.evaluation.reports import EvaluationReport, format_table
from drr_tutorial.evaluation.tasks import Protocol, RankingTask, ranking_task
from drr_tutorial.provenance import git_revision, machine, versions
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
from drr_tutorial.recommenders.dislikes_last import DislikesLast
from drr_tutorial.recommenders.drr import DRRRecommender, require_known
from drr_tutorial.storage import as_path, write_json
from drr_tutorial.training.runs import AGENT, METRICS, taken

PROTOCOLS: tuple[Protocol, ...] = ("unseen", "original", "masked", "full")
BaselineName = Literal["random", "popularity", "average-rating", "item-knn", "ease", "ials", "bpr"]
USUAL_BASELINES: tuple[BaselineName, ...] = ("random", "popularity", "ease", "ials")
N_NEGATIVES = 99
CROWDED = 0.05  # share of users who may have rated too much for lists as long as those of the others
Reports = dict[str, list[EvaluationReport]]
Say = Callable[[str], None]
Learn = Callable[..., DRRRecommender]
"""`learn(plan, folder, progress=...)` returns the trained agent of a plan."""


class Comparison(NamedTuple):
    """The agent beside the baselines."""

    reports: Reports
    """Of each protocol: the agent's, that of the agent before training, where there is one, the baselines'."""
    failed: dict[str, str]
    """Baseline -> why it has no figures."""


@dataclass(frozen=True)
class Plan:
    """A training whose data, and lists to be judged by, are there before it starts."""

    config: ExperimentConfig
    ratings: Ratings
    split: Split
    tasks: Mapping[Protocol, RankingTask]
    """What is ranked by each protocol."""
    baselines: tuple[BaselineName, ...] = USUAL_BASELINES
    """What the agent is compared with."""
    options: ReadingOptions | None = None
    """How the data was read, where that was said."""
    reading: Reading | None = None
    """What was read."""

    @property
    def notes(self) -> dict[str, str]:
        """Of protocols whose lists are not what is usual: in what."""
        found = {protocol: _unusual(task, self.split) for protocol, task in self.tasks.items()}
        return {protocol: note for protocol, note in found.items() if note}


def prepare(config: ExperimentConfig, *, progress: bool = True) -> tuple[Ratings, Split]:
    """The data and its split. Raises `DataError`."""
    ratings = load_ratings(config.dataset, liked_above=config.liked_above, progress=progress)
    split = make_split(config.split, ratings)
    return ratings, split


def make_plan(
    config: ExperimentConfig,
    baselines: Sequence[BaselineName] = USUAL_BASELINES,
    *,
    protocols: Sequence[Protocol] = PROTOCOLS,
    options: ReadingOptions | None = None,
    progress: bool = True,
) -> Plan:
    """Load the data by `options`, divide it, and draw the lists. Raises `DataError` and `ValueError` for what cannot
    be evaluated.

    Lists are those of `split.likes()`, so that they do not depend on whether the split gives dislikes to learn from.
    """
    unknown = [name for name in baselines if name not in _MAKERS]
    if unknown:
        raise ValueError(f"baselines must be some of {', '.join(_MAKERS)}; got {unknown[0]!r}")
    require_known(config)
    reading = read_ratings(config.dataset, options, liked_above=config.liked_above, progress=progress)
    split = make_split(config.split, reading.ratings)
    config = replace(config, dataset=place_of(config.dataset))
    tasks = {protocol: feasible_task(split.likes(), protocol) for protocol in protocols}
    return Plan(config, reading.ratings, split, tasks, tuple(dict.fromkeys(baselines)), options, reading)


def feasible_task(split: Split, protocol: Protocol) -> RankingTask:
    """`ranking_task` with 99 negatives or, where the catalogue is too small for that, with as many as there are for
    nineteen in twenty users.

    Who has rated so much that even fewer are left has no lists: one such user must not make everybody's lists short.
    Raises `DataError` when there is nothing at all to rank the test positives against.
    """
    if protocol == "full":
        return ranking_task(split, protocol)
    room = _room(split, protocol)
    tested = np.unique(split.test.users)
    n_negatives = min(N_NEGATIVES, int(np.quantile(room[tested], CROWDED, method="lower")))
    if n_negatives < 1:
        raise DataError(
            f"protocol {protocol!r} ranks test positives against items that the user has not liked, but some users "
            f"have liked all {split.ratings.n_items} items of {split.ratings.name}; give data with more items"
        )
    rows = split.test_rows[room[split.ratings.users[split.test_rows]] >= n_negatives]
    return ranking_task(replace(split, test_rows=rows), protocol, n_negatives=n_negatives)


def _room(split: Split, protocol: Protocol) -> NDArray[np.int64]:
    """Of each user (n_users,) how many items could be negatives, of those that somebody rated."""
    parts = [split.test, split.train] if protocol == "unseen" else [split.test]
    taken = sum(np.bincount(part.users, minlength=split.ratings.n_users) for part in parts)
    return np.asarray(len(np.unique(split.ratings.items)) - taken)


def _unusual(task: RankingTask, split: Split) -> str:
    """In what a task differs from the usual one, "" for nothing."""
    said = []
    if task.negatives is not None and task.negatives.shape[1] < N_NEGATIVES:
        said.append(
            f"lists have {task.negatives.shape[1]} negatives instead of {N_NEGATIVES}, since there are few items"
        )
    n_users, n_tested = len(np.unique(split.likes().test.users)), len(np.unique(task.users))
    if n_tested < n_users:
        said.append(f"{n_users - n_tested} of {n_users} users have no lists, since they liked nearly everything")
    return "; ".join(said)


def run_experiment(
    config: ExperimentConfig,
    folder: str | Path,
    *,
    baselines: Sequence[BaselineName] = USUAL_BASELINES,
    options: ReadingOptions | None = None,
    progress: bool = True,
) -> Reports:
    """Train, save, evaluate; go on from the folder's checkpoint where there is one. Returns the reports of each
    protocol. A baseline that fails is left out, with a warning. `options`: how `config.dataset` is read.

    Raises `DataError`, and `StorageError` when the folder holds another experiment or cannot be written.
    """
    require_device(config)
    plan = make_plan(config, baselines, options=options, progress=progress)
    with taken(folder, plan.config, options=options) as place:
        return run_plan(plan, place, progress=progress).reports


def learn_here(plan: Plan, folder: Path, *, progress: bool = True) -> DRRRecommender:
    """The trained agent of a plan, by this process alone."""
    return DRRRecommender(plan.config, folder=folder, progress=progress).fit(plan.split.train, seen=plan.ratings)


def run_plan(
    plan: Plan, folder: str | Path, *, progress: bool = True, say: Say = warnings.warn, learn: Learn = learn_here
) -> Comparison:
    """The same for what is planned, in a folder that is `taken`; `say` is told of baselines that fail, and `learn` may
    train elsewhere.
    """
    folder, start = as_path(folder), time.perf_counter()
    plan, no_room = _with_room(plan, say)
    agent = learn(plan, folder, progress=progress)
    agent.save(folder / AGENT)
    fit_seconds = time.perf_counter() - start
    found = evaluate_plan(agent, plan, say=say)
    found = found._replace(failed=no_room | found.failed)
    times = {"fit_seconds": fit_seconds, "total_seconds": time.perf_counter() - start}
    figures = {"validation": agent.history, "reports": summary(found.reports), "failed baselines": found.failed}
    about = provenance(plan.config, plan.ratings, plan.split)
    write_json(folder / METRICS, about | times | {"notes": plan.notes} | figures)
    return found


def _with_room(plan: Plan, say: Say) -> tuple[Plan, dict[str, str]]:
    """The plan without baselines that would not fit into memory, and why they would not; `say` is told."""
    left, no_room = [], {}
    train = plan.split.train
    for name, baseline in zip(plan.baselines, _unfitted(plan.config, train, plan.baselines), strict=True):
        try:
            baseline.require_room(train)
            left.append(name)
        except DataError as error:
            no_room[baseline.label] = str(error)
            say(f"baseline {baseline.label!r} will be left out: {error}; --baselines chooses others")
    return replace(plan, baselines=tuple(left)), no_room


def evaluate_plan(agent: DRRRecommender, plan: Plan, *, k: int | None = None, say: Say = warnings.warn) -> Comparison:
    """The agent and the baselines on the same lists, with metrics at `k`; None: at 10, or fewer where lists are short.

    Baselines are fitted and evaluated one after the other, so that no two are in memory at once; one that fails, by
    whatever, is left out, and `say` is told why.
    """
    ks = {protocol: k or min(10, task.list_length - 1) for protocol, task in plan.tasks.items()}

    def judged(recommender: Recommender, method: str | None = None) -> list[EvaluationReport]:
        return [evaluate_ranking(recommender, task, ks=[ks[name]], method=method) for name, task in plan.tasks.items()]

    rows, failed = [judged(agent)], {}
    if plan.config.agent.warm_start:
        rows.append(judged(agent.before_training(), f"{agent.label} before training"))
    for baseline in _unfitted(plan.config, plan.split.train, plan.baselines):
        try:
            rows.append(judged(baseline.fit(plan.split.train)))
        except Exception as error:
            failed[baseline.label] = f"{type(error).__name__}: {error}"
            say(f"baseline {baseline.label!r} is left out: {failed[baseline.label]}; --baselines chooses others")
    reports = {protocol: list(column) for protocol, column in zip(plan.tasks, zip(*rows, strict=True), strict=True)}
    return Comparison({str(protocol): column for protocol, column in reports.items()}, failed)


def baselines(
    config: ExperimentConfig, train: Ratings, names: Sequence[BaselineName] = USUAL_BASELINES
) -> list[Recommender]:
    """Fitted: iALS with the settings of the agent's own embeddings. Where the agent scores dislikes last and the
    training data has some, so do they.
    """
    return [baseline.fit(train) for baseline in _unfitted(config, train, names)]


def evaluate_all(
    methods: Sequence[Recommender], split: Split, protocols: Sequence[Protocol] = PROTOCOLS, ks: Sequence[int] = (10,)
) -> Reports:
    """Every method on the same lists, protocol by protocol, with metrics at each of `ks`; see `feasible_task`."""
    tasks = {protocol: feasible_task(split.likes(), protocol) for protocol in protocols}
    return {name: [evaluate_ranking(method, task, ks=ks) for method in methods] for name, task in tasks.items()}


_MAKERS: dict[BaselineName, Callable[[ExperimentConfig], Recommender]] = {
    "random": lambda config: RandomRecommender(config.seed),
    "popularity": lambda config: PopularityRecommender(),
    "average-rating": lambda config: AverageRatingRecommender(),
    "item-knn": lambda config: ItemKNNRecommender(),
    "ease": lambda config: EASERecommender(),
    "ials": lambda config: _ials(config),
    "bpr": lambda config: BPRRecommender(seed=config.seed),
}


def _ials(config: ExperimentConfig) -> IALSRecommender:
    """With the settings of the agent's own embeddings."""
    own = config.embedding
    if own.method != "ials":
        return IALSRecommender()
    return IALSRecommender(
        own.n_factors, own.regularization, n_iterations=own.n_iterations, seed=config.seed,
        count_power=own.count_power, weighted=own.weighted,
    )  # fmt: skip


def _unfitted(config: ExperimentConfig, train: Ratings, names: Sequence[BaselineName]) -> Iterator[Recommender]:
    """The baselines. Where the agent scores dislikes last and the training data has some, so do they."""
    wrap = config.agent.dislikes_last and not train.liked.all()
    for name in names:
        baseline = _MAKERS[name](config)
        yield DislikesLast(baseline) if wrap else baseline


def summary(reports: Mapping[str, Sequence[EvaluationReport]]) -> dict[str, Any]:
    """JSON-able figures of each protocol: every method's, and the first method's paired differences to the others."""
    return {
        protocol: {
            "methods": [report.to_dict() for report in rows],
            "differences": {
                label: {row.method: rows[0].difference(row, label)._asdict() for row in rows[1:]}
                for label in rows[0].values
            },
        }
        for protocol, rows in reports.items()
    }


CAPTIONS = {
    "unseen": "each test positive among {n} items that the user never liked",
    "original": "each test positive among {n} items that are no test positive of the user",
    "masked": "each test positive among {n} items that are no test positive of the user, training items last",
    "full": "each user's test positives among all items that are not in the training part",
}


def caption(config: ExperimentConfig, reports: Sequence[EvaluationReport], note: str = "") -> str:
    """What `table` shows, in two or three lines."""
    first, reference = reports[0], _reference(reports)
    lines = [
        f"{config.dataset}, split {config.split!r}, protocol {first.protocol!r}: "
        + CAPTIONS[first.protocol].format(n=first.n_negatives)
    ]
    lines += [note] if note else []
    if reference is not None:
        lines.append(f"differences to {reference.method!r} with 95 % bootstrap intervals over users")
    return "\n".join(lines)


def table(reports: Sequence[EvaluationReport]) -> str:
    """The methods side by side, with their differences to popularity, where it is among them, and 95 % bootstrap
    intervals over users.
    """
    k = reports[0].ks[0]
    return format_table(reports, labels=[f"HR@{k}", f"nDCG@{k}"], reference=_reference(reports))


def _reference(reports: Sequence[EvaluationReport]) -> EvaluationReport | None:
    return next((report for report in reports if report.method.startswith(PopularityRecommender.name)), None)


def provenance(config: ExperimentConfig, ratings: Ratings, split: Split) -> dict[str, Any]:
    """What a figure can be traced by: command, settings, data, versions, machine."""
    return {
        "command": " ".join([Path(sys.argv[0]).name, *sys.argv[1:]]),
        "config": {"dataset": config.dataset, "split": config.split, "seed": config.seed, "device": config.device},
        "data": {"name": ratings.name, "fingerprint": ratings.fingerprint(), "split_note": split.note,
                 "train": len(split.train), "test": len(split.test)},
        "git revision": git_revision(),
        "versions": versions(),
        "machine": machine(),
    }  # fmt: skip
