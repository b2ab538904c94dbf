"""What a sweep draws its settings from: a space that is written down in a file, and one draw for each trial.

The file is JSON: the name of a setting, with dots, and one of Ray Tune's distributions (`ray.tune.search.sample`):

    {"agent.actor_lr": {"loguniform": [1e-4, 1e-2]},
     "agent.tau": {"choice": [0.005, 0.01, 0.05]},
     "training.passes": {"uniform": [2, 8]},
     "agent.memory_size": {"randint": [5, 21]}}

Draw number i depends on the seed and on i alone: a larger budget goes on where a smaller one ended.
"""

import dataclasses
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from drr_tutorial.cluster.connect import require_ray
from drr_tutorial.config import ExperimentConfig
from drr_tutorial.errors import DataError
from drr_tutorial.storage import as_path, read_json

RANGES = ("uniform", "loguniform", "randint", "lograndint")
"""From a number to below another one: real, real and even on a logarithmic scale, whole, whole and logarithmic."""
CHOICE = "choice"
"""One of a list."""
FIXED = {
    "dataset": "it says what is learned from",
    "split": "it says what is learned from",
    "liked_above": "it says what counts as liked",
    "seed": "--seeds trains with several",
    "device": "it changes no figure",
    "training.validation_share": "trials are compared by what it holds back",
    "training.hold_back": "trials are compared by what it holds back",
}
"""Settings that no sweep draws, and why."""
Space = Mapping[str, Mapping[str, Any]]
Settings = dict[str, Any]


def read_space(place: str | Path) -> Space:
    """A space from its file, checked. Raises `StorageError` where there is none, `DataError` for what is no space."""
    path = as_path(place)
    space = read_json(path)
    if not isinstance(space, dict) or not space:
        raise DataError(f"{path} must hold settings and their distributions, got {space!r}; {_example()}")
    for name, said in space.items():
        _require_setting(path, name)
        _require_distribution(path, name, said)
    return space


def draw(space: Space, seed: int, number: int) -> Settings:
    """The settings of trial `number`, by name. Raises `ImportError` without Ray."""
    require_ray()
    from ray import tune

    rng = np.random.default_rng([seed, number])
    drawn: Settings = {}
    for name, said in space.items():
        ((kind, values),) = said.items()
        domain = tune.choice(values) if kind == CHOICE else getattr(tune, kind)(*values)
        value = domain.sample(random_state=rng)
        drawn[name] = value.item() if isinstance(value, np.generic) else value
    return drawn


def with_settings(config: ExperimentConfig, settings: Settings) -> ExperimentConfig:
    """A configuration with other values for some settings. Raises `ValueError` for what they may not hold."""
    changes: dict[str, Any] = {}
    for part in dict.fromkeys(name.rpartition(".")[0] for name in settings):
        own = {name.rpartition(".")[2]: value for name, value in settings.items() if name.rpartition(".")[0] == part}
        changes |= {part: dataclasses.replace(getattr(config, part), **own)} if part else own
    return dataclasses.replace(config, **changes)


def _require_setting(path: Path, name: str) -> None:
    """`DataError` for a setting that there is not, or that no sweep draws."""
    if name in FIXED:
        raise DataError(f"{path} must leave out {name}: {FIXED[name]}")
    if name not in _names():
        raise DataError(f"{path} must name settings, got {name!r}; drr-tutorial train --help lists them, without --")


def _names() -> set[str]:
    """Of all settings, with the part that they belong to."""
    parts = {field.name: getattr(ExperimentConfig(), field.name) for field in dataclasses.fields(ExperimentConfig)}
    return {
        f"{part}.{field.name}"
        for part, value in parts.items()
        if dataclasses.is_dataclass(value)
        for field in dataclasses.fields(value)
    }


def _require_distribution(path: Path, name: str, said: Any) -> None:
    if not isinstance(said, dict) or len(said) != 1 or not set(said) <= {CHOICE, *RANGES}:
        kinds = ", ".join((CHOICE, *RANGES))
        raise DataError(f"{path}: {name} must have one of {kinds}, got {said!r}; {_example()}")
    ((kind, values),) = said.items()
    if kind == CHOICE:
        fits, rule = isinstance(values, list) and bool(values), "a list of values"
    else:
        fits, rule = _is_range(kind, values), _rule(kind)
    if not fits:
        raise DataError(f"{path}: {kind} of {name} must be {rule}, got {values!r}")


def _is_range(kind: str, values: Any) -> bool:
    kinds = int if "int" in kind else (int, float)
    if not isinstance(values, list) or len(values) != 2:
        return False
    if any(isinstance(value, bool) or not isinstance(value, kinds) or not math.isfinite(value) for value in values):
        return False
    return values[0] < values[1] and (not kind.startswith("log") or values[0] > 0)


def _rule(kind: str) -> str:
    numbers = "whole numbers" if "int" in kind else "numbers"
    return f"two {numbers}{' above 0' if kind.startswith('log') else ''}, the smaller one first"


def _example() -> str:
    return 'such as {"agent.actor_lr": {"loguniform": [0.0001, 0.01]}}'
