"""What one worker of a training over shards does: the loop of `Trainer` on its own users, in step with the others.

Ray Train starts the workers and joins them by gloo. At each checkpoint all of them hand theirs over, replay, users at
play and generators included; the last one that all have handed over is what they go on from when one has died.
"""

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import torch
import torch.distributed as dist

from drr_tutorial.actor_critic.networks import ActorCritic
from drr_tutorial.cluster.averaging import AveragedDDPG
from drr_tutorial.cluster.shards import Shard
from drr_tutorial.recommenders.validation import Validation
from drr_tutorial.storage import write_json
from drr_tutorial.training.on_log import parts_on_log
from drr_tutorial.training.trainer import CHECKPOINT, Callback, Trainer, Validate
from drr_tutorial.training.watching import watching

OTHERS = "workers"  # in a training's folder: the folders of all workers but the first
OUTCOME = "outcome.json"  # in a worker's folder: its history, or the error that ended it


class Task(NamedTuple):
    """What all workers are told."""

    shards: list[Any]
    """Where each worker's `Shard` is: references that Ray resolves."""
    folder: str
    """The training's, on a disk that all nodes see."""
    patience: int | None = None
    """That of `watching`."""
    callback: Callback | None = None
    """Is called in each worker with its trainer, after each step of its users; `Trainer` says what for."""


def folder_of(folder: Path, rank: int) -> Path:
    """Where a worker keeps its files: the first one in the training's own folder, the others beneath it."""
    return folder if rank == 0 else folder / OTHERS / str(rank)


def work(options: dict[str, Any]) -> None:
    """A worker's whole life, in Ray Train; `options` holds a `Task` under "task".

    An error that the user can mend ends all workers at the same step, since losses and figures are those of all; it is
    written down, for Ray would try again. Whatever else happens to a worker, Ray starts all of them anew.
    """
    import ray
    from ray import train

    task: Task = options["task"]
    rank, shard = dist.get_rank(), ray.get(task.shards[dist.get_rank()])
    folder = folder_of(Path(task.folder), rank)
    folder.mkdir(parents=True, exist_ok=True)
    _take_up(train.get_checkpoint(), folder, rank)
    try:
        trainer = make_trainer(shard, folder, task.callback, hand_over=_hand_over)
        with watching(patience=task.patience):
            outcome: dict[str, Any] = {"history": trainer.run()}
    except (ValueError, OSError) as error:
        outcome = {"error": type(error).__name__, "text": str(error)}
    write_json(folder / OUTCOME, outcome)


class ShardTrainer(Trainer):
    """A `Trainer` whose checkpoints are handed over once they are written."""

    hand_over: Callable[[Path], None] | None = None

    def save(self) -> None:
        """Write the checkpoint, and wait until all workers have handed over theirs."""
        super().save()
        if self.hand_over is not None and self.folder is not None:
            self.hand_over(self.folder / CHECKPOINT)


def make_trainer(
    shard: Shard,
    folder: Path | None,
    callback: Callback | None = None,
    hand_over: Callable[[Path], None] | None = None,
) -> ShardTrainer:
    """The trainer of one shard, in a worker of `torch.distributed`'s default group."""
    workers = dist.get_world_size()
    generator = torch.Generator().manual_seed(shard.whole.seed)
    networks = ActorCritic(shard.whole.agent, shard.users, shard.items, generator)
    parts = parts_on_log(shard.config, shard.rewarded, networks, history=shard.known, update=AveragedDDPG)
    parts["env"].env.users.unrated = shard.unrated
    parts["ddpg"].generator.manual_seed(shard.whole.seed)  # the slates of all workers are drawn alike
    parts["about"] |= {"shard": [dist.get_rank(), workers]}
    validate = None if shard.validation is None else over_all_shards(shard.validation)
    trainer = ShardTrainer(**parts, callback=callback, validate=validate, folder=folder, progress=False)
    trainer.hand_over = hand_over
    return trainer


def over_all_shards(validation: Validation) -> Validate:
    """The figures of the lists of all shards, each worker ranking its own: means over lists, the same everywhere."""
    names, n_lists = ("hit", "dcg"), len(validation.task.users)

    def validate(networks: ActorCritic) -> dict[str, float]:
        own = validation(networks) if n_lists else dict.fromkeys(names, 0.0)
        sums = torch.tensor([*(own[name] * n_lists for name in names), n_lists], dtype=torch.float64)
        dist.all_reduce(sums)
        return {name: float(total / sums[-1]) for name, total in zip(names, sums, strict=False)}

    return validate


def _hand_over(checkpoint: Path) -> None:
    """Give Ray Train a worker's checkpoint; it keeps it once it has those of all."""
    from ray import train

    with tempfile.TemporaryDirectory() as place:
        shutil.copyfile(checkpoint, Path(place) / f"{dist.get_rank()}.pt")
        train.report({}, checkpoint=train.Checkpoint.from_directory(place))


def _take_up(checkpoint: Any, folder: Path, rank: int) -> None:
    """Put the last checkpoint that all workers handed over where the trainer finds it, and nothing where there is none:
    one that a worker wrote alone is ahead of the others'.
    """
    (folder / OUTCOME).unlink(missing_ok=True)
    (folder / CHECKPOINT).unlink(missing_ok=True)
    if checkpoint is not None:
        with checkpoint.as_directory() as place:
            shutil.copyfile(Path(place) / f"{rank}.pt", folder / CHECKPOINT)
