"""Settings: round trips, presets, rules."""

import dataclasses
import json

import pytest

from drr_tutorial.config import (
    PRESETS,
    AgentConfig,
    EmbeddingConfig,
    EnvironmentConfig,
    ExperimentConfig,
    TrainingConfig,
)


@pytest.mark.parametrize("name", PRESETS)
def test_json_and_back(name: str) -> None:
    config = dataclasses.replace(PRESETS[name], seed=7)
    assert ExperimentConfig.from_json(config.to_json()) == config


def test_the_originals_numbers() -> None:
    original = PRESETS["original"]
    assert (original.embedding.n_factors, original.agent.actor_hidden, original.agent.memory_size) == (8, (16,), 5)
    assert (original.agent.gamma, original.agent.tau, original.agent.value_limit) == (0.8, 1e-3, 10)
    assert (original.agent.actor_lr, original.agent.critic_lr, original.agent.state_lr) == (1e-5, 1e-5, 1e-5)
    assert (original.agent.actor_decay, original.agent.critic_decay, original.agent.state_decay) == (1e-6, 1e-4, 1e-3)
    assert (original.training.batch_size, original.training.steps_per_update) == (512, 1)
    assert original.agent.optimizer == "ranger"


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: AgentConfig(gamma=1.5), r"AgentConfig.gamma must be from 0 to 1, got 1.5"),
        (lambda: AgentConfig(memory_size=0), r"AgentConfig.memory_size must be above 0, got 0"),
        (lambda: AgentConfig(actor_hidden=(8, 0)), r"AgentConfig.actor_hidden must be sizes above 0"),
        (lambda: AgentConfig(bounded_actions=False), r"AgentConfig.warm_start must be off"),
        (lambda: EmbeddingConfig(n_factors=-1), r"EmbeddingConfig.n_factors must be above 0"),
        (lambda: EnvironmentConfig(max_steps=0), r"EnvironmentConfig.max_steps must be above 0, or None"),
        (lambda: TrainingConfig(validation_share=1.0), r"TrainingConfig.validation_share must be below 1"),
        (lambda: ExperimentConfig(seed=-1), r"ExperimentConfig.seed must be from 0"),
    ],
)
def test_values_out_of_range(make: object, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        make()  # type: ignore[operator]


def test_unknown_and_missing_fields_are_named() -> None:
    values = json.loads(ExperimentConfig().to_json())
    values["agent"]["gama"] = values["agent"].pop("gamma")
    with pytest.raises(ValueError, match=r"unknown: \['gama'\], missing: \['gamma'\]"):
        ExperimentConfig.from_json(json.dumps(values))
    with pytest.raises(ValueError, match="settings of ExperimentConfig"):
        ExperimentConfig.from_json("[]")


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        ExperimentConfig().seed = 1  # type: ignore[misc]


@pytest.mark.parametrize(
    ("part", "name"),
    [
        (part, found.name)
        for part in (EmbeddingConfig, AgentConfig, TrainingConfig)
        for found in dataclasses.fields(part)
        if found.type in ("float", float)
    ],
)
@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_numbers_are_finite(part: type, name: str, value: float) -> None:
    with pytest.raises(ValueError, match=rf"{part.__name__}\.{name} must be finite"):
        part(**{name: value})


@pytest.mark.parametrize("name", ["actor_decay", "critic_decay", "state_decay"])
def test_weight_decays_are_not_negative(name: str) -> None:
    with pytest.raises(ValueError, match=rf"AgentConfig\.{name} must be 0 or more, got -5"):
        AgentConfig(**{name: -5.0})


def test_a_seed_fits_into_the_generators() -> None:
    with pytest.raises(ValueError, match=r"seed must be from 0 to 2\^63 - 1"):
        ExperimentConfig(seed=2**70)
