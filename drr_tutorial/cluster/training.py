"""Training over shards of users, on a Ray cluster: one call in, a trained agent out.

    with connect("local") as cluster:
        agent = fit_on_cluster(config, ratings, "runs/shards", cluster, workers=2)

The driver divides the data and makes the vectors, as one process does; the workers train actor, critic and state; the
driver takes these weights and finishes the agent. What goes over the network: once, each worker's shard; at each update
the gradients; at each validation three numbers; the checkpoints, to a disk that all nodes see.
"""

import shutil
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from drr_tutorial.cluster.connect import Cluster
from drr_tutorial.cluster.shards import Shard, Whole, cut, require_shards
from drr_tutorial.cluster.worker import OTHERS, OUTCOME, Task, folder_of, work
from drr_tutorial.config import ExperimentConfig
from drr_tutorial.data.ratings import DataError, Ratings
from drr_tutorial.errors import ClusterError
from drr_tutorial.experiment import Plan
from drr_tutorial.recommenders.drr import DRRRecommender
from drr_tutorial.storage import StorageError, as_path, read_arrays, read_json, write_json
from drr_tutorial.training.divergence import DivergenceError
from drr_tutorial.training.trainer import CHECKPOINT, Callback

DEATHS = 3  # of workers, before the training is given up
ANSWER_SECONDS = 600  # in which the slowest worker must have done its part of an update, or of a validation
WORKERS = "workers.json"  # in a training's folder: how many it has
STATE = "cluster"  # in a training's folder: what Ray Train keeps
ELSEWHERE = "to go on, add --cluster local or --cluster HOST:PORT"
KINDS = {kind.__name__: kind for kind in (DataError, DivergenceError, StorageError, ValueError)}


def fit_on_cluster(
    config: ExperimentConfig,
    ratings: Ratings,
    folder: str | Path,
    cluster: Cluster,
    *,
    workers: int | None = None,
    seen: Ratings | None = None,
    patience: int | None = None,
    callback: Callback | None = None,
    progress: bool = False,
) -> DRRRecommender:
    """The agent that `DRRRecommender(config).fit(ratings, seen=seen)` would be, trained by `workers` workers; None:
    those of the folder's training, or one for each processor of the cluster.

    One worker gives the same weights; more give those of other random draws, of batches just as large. `folder`, on a
    disk that all nodes see, gets logs and checkpoints; called again with it, the training goes on. `callback` is called
    in each worker with its trainer, `patience` is that of `watching`.

    Raises `ValueError` for settings that cannot be shared, and for more workers than the cluster has processors;
    `DataError` for fewer users than workers; `StorageError` for a folder with other workers; `DivergenceError`;
    `MemoryError` and `ClusterError` when a worker has run out of memory, or died, more than three times: what was
    learned up to the last checkpoint is kept.
    """
    place = as_path(folder)
    workers = (_workers_of(place) or cluster.cpus) if workers is None else workers
    require_shards(config, workers)
    if workers > cluster.cpus:
        raise ValueError(
            f"workers must be at most the processors of the cluster {cluster.address}, {cluster.cpus}, got {workers}; "
            "give fewer workers, or add nodes with: ray start --address"
        )
    agent = _OnCluster(config, folder=place, progress=progress)
    agent.workers, agent.patience, agent.callback = workers, patience, callback
    with _claimed(place, workers):
        agent.fit(ratings, seen=seen)
    plain = DRRRecommender(config, folder=place, progress=progress)
    vars(plain).update({name: value for name, value in vars(agent).items() if name not in _OnCluster.__annotations__})
    return plain


def learn_on_cluster(
    plan: Plan,
    folder: Path,
    *,
    cluster: Cluster,
    workers: int | None = None,
    patience: int | None = None,
    progress: bool = True,
) -> DRRRecommender:
    """The same for what is planned, as `run_plan` asks for it."""
    return fit_on_cluster(
        plan.config, plan.split.train, folder, cluster,
        workers=workers, seen=plan.ratings, patience=patience, progress=progress,
    )  # fmt: skip


class _OnCluster(DRRRecommender):
    """An agent whose actor, critic and state are trained by workers."""

    workers: int
    patience: int | None
    callback: Callback | None

    def _fit(self, ratings: Ratings) -> None:
        self.correction_share = 1.0
        self._learn(cut(self.whole(ratings), self.workers))
        if self._config.agent.warm_start and self._config.embedding.learning_rate == 0:
            self._temper(self._divide(ratings))
            self._take_in(ratings)

    def whole(self, ratings: Ratings) -> Whole:
        """What one process would train on; the item that pads memories has no vector of its own."""
        parts = self._divide(ratings)
        self.embeddings = self._pretrain(parts["known"], None)
        self.networks = self._build(self.embeddings)
        return Whole(
            self._config,
            parts["rewarded"],
            None if self._config.training.reward_share == 1 else parts["known"],
            self.networks.users.weight.detach().numpy(),
            self.networks.items.weight.detach().numpy()[:-1],
            self._validation(parts),
        )

    def _learn(self, shards: list[Shard]) -> None:
        """Have the workers train, and take over the weights of the first: they are those of all."""
        folder = as_path(self.folder or "")
        train_shards(shards, folder, self.patience, self.callback)
        found = read_json(folder / OUTCOME)["history"]
        self.history = [entry | {"step": entry["step"] * self.workers} for entry in found]
        weights, _ = read_arrays(folder / f"{'best' if found else 'final'}.safetensors")
        learned = {
            name: torch.from_numpy(value)
            for name, value in weights.items()
            if not name.startswith(("users.", "items."))
        }
        self.networks.load_state_dict({**self.networks.state_dict(), **learned})


def whole_of(config: ExperimentConfig, ratings: Ratings) -> Whole:
    """What one process would train on: the data divided, and vectors made, as `DRRRecommender.fit` does."""
    return _OnCluster(config, progress=False).whole(ratings)


def train_shards(
    shards: list[Shard], folder: Path, patience: int | None = None, callback: Callback | None = None
) -> None:
    """Have a worker train on each shard; what they learned is in `folder` then. Raises what `fit_on_cluster` says."""
    import ray
    from ray import train
    from ray.train.torch import TorchConfig, TorchTrainer

    task = Task([ray.put(shard) for shard in shards], str(folder.resolve()), patience, callback)
    trainer = TorchTrainer(
        work,
        train_loop_config={"task": task},
        scaling_config=train.ScalingConfig(num_workers=len(shards)),
        torch_config=TorchConfig(backend="gloo", timeout_s=ANSWER_SECONDS),
        run_config=train.RunConfig(
            name=STATE,
            storage_path=str(folder.resolve()),
            failure_config=train.FailureConfig(max_failures=DEATHS),
            checkpoint_config=train.CheckpointConfig(num_to_keep=1),
        ),
    )
    try:
        with _interruptible():
            trainer.fit()
    except Exception as error:  # Ray raises whatever it comes across
        raise _given_up(error, folder) from error
    _keep_the_last(folder / STATE)
    for rank in range(len(shards)):
        _raise_what_ended(read_json(folder_of(folder, rank) / OUTCOME))


def _keep_the_last(state: Path) -> None:
    """Of the checkpoints that workers handed over: Ray forgets those from before an interruption where they are."""
    for older in sorted(state.glob("checkpoint_*"))[:-1]:  # named by their time
        shutil.rmtree(older, ignore_errors=True)


@contextmanager
def _interruptible() -> Iterator[None]:
    """Ctrl-C is an interruption like any other: Ray Train ends the process as if all were well, and goes on to take
    care of Ctrl-C when it has finished.
    """
    before = signal.getsignal(signal.SIGINT)
    try:
        yield
    except SystemExit as ended:
        raise KeyboardInterrupt from ended
    finally:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, before)


def _raise_what_ended(outcome: dict[str, Any]) -> None:
    if "error" in outcome:
        raise KINDS.get(outcome["error"], ValueError)(outcome["text"])


def _given_up(error: Exception, folder: Path) -> Exception:
    """What is said of a training whose workers died too often."""
    causes = [error, *getattr(error, "worker_failures", {}).values()]
    said = " ".join(str(causes[-1]).split())[-300:]
    ended = (
        f"workers of the training died {DEATHS + 1} times, the last one by" if causes[1:] else "the cluster ended by"
    )
    kept = f"what was learned up to the last checkpoint is kept in {folder}, and the same call goes on from there"
    if any("MemoryError" in f"{type(cause)} {cause}" for cause in causes):  # Python's own, or Ray's OutOfMemoryError
        return MemoryError(f"a worker ran out of memory {DEATHS + 1} times; {kept}, with a smaller training.capacity")
    return ClusterError(f"{ended}: {said}; {kept}")


def _workers_of(folder: Path) -> int | None:
    """How many workers the folder's training has; None where there is none."""
    path = folder / WORKERS
    return int(read_json(path)["workers"]) if path.exists() else None


def refuse_alone(folder: str | Path) -> None:
    """`StorageError` for a folder whose training has begun on a cluster: one process cannot go on with it."""
    workers = _workers_of(as_path(folder))
    if workers is not None:
        raise StorageError(f"{folder} holds a training by {workers} workers; {ELSEWHERE}")


@contextmanager
def _claimed(folder: Path, workers: int) -> Iterator[None]:
    """The folder, which says how many workers its training has. `StorageError` where it has others. What ended before
    its first checkpoint leaves nothing.
    """
    there = _workers_of(folder)
    if there is not None and there != workers:
        raise StorageError(f"{folder} holds a training by {there} workers, got {workers}; go on with {there}")
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / WORKERS, {"workers": workers})
    try:
        yield
    except BaseException as error:
        if (folder / CHECKPOINT).exists():
            error.add_note(f"this training has {workers} workers: {ELSEWHERE}")
        else:
            for name in (WORKERS, OUTCOME):
                (folder / name).unlink(missing_ok=True)
            for name in (STATE, OTHERS):
                shutil.rmtree(folder / name, ignore_errors=True)
        raise
