"""An agent that learns in a session: without rates it is the fixed policy, with them it changes and is reset."""

from typing import Any

import numpy as np
import pytest
import torch
from scipy.sparse import csr_array

from drr_tutorial.config import AgentConfig, EmbeddingConfig, EnvironmentConfig, ExperimentConfig, TrainingConfig
from drr_tutorial.data.ratings import Ratings
from drr_tutorial.data.splits import Split, random_split
from drr_tutorial.evaluation.simulator import SimulatedUsers, evaluate_simulated, simulate_users
from drr_tutorial.lab.online import SessionLearner, evaluate_learning_online
from drr_tutorial.recommenders.drr import DRRRecommender


def fitted(split: Split, rate: float) -> DRRRecommender:
    """A small agent of the paper's kind whose networks are as they were drawn."""
    agent = AgentConfig(
        actor_hidden=(8,), warm_start=False, critic_products=False, critic_sees="action", gamma=0.9,
        actor_lr=rate, critic_lr=rate, state_lr=rate,
    )  # fmt: skip
    config = ExperimentConfig(
        embedding=EmbeddingConfig(method="pmf", n_factors=6, regularization=5.0, n_iterations=2),
        environment=EnvironmentConfig(candidates="catalogue", reward="centred", max_steps=10, num_envs=8),
        agent=agent,
        training=TrainingConfig(passes=1e-6, batch_size=32, reward_share=1.0, evaluations=1),
    )
    return DRRRecommender(config, progress=False).fit(split.train)


@pytest.fixture(scope="module")
def split(synthetic: Ratings) -> Split:
    return random_split(synthetic)


@pytest.fixture(scope="module")
def world(synthetic: Ratings) -> SimulatedUsers:
    return simulate_users(synthetic, rng=np.random.default_rng(0))


def test_without_learning_rates_it_is_the_fixed_policy(split: Split, world: SimulatedUsers) -> None:
    agent = fitted(split, 0.0)
    learning, fixed = (
        evaluate(agent, world, split, n_users=25) for evaluate in (evaluate_learning_online, evaluate_simulated)
    )
    assert learning.fingerprint == fixed.fingerprint
    np.testing.assert_array_equal(learning.users, fixed.users)
    np.testing.assert_allclose(learning.values["reward@10"], fixed.values["reward@10"], atol=1e-5)


def test_the_agent_is_as_it_was_after_the_sessions_and_they_repeat(split: Split, world: SimulatedUsers) -> None:
    agent = fitted(split, 0.05)
    before = {name: value.clone() for name, value in agent.networks.state_dict().items()}
    first, second = (evaluate_learning_online(agent, world, split, n_users=12) for _ in range(2))
    assert all(torch.equal(value, before[name]) for name, value in agent.networks.state_dict().items())
    np.testing.assert_array_equal(first.values["reward@10"], second.values["reward@10"])
    fixed = evaluate_simulated(agent, world, split, n_users=12)
    assert not np.allclose(first.values["reward@10"], fixed.values["reward@10"])


def test_a_session_of_another_user_changes_nothing(split: Split, world: SimulatedUsers) -> None:
    """The weights are reset: who plays last gets what would be got alone."""
    agent = fitted(split, 0.05)
    report = evaluate_learning_online(agent, world, split, n_users=5)
    alone: list[float] = []
    for user in split.ratings.user_index(report.users):
        learner = SessionLearner(agent, int(user), world.rewards(np.array([user]))[0], 10, 0)
        alone.append(played(learner, split, world, int(user)))
    np.testing.assert_allclose(report.values["reward@10"], alone, atol=1e-5)


def played(learner: SessionLearner, split: Split, world: SimulatedUsers, user: int) -> float:
    """A session by hand."""
    hidden = (split.train.matrix()[[user]].toarray()[0] > 0) | ~np.isin(
        np.arange(split.ratings.n_items), split.ratings.items
    )
    rewards, items = world.rewards(np.array([user]))[0], []
    for _ in range(10):
        answers: Any = csr_array((np.ones(len(items)), items, [0, len(items)]), shape=(1, len(hidden)))
        scores = np.where(hidden, -np.inf, learner.scores_after(answers)[0])
        items.append(int(scores.argmax()))
        hidden[items[-1]] = True
    return float(rewards[items].sum())


def test_likes_enter_the_memory_and_dislikes_do_not(split: Split) -> None:
    agent, n_items = fitted(split, 0.05), split.ratings.n_items
    rewards = np.where(np.arange(n_items) == 3, 0.5, -0.5).astype(np.float32)
    learner = SessionLearner(agent, 0, rewards, 10, 0)
    for items in ([], [4], [4, 3]):
        learner.scores_after(csr_array((np.ones(len(items)), items, [0, len(items)]), shape=(1, n_items)))
    assert learner.memory[0].tolist() == [*agent.memory[0, 1:], 3]
    assert len(learner.replay) == 2


def test_bad_inputs(split: Split, world: SimulatedUsers) -> None:
    with pytest.raises(ValueError, match="n_users and steps must be at least 1, got 0 and 10"):
        evaluate_learning_online(fitted(split, 0.0), world, split, n_users=0)
