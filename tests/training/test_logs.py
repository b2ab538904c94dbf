"""What a training writes into its TensorBoard log is what comes back."""

from pathlib import Path

import numpy as np
import pytest
import torch

from drr_tutorial.storage import StorageError
from drr_tutorial.training.ddpg import UpdateResult
from drr_tutorial.training.episodes import Episodes
from drr_tutorial.training.logs import DESCRIPTIONS, TrainingLog, read_scalars

SCALARS = {
    "validation/HR@10",
    "validation/own",
    *(f"train/{name}" for name in ("reward", "steps_per_second", "value_loss", "policy_loss")),
}
HISTOGRAMS = {"train/value", "train/target_value", "train/expected_value"}


def result(value_loss: float) -> UpdateResult:
    zeros = torch.zeros(4)
    return UpdateResult(zeros, zeros, zeros, zeros, torch.tensor(value_loss), torch.tensor(-0.5))


def test_scalars_come_back_as_written(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with TrainingLog(tmp_path) as log:
        log.validation(0, {"hit": 0.25, "own": 1.0})
        log.record(10, 1.0, result(9.0), due=False)
        log.record(20, 0.5, result(2.0), due=True)
        log.record(30, 0.25, result(1.0), due=True)
    scalars = read_scalars(tmp_path)
    assert set(scalars) == SCALARS
    np.testing.assert_allclose(scalars["validation/HR@10"], [[0, 0.25]])
    np.testing.assert_allclose(scalars["train/reward"], [[20, 0.75], [30, 0.25]])
    np.testing.assert_allclose(scalars["train/value_loss"], [[20, 2.0], [30, 1.0]])
    np.testing.assert_allclose(scalars["train/policy_loss"][:, 1], -0.5)
    assert not caplog.records  # TensorBoard has nothing to say against the log


def test_tensorboard_shows_a_description_beside_every_chart_of_ours(tmp_path: Path) -> None:
    """As its server reads a log: `EventMultiplexer` keeps what the first entry of a chart says of it."""
    from tensorboard.backend.event_processing.plugin_event_accumulator import EventAccumulator

    with TrainingLog(tmp_path) as log:
        log.validation(0, {"hit": 0.25, "dcg": 0.125, "own": 1.0})
        episodes = Episodes(1, 0.9)
        episodes.add(np.ones(1), np.ones(1, dtype=np.bool_))
        log.record(10, 1.0, result(9.0), episodes, due=True)
    events = EventAccumulator(str(tmp_path / "tensorboard"))
    events.Reload()
    tags = events.Tags()["tensors"]
    found = {tag: events.SummaryMetadata(tag).summary_description for tag in tags}
    assert found == DESCRIPTIONS | {"validation/own": ""}
    assert {tag for tag in tags if events.SummaryMetadata(tag).plugin_data.plugin_name == "histograms"} == HISTOGRAMS


def test_every_entry_is_read_and_a_resumed_run_replaces_what_it_repeats(tmp_path: Path) -> None:
    n = 12_000  # more than a reader keeps by default
    with TrainingLog(tmp_path) as log:
        for step in range(n):
            log.validation(step, {"hit": float(step)})
    with TrainingLog(tmp_path, step=n - 2) as log:
        log.validation(n - 2, {"hit": -1.0})
    hit = read_scalars(tmp_path)["validation/HR@10"]
    np.testing.assert_array_equal(hit[:, 0], np.arange(n - 1))
    np.testing.assert_array_equal(hit[-2:, 1], [n - 3, -1])


def test_a_folder_without_a_log_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="no log in"):
        read_scalars(tmp_path)
