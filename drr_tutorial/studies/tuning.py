"""The bars of the fair table, each with the settings that a small search on the validation part finds best.

Every method has a grid of settings. Each trial learns from the fit part of a split and is judged on its validation
part, by nDCG@10: `unseen`, or that of the user's own items where the split is the paper's. The best settings then learn
from both parts. The test part is never looked at before that.
"""

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from drr_tutorial.baselines import (
    AverageRatingRecommender,
    BPRRecommender,
    EASERecommender,
    IALSRecommender,
    ItemKNNRecommender,
    PopularityRecommender,
    RandomRecommender,
)
from drr_tutorial.evaluation import evaluate_ranking
from drr_tutorial.ranking_tasks import own_items_task, ranking_task
from drr_tutorial.recommender import Recommender
from drr_tutorial.splits import Split
from drr_tutorial.studies.fair_protocols import Figures, judge, keep, prepare

SEEDS = tuple(range(5))
Settings = dict[str, Any]


@dataclass(frozen=True)
class Contestant:
    """A kind of recommender with the settings to try; `is_random`: its result depends on a seed."""

    make: Callable[..., Recommender]
    grid: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    is_random: bool = False

    def trials(self) -> list[Settings]:
        """All combinations of the grid's settings; one without settings for an empty grid."""
        return [dict(zip(self.grid, values, strict=True)) for values in itertools.product(*self.grid.values())]


BASELINES: Mapping[str, Contestant] = {
    "random": Contestant(RandomRecommender, is_random=True),
    "popularity": Contestant(PopularityRecommender),
    "average rating": Contestant(AverageRatingRecommender, {"damping": (5.0, 20.0, 80.0)}),
    "item-kNN": Contestant(ItemKNNRecommender, {"n_neighbours": (25, 50, 100, 200), "shrinkage": (10.0, 100.0)}),
    "EASE": Contestant(EASERecommender, {"regularization": (100.0, 200.0, 500.0, 1000.0, 2000.0)}),
    "iALS": Contestant(
        IALSRecommender,
        {"n_factors": (32, 64), "regularization": (50.0, 100.0, 200.0), "alpha": (10.0,)},
        is_random=True,
    ),
    "BPR": Contestant(
        BPRRecommender,
        {"n_factors": (16, 64), "regularization": (0.005, 0.05), "n_iterations": (30, 100)},
        is_random=True,
    ),
}


def search(contestant: Contestant, kind: str, split: Split) -> list[Figures]:
    """Every trial with its nDCG@10 on the validation part, the best first; one trial is not judged."""
    trials = contestant.trials()
    if len(trials) == 1:
        return [{"settings": trials[0]}]
    tuning = split.for_tuning()
    task = own_items_task(tuning) if kind == "by-user" else ranking_task(tuning, "unseen")
    found = [
        {
            "settings": trial,
            "nDCG@10": evaluate_ranking(contestant.make(**trial).fit(tuning.train), task).mean("nDCG@10"),
        }
        for trial in trials
    ]
    return sorted(found, key=lambda trial: -trial["nDCG@10"])


def tuned_baseline(data: str, kind: str, method: str) -> Figures:
    """A row of the fair table: the search, and the best settings by all protocols of the split, five seeds if
    random.
    """
    contestant, split = BASELINES[method], prepare(data, kind)
    trials = search(contestant, kind, split)
    seeds = [{"seed": seed} for seed in SEEDS] if contestant.is_random else [{}]
    fitted = (contestant.make(**trials[0]["settings"], **seed).fit(split.train) for seed in seeds)
    figures = keep([judge(recommender, kind, split) for recommender in fitted])
    return {"settings": trials[0]["settings"], "trials": trials, "split": about(split)} | figures


def about(split: Split) -> Figures:
    """Sizes of a split, and what it says of itself."""
    return {"train": len(split.train), "test": len(split.test), "note": split.note}
