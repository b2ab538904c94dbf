"""What training adds to the agent's own warm start on ml-100k, five seeds, on the validation part of the training data
(README, chapter 5).
"""

import dataclasses
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from drr_tutorial.config import PRESETS
from drr_tutorial.experiment import prepare
from drr_tutorial.lab.studies.runner import Row, Study
from drr_tutorial.recommenders.drr import DRRRecommender

SEEDS = tuple(range(5))


def rows() -> list[Row]:
    """A training a seed."""
    return [Row(f"seed-{seed}", partial(history, seed)) for seed in SEEDS]


def history(seed: int) -> dict[str, Any]:
    """The validation figures of one training of the simple preset."""
    config = dataclasses.replace(PRESETS["simple"], dataset="ml-100k", seed=seed)
    _, split = prepare(config, progress=False)
    return {"history": DRRRecommender(config, progress=False).fit(split.train).history}


def summarize(figures: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """All histories, and what each has gained since step 0: seeds draw their own validation parts, so that only this
    compares.
    """
    histories: list[Sequence[Mapping[str, float]]] = [row["history"] for row in figures.values()]
    gains = [
        [
            {"step": entry["step"]} | {name: entry[name] - history[0][name] for name in ("hit", "dcg")}
            for entry in history
        ]
        for history in histories
    ]
    return {"histories": histories, "gains": gains}


STUDY = Study(
    name="learning-ml-100k",
    title="What DDPG adds to the agent's own warm start, ml-100k, validation part",
    rows=rows,
    summarize=summarize,
    data=("ml-100k",),
    seeds=SEEDS,
)
