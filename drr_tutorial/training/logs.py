"""TensorBoard log of a training (chapter 5 explains each name). See it with `tensorboard --logdir FOLDER`, or read the
scalars back with `read_scalars`.
"""

import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from drr_tutorial.storage import StorageError, cannot_write
from drr_tutorial.training.ddpg import UpdateResult
from drr_tutorial.training.episodes import Episodes
from drr_tutorial.training.watching import StopTraining, Watcher

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter

TAGS = {"hit": "validation/HR@10", "dcg": "validation/nDCG@10"}
"""Where a figure of the validation goes; one of another name goes to `validation/<name>`."""
DESCRIPTIONS = {
    "validation/HR@10": "Hit rate at 10 on the validation part: the goal.",
    "validation/nDCG@10": "nDCG at 10 on the same lists.",
    "train/reward": "Mean reward a step since the last entry, noise included.",
    "train/steps_per_second": "Speed of the whole loop since the last entry.",
    "episode/return": "Mean sum of rewards of the episodes that ended since the last entry, noise included.",
    "episode/discounted_return": "The same with gamma: what Q at the start of an episode should be.",
    "episode/value": "What the critic promised at the start of these episodes: Q of the first item.",
    "episode/length": "Mean steps of these episodes.",
    "episode/like_rate": "Share of their steps with a positive reward.",
    "train/value_loss": "The critic's loss on the latest batch.",
    "train/policy_loss": "Mean of -Q(s, pi(s)) on the latest batch.",
    "train/value": "Q(s, a) on the latest batch.",
    "train/target_value": "Q'(s', pi'(s')) on the latest batch, by the target networks.",
    "train/expected_value": "y, what the critic learns, on the latest batch.",
}
"""What TensorBoard shows beside a chart."""
IN_REWARDS = ("return", "discounted_return", "value")


class TrainingLog:
    """Writes into `folder/tensorboard`; with `folder=None` it only listens. Entries from `step` on, left by a
    run that died, are purged. Rewards and values, which come in units of `reward_unit`, are written without one.
    """

    def __init__(self, folder: Path | None, step: int = 0, reward_unit: float = 1.0) -> None:
        self.writer = None if folder is None else _writer(folder / "tensorboard", step)
        self.watcher = Watcher(folder, step)
        self.reward_unit = reward_unit
        self._rewards: list[float] = []
        self._latest: UpdateResult | None = None  # the latest update since the last entry
        self._mark = (time.perf_counter(), step)

    def record(
        self, step: int, reward: float, result: UpdateResult | None, episodes: Episodes | None = None, *, due: bool
    ) -> None:
        """Take note of one step's mean reward, latest update and episodes; write an entry when it is `due`."""
        self._rewards.append(reward)
        self._latest = result or self._latest
        if not due:
            return
        now = time.perf_counter()
        mean, seconds = sum(self._rewards) / len(self._rewards), max(now - self._mark[0], 1e-9)
        figures = {"train/reward": mean * self.reward_unit, "train/steps_per_second": (step - self._mark[1]) / seconds}
        self._rewards, self._mark = [], (now, step)
        for name, value in ({} if episodes is None else episodes.take()).items():
            figures[f"episode/{name}"] = value * (self.reward_unit if name in IN_REWARDS else 1.0)
        if self._latest is not None and (self.writer is not None or self.watcher.logger is not None):
            figures["train/value_loss"] = self._latest.value_loss.item() * self.reward_unit**2
            figures["train/policy_loss"] = self._latest.policy_loss.item() * self.reward_unit
            self._histograms(step, self._latest)
        self._scalars(figures, step)
        self._latest = None

    def validation(self, step: int, figures: Mapping[str, float]) -> None:
        """Write figures of a validation."""
        named = {TAGS.get(name, f"validation/{name}"): value for name, value in figures.items()}
        self._scalars(named, step)
        self.watcher.validated(step, figures)

    def _histograms(self, step: int, result: UpdateResult) -> None:
        if self.writer is None:
            return
        from torch.utils.tensorboard.summary import histogram

        unit = self.reward_unit
        bins = self.writer.default_bins  # TensorFlow's
        for name in ("value", "target_value", "expected_value"):
            self._write(histogram(f"train/{name}", getattr(result, name).cpu().numpy() * unit, bins), step)

    def _scalars(self, figures: Mapping[str, float], step: int) -> None:
        for tag, value in figures.items():
            self._scalar(tag, value, step)
        self.watcher.log(figures, step)

    def _scalar(self, tag: str, value: float, step: int) -> None:
        if self.writer is not None:
            from torch.utils.tensorboard.summary import scalar

            self._write(scalar(tag, value), step)

    def _write(self, summary: Any, step: int) -> None:
        """As `SummaryWriter.add_scalar` does, with a description, for which that has no argument."""
        assert self.writer is not None
        (entry,) = summary.value
        entry.metadata.summary_description = DESCRIPTIONS.get(entry.tag, "")
        entry.metadata.plugin_data.plugin_name = "scalars" if entry.HasField("simple_value") else "histograms"
        self.writer.file_writer.add_summary(summary, step)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        """Close. Where somebody who looks on has had enough, the training ends here, and well."""
        if self.writer is not None:
            self.writer.close()
        return isinstance(error, StopTraining)


def _writer(folder: Path, step: int) -> "SummaryWriter":
    from torch.utils.tensorboard import SummaryWriter  # takes a second to import

    try:
        folder.mkdir(parents=True, exist_ok=True)
        return SummaryWriter(str(folder), purge_step=step)
    except OSError as error:
        raise cannot_write(folder, error) from error


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
