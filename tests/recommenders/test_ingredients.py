"""Toy worlds in which one ingredient of the recipes decides: an agent that has it finds what another one cannot."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from drr_tutorial.config import ExperimentConfig
from drr_tutorial.config.presets import DEFAULT, NEXT
from drr_tutorial.data.ratings import Ratings
from drr_tutorial.recommenders.drr import DRRRecommender
from tests.toy import toy_ratings

N_USERS, N_ITEMS = 60, 40  # two genres: the even items and the odd ones


def untrained(ratings: Ratings, config: ExperimentConfig, **parts: dict[str, Any]) -> DRRRecommender:
    """An agent before training: these ingredients are in its vectors and its warm start."""
    parts = {"embedding": {}, "agent": {}, **parts}
    parts["embedding"] |= {"n_factors": 8, "regularization": 1.0, "n_iterations": 8}
    config = replace(config, **{name: replace(getattr(config, name), **changes) for name, changes in parts.items()})
    training = replace(config.training, passes=0.1, batch_size=32, validation_share=0.1, evaluations=1)
    return DRRRecommender(replace(config, training=training), progress=False).fit(ratings).before_training()


def odd_minus_even(agent: DRRRecommender, users: NDArray[Any]) -> float:
    """How much higher odd items are scored, in standard deviations of a user's scores."""
    scores = agent.scores(users)
    return float(np.mean((scores[:, 1::2].mean(axis=1) - scores[:, ::2].mean(axis=1)) / scores.std(axis=1)))


@pytest.fixture(scope="module")
def turned() -> Ratings:
    """Half of the users like one genre only; the others liked twelve even items, and lately five odd ones."""
    rng = np.random.default_rng(0)
    rows = []
    for user in range(N_USERS):
        kinds = [(user % 2, 17)] if user < N_USERS // 2 else [(0, 12), (1, 5)]
        for genre, count in kinds:
            rows += [(user, int(item), 5.0) for item in 2 * rng.permutation(N_ITEMS // 2)[:count] + genre]
    return toy_ratings(rows)


def test_the_memory_tells_what_comes_next(turned: Ratings) -> None:
    """Whoever turned to odd items lately liked more even ones in all: only a memory says that odd ones come next."""
    users = np.arange(N_USERS // 2, N_USERS)
    forgets = odd_minus_even(untrained(turned, NEXT, agent={"memory_weight": 0.0}), users)
    recalls = odd_minus_even(untrained(turned, NEXT), users)
    assert forgets < -0.5
    assert recalls > forgets + 0.5


def test_what_was_rated_says_something_where_likes_are_few() -> None:
    """Users rate items of their genre and like hardly any: that they watched them is in the second part alone."""
    rng = np.random.default_rng(1)
    rows = []
    for user in range(N_USERS):
        items = 2 * rng.permutation(N_ITEMS // 2)[:12] + user % 2
        rows += [(user, int(item), 3.0) for item in items[2:]]
        rows += [(user, int(item), 5.0) for item in rng.permutation(N_ITEMS)[:2] if item not in items[2:]]
    ratings = toy_ratings(rows)
    odd = np.arange(1, N_USERS, 2)
    parts: dict[str, Any] = {"agent": {"dislikes_last": False}}
    alone = untrained(ratings, DEFAULT, **parts, embedding={"rated_factors": 0, "stars_factors": 0})
    joint = untrained(ratings, DEFAULT, **parts, embedding={"rated_factors": 8, "stars_factors": 0})
    assert odd_minus_even(joint, odd) > odd_minus_even(alone, odd) + 0.5


def test_stars_tell_a_good_film_from_one_that_is_only_watched() -> None:
    """Everybody rates everything of a half of the films; odd films get 5 stars, even ones 4: both are likes."""
    rng = np.random.default_rng(2)
    rows = [
        (user, int(item), 5.0 if item % 2 else 4.0)
        for user in range(N_USERS)
        for item in rng.permutation(N_ITEMS)[: N_ITEMS // 2]
    ]
    ratings, users = toy_ratings(rows), np.arange(N_USERS)
    alone = untrained(ratings, DEFAULT, embedding={"rated_factors": 0, "stars_factors": 0})
    joint = untrained(ratings, DEFAULT, embedding={"rated_factors": 0, "stars_factors": 4})
    assert abs(odd_minus_even(alone, users)) < 0.5
    assert odd_minus_even(joint, users) > odd_minus_even(alone, users) + 0.3
