"""The table that decides (chapter 6): three seeds of the default agent beside the baselines, on the test part of ml-100k, by all protocols.

Run: python tests/benchmarks/evaluation_table.py (about two minutes). Writes book/results/evaluation-ml-100k.json.
"""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from drr_tutorial.agent import DRRRecommender
from drr_tutorial.config import PRESETS
from drr_tutorial.experiment import PROTOCOLS, Reports, baselines, evaluate_all, prepare, provenance, summary
from drr_tutorial.reports import EvaluationReport
from drr_tutorial.storage import write_json

TARGET = Path(__file__).parents[2] / "book" / "results" / "evaluation-ml-100k.json"
COMMAND = "python tests/benchmarks/evaluation_table.py"
SEEDS = range(3)
LABELS = ("HR@10", "nDCG@10")


def main() -> None:
    config = PRESETS["default"]
    ratings, split = prepare(config)
    runs = []
    for seed in SEEDS:
        seeded = dataclasses.replace(config, seed=seed)
        agent = DRRRecommender(seeded).fit(split.train)
        runs.append(evaluate_all([agent, *baselines(seeded, split.train)], split))
    means = {protocol: mean_over_seeds([run[protocol] for run in runs]) for protocol in PROTOCOLS}
    figures = {
        "seeds": list(SEEDS),
        "rows": {protocol: [row(report, reports[0]) for report in reports] for protocol, reports in means.items()},
        "means": {label: by_method(means, label) for label in LABELS},
        "per_seed": {protocol: seed_rows([run[protocol] for run in runs]) for protocol in PROTOCOLS},
        "reports": summary(means),
    }
    write_json(TARGET, provenance(config, ratings, split) | {"command": COMMAND} | figures)


def mean_over_seeds(runs: Sequence[Sequence[EvaluationReport]]) -> list[EvaluationReport]:
    """One report a method: each list's values averaged over seeds, so that intervals still draw whole users."""
    return [
        dataclasses.replace(
            reports[0],
            values={name: np.mean([report.values[name] for report in reports], axis=0) for name in reports[0].values},
            overall={name: float(np.mean([report.overall[name] for report in reports])) for name in reports[0].overall},
        )
        for reports in zip(*runs, strict=True)
    ]


def row(report: EvaluationReport, agent: EvaluationReport) -> dict[str, Any]:
    """A line of the table: means, and the agent's paired difference to this method with its interval."""
    line: dict[str, Any] = {"method": report.method} | {label: report.mean(label) for label in LABELS}
    for label in LABELS:
        difference = "{:+.3f} [{:+.3f}, {:+.3f}]".format(*agent.difference(report, label))
        line[f"DRR minus it, {label}"] = "" if report is agent else difference
    return line


def by_method(reports: Reports, label: str) -> dict[str, dict[str, float]]:
    """protocol -> method -> mean."""
    return {protocol: {report.method: report.mean(label) for report in rows} for protocol, rows in reports.items()}


def seed_rows(runs: Sequence[Sequence[EvaluationReport]]) -> list[dict[str, Any]]:
    """A line a seed: the agent (first), iALS with the same seed (last), and their difference."""
    return [
        {"seed": seed}
        | {f"{report.method} {label}": report.mean(label) for label in LABELS for report in (reports[0], reports[-1])}
        | {f"difference {label}": reports[0].mean(label) - reports[-1].mean(label) for label in LABELS}
        for seed, reports in zip(SEEDS, runs, strict=True)
    ]


if __name__ == "__main__":
    main()
