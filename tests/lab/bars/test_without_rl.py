"""The agent's gates without RL: which likes they learn from, and that they learn what ranks them."""

import dataclasses

import numpy as np
import pytest
import torch

from drr_tutorial.config import PRESETS, EmbeddingConfig, ExperimentConfig, TrainingConfig
from drr_tutorial.data.ratings import Ratings
from drr_tutorial.lab.bars.without_rl import CorrectionWithoutRL, Loss

SHORT: ExperimentConfig = dataclasses.replace(
    PRESETS["default"],
    embedding=EmbeddingConfig(n_factors=8, n_iterations=2, rated_factors=4),
    training=TrainingConfig(correction_shares=(1.0,)),
)


def fitted(ratings: Ratings, loss: Loss, **settings: float) -> CorrectionWithoutRL:
    made = CorrectionWithoutRL(SHORT, progress=False, loss=loss, **settings)  # type: ignore[arg-type]
    return made.fit(ratings)


@pytest.mark.parametrize("loss", ["bpr", "softmax"])
def test_the_gates_are_one_number_an_entry_and_validate_better_than_none(synthetic: Ratings, loss: Loss) -> None:
    agent = fitted(synthetic, loss, n_epochs=8, learning_rate=1e-2)
    (gates,) = agent.networks.actor.parameters()
    assert gates.shape == (12,) and gates.abs().max() > 0
    figures = [entry["hit"] + entry["dcg"] for entry in agent.history]
    assert len(figures) == 9 and max(figures) > figures[0]
    n_likes = len(agent._divide(synthetic)["rewarded"].positives())
    assert [entry["step"] for entry in agent.history] == [epoch * n_likes for epoch in range(9)]


def test_the_loss_falls_when_a_like_is_scored_higher(synthetic: Ratings) -> None:
    agent = fitted(synthetic, "bpr", n_epochs=1)
    parts = agent._divide(synthetic)
    likes, known = parts["rewarded"].positives(), parts["known"].matrix()
    (gates,) = agent.networks.actor.parameters()

    def loss() -> torch.Tensor:
        return agent._loss(likes.users, likes.items, known, np.random.default_rng(0))

    before = loss()
    gates.grad = None
    before.backward()
    with torch.no_grad():
        gates -= 1e-2 * gates.grad / gates.grad.norm()
    assert loss() < before


def test_the_same_seed_gives_the_same_gates_and_dislikes_come_last(synthetic: Ratings) -> None:
    one, other = (fitted(synthetic, "softmax", n_epochs=2) for _ in range(2))
    np.testing.assert_array_equal(one.scores([1, 2]), other.scores([1, 2]))
    disliked = synthetic.select(~synthetic.liked)
    user = disliked.user_ids[disliked.users[0]]
    known, scores = disliked.items[disliked.users == disliked.users[0]], one.scores(user)[0]
    assert scores[known].max() < np.delete(scores, known).min()
