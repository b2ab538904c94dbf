"""Evaluations ask a recommender for what the protocol `AnyRecommender` says, and for nothing else."""

from typing import Any

import numpy as np
import pytest

from drr_tutorial.data.ratings import Ratings
from drr_tutorial.data.splits import Split, random_split, user_split
from drr_tutorial.evaluation.any_recommender import AnyRecommender
from drr_tutorial.evaluation.ranking import evaluate_ranking
from drr_tutorial.evaluation.sampling import whole_ranks
from drr_tutorial.evaluation.sessions import evaluate_sessions
from drr_tutorial.evaluation.simulator import evaluate_simulated, simulate_users
from drr_tutorial.recommenders.baselines import ItemKNNRecommender

ASKED = {name for name in vars(AnyRecommender) if not name.startswith("_")}


class Bare:
    """Shows what the protocol names of a recommender, and notes what it was asked for."""

    def __init__(self, inner: Any) -> None:
        self._inner, self.asked = inner, set()

    def __getattr__(self, name: str) -> Any:
        if name not in ASKED:
            raise AttributeError(name)
        self.asked.add(name)
        return getattr(self._inner, name)


@pytest.fixture(scope="module")
def split(synthetic: Ratings) -> Split:
    return random_split(synthetic, seed=0)


def test_the_protocol_is_enough_and_all_of_it_is_asked_for(synthetic: Ratings, split: Split) -> None:
    known = ItemKNNRecommender().fit(split.train)
    newcomers = user_split(synthetic, seed=0)
    stranger = ItemKNNRecommender().fit(newcomers.train)
    world = simulate_users(synthetic, rng=np.random.default_rng(0))
    bare, bare_stranger = Bare(known), Bare(stranger)
    for theirs, ours in (
        (evaluate_ranking(bare, split), evaluate_ranking(known, split)),
        (evaluate_sessions(bare_stranger, newcomers.test), evaluate_sessions(stranger, newcomers.test)),
        (evaluate_simulated(bare, world, split), evaluate_simulated(known, world, split)),
    ):
        assert (theirs.method, theirs.fingerprint) == (ours.method, ours.fingerprint)
        assert all(np.array_equal(theirs.values[name], ours.values[name]) for name in ours.values)
    assert np.array_equal(whole_ranks(bare, split).above, whole_ranks(known, split).above)
    assert bare.asked | bare_stranger.asked == ASKED
