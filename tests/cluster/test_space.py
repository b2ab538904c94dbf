"""The space of a sweep: what is no space is refused, and a draw depends on seed and number alone."""

import json
from pathlib import Path
from typing import Any

import pytest

from drr_tutorial.cluster.space import FIXED, draw, read_space, with_settings
from drr_tutorial.config import PRESETS, ExperimentConfig
from drr_tutorial.errors import DataError
from drr_tutorial.storage import StorageError

SPACE = {
    "agent.actor_lr": {"loguniform": [1e-4, 1e-2]},
    "agent.tau": {"choice": [0.01, 0.05]},
    "training.passes": {"uniform": [1, 2]},
    "agent.memory_size": {"randint": [5, 7]},
    "training.batch_size": {"lograndint": [16, 64]},
    "agent.critic_hidden": {"choice": [[8], [16, 16]]},
}


def written(folder: Path, space: Any) -> Path:
    path = folder / "space.json"
    path.write_text(json.dumps(space))
    return path


def test_a_space_is_read(tmp_path: Path) -> None:
    assert read_space(written(tmp_path, SPACE)) == SPACE


@pytest.mark.parametrize(
    ("space", "text"),
    [
        ([], r"must hold settings and their distributions, got \[\]; such as"),
        ({}, "must hold settings and their distributions"),
        ({"agent.nothing": {"choice": [1]}}, "must name settings, got 'agent.nothing'; drr-tutorial train --help"),
        ({"agent": {"choice": [1]}}, "must name settings, got 'agent'"),
        ({"seed": {"choice": [1]}}, "must leave out seed: --seeds trains with several"),
        ({"agent.tau": [1, 2]}, r"agent.tau must have one of choice, uniform, .*, got \[1, 2\]; such as"),
        ({"agent.tau": {"normal": [1, 2]}}, "must have one of choice, uniform"),
        ({"agent.tau": {"choice": [1], "uniform": [1, 2]}}, "must have one of choice, uniform"),
        ({"agent.tau": {"choice": []}}, r"choice of agent.tau must be a list of values, got \[\]"),
        ({"agent.tau": {"uniform": [0.2, 0.1]}}, r"must be two numbers, the smaller one first, got \[0.2, 0.1\]"),
        ({"agent.tau": {"uniform": [0.2]}}, "must be two numbers"),
        ({"agent.tau": {"uniform": ["a", "b"]}}, "must be two numbers"),
        ({"agent.tau": {"uniform": [False, True]}}, "must be two numbers"),
        ({"agent.tau": {"loguniform": [0, 1]}}, "must be two numbers above 0, the smaller one first"),
        ({"agent.memory_size": {"randint": [1.5, 3]}}, "must be two whole numbers, the smaller one first"),
    ],
)
def test_what_is_no_space(tmp_path: Path, space: Any, text: str) -> None:
    with pytest.raises(DataError, match=text):
        read_space(written(tmp_path, space))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"no file .*space.json"):
        read_space(tmp_path / "space.json")


def test_what_no_sweep_draws_are_settings() -> None:
    for name in FIXED:
        owner: Any = ExperimentConfig()
        for part in name.split("."):
            owner = getattr(owner, part)


def test_a_draw_depends_on_seed_and_number_alone() -> None:
    pytest.importorskip("ray")
    draws = [draw(SPACE, 3, number) for number in range(40)]
    assert draws == [draw(SPACE, 3, number) for number in range(40)]
    assert draws[0] != draws[1] and draws[0] != draw(SPACE, 4, 0)
    assert all(1e-4 <= found["agent.actor_lr"] <= 1e-2 for found in draws)
    assert {found["agent.memory_size"] for found in draws} == {5, 6}
    assert {found["agent.tau"] for found in draws} == {0.01, 0.05}
    assert all(16 <= found["training.batch_size"] < 64 for found in draws)
    assert sum(found["agent.actor_lr"] < 1e-3 for found in draws) in range(12, 29), "half below the middle"
    assert json.loads(json.dumps(draws)) == draws
    for found in draws:
        assert with_settings(PRESETS["simple"], found).training.passes == found["training.passes"]


def test_settings_take_their_place() -> None:
    found = with_settings(ExperimentConfig(), {"agent.tau": 0.5, "agent.memory_size": 3, "training.passes": 2})
    assert (found.agent.tau, found.agent.memory_size, found.training.passes) == (0.5, 3, 2)
    assert with_settings(found, {}) == found
    with pytest.raises(ValueError, match="tau"):
        with_settings(ExperimentConfig(), {"agent.tau": -1})
