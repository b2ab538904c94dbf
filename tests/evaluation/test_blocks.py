"""A block of users at a time gives the figures of all users at once, and only ever holds a block."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

from drr_tutorial.actor_critic.networks import ActorCritic
from drr_tutorial.config import AgentConfig
from drr_tutorial.data.ratings import Ratings
from drr_tutorial.data.splits import random_split, user_split
from drr_tutorial.evaluation import blocks as module
from drr_tutorial.evaluation.blocks import ScoresInBlocks, blocks
from drr_tutorial.evaluation.log_sessions import evaluate_log_sessions
from drr_tutorial.evaluation.ranking import evaluate_scores
from drr_tutorial.evaluation.reports import EvaluationReport
from drr_tutorial.evaluation.sessions import evaluate_sessions
from drr_tutorial.evaluation.simulator import evaluate_simulated, simulate_users
from drr_tutorial.recommenders.baselines import EASERecommender
from drr_tutorial.recommenders.validation import Validation


@pytest.mark.parametrize(("cells", "size"), [(1, 1), (30, 3), (99, 9), (1000, 11)])
def test_blocks_are_as_large_as_fits(cells: int, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CELLS", cells)
    parts = list(blocks(11, 10))
    assert [row for part in parts for row in range(11)[part]] == list(range(11))
    assert all(part.stop - part.start <= size for part in parts) and len(parts) == -(-11 // size)


def test_each_block_is_made_once_for_ascending_users(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CELLS", 30)
    whole, made = np.arange(110).reshape(11, 10), []

    def scores_of(part: slice) -> np.ndarray:
        made.append(part)
        return whole[part]

    scores = ScoresInBlocks(scores_of, 11, 10)
    for users in ([0, 1], [2, 4], [5, 6, 7], [10]):  # within a block, and across its border
        assert_array_equal(scores(np.array(users)), whole[users])
    assert made == [slice(0, 3), slice(3, 6), slice(6, 9), slice(9, 11)]


def in_parts(
    evaluate: Callable[[], EvaluationReport], monkeypatch: pytest.MonkeyPatch, *, same_task: bool = True
) -> None:
    """The same report, to the rounding of scores, from blocks of few users."""
    whole = evaluate()
    monkeypatch.setattr(module, "CELLS", 17 * 500)
    parts = evaluate()
    assert parts.fingerprint == whole.fingerprint or not same_task
    for label, values in whole.values.items():
        assert_allclose(parts.values[label], values, atol=1e-5)


def test_sessions_of_strangers(synthetic: Ratings, monkeypatch: pytest.MonkeyPatch) -> None:
    split = user_split(synthetic, test_fraction=0.3)
    ease = EASERecommender().fit(split.train)
    in_parts(lambda: evaluate_sessions(ease, split.test, steps=(5,)), monkeypatch)


def test_sessions_on_a_log_and_with_simulated_users(synthetic: Ratings, monkeypatch: pytest.MonkeyPatch) -> None:
    split, world = random_split(synthetic), simulate_users(synthetic, rng=np.random.default_rng(0))
    ease = EASERecommender().fit(split.train)
    with monkeypatch.context() as patch:
        in_parts(lambda: evaluate_log_sessions(ease, split, steps=5), patch)
    # What simulated users would answer is computed, too: some processors round it otherwise for other blocks.
    in_parts(lambda: evaluate_simulated(ease, world, split, steps=5), monkeypatch, same_task=False)


def test_validation(synthetic: Ratings, monkeypatch: pytest.MonkeyPatch) -> None:
    split, networks = random_split(synthetic), untrained(synthetic)
    validation = Validation(split.fit, split.validation.positives(), 3, 0)
    whole, sizes = validation(networks), []
    monkeypatch.setattr(module, "CELLS", 17 * synthetic.n_items)
    made = Validation._scores

    def noted(self: Validation, networks: ActorCritic, part: slice) -> np.ndarray:
        sizes.append(part.stop - part.start)
        return made(self, networks, part)

    monkeypatch.setattr(Validation, "_scores", noted)
    assert validation(networks) == pytest.approx(whole, abs=1e-9)
    assert max(sizes) == 17 and sum(sizes) <= synthetic.n_users


def test_of_many_users_some_are_asked(synthetic: Ratings, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are ranked by the scores that the same networks have for them among all."""
    split, networks = random_split(synthetic), untrained(synthetic)
    held_back = split.validation.positives()
    everybody = Validation(split.fit, held_back, 3, 0)
    monkeypatch.setattr("drr_tutorial.recommenders.validation.MOST_USERS", 40)
    some = Validation(split.fit, held_back, 3, 0)
    assert len(some.users) == 40 and np.isin(some.users, held_back.users).all()
    assert_array_equal(np.unique(some.task.users), some.users)
    assert len(some.task.users) == np.isin(held_back.users, some.users).sum()
    with torch.inference_mode():
        whole = everybody._scores(networks, slice(0, synthetic.n_users))
        assert_allclose(some._scores(networks, slice(0, 40)), whole[some.users], rtol=1e-4, atol=1e-5)
    scores = evaluate_scores(whole, some.task)
    assert some(networks) == pytest.approx({"hit": scores.mean("HR@10"), "dcg": scores.mean("nDCG@10")}, abs=1e-9)
    assert some(networks) != Validation(split.fit, held_back, 3, 1)(networks)  # other users by another seed


def untrained(ratings: Ratings) -> ActorCritic:
    """Networks with random vectors."""
    rng = np.random.default_rng(0)
    vectors = (rng.normal(size=(n, 4)).astype(np.float32) for n in (ratings.n_users, ratings.n_items))
    return ActorCritic(AgentConfig(memory_size=3), *vectors, torch.Generator().manual_seed(0))
