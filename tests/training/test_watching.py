"""Callbacks, patience and loggers around a training."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from drr_tutorial.data.ratings import Ratings
from drr_tutorial.recommenders.drr import DRRRecommender
from drr_tutorial.storage import StorageError
from drr_tutorial.training.logs import TrainingLog
from drr_tutorial.training.runs import taken
from drr_tutorial.training.watching import VALIDATIONS, MLflowLogger, StopTraining, WandbLogger, watching
from tests.contracts.test_recommenders import tiny_config

CONFIG = replace(tiny_config(), training=replace(tiny_config().training, evaluations=6, log_every=100))


class Recorder:
    def __init__(self) -> None:
        self.rows: list[tuple[int, dict[str, float]]] = []

    def log(self, metrics: dict[str, float], step: int) -> None:
        self.rows.append((step, metrics))


def stops_after(values: Sequence[float], patience: int, folder: Path | None = None) -> int:
    """How many validations a training has that finds these figures."""
    with watching(patience=patience), TrainingLog(folder) as log:
        for count, value in enumerate(values):
            log.validation(count, {"hit": value})
            if count == len(values) - 1:
                return len(values)
    return count + 1


@pytest.mark.parametrize(
    ("values", "patience", "count"),
    [
        ([1, 2, 1, 1, 9], 2, 4),
        ([1, 2, 1, 3, 1, 1, 9], 2, 6),
        ([5, 5, 5, 5, 4, 4, 9], 2, 6),  # nothing moves while the critic learns alone
        ([5, 5, 6, 6, 6, 9], 2, 5),
        ([1, 2, 3, 4], 1, 4),
    ],
)
def test_patience_ends_after_so_many_validations_in_vain(values: list[float], patience: int, count: int) -> None:
    assert stops_after(values, patience) == count


def test_nobody_who_looks_on_changes_what_is_learned(synthetic: Ratings) -> None:
    alone = DRRRecommender(CONFIG, progress=False).fit(synthetic)
    seen: list[tuple[int, dict[str, float]]] = []
    recorder = Recorder()
    with watching(callbacks=[lambda step, figures: seen.append((step, figures))], logger=recorder):
        watched = DRRRecommender(CONFIG, progress=False).fit(synthetic)
    assert watched.history == alone.history
    np.testing.assert_array_equal(watched.scores([1]), alone.scores([1]))
    assert [{"step": step, **figures} for step, figures in seen] == alone.history
    names = {name for _, metrics in recorder.rows for name in metrics}
    assert {"validation/nDCG@10", "train/reward", "episode/return", "train/value_loss"} <= names


def test_a_callback_ends_the_training_with_the_best_weights(synthetic: Ratings) -> None:
    with watching(callbacks=[lambda step, _: step < 100]):
        stopped = DRRRecommender(CONFIG, progress=False).fit(synthetic)
    full = DRRRecommender(CONFIG, progress=False).fit(synthetic)
    assert 2 <= len(stopped.history) < len(full.history)
    assert stopped.history == full.history[: len(stopped.history)]
    assert len(stopped.recommend(synthetic.user_ids[0])) == 10


def test_a_training_that_goes_on_goes_on_counting(tmp_path: Path) -> None:
    assert stops_after([1, 2, 1], 2, tmp_path) == 3  # interrupted at step 2
    with watching(patience=2), TrainingLog(tmp_path, 2) as log:
        log.validation(3, {"hit": 1.0})
        pytest.fail("two validations in vain were enough")
    (tmp_path / VALIDATIONS).write_text('{"a": 1}')
    with pytest.raises(StorageError, match="is damaged .*delete it"), watching(patience=2):
        TrainingLog(tmp_path, 2)


def test_an_error_of_a_callback_is_no_stop(synthetic: Ratings) -> None:
    agent = DRRRecommender(CONFIG, progress=False)
    with pytest.raises(ZeroDivisionError), watching(callbacks=[lambda *_: 1 / 0]):
        agent.fit(synthetic)
    with pytest.raises(RuntimeError, match="has learned nothing yet"):
        agent.recommend(1)


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        ({"callbacks": [3]}, "callbacks must be functions of step and figures, got 3"),
        ({"callbacks": print}, "callbacks must be a list of functions, got <built-in .*; for one write"),
        ({"callbacks": 3}, "callbacks must be a list of functions, got 3"),
        ({"patience": 0}, "patience must be a whole number of at least 1, or None, got 0"),
        ({"patience": True}, "patience must be"),
        ({"logger": print}, r"logger must have a method log\(metrics, step\)"),
    ],
)
def test_what_cannot_look_on(wrong: dict[str, Any], text: str) -> None:
    with pytest.raises(ValueError, match=text), watching(**wrong):
        pass


def test_outside_nobody_looks_on() -> None:
    with watching(patience=1):
        pass
    with TrainingLog(None) as log:
        for step in range(9):
            log.validation(step, {"hit": -step})


def test_figures_go_to_weights_and_biases() -> None:
    run = Recorder()
    WandbLogger(run).log({"validation/HR@10": 0.5}, 7)
    assert run.rows == [(7, {"validation/HR@10": 0.5})]
    with pytest.raises(ValueError, match=r"run must be what wandb.init returns"):
        WandbLogger(None)


def test_figures_go_to_mlflow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    mlflow = pytest.importorskip("mlflow", reason="needs the extra 'tracking'")
    mlflow.set_tracking_uri((tmp_path / "runs").as_uri())
    mlflow.set_experiment("trainings")
    with mlflow.start_run() as run:
        logger = MLflowLogger({"gamma": 0.9})
        logger.log({"validation/nDCG@10": 0.25}, 3)
        logger.log({"validation/nDCG@10": 0.5}, 6)
    client = mlflow.MlflowClient()
    history = client.get_metric_history(run.info.run_id, "validation/nDCG at 10")
    assert [(entry.step, entry.value) for entry in history] == [(3, 0.25), (6, 0.5)]
    assert client.get_run(run.info.run_id).data.params == {"gamma": "0.9"}


def test_a_stop_is_no_error_of_others() -> None:
    with pytest.raises(ZeroDivisionError), TrainingLog(None):
        raise ZeroDivisionError
    with TrainingLog(None):
        raise StopTraining


def test_what_was_validated_before_a_failure_does_not_keep_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    with pytest.raises(RuntimeError, match="no space"), taken(folder, CONFIG) as place, watching(patience=2):
        with TrainingLog(place) as log:
            log.validation(0, {"hit": 0.5})
        assert (place / VALIDATIONS).exists()
        raise RuntimeError("no space")
    assert not folder.exists()
