"""The bars of the fair table, each with the settings that a small search on the validation part finds best.

Every method has a grid of settings (see `contestants`). Each trial learns from the fit part of a split and is judged
on its validation part, by nDCG@10: `unseen`, or that of the user's own items where the split is the paper's. The best
settings then learn from both parts. The test part is never looked at before that.
"""

from functools import partial

from drr_tutorial.data.splits import Split
from drr_tutorial.evaluation.ranking import evaluate_ranking
from drr_tutorial.evaluation.tasks import own_items_task, ranking_task
from drr_tutorial.lab.studies.fair.contestants import BASELINES, N_SEEDS, Contestant
from drr_tutorial.lab.studies.fair.protocols import Figures, judge, keep, prepare
from drr_tutorial.recommenders.dislikes_last import DislikesLast

SEEDS = tuple(range(N_SEEDS))


def search(contestant: Contestant, kind: str, split: Split) -> list[Figures]:
    """Every trial with its nDCG@10 on the validation part, the best first; one trial is not judged."""
    trials = contestant.trials(kind, split.ratings.n_items)
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
    """A row of the fair table: the search, and the best settings by all protocols of the split, with several seeds if
    random. On the original split also with dislikes known and last, under "dislikes last".
    """
    contestant, split = BASELINES[method], prepare(data, kind)
    trials = search(contestant, kind, split)
    settings = trials[0]["settings"]
    seeds = [settings | ({"seed": seed} if contestant.is_random else {}) for seed in SEEDS[: contestant.n_seeds]]
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
