"""A training that runs away is stopped within a validation, and says which rate to lower; what was good before stays."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from drr_tutorial.config import PRESETS, ExperimentConfig
from drr_tutorial.data.ratings import Ratings
from drr_tutorial.recommenders.drr import DRRRecommender
from drr_tutorial.training.divergence import DivergenceError
from drr_tutorial.training.optimizers import make_optimizer
from drr_tutorial.training.trainer import CHECKPOINT, Trainer

SIMPLE = PRESETS["simple"]


def with_rates(**rates: float) -> ExperimentConfig:
    return replace(SIMPLE, agent=replace(SIMPLE.agent, **rates), embedding=replace(SIMPLE.embedding, n_iterations=2))


@pytest.mark.parametrize(
    ("part", "rate"),
    [("critic", 30.0), ("actor", 30.0), ("critic", 1e6), ("actor", 1e6), ("state", 1e6)],  # the state recovers from 30
)
def test_one_network_alone_is_noticed(part: str, rate: float, synthetic: Ratings) -> None:
    agent = DRRRecommender(with_rates(**{f"{part}_lr": rate}), progress=False)
    with pytest.raises(
        DivergenceError, match=rf"training diverged.*ran away.*lower.*agent\.{part}_lr \(now {re.escape(f'{rate:g}')}\)"
    ):
        agent.fit(synthetic)


def test_it_takes_no_longer_than_to_the_next_validation(synthetic: Ratings, monkeypatch: pytest.MonkeyPatch) -> None:
    validated: list[int] = []
    real = Trainer._evaluate
    monkeypatch.setattr(Trainer, "_evaluate", lambda self, log: validated.append(self.step) or real(self, log))
    with pytest.raises(DivergenceError):
        DRRRecommender(with_rates(critic_lr=1e6), progress=False).fit(synthetic)
    assert validated == [0], "the agent before training, and none after"


@pytest.mark.parametrize("rate", [1e-3, 1e-2])
def test_usual_rates_go_through(rate: float, synthetic: Ratings) -> None:
    config = with_rates(actor_lr=rate, critic_lr=rate, state_lr=rate)
    DRRRecommender(replace(config, training=replace(config.training, passes=4.0)), progress=False).fit(synthetic)


def test_the_last_good_checkpoint_stays(synthetic: Ratings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rate jumps half-way, as where somebody changes it."""
    real = Trainer._learn

    def learn(self: Trainer):  # type: ignore[no-untyped-def]
        if self.step > self.total_steps // 2:
            parameters = list(self.networks.critic.parameters())
            self.ddpg.optimizers["critic"] = make_optimizer("adam", parameters, 1e6, 0.0)
        return real(self)

    monkeypatch.setattr(Trainer, "_learn", learn)
    with pytest.raises(DivergenceError):
        DRRRecommender(with_rates(), folder=tmp_path, progress=False).fit(synthetic)
    state = torch.load(tmp_path / CHECKPOINT, weights_only=True)["state"]
    assert state["step"] > 0
    online = [value for name, value in state["ddpg"]["online"].items() if name.startswith(("critic", "actor"))]
    assert online
    assert all(torch.isfinite(value).all() and value.abs().max() < 10 for value in online)


def test_numbers_that_are_not_finite_stop_at_once(synthetic: Ratings, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Trainer._learn

    def learn(self: Trainer):  # type: ignore[no-untyped-def]
        result = real(self)
        if self.ddpg.n_updates == 3:
            with torch.no_grad():
                next(self.networks.actor.parameters()).fill_(torch.nan)
        return result

    monkeypatch.setattr(Trainer, "_learn", learn)
    with pytest.raises(DivergenceError, match=r"the actor ran away.*agent\.actor_lr"):
        DRRRecommender(with_rates(), progress=False).fit(synthetic)


def test_moving_vectors_that_run_away_are_named(synthetic: Ratings) -> None:
    simple = with_rates()
    config = replace(simple, embedding=replace(simple.embedding, learning_rate=1e6))
    with pytest.raises(DivergenceError, match=r"lower .*embedding\.learning_rate \(now 1e\+06\)"):
        DRRRecommender(config, progress=False).fit(synthetic)
