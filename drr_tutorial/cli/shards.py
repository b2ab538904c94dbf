"""`drr-tutorial train --cluster`: a training over shards of users, as options of the command line."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from drr_tutorial.cluster.connect import connect, require_address
from drr_tutorial.cluster.shards import require_shards
from drr_tutorial.cluster.training import learn_on_cluster, refuse_alone
from drr_tutorial.config import ExperimentConfig
from drr_tutorial.experiment import Learn, learn_here


@dataclass(frozen=True)
class ShardOptions:
    """Where to train on a log, if not in this process."""

    cluster: str | None = None
    """Train over shards of users on a Ray cluster: local or HOST:PORT. Default: in this process."""
    workers: int | None = None
    """Workers on the cluster, each with its share of the users. Default: those of the training that is gone on with,
    or one for each processor of the cluster.
    """

    def refuse_beside(self, world: object | None, config: ExperimentConfig) -> None:
        """`ValueError` for options that do not go together, and for what is no address; before any work."""
        if self.cluster is None:
            if self.workers is not None:
                raise ValueError(f"workers needs a cluster, got {self.workers} workers; add --cluster local")
            return
        require_address(self.cluster)
        if world is not None:
            raise ValueError(
                f"cluster divides the users of a log, and a world has none to divide, got {self.cluster!r} with --env; "
                "leave one of them out"
            )
        require_shards(config, 1 if self.workers is None else self.workers)

    @contextmanager
    def learner(self, folder: Path | None, patience: int | None) -> Iterator[Learn]:
        """What trains in a folder: this process, or the workers of the cluster, which is there as long as this lasts.
        `StorageError` where the folder's training is one of workers, and no cluster is given.
        """
        if self.cluster is None:
            if folder is not None:
                refuse_alone(folder)
            yield learn_here
            return
        with connect(self.cluster) as cluster:
            yield partial(learn_on_cluster, cluster=cluster, workers=self.workers, patience=patience)
