"""Looking on while something trains: callbacks after each validation, early stopping, figures for other logs.

    with watching(callbacks=[show], patience=3, logger=MLflowLogger()):
        agent.fit(ratings)

Whatever trains inside is watched, an agent of a log or of a world. A training that is stopped early ends as it would at
its last step: with the best validated weights. A training that was interrupted and goes on in its folder goes on
counting, too.
"""

import importlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any, Protocol

from drr_tutorial.storage import StorageError, read_json, write_json

Callback = Callable[[int, dict[str, float]], bool | None]
VALIDATIONS = "validations.json"  # in a training's folder: what was validated, for whoever is patient


class Logger(Protocol):
    """Where figures go: anything with this method."""

    def log(self, metrics: dict[str, float], step: int) -> None:
        """Take figures by name, such as "validation/nDCG@10", of one step of training."""


class StopTraining(Exception):  # noqa: N818
    """Raised within a training, it ends there, and well."""


_watched: ContextVar[tuple[tuple[Callback, ...], int | None, Logger | None]] = ContextVar(
    "watched", default=((), None, None)
)


@contextmanager
def watching(
    *, callbacks: Sequence[Callback] = (), patience: int | None = None, logger: Logger | None = None
) -> Iterator[None]:
    """Watch each training within.

    Args:
        callbacks: `callback(step, figures)` is called after each validation (the first before any step) with its
            figures by name, "hit" and "dcg" for a log of ratings; the training ends when one returns False.
        patience: end when the sum of the figures was not better in so many validations in a row; None: never. Those
            before the figures first change do not count: the actor does not move yet while the critic learns alone.
        logger: its `log(metrics, step)` gets every figure that TensorBoard would get.

    Raises `ValueError` for what is none of these. An error of a callback or a logger stops the training.
    """
    if callable(callbacks) or not isinstance(callbacks, Iterable):
        raise ValueError(f"callbacks must be a list of functions, got {callbacks!r}; for one write [{callbacks!r}]")
    callbacks = list(callbacks)
    for callback in callbacks:
        if not callable(callback):
            raise ValueError(f"callbacks must be functions of step and figures, got {callback!r}")
    if patience is not None and (not isinstance(patience, int) or isinstance(patience, bool) or patience < 1):
        raise ValueError(f"patience must be a whole number of at least 1, or None, got {patience!r}")
    if logger is not None and not callable(getattr(logger, "log", None)):
        raise ValueError(f"logger must have a method log(metrics, step), got {logger!r}")
    token = _watched.set((tuple(callbacks), patience, logger))
    try:
        yield
    finally:
        _watched.reset(token)


class Watcher:
    """What is watched of one training, from `step` on; `folder` is where it is kept, None: nowhere."""

    def __init__(self, folder: Path | None, step: int) -> None:
        self.callbacks, self.patience, self.logger = _watched.get()
        self.place = None if folder is None or self.patience is None else folder / VALIDATIONS
        self.found = [entry for entry in _kept(self.place) if entry[0] <= step] if step else []

    def log(self, metrics: Mapping[str, float], step: int) -> None:
        """Pass figures on."""
        if self.logger is not None and metrics:
            self.logger.log({name: float(value) for name, value in metrics.items()}, int(step))

    def validated(self, step: int, figures: Mapping[str, float]) -> None:
        """Tell the callbacks. Raises `StopTraining` when one has had enough, or patience is at its end."""
        answers = [callback(step, dict(figures)) for callback in self.callbacks]  # all are told
        self.found.append((step, sum(figures.values())))
        if self.place is not None:
            write_json(self.place, self.found)
        impatient = self.patience is not None and self._in_vain() >= self.patience
        if impatient or any(answer is not None and not answer for answer in answers):
            raise StopTraining

    def _in_vain(self) -> int:
        """How many validations in a row were not better, from the first on that differs from those before."""
        sums = [total for _, total in self.found]
        first = next((place for place, total in enumerate(sums) if total != sums[0]), len(sums))
        return len(sums) - 1 - max(sums.index(max(sums)), first - 1)


class MLflowLogger:
    """Figures into the active run of MLflow (`mlflow.start_run()`), else into a new one.

    Needs the extra `tracking`. `settings`: logged as the run's parameters.
    """

    def __init__(self, settings: Mapping[str, Any] | None = None) -> None:
        try:
            self._mlflow = importlib.import_module("mlflow")
        except ImportError as error:
            raise ImportError(
                "MLflowLogger needs the library mlflow; install it with: pip install 'drr_tutorial[tracking]'"
            ) from error
        if settings:
            self._mlflow.log_params(dict(settings))

    def log(self, metrics: dict[str, float], step: int) -> None:
        """The figures of one step; MLflow's names have no @."""
        self._mlflow.log_metrics({name.replace("@", " at "): value for name, value in metrics.items()}, step=step)


class WandbLogger:
    """Figures into a run of Weights & Biases: `WandbLogger(wandb.init(project="drr"))`."""

    def __init__(self, run: Any) -> None:
        if not callable(getattr(run, "log", None)):
            raise ValueError(f"run must be what wandb.init returns, got {run!r}")
        self._run = run

    def log(self, metrics: dict[str, float], step: int) -> None:
        """The figures of one step."""
        self._run.log(dict(metrics), step=step)


def _kept(place: Path | None) -> list[tuple[int, float]]:
    """What an interrupted training has left; nothing where it left none."""
    if place is None or not place.exists():
        return []
    try:
        return [(int(step), float(total)) for step, total in read_json(place)]
    except (TypeError, ValueError) as error:
        raise StorageError(f"{place} is damaged ({error}); delete it, and patience begins anew") from error
