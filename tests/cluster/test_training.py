"""A training over shards on a cluster of two nodes: whatever happens to a worker, it ends with the same numbers."""

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from drr_tutorial import cli
from drr_tutorial.cluster import training
from drr_tutorial.cluster.connect import Cluster, connect
from drr_tutorial.cluster.training import fit_on_cluster
from drr_tutorial.config import ExperimentConfig
from drr_tutorial.data.splits import Split
from drr_tutorial.errors import ClusterError
from drr_tutorial.experiment import prepare
from drr_tutorial.recommenders.drr import DRRRecommender
from drr_tutorial.storage import StorageError
from drr_tutorial.training.runs import AGENT, read_config
from drr_tutorial.training.trainer import CHECKPOINT, Callback, Trainer

pytest.importorskip("ray")
OPTIONS = (
    "--dataset synthetic --split random --quiet --embedding.n-factors 8 --embedding.n-iterations 3 "
    "--agent.critic-hidden 16 --environment.num-envs 16 --training.passes 2 --training.batch-size 64 "
    "--training.steps-per-update 16 --training.checkpoints 8 --training.evaluations 4 --baselines popularity"
).split()


def weights(agent: DRRRecommender) -> dict[str, np.ndarray]:
    return {name: value.numpy() for name, value in agent.networks.state_dict().items()}


@pytest.fixture(scope="module")
def by_command(address: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a training that nothing disturbed, by the command line."""
    folder = tmp_path_factory.mktemp("runs") / "undisturbed"
    command = ["train", "--out", str(folder), "--cluster", address, "--workers", "2", *OPTIONS]
    assert cli.main(command) == 0
    return folder


@pytest.fixture(scope="module")
def expected(by_command: Path) -> dict[str, np.ndarray]:
    return weights(DRRRecommender.load(by_command / AGENT))


@pytest.fixture(scope="module")
def config(by_command: Path) -> ExperimentConfig:
    return read_config(by_command)


@pytest.fixture(scope="module")
def cluster(by_command: Path, address: str) -> Iterator[Cluster]:
    """Once for all tests, since each node starts a process to be looked at; after the command, which has its own."""
    with connect(address) as found:
        yield found


@pytest.fixture(scope="module")
def split(config: ExperimentConfig) -> Split:
    return prepare(config, progress=False)[1]


def fit(config: ExperimentConfig, split: Split, folder: Path, cluster: Cluster, **options: Any) -> DRRRecommender:
    return fit_on_cluster(config, split.train, folder, cluster, seen=split.ratings, **options)


def once(mark: Path, what: str) -> Callback:
    """In the second worker, late in its training: die, or run out of memory; not again once `mark` is there."""

    def callback(trainer: Trainer) -> None:
        if trainer.about["shard"][0] == 1 and trainer.step > 0.6 * trainer.total_steps and not mark.exists():
            mark.touch()
            if what == "die":
                os.kill(os.getpid(), signal.SIGKILL)
            raise MemoryError("of this test")

    return callback


def test_the_command_trains_an_agent_as_good_as_one_process_does(by_command: Path, split: Split) -> None:
    agent = DRRRecommender.load(by_command / AGENT)
    alone = DRRRecommender(read_config(by_command), progress=False).fit(split.train, seen=split.ratings)
    assert (by_command / "metrics.json").exists()
    first, second = (one.recommend_all(k=10, progress=False) for one in (agent, alone))
    same = first.merge(second, on=["user_id", "item_id"])
    assert len(same) > 0.6 * len(first), "most of the lists are the same"


def test_a_worker_that_is_killed_changes_nothing(
    config: ExperimentConfig, split: Split, expected: dict[str, np.ndarray], cluster: Cluster, tmp_path: Path
) -> None:
    mark = tmp_path / "killed"
    agent = fit(config, split, tmp_path / "run", cluster, workers=2, callback=once(mark, "die"))
    assert mark.exists(), "nobody was killed"
    for name, values in weights(agent).items():
        np.testing.assert_array_equal(values, expected[name], err_msg=name)


def test_a_training_that_ran_out_of_memory_goes_on_from_its_checkpoint(
    config: ExperimentConfig, split: Split, expected: dict[str, np.ndarray], cluster: Cluster, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(training, "DEATHS", 0)
    folder, steps = tmp_path / "run", tmp_path / "steps"
    with pytest.raises(MemoryError, match=r"a worker ran out of memory 1 times; what was learned .* is kept in"):
        fit(config, split, folder, cluster, workers=2, callback=once(tmp_path / "mark", "starve"))
    assert (folder / CHECKPOINT).exists()
    with pytest.raises(StorageError, match="holds a training by 2 workers, got 1; go on with 2"):
        fit(config, split, folder, cluster, workers=1)

    def first_step(trainer: Trainer) -> None:
        if not steps.exists():
            steps.write_text(str(trainer.step / trainer.total_steps))

    agent = fit(config, split, folder, cluster, callback=first_step)  # with as many workers as it had
    assert float(steps.read_text()) > 0.4, "it began anew"
    assert len(list((folder / training.STATE).glob("checkpoint_*"))) == 1
    for name, values in weights(agent).items():
        np.testing.assert_array_equal(values, expected[name], err_msg=name)


def test_an_error_of_the_user_ends_all_workers_and_leaves_nothing_behind(
    config: ExperimentConfig, split: Split, cluster: Cluster, tmp_path: Path
) -> None:
    """Ray does not try again what would fail again."""

    def refuse(trainer: Trainer) -> None:
        raise ValueError("of this test, at all workers at once")

    with pytest.raises(ValueError, match="workers must be at most the processors of the cluster .*, 2, got 4"):
        fit(config, split, tmp_path / "run", cluster, workers=4)
    with pytest.raises(ValueError, match="of this test, at all workers at once"):
        fit(config, split, tmp_path / "run", cluster, workers=2, callback=refuse)
    assert not list((tmp_path / "run").rglob("*.json")) + list((tmp_path / "run").rglob("*.pt"))


class FailedError(Exception):
    """As Ray raises it: what ended each worker."""

    def __init__(self, text: str, worker_failures: dict[int, Exception]) -> None:
        super().__init__(text)
        self.worker_failures = worker_failures


def test_ctrl_c_is_an_interruption_and_stays_one_afterwards() -> None:
    """Ray Train takes it over, and ends the process with the status 0."""
    before = signal.getsignal(signal.SIGINT)

    def fit() -> None:
        signal.signal(signal.SIGINT, lambda *_: sys.exit(0))
        signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt), training._interruptible():
        fit()
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.parametrize(
    ("failure", "kind", "said"),
    [
        (
            RuntimeError("the process was killed"),
            ClusterError,
            "workers of the training died 4 times, the last one by:",
        ),
        (RuntimeError("Task was killed by OutOfMemoryError"), MemoryError, "a worker ran out of memory 4 times"),
        (MemoryError("of numpy"), MemoryError, "a worker ran out of memory 4 times"),
    ],
)
def test_what_is_said_of_workers_that_keep_dying(failure: Exception, kind: type[Exception], said: str) -> None:
    error = training._given_up(FailedError("Training failed", {1: failure}), Path("runs/one"))
    assert type(error) is kind
    assert said in str(error)
    assert "is kept in runs/one, and the same call goes on from there" in str(error)


def test_what_is_said_of_a_cluster_that_stops() -> None:
    error = training._given_up(ConnectionError("Socket closed"), Path("runs/one"))
    assert str(error).startswith("the cluster ended by: Socket closed; what was learned up to the last checkpoint")


def test_one_process_cannot_go_on_with_a_training_of_workers(tmp_path: Path) -> None:
    training.refuse_alone(tmp_path)
    with pytest.raises(RuntimeError), training._claimed(tmp_path, 2):
        with pytest.raises(StorageError, match="training by 2 workers; to go on, add --cluster local or --cluster HO"):
            training.refuse_alone(tmp_path)
        raise RuntimeError
    training.refuse_alone(tmp_path)
