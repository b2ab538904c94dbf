"""Who competes in the fair table, each with the settings that are tried on the validation part.

Nobody gets more than eight trials; what takes a minute and more a training gets four, and fewer seeds in the table.
"""

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from drr_tutorial.lab.bars.autoencoder import MultVAERecommender
from drr_tutorial.lab.bars.item_to_item import RP3betaRecommender, SLIMRecommender
from drr_tutorial.lab.bars.order import EASEAndTransitions, TransitionsRecommender
from drr_tutorial.lab.bars.sequential import GRU4RecRecommender, SASRecRecommender
from drr_tutorial.lab.bars.stars import BiasedMFRecommender, PMFRecommender
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

Settings = dict[str, Any]
N_SEEDS, FEW_SEEDS = 5, 3
WIDE = 2000  # items from which a catalogue is wide


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
    kinds: Sequence[str] | None = None
    """The splits that it is for; None: all."""
    wide: Settings = field(default_factory=dict)
    """Settings for a wide catalogue, which are not tried but taken."""
    n_seeds: int = N_SEEDS

    def trials(self, kind: str, n_items: int = 0) -> list[Settings]:
        """All combinations of the grid's settings, and more; one without settings for an empty grid."""
        combinations = [dict(zip(self.grid, values, strict=True)) for values in itertools.product(*self.grid.values())]
        found = combinations + [dict(one) for one in self.more if kind == "original"]
        return [one | self.wide if n_items > WIDE else one for one in found]

    def competes(self, kind: str) -> bool:
        """Whether the split is one that it is for."""
        return self.kinds is None or kind in self.kinds


SIMPLE: Mapping[str, Contestant] = {
    "random": Contestant(RandomRecommender, is_random=True),
    "popularity": Contestant(PopularityRecommender),
    "average rating": Contestant(AverageRatingRecommender, {"damping": (5.0, 20.0, 80.0)}, learns_from_likes=False),
}
OF_LIKES: Mapping[str, Contestant] = {
    "item-kNN": Contestant(ItemKNNRecommender, {"n_neighbours": (50, 100, 200), "shrinkage": (10.0, 100.0)}),
    "RP3beta": Contestant(RP3betaRecommender, {"alpha": (0.5, 0.7), "beta": (0.5, 0.7), "n_neighbours": (100, 200)}),
    "EASE": Contestant(EASERecommender, {"regularization": (200.0, 500.0, 1000.0, 2000.0)}),
    "SLIM": Contestant(SLIMRecommender, {"l1": (0.1, 0.5), "l2": (200.0, 500.0)}),
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
    "Mult-VAE": Contestant(
        MultVAERecommender,
        {"kl_weight": (0.1, 0.2, 0.5, 1.0)},
        is_random=True,
        wide={"n_epochs": 14},
        n_seeds=FEW_SEEDS,
    ),
}
OF_STARS: Mapping[str, Contestant] = {
    name: Contestant(
        make,
        {"n_factors": (8, 16, 32), "regularization": (10.0, 14.0), "count_power": (0.5,)},
        is_random=True,
        learns_from_likes=False,
        kinds=("by-user",),
    )
    for name, make in (("PMF", PMFRecommender), ("biased MF", BiasedMFRecommender))
}
NETWORK: Settings = {"batch_size": 32, "n_candidates": 512}
OF_ORDER: Mapping[str, Contestant] = {
    "SASRec": Contestant(
        SASRecRecommender,
        {"learning_rate": (0.003, 0.005), "dropout": (0.2, 0.4)},
        is_random=True,
        wide=NETWORK | {"n_epochs": 20},
        n_seeds=FEW_SEEDS,
    ),
    "GRU4Rec": Contestant(
        GRU4RecRecommender,
        {"learning_rate": (0.005, 0.01), "dropout": (0.2, 0.4)},
        is_random=True,
        wide=NETWORK | {"n_epochs": 30},
        n_seeds=FEW_SEEDS,
    ),
    "transitions": Contestant(
        TransitionsRecommender, {"window": (10, 20), "recency": (0.7, 0.8), "popularity_power": (0.2, 0.3)}
    ),
    "EASE + transitions": Contestant(
        EASEAndTransitions, {"regularization": (500.0, 1000.0), "weight": (0.5, 1.0, 2.0)}
    ),
}
"""They are for splits in time; see `in_time`."""


def in_time(contestants: Mapping[str, Contestant], *kinds: str) -> dict[str, Contestant]:
    """The same for some splits only."""
    return {name: replace(contestant, kinds=kinds) for name, contestant in contestants.items()}


BASELINES: Mapping[str, Contestant] = {**SIMPLE, **OF_LIKES, **OF_STARS, **in_time(OF_ORDER, "ncf")}
