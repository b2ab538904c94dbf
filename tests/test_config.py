"""Settings: round trips, presets, rules."""

import dataclasses
import json
import re

import numpy as np
import pytest

from drr_tutorial.config import (
    PRESETS,
    AgentConfig,
    EmbeddingConfig,
    EnvironmentConfig,
    ExperimentConfig,
    TrainingConfig,
)
from drr_tutorial.lab.clinic.patient import REFERENCE
from drr_tutorial.lab.studies.ablation.recipes import recipes
from drr_tutorial.training.ddpg import DDPG

OF_THE_READER = {
    "liked_above": "the scale of other ratings",
    "embedding.weighted": "counts of other data",
    "device": "another machine",
    "seed": "every study has several",
}


@pytest.mark.parametrize("name", PRESETS)
def test_json_and_back(name: str) -> None:
    config = dataclasses.replace(PRESETS[name], seed=7)
    assert ExperimentConfig.from_json(config.to_json()) == config


def test_the_originals_numbers() -> None:
    original = PRESETS["original"]
    assert (original.embedding.n_factors, original.agent.actor_hidden, original.agent.memory_size) == (8, (16,), 5)
    assert (original.agent.gamma, original.agent.tau, DDPG.VALUE_LIMIT) == (0.8, 1e-3, 10)
    assert (original.agent.actor_lr, original.agent.critic_lr, original.agent.state_lr) == (1e-5, 1e-5, 1e-5)
    assert (original.agent.actor_decay, DDPG.CRITIC_DECAY, original.agent.state_decay) == (1e-6, 1e-4, 1e-3)
    assert (original.training.batch_size, original.training.steps_per_update) == (512, 1)
    assert original.agent.optimizer == "ranger"


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: AgentConfig(gamma=1.5), r"AgentConfig\.gamma must be from 0 to 1, got 1\.5$"),
        (lambda: AgentConfig(memory_size=0), r"AgentConfig\.memory_size must be greater than 0, got 0"),
        (lambda: AgentConfig(actor_hidden=(8, 0)), r"AgentConfig\.actor_hidden\.1 must be greater than 0, got 0"),
        (lambda: AgentConfig(actor_hidden=8), r"AgentConfig\.actor_hidden must be a valid tuple, got 8"),  # type: ignore[arg-type]
        (lambda: AgentConfig(actions="free"), r"AgentConfig\.warm_start must be off unless actions are .*, got True$"),
        (
            lambda: AgentConfig(critic="linear"),
            r"AgentConfig\.critic_products must be off unless critic is joined, got True$",
        ),
        (lambda: AgentConfig(slate_size=5), r"AgentConfig\.slate_size must be 0, or above slate_top, got 5"),
        (
            lambda: AgentConfig(optimizer="sgd"),
            r"AgentConfig\.optimizer must be 'adam', 'adamw' or 'ranger', got 'sgd'",
        ),  # type: ignore[arg-type]
        (lambda: AgentConfig(gama=0.5), r"AgentConfig\.gama: Unexpected keyword argument, got 0\.5"),  # type: ignore[call-arg]
        (lambda: AgentConfig(gamma="much"), r"AgentConfig\.gamma must be a valid number.*, got 'much'"),  # type: ignore[arg-type]
        (lambda: AgentConfig(gamma=2, tau=-1), r"AgentConfig\.gamma must .*, got 2; AgentConfig\.tau must .*, got -1"),
        (lambda: EmbeddingConfig(n_factors=-1), r"EmbeddingConfig\.n_factors must be greater than 0, got -1"),
        (lambda: EmbeddingConfig(n_factors=2.5), r"EmbeddingConfig\.n_factors must be a valid integer.*, got 2\.5"),  # type: ignore[arg-type]
        (
            lambda: EmbeddingConfig(stars_factors=2, learning_rate=0.1),
            r"EmbeddingConfig\.learning_rate must be 0 when parts",
        ),
        (lambda: EnvironmentConfig(max_steps=0), r"EnvironmentConfig\.max_steps must be greater than 0, got 0"),
        (
            lambda: TrainingConfig(validation_share=1.0),
            r"TrainingConfig\.validation_share must be from 0 to below 1, got 1",
        ),
        (
            lambda: TrainingConfig(correction_shares=(1, 2)),
            r"^TrainingConfig\.correction_shares\.1 must be from 0 to 1, got 2$",
        ),
        (
            lambda: TrainingConfig(correction_shares=(2,)),
            r"^TrainingConfig\.correction_shares\.0 must be from 0 to 1, got 2$",
        ),
        (
            lambda: EnvironmentConfig(reward=3),  # type: ignore[arg-type]
            r"^EnvironmentConfig\.reward must be 'binary' or 'centred', or a valid string, got 3$",
        ),
        (
            lambda: AgentConfig(3),  # type: ignore[arg-type]
            r"^AgentConfig\.state must be 'drr-p', 'drr-u', 'drr-ave' or 'drr-att', or a valid string, got 3$",
        ),
        (
            lambda: TrainingConfig(correction_shares=()),
            r"TrainingConfig\.correction_shares: Tuple should have at least 1",
        ),
        (
            lambda: ExperimentConfig(seed=-1),
            r"ExperimentConfig\.seed must be from 0 to below 9223372036854775808, got -1",
        ),
        (lambda: ExperimentConfig(agent=3), r"ExperimentConfig\.agent must be .*AgentConfig, got 3"),  # type: ignore[arg-type]
    ],
)
def test_values_out_of_range(make: object, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        make()  # type: ignore[operator]


@pytest.mark.parametrize(
    ("part", "values", "rule"),
    [
        (AgentConfig, {"gamma": "0.5"}, "a valid number, got '0.5'"),
        (AgentConfig, {"gamma": True}, "a valid number, got True"),
        (AgentConfig, {"memory_size": "3"}, "a valid integer, got '3'"),
        (AgentConfig, {"memory_size": True}, "a valid integer, got True"),
        (AgentConfig, {"memory_size": 3.0}, "a valid integer, got 3.0"),
        (AgentConfig, {"dislikes_last": "no"}, "a valid boolean, got 'no'"),
        (AgentConfig, {"dislikes_last": 1}, "a valid boolean, got 1"),
        (AgentConfig, {"actor_hidden": {8, 4}}, "a valid tuple, got {8, 4}"),
        (AgentConfig, {"state": b"drr-p"}, "'drr-p', 'drr-u', 'drr-ave' or 'drr-att', or a valid string, got b'drr-p'"),
        (ExperimentConfig, {"liked_above": "3"}, "a valid number, got '3'"),
        (ExperimentConfig, {"dataset": b"ml-1m"}, "a valid string, got b'ml-1m'"),
        (ExperimentConfig, {"agent": {"gamma": 0.5}}, "an instance of AgentConfig, got {'gamma': 0.5}"),
    ],
)
def test_a_wrong_type_is_refused(part: type, values: dict[str, object], rule: str) -> None:
    """Nothing is guessed: text is no number, and neither is a boolean."""
    text = f"{part.__name__}.{next(iter(values))} must be {rule}"
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        part(**values)


def test_a_wrong_type_in_json_is_refused() -> None:
    values = json.loads(ExperimentConfig().to_json())
    values["agent"]["gamma"] = "0.5"
    with pytest.raises(ValueError, match=r"AgentConfig\.gamma must be a valid number, got '0\.5'"):
        ExperimentConfig.from_json(json.dumps(values))


def test_values_become_what_the_type_says() -> None:
    """Of numpy and lists, too, so that they are equal, can be hashed and go into JSON."""
    config = AgentConfig(
        actor_hidden=[8, np.int64(4)],  # type: ignore[arg-type]
        gamma=np.float32(0.5),  # type: ignore[arg-type]
        memory_size=np.int64(3),  # type: ignore[arg-type]
        dislikes_last=np.bool_(True),  # type: ignore[arg-type]
        tau=1,
    )
    assert config == AgentConfig(actor_hidden=(8, 4), gamma=0.5, memory_size=3, dislikes_last=True, tau=1.0)
    assert isinstance(config.tau, float)
    assert hash(config) == hash(dataclasses.replace(config))
    again = ExperimentConfig(agent=config)
    assert ExperimentConfig.from_json(again.to_json()) == again


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
        if isinstance(found.default, float)
    ],
)
@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_numbers_are_finite(part: type, name: str, value: float) -> None:
    with pytest.raises(ValueError, match=rf"{part.__name__}\.{name} must be a finite number"):
        part(**{name: value})


@pytest.mark.parametrize("name", ["actor_decay", "state_decay"])
def test_weight_decays_are_not_negative(name: str) -> None:
    with pytest.raises(ValueError, match=rf"AgentConfig\.{name} must be greater than or equal to 0, got -5"):
        AgentConfig(**{name: -5.0})


def test_a_seed_fits_into_the_generators() -> None:
    with pytest.raises(
        ValueError, match="seed must be from 0 to below 9223372036854775808, got 1180591620717411303424"
    ):
        ExperimentConfig(seed=2**70)


def _flat(config: object, prefix: str = "") -> dict[str, object]:
    found: dict[str, object] = {}
    for field in dataclasses.fields(config):  # type: ignore[arg-type]
        value = getattr(config, field.name)
        found |= _flat(value, f"{field.name}.") if dataclasses.is_dataclass(value) else {prefix + field.name: value}
    return found


def test_every_setting_is_varied() -> None:
    """By a preset or a study; else it is a constant. And there are not many."""
    usual = _flat(ExperimentConfig())
    used = [*PRESETS.values(), REFERENCE, *(recipe.config for recipe in recipes().values())]
    never = {name for name, value in usual.items() if all(_flat(config)[name] == value for config in used)}
    assert never == set(OF_THE_READER)
    assert len(usual) <= 63
