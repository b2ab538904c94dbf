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
    penalty = np.where(available, 0, -np.inf).astype(np.float32)
    vectors, items = (RNG.normal(size=(n, 4)).astype(np.float32) for n in (9, 30))
    np.testing.assert_array_equal(
        select_among(penalty, vectors, items), np.where(available, vectors @ items.T, -np.inf).argmax(axis=1)
    )


def test_of_equal_scores_the_first_is_selected() -> None:
    penalty = np.array([[-np.inf, 0, 0, 0], [-np.inf, -np.inf, -np.inf, 0]], dtype=np.float32)
    items = np.array([[1.0], [1.0], [1.0], [0.0]], dtype=np.float32)
    assert select_among(penalty, np.ones((2, 1), dtype=np.float32), items).tolist() == [1, 3]


def test_a_training_learns_the_same_either_way(synthetic: Ratings, monkeypatch: pytest.MonkeyPatch) -> None:
    simple = PRESETS["simple"]
    config = dataclasses.replace(simple, training=dataclasses.replace(simple.training, passes=0.5))

    def scores(all_scored: int) -> Any:
        monkeypatch.setattr(trainer, "ALL_SCORED", all_scored)
        return DRRRecommender(config, progress=False).fit(synthetic).scores(synthetic.user_ids)

    np.testing.assert_allclose(scores(0), scores(1 << 40), rtol=1e-4, atol=1e-5)
