"""A configuration in, a folder of results out: the agent beside the baselines, with all that is needed to trace
a figure (chapter 6).

The folder holds config.json, metrics.json (figures with intervals, command, versions, machine, data), the agent
(`agent/`), its weights (best.safetensors, final.safetensors), the checkpoint to resume from, and the
TensorBoard log (`tensorboard/`).
"""

import json
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from drr_tutorial.agent import DRRRecommender
from drr_tutorial.baselines import (
    DislikesLast,
    EASERecommender,
    IALSRecommender,
    PopularityRecommender,
    RandomRecommender,
)
from drr_tutorial.config import ExperimentConfig
from drr_tutorial.datasets import load_ratings
from drr_tutorial.evaluation import evaluate_ranking
from drr_tutorial.provenance import git_revision, machine, versions
from drr_tutorial.ranking_tasks import ranking_task
from drr_tutorial.ratings import Ratings
from drr_tutorial.recommender import Recommender
from drr_tutorial.reports import EvaluationReport, format_table
from drr_tutorial.splits import Split, make_split
from drr_tutorial.storage import StorageError, read_json, write_json

PROTOCOLS = ("unseen", "original", "masked", "full")
Reports = dict[str, list[EvaluationReport]]


def prepare(config: ExperimentConfig, *, progress: bool = True) -> tuple[Ratings, Split]:
    """The data and its split. Raises `DataError`."""
    ratings = load_ratings(config.dataset, liked_above=config.liked_above, progress=progress)
    split = make_split(config.split, ratings)
    return ratings, split


def run_experiment(config: ExperimentConfig, folder: str | Path, *, progress: bool = True) -> Reports:
    """Train, save, evaluate; go on from the folder's checkpoint where there is one. Returns the reports of each
    protocol.

    Raises `DataError`, and `StorageError` when the folder holds another experiment or cannot be written.
    """
    folder, start = Path(folder), time.perf_counter()
    _claim(folder, config)
    ratings, split = prepare(config, progress=progress)
    agent = DRRRecommender(config, folder=folder, progress=progress).fit(split.train)
    agent.save(folder / "agent")
    fit_seconds = time.perf_counter() - start
    reports = evaluate_all([agent, *baselines(config, split.train)], split)
    about = provenance(config, ratings, split)
    times = {"fit_seconds": fit_seconds, "total_seconds": time.perf_counter() - start}
    write_json(folder / "metrics.json", about | times | {"validation": agent.history, "reports": summary(reports)})
    return reports


def baselines(config: ExperimentConfig, train: Ratings) -> list[Recommender]:
    """Fitted: random, popularity, EASE, and iALS with the settings of the agent's own embeddings. Where the agent
    scores dislikes last and the training data has some, so do they.
    """
    settings = config.embedding
    ials = IALSRecommender() if settings.method != "ials" else IALSRecommender(
        settings.n_factors, settings.regularization, settings.alpha, settings.n_iterations, config.seed,
        settings.count_power,
    )  # fmt: skip
    plain: list[Recommender] = [RandomRecommender(config.seed), PopularityRecommender(), EASERecommender(), ials]
    wrap = config.agent.dislikes_last and not train.liked.all()
    return [(DislikesLast(method) if wrap else method).fit(train) for method in plain]


def evaluate_all(
    methods: Sequence[Recommender], split: Split, protocols: Sequence[str] = PROTOCOLS, ks: Sequence[int] = (10,)
) -> Reports:
    """Every method on the same lists, protocol by protocol; the lists are those of `split.likes()`, so that they do
    not depend on whether the split gives dislikes to learn from.
    """
    split = split.likes()
    tasks = {protocol: ranking_task(split, protocol) for protocol in protocols}  # type: ignore[arg-type]
    return {protocol: [evaluate_ranking(method, task, ks=ks) for method in methods] for protocol, task in tasks.items()}


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


def table(reports: Sequence[EvaluationReport]) -> str:
    """The methods side by side, with their differences to popularity and 95 % bootstrap intervals over users."""
    popularity = next((report for report in reports if report.method.startswith(PopularityRecommender.name)), None)
    k = reports[0].ks[0]
    return format_table(reports, labels=[f"HR@{k}", f"nDCG@{k}"], reference=popularity)


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


def _claim(folder: Path, config: ExperimentConfig) -> None:
    """Write the configuration, or check that the folder belongs to it."""
    path = folder / "config.json"
    if not path.exists():
        write_json(path, _as_json(config))
    elif read_json(path) != _as_json(config):
        raise StorageError(
            f"{folder} holds another experiment; choose another, or go on with its own settings: --resume {folder}"
        )


def read_config(folder: str | Path) -> ExperimentConfig:
    """The configuration of an experiment's folder. Raises `StorageError` when there is none."""
    try:
        return ExperimentConfig.from_json(json.dumps(read_json(Path(folder) / "config.json")))
    except (ValueError, TypeError) as error:
        raise StorageError(
            f"{folder}/config.json is not a configuration of this version ({error}); train anew"
        ) from error


def _as_json(config: ExperimentConfig) -> Any:
    return json.loads(config.to_json())
