"""A training's whole state in one file, so that a run can stop at any moment and go on to the same end (chapter 5).

One safetensors file, written beside its place and renamed: arrays by name, and a JSON description with
counters, histories, and the states of the random generators. Nothing is pickled.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from drr_tutorial.actor_critic import ActorCritic
from drr_tutorial.optimizers import load_optimizer_arrays, optimizer_arrays
from drr_tutorial.storage import StorageError, read_arrays, write_arrays

if TYPE_CHECKING:
    from drr_tutorial.trainer import Trainer

Arrays = dict[str, NDArray[Any]]


def write_checkpoint(trainer: "Trainer", path: Path) -> None:
    """Save everything that the rest of the training depends on. Raises `StorageError`; the file before it stays."""
    ddpg = trainer.ddpg
    groups: dict[str, Mapping[str, Any]] = {
        "online": ddpg.online.state_dict(),
        "target_actor": ddpg.target_actor.state_dict(),
        "target_critics": ddpg.target_critics.state_dict(),
        "best": trainer.best,
        "replay": trainer.replay.state_dict(),
        "environment": trainer.env.state_arrays(),
        "noise": trainer.noise.state_dict(),
        "schedule": {"queue": trainer.schedule.queue, "memory": trainer.memory},
        "generator": {"state": ddpg.generator.get_state()},
    }
    for name, optimizer in ddpg.optimizers.items():
        groups[f"optimizer.{name}"] = optimizer_arrays(optimizer)
    arrays = {f"{group}/{name}": _numpy(value) for group, values in groups.items() for name, value in values.items()}
    about = {
        "config": json.loads(trainer.config.to_json()),
        "data": trainer.fingerprint(),
        "step": trainer.step,
        "n_updates": ddpg.n_updates,
        "history": trainer.history,
        "random": {name: rng.bit_generator.state for name, rng in trainer.rngs.items()},
    }
    write_arrays(path, arrays, about)


def write_weights(networks: ActorCritic, memory: NDArray[np.int64], path: Path, about: Mapping[str, Any]) -> None:
    """Save the networks and every user's memory (n_users, N): all that recommending needs, nothing for training on."""
    arrays = {name: _numpy(value) for name, value in networks.state_dict().items()}
    write_arrays(path, arrays | {"memory": memory}, about)


def read_checkpoint(trainer: "Trainer", path: Path) -> None:
    """Take up what `write_checkpoint` saved, in a trainer made from the same settings and data.

    Raises `StorageError` when the file is damaged, or belongs to other settings or other data; nothing is executed.
    """
    arrays, about = read_arrays(path)
    _check_same(trainer, about, path)
    groups: dict[str, Arrays] = {}
    for name, array in arrays.items():
        group, _, rest = name.partition("/")
        groups.setdefault(group, {})[rest] = array
    try:
        _restore(trainer, groups, about)
    except (KeyError, ValueError, RuntimeError, TypeError) as error:
        raise StorageError(f"{path} is not a whole checkpoint ({error}); delete it to start anew") from error


def _restore(trainer: "Trainer", groups: dict[str, Arrays], about: dict[str, Any]) -> None:
    ddpg = trainer.ddpg
    ddpg.online.load_state_dict(_tensors(groups["online"]))
    ddpg.target_actor.load_state_dict(_tensors(groups["target_actor"]))
    ddpg.target_critics.load_state_dict(_tensors(groups["target_critics"]))
    for name, optimizer in ddpg.optimizers.items():
        load_optimizer_arrays(optimizer, _tensors(groups[f"optimizer.{name}"]))
    trainer.best = _tensors(groups.get("best", {}))
    trainer.replay.load_state_dict(groups["replay"])
    trainer.env.load_state_arrays(groups["environment"])
    trainer.noise.load_state_dict(groups.get("noise", {}))
    trainer.schedule.queue, trainer.memory = groups["schedule"]["queue"], groups["schedule"]["memory"]
    ddpg.generator.set_state(torch.from_numpy(groups["generator"]["state"]))
    for name, rng in trainer.rngs.items():
        rng.bit_generator.state = about["random"][name]
    trainer.step, ddpg.n_updates, trainer.history = about["step"], about["n_updates"], about["history"]


def _check_same(trainer: "Trainer", about: dict[str, Any], path: Path) -> None:
    mine = json.loads(trainer.config.to_json())
    if about.get("config") != mine:
        theirs = about.get("config") or {}
        names = sorted(name for name in mine if mine[name] != theirs.get(name))
        raise StorageError(
            f"{path} belongs to other settings (they differ in: {', '.join(names)}); resume with its own, "
            "or choose another folder"
        )
    if about.get("data") != trainer.fingerprint():
        raise StorageError(
            f"{path} belongs to other data; resume with the data that it was started with, or choose another folder"
        )


def _numpy(value: Any) -> NDArray[Any]:
    return value.detach().cpu().numpy() if isinstance(value, torch.Tensor) else np.asarray(value)


def _tensors(arrays: Arrays) -> dict[str, torch.Tensor]:
    return {name: torch.from_numpy(array) for name, array in arrays.items()}
