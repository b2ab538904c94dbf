"""The bars of the fair table, each with the settings that a small search on the validation part finds best.

Every method has a grid of settings. Each trial learns from the fit part of a split and is judged on its validation
part, by nDCG@10: `unseen`, or that of the user's own items where the split is the paper's. The best settings then learn
from both parts. The test part is never looked at before that.
"""

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from drr_tutorial.data.splits import Split
from drr_tutorial.evaluation.ranking import evaluate_ranking
from drr_tutorial.evaluation.tasks import own_items_task, ranking_task
from drr_tutorial.lab.studies.fair.protocols import Figures, judge, keep, prepare
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

SEEDS = tuple(range(5))
Settings = dict[str, Any]


@dataclass(frozen=True)
class Contestant:
    """A kind of recommender with the settings to try; `is_random`: its result depends on a seed."""

    make: Callable[..., Recommender]
    grid: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    is_random: bool = False
    learns_from_likes: bool = True
    """And from nothing else: what it has learned is the same, whether dislikes are in the data or not."""
    more: Sequence[Settings] = ()
    """Further settings to try, on the original split only: they take longer."""

    def trials(self, kind: str) -> list[Settings]:
        """All combinations of the grid's settings, and more; one without settings for an empty grid."""
        combinations = [dict(zip(self.grid, values, strict=True)) for values in itertools.product(*self.grid.values())]
        return combinations + [dict(one) for one in self.more if kind == "original"]


BASELINES: Mapping[str, Contestant] = {
    "random": Contestant(RandomRecommender, is_random=True),
    "popularity": Contestant(PopularityRecommender),
    "average rating": Contestant(AverageRatingRecommender, {"damping": (5.0, 20.0, 80.0)}, learns_from_likes=False),
    "item-kNN": Contestant(ItemKNNRecommender, {"n_neighbours": (50, 100, 200), "shrinkage": (10.0, 100.0)}),
    "EASE": Contestant(EASERecommender, {"regularization": (200.0, 500.0, 1000.0, 2000.0)}),
    "iALS": Contestant(
        IALSRecommender,
        {"n_factors": (64,), "regularization": (30.0, 50.0, 100.0), "count_power": (0.0, 0.5), "n_iterations": (10,)},
        is_random=True,
        more=[{"n_factors": 128, "regularization": 80.0, "count_power": p, "n_iterations": 10} for p in (0.0, 0.5)],
    ),
    "BPR": Contestant(
        BPRRecommender,
        {
            "n_factors": (32, 64),
            "regularization": (0.01, 0.03),
            "n_iterations": (50, 100),
            "popularity_weight": (1.0,),
        },
        is_random=True,
    ),
}


def search(contestant: Contestant, kind: str, split: Split) -> list[Figures]:
    """Every trial with its nDCG@10 on the validation part, the best first; one trial is not judged."""
    trials = contestant.trials(kind)
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
    random. On the original split also with dislikes known and last, under "dislikes last".
    """
    contestant, split = BASELINES[method], prepare(data, kind)
    trials = search(contestant, kind, split)
    settings = trials[0]["settings"]
    seeds = [settings | ({"seed": seed} if contestant.is_random else {}) for seed in SEEDS]
    makers = [partial(contestant.make, **one) for one in (seeds if contestant.is_random else seeds[:1])]
    row = {"settings": settings, "trials": trials, "split": about(split)}
    if kind != "original":
        return row | keep([judge(make().fit(split.train), kind, split) for make in makers])
    rated = prepare(data, "rated")
    informed = [DislikesLast(make()).fit(rated.train) for make in makers]
    plain = [
        one.inner if contestant.learns_from_likes else make().fit(split.train)
        for one, make in zip(informed, makers, strict=True)
    ]
    row["dislikes last"] = keep([judge(recommender, "rated", rated) for recommender in informed])
    return row | keep([judge(recommender, kind, split) for recommender in plain])


def about(split: Split) -> Figures:
    """Sizes of a split, and what it says of itself."""
    return {"train": len(split.train), "test": len(split.test), "note": split.note}
