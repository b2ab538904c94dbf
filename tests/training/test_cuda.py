"""The same code on a GPU, where there is one: training, saving, loading, resuming."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from drr_tutorial.config import (
    PRESETS,
    AgentConfig,
    EmbeddingConfig,
    EnvironmentConfig,
    ExperimentConfig,
    TrainingConfig,
)
from drr_tutorial.data.ratings import Ratings
from drr_tutorial.recommenders.base import Recommender
from drr_tutorial.recommenders.drr import DRRRecommender

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")

SMALL = ExperimentConfig(
    device="cuda",
    embedding=EmbeddingConfig(n_factors=8, regularization=1.0, n_iterations=3),
    environment=EnvironmentConfig(num_envs=8, min_positives=3),
    agent=AgentConfig(state="drr-att", gamma=0.5),
    training=TrainingConfig(batch_size=64, steps_per_update=8),
)


@pytest.mark.parametrize("optimizer", ["adam", "adamw", "ranger"])
def test_train_save_and_load(synthetic: Ratings, tmp_path: Path, optimizer: str) -> None:
    agent_config = dataclasses.replace(SMALL.agent, optimizer=optimizer)
    agent = DRRRecommender(dataclasses.replace(SMALL, agent=agent_config), folder=tmp_path / "run", progress=False)
    agent.fit(synthetic)
    assert agent.networks.items.weight.device.type == "cuda"
    scores = agent.scores(synthetic.user_ids)
    assert np.isfinite(scores).all()
    agent.save(tmp_path / "agent")
    np.testing.assert_allclose(
        Recommender.load(tmp_path / "agent").scores(synthetic.user_ids), scores, rtol=1e-4, atol=1e-4
    )
    again = DRRRecommender(dataclasses.replace(SMALL, agent=agent_config), folder=tmp_path / "run", progress=False)
    np.testing.assert_allclose(again.fit(synthetic).scores(synthetic.user_ids), scores, rtol=1e-4, atol=1e-4)


def test_the_originals_recipe(synthetic: Ratings) -> None:
    original = PRESETS["original"]
    training = dataclasses.replace(original.training, passes=0.05, batch_size=64)
    config = dataclasses.replace(original, device="cuda", training=training)
    agent = DRRRecommender(config, progress=False).fit(synthetic)
    assert np.isfinite(agent.scores(synthetic.user_ids)).all()


def test_the_newcomer_gets_the_same_list_as_on_the_cpu(synthetic: Ratings, tmp_path: Path) -> None:
    agent = DRRRecommender(SMALL, progress=False).fit(synthetic)
    agent.save(tmp_path / "agent")
    settings = dataclasses.replace(SMALL, device="cpu")
    on_cpu = DRRRecommender(settings, progress=False)
    on_cpu._load_arrays(agent._arrays())
    on_cpu._remember(synthetic)
    liked = synthetic.item_ids[:3].tolist()
    assert on_cpu.recommend_for(liked, 5)["item_id"].tolist() == agent.recommend_for(liked, 5)["item_id"].tolist()
