"""The agent in a page gives the lists of the package: 200 people's, by every state, with likes and dislikes."""

import dataclasses
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from drr_tutorial.config import PRESETS, ExperimentConfig
from drr_tutorial.data.ratings import Ratings
from drr_tutorial.recommenders.drr import DRRRecommender
from tests.book import film_lists

N_LISTS, K = 200, 10
SMALL = {"n_factors": 8, "n_iterations": 3}


def config(preset: str, embedding: dict[str, Any], **agent: Any) -> ExperimentConfig:
    """A preset with a short training and short vectors."""
    start = PRESETS[preset]
    return dataclasses.replace(
        start,
        embedding=dataclasses.replace(start.embedding, **SMALL, **embedding),
        agent=dataclasses.replace(start.agent, **agent),
        training=dataclasses.replace(start.training, passes=1.0, batch_size=128, validation_share=0),
    )


AGENTS = {
    "default": config("default", {"rated_factors": 8, "stars_factors": 4}),
    "next": config("next", {}),
    "likes alone": config("simple", {"method": "pmf"}, correction="sum"),
    "no warm start": config("simple", {}, warm_start=False, actor_hidden=(16,)),
    "unit": config("simple", {}, warm_start=False, actions="unit"),
    **{state: config("simple", {}, state=state) for state in ("drr-p", "drr-u", "drr-ave", "drr-att")},
}


@pytest.fixture(scope="module")
def page(browser: Any) -> Iterator[Any]:
    found = film_lists.blank(browser)
    yield found
    found.context.close()


@pytest.mark.parametrize("name", AGENTS)
def test_a_page_gives_the_lists_of_the_package(page: Any, synthetic: Ratings, name: str) -> None:
    agent = DRRRecommender(AGENTS[name], progress=False).fit(synthetic)
    asked = film_lists.random_answers(synthetic.n_items, N_LISTS)
    ours = film_lists.of_package(agent, asked, K)
    theirs = film_lists.of_page(page, {name: agent}, name, asked, K)
    assert [items for items, _ in theirs] == [items for items, _ in ours]
    assert np.abs(np.array([s for _, s in theirs]) - np.array([s for _, s in ours])).max() < 1e-4
