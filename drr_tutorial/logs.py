"""TensorBoard log of a training, with the names of the original notebook (chapter 5 explains each).

Scalars `hit` and `dcg` are the validation's hit rate and nDCG at 10. Histograms `value`, `target_value`,
`expected_value` are those of the latest batch, `policy_loss` its mean of -Q. Beside them: scalars `reward`
(mean since the last entry), `value_loss`, `policy_loss_mean`, `supervised_loss` and `steps_per_second`. See
them with `tensorboard --logdir FOLDER`, or read the scalars back with `read_scalars`.
"""

import time
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from drr_tutorial.ddpg import UpdateResult
from drr_tutorial.storage import StorageError

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter


class TrainingLog:
    """Writes into `folder/tensorboard`; with `folder=None` it only listens. Entries from `step` on, left by a
    run that died, are purged.
    """

    def __init__(self, folder: Path | None, step: int = 0) -> None:
        self.writer = None if folder is None else _writer(folder / "tensorboard", step)
        self._rewards: list[float] = []
        self._mark = (time.perf_counter(), step)

    def record(self, step: int, reward: float, result: UpdateResult | None, *, due: bool) -> None:
        """Take note of one step's mean reward and latest update; write an entry when it is `due`."""
        self._rewards.append(reward)
        if not due or self.writer is None:
            return
        now = time.perf_counter()
        figures = {"reward": sum(self._rewards) / len(self._rewards)}
        figures["steps_per_second"] = (step - self._mark[1]) / max(now - self._mark[0], 1e-9)
        self._rewards, self._mark = [], (now, step)
        self.scalars(step, figures)
        if result is not None:
            self._update(step, result)

    def scalars(self, step: int, figures: dict[str, float]) -> None:
        """Write figures under their names."""
        if self.writer is not None:
            for name, value in figures.items():
                self.writer.add_scalar(name, value, step)

    def _update(self, step: int, result: UpdateResult) -> None:
        assert self.writer is not None
        for name in ("value", "target_value", "expected_value", "policy_loss"):
            self.writer.add_histogram(name, getattr(result, name), step)
        for tag, name in (
            ("value_loss", "value_loss"),
            ("policy_loss_mean", "policy_loss"),
            ("supervised_loss", "supervised_loss"),
        ):
            self.writer.add_scalar(tag, getattr(result, name).item(), step)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.writer is not None:
            self.writer.close()


def _writer(folder: Path, step: int) -> "SummaryWriter":
    from torch.utils.tensorboard import SummaryWriter  # takes a second to import

    return SummaryWriter(str(folder), purge_step=step)


def read_scalars(folder: str | Path) -> dict[str, NDArray[np.float64]]:
    """The scalars that a training left in `folder/tensorboard`: {name: (n, 2)}, a row (step, value) an entry,
    steps rising. Raises `StorageError` when there is no log.
    """
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator  # takes a second to import

    path = Path(folder) / "tensorboard"
    if not any(path.glob("events.out.tfevents.*")):
        raise StorageError(f"no log in {path}; give the folder that an agent or an experiment was trained with")
    log = EventAccumulator(str(path), size_guidance={"scalars": 0})  # 0: every entry, not a sample of them
    log.Reload()
    return {
        name: np.array([[entry.step, entry.value] for entry in log.Scalars(name)]) for name in log.Tags()["scalars"]
    }
