"""Scoring what can be shown selects what scoring everything does."""

import dataclasses
from typing import Any

import numpy as np
import pytest

from drr_tutorial.config import PRESETS
from drr_tutorial.data.ratings import Ratings
from drr_tutorial.recommenders.drr import DRRRecommender
from drr_tutorial.training import selection, trainer
from drr_tutorial.training.selection import select_among

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("pairs", [1, 5, 1 << 15])
@pytest.mark.parametrize("share", [0.1, 0.9])
def test_the_same_as_by_all_scores(share: float, pairs: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selection, "PAIRS", pairs)
    available = RNG.random((9, 30)) < share
    available[np.arange(9), RNG.integers(30, size=9)] = True  # each user can be shown something
    vectors, items = (RNG.normal(size=(n, 4)).astype(np.float32) for n in (9, 30))
    np.testing.assert_array_equal(
        select_among(np.flatnonzero(available), vectors, items),
        np.where(available, vectors @ items.T, -np.inf).argmax(axis=1),
    )


def test_of_equal_scores_the_first_is_selected() -> None:
    places = np.array([1, 2, 3, 4 + 3])
    items = np.array([[1.0], [1.0], [1.0], [0.0]], dtype=np.float32)
    assert select_among(places, np.ones((2, 1), dtype=np.float32), items).tolist() == [1, 3]


def test_a_training_learns_the_same_either_way(synthetic: Ratings, monkeypatch: pytest.MonkeyPatch) -> None:
    simple = PRESETS["simple"]
    config = dataclasses.replace(simple, training=dataclasses.replace(simple.training, passes=0.5))

    def scores(all_scored: int, few: float) -> Any:
        monkeypatch.setattr(trainer, "ALL_SCORED", all_scored)
        monkeypatch.setattr(trainer, "FEW", few)
        return DRRRecommender(config, progress=False).fit(synthetic).scores(synthetic.user_ids)

    whole = scores(1 << 40, 1.0)
    np.testing.assert_allclose(scores(0, 1.0), whole, rtol=1e-4, atol=1e-5)
    monkeypatch.setattr(trainer, "select_among", None)  # not asked where much can be shown
    np.testing.assert_array_equal(scores(0, 0.0), whole)
