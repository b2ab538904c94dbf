"""What lost its experiment still does what its paper says: TD3's tricks, the pull towards the warm start."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from drr_tutorial.actor_critic.networks import ActorCritic
from drr_tutorial.config import AgentConfig, ExperimentConfig, TrainingConfig
from drr_tutorial.data.ratings import Ratings
from drr_tutorial.lab.bars.without_rl import CorrectionWithoutRL
from drr_tutorial.lab.studies.ablation.recipes import KINDS, recipes
from drr_tutorial.lab.studies.ablation.variants import (
    TARGET_NOISE,
    TD3,
    TowardsWarmStart,
    TwinCritics,
)
from drr_tutorial.recommenders.base import Recommender
from drr_tutorial.recommenders.drr import DRRRecommender
from drr_tutorial.training.ddpg import DDPG
from tests.training.test_ddpg import N_ITEMS, N_USERS, K, N, batch, parameters, same

VARIANTS = [kind for kind in KINDS.values() if isinstance(kind, type) and kind is not CorrectionWithoutRL]
SLATES = {"": {"slate_size": 0, "critic_sees": "action"}, "slates": {"slate_size": 5, "critic_sees": "item"}}


def make(update: type[DDPG], networks: type[ActorCritic] = ActorCritic, **changes: Any) -> Any:
    settings = {
        "memory_size": N,
        "actor_hidden": (8,),
        "critic_hidden": (16,),
        "slate_top": 2,
        "gamma": 0.8,
        "actor_lr": 1e-2,
    }
    config = AgentConfig(**settings | changes)
    rng = np.random.default_rng(0)
    users, items = (rng.uniform(-0.9, 0.9, size=(n, K)).astype(np.float32) for n in (N_USERS, N_ITEMS))
    made = networks(config, users, items, torch.Generator().manual_seed(0))
    return update(made, config, torch.Generator().manual_seed(1))


@pytest.mark.parametrize("way", SLATES)
def test_twin_critics_take_the_smaller_target(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("drr_tutorial.lab.studies.ablation.variants.TARGET_NOISE", 0.0)
    ddpg, transitions = make(TD3, TwinCritics, **SLATES[way]), batch()
    target_value, _ = ddpg.expected_value(transitions)
    alone = []
    for critic in (ddpg.target_critic.first, ddpg.target_critic.second):
        again = make(TD3, TwinCritics, **SLATES[way])  # draws the same slates
        again.noisy_target(torch.zeros(32, ddpg.online.state.state_dim), torch.zeros(32, K))  # and as much noise
        again.generator.set_state(torch.Generator().manual_seed(1).get_state())
        torch.randn(32, K, generator=again.generator)
        alone.append(again.next_value(transitions, again.target_actor, critic))
    assert not torch.allclose(*alone)
    torch.testing.assert_close(target_value, torch.minimum(*alone))


@pytest.mark.parametrize("way", SLATES)
def test_both_critics_learn_and_the_actor_hears_the_first(way: str) -> None:
    ddpg = make(TD3, TwinCritics, **SLATES[way])
    before = [parameters(critic) for critic in (ddpg.online.critic.first, ddpg.online.critic.second)]
    result = ddpg.update(batch())
    assert result.value.shape == result.td_error.shape == (32,)
    assert not same(ddpg.online.critic.first, before[0])
    assert not same(ddpg.online.critic.second, before[1])
    assert ddpg.judge is ddpg.online.critic.first


def test_a_delayed_policy_moves_every_second_time() -> None:
    ddpg = make(TD3, TwinCritics)
    moved = []
    for _ in range(4):
        before = parameters(ddpg.online.actor)
        ddpg.update(batch())
        moved.append(not same(ddpg.online.actor, before))
    assert moved == [True, False, True, False]


def test_target_noise_is_bounded_and_drawn_from_the_generator() -> None:
    ddpg, again = make(TD3, TwinCritics), make(TD3, TwinCritics)
    vector, prior = torch.zeros(1000, ddpg.online.state.state_dim), torch.zeros(1000, K)
    still = ddpg.target_actor(vector, prior)
    noisy = ddpg.noisy_target(vector, prior)
    assert TARGET_NOISE / 2 < (noisy - still).std() < 1.1 * TARGET_NOISE
    assert (noisy - still).abs().max() <= 2 * TARGET_NOISE + 1e-6
    assert torch.equal(noisy, again.noisy_target(vector, prior))
    assert noisy.abs().max() <= 1


def test_the_pull_leads_back_to_the_warm_start() -> None:
    """Where Q says nothing, the distance is all that is left."""
    ddpg = make(TowardsWarmStart, gamma=0.0, critic_lr=0.0, slate_size=0, critic_sees="action")
    for parameter in ddpg.online.critic.parameters():
        torch.nn.init.zeros_(parameter)
    torch.nn.init.normal_(ddpg.online.actor.layers[-1].weight, generator=torch.Generator().manual_seed(0))
    losses = [float(ddpg.update(batch(seed=i)).policy_loss) for i in range(300)]
    assert losses[-1] < 0.05 * losses[0]


def test_the_recipes_learn_in_their_own_way(synthetic: Ratings) -> None:
    """Every variant has its recipe, and what it learns differs from what the default's update learns."""
    assert set(KINDS) <= set(recipes())
    assert {recipes()[name].kind for name in KINDS} == set(KINDS.values())
    config = ExperimentConfig()
    config = ExperimentConfig.from_json(config.to_json())
    usual = DRRRecommender(config, progress=False).fit(synthetic)
    for kind in VARIANTS:
        other = kind(config, progress=False).fit(synthetic)
        assert other.history[-1]["step"] == usual.history[-1]["step"]
        assert any(
            not torch.equal(*pair)
            for pair in zip(other.networks.actor.parameters(), usual.networks.actor.parameters(), strict=True)
        )


@pytest.mark.parametrize("kind", VARIANTS)
def test_a_variant_is_loaded_as_what_it_is(kind: type[DRRRecommender], synthetic: Ratings, tmp_path: Path) -> None:
    """Also by a new process; one that has not imported the variants says what to import."""
    config = ExperimentConfig(training=TrainingConfig(passes=0.1))
    agent = kind(config, progress=False).fit(synthetic)
    agent.save(tmp_path / "agent")
    loaded = Recommender.load(tmp_path / "agent")
    assert type(loaded) is kind and loaded.name.startswith("DRR, ")
    np.testing.assert_array_equal(loaded.scores([1, 2]), agent.scores([1, 2]))
    code = "import sys; from drr_tutorial import Recommender; print(type(Recommender.load(sys.argv[1])).__name__)"
    runs = [
        subprocess.run([sys.executable, "-c", more + code, str(tmp_path / "agent")], capture_output=True, text=True)
        for more in (f"import {kind.__module__}; ", "")
    ]
    assert runs[0].stdout.strip() == kind.__name__, runs[0].stderr
    assert "import the module of a class of your own first" in runs[1].stderr
