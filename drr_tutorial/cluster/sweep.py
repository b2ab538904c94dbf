"""A search for better settings with a stated budget: trials by Ray Tune, each a training that the package's own
validation part judges; the test part is not touched.

Each trial is kept in a file of its own as soon as it is finished, so a sweep that was stopped, by whatever, goes on
where it was, and one with a larger budget takes up what a smaller one left. A trial whose process or node dies is made
again elsewhere. The best of many trials looks better than it is, for it was picked by the figures that it shows: its
test figures are those of a training with it.
"""

import dataclasses
import json
import os
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tqdm.auto import tqdm

from drr_tutorial.cluster.calls import TRIES
from drr_tutorial.cluster.connect import connect, require_address, require_ray
from drr_tutorial.cluster.space import Settings, Space, draw, with_settings
from drr_tutorial.config import ExperimentConfig
from drr_tutorial.data.ratings import Ratings
from drr_tutorial.errors import DataError, RowError
from drr_tutorial.provenance import git_revision, versions
from drr_tutorial.recommenders.drr import DRRRecommender, require_known
from drr_tutorial.storage import StorageError, as_path, read_json, write_json

ABOUT = "sweep.json"
BEST = "best.json"
TRIALS = "trials"
QUIET = {"TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1", "TUNE_DISABLE_SIGINT_HANDLER": "1", "RAY_AIR_NEW_OUTPUT": "0"}
"""For Ray Tune: no files of its own kind, and Ctrl-C is an interruption like any other."""
Trial = dict[str, Any]


@dataclasses.dataclass(frozen=True)
class Sweep:
    """What is searched, and by how much."""

    config: ExperimentConfig
    """The settings that the space does not draw. Its seed draws the trials' settings."""
    space: Space
    budget: int
    """Trials."""
    seeds: tuple[int, ...] = ()
    """A trial trains once with each, and its figures are the means. Empty: the configuration's own."""

    def __post_init__(self) -> None:
        if self.budget < 1:
            raise ValueError(f"trials must be at least 1, got {self.budget}")
        if self.config.training.validation_share == 0:
            raise ValueError("training.validation_share must be above 0 for a sweep, which compares by it, got 0")
        if len(set(self.seeds)) < len(self.seeds):
            raise ValueError(f"seeds must be different, got {self.seeds}")
        require_known(self.config)

    def drawn(self) -> list[Settings]:
        """The settings of each trial. Raises `ValueError` for settings that the space may not give."""
        found = [draw(self.space, self.config.seed, number) for number in range(self.budget)]
        for number, settings in enumerate(found):
            try:
                with_settings(self.config, settings)
            except ValueError as error:
                raise ValueError(f"trial {number} of the space cannot be trained: {error}") from error
        return found

    def about(self, train: Ratings) -> dict[str, Any]:
        """What must be equal for trials to be compared, JSON-able: all but the budget."""
        return {
            "settings": self.config.to_json(),
            "space": {name: dict(said) for name, said in self.space.items()},
            "seeds": list(self.seeds or (self.config.seed,)),
            "training data": train.fingerprint(),
            "versions": versions(),
        }


def run_sweep(
    sweep: Sweep, train: Ratings, folder: str | Path, *, cluster: str = "local", progress: bool = True
) -> list[Trial]:
    """Train what is not there yet, on a cluster (see `connect`); returns the trials, best first.

    `folder` gets sweep.json, trials/NUMBER.json and best.json, the configuration of the best. A trial holds number,
    settings, "score", the mean over seeds of the best validation by hit rate + nDCG at 10, as the training picks its
    weights, the two figures apart and the seconds it took. Raises `StorageError` for a folder of another sweep,
    `RowError` where trials failed, after all others were made, and what `connect` and `Sweep.drawn` raise.
    """
    require_address(cluster)
    require_ray()
    place, drawn, about = as_path(folder), sweep.drawn(), sweep.about(train)
    _refuse_another(place, about)
    waiting = [number for number in range(sweep.budget) if _finished(place, number) is None]
    if waiting:
        with connect(cluster), _quiet():
            _begin(place, about)
            failed = _train(sweep, train, drawn, waiting, place, progress)
    left = [number for number in waiting if _finished(place, number) is None]
    if left:
        what = f"{len(left)} of {sweep.budget} trials failed ({failed.get(left[0], 'stopped')})"
        raise RowError(f"{what}; the same command goes on with them")
    trials = [trial for number in range(sweep.budget) if (trial := _finished(place, number))]
    trials.sort(key=lambda trial: (-trial["score"], trial["number"]))
    write_json(place / BEST, _as_json(with_settings(sweep.config, trials[0]["settings"])))
    return trials


def _as_json(config: ExperimentConfig) -> Any:
    return json.loads(config.to_json())


def _begin(place: Path, about: Mapping[str, Any]) -> None:
    """Say what sweep the folder holds, once."""
    if not (place / ABOUT).exists():
        write_json(place / ABOUT, dict(about) | {"git revision": git_revision()})


def _refuse_another(place: Path, about: Mapping[str, Any]) -> None:
    """Raises `StorageError` for a folder of something else, or of another sweep."""
    if not (place / ABOUT).exists():
        if place.exists() and (not place.is_dir() or any(place.iterdir())):
            raise StorageError(f"{place} holds something else than a sweep; choose a new folder, nothing was changed")
        return
    before = read_json(place / ABOUT)
    for name, value in about.items():
        if not isinstance(before, dict) or before.get(name) != value:
            raise StorageError(f"{place} holds a sweep with other {name}; give the same again, or another folder")


def _place(folder: Path, number: int) -> Path:
    return folder / TRIALS / f"{number:05d}.json"


def _finished(folder: Path, number: int) -> Trial | None:
    """What a trial left, if it is whole."""
    try:
        trial = read_json(_place(folder, number))
    except StorageError:
        return None
    return trial if isinstance(trial, dict) and {"number", "settings", "score"} <= trial.keys() else None


def _train(
    sweep: Sweep, train: Ratings, drawn: Sequence[Settings], waiting: Sequence[int], folder: Path, progress: bool
) -> dict[int, str]:
    """Make trials, and keep each when it ends; returns why others failed, by number."""
    from ray import tune

    trial = tune.with_parameters(
        trained, config=sweep.config.to_json(), train=train, seeds=sweep.seeds or (sweep.config.seed,)
    )
    with TemporaryDirectory() as scratch, tqdm(total=len(waiting), unit="trial", disable=not progress) as bar:
        keeper = _keeper(lambda number, figures: write_json(_place(folder, number), figures), bar)
        tune.Tuner(
            tune.with_resources(trial, {"cpu": 1}),
            param_space={"trial": tune.grid_search([{"number": n, "settings": drawn[n]} for n in waiting])},
            tune_config=tune.TuneConfig(reuse_actors=False),
            run_config=tune.RunConfig(
                name="sweep",
                storage_path=scratch,
                verbose=0,
                callbacks=[keeper],
                failure_config=tune.FailureConfig(max_failures=TRIES - 1),
            ),
        ).fit()
    return dict(keeper.failed)


def _keeper(keep: Callable[[int, Trial], None], bar: Any) -> Any:
    """Ray Tune tells it of each trial that ends, here where the sweep was started."""
    from ray import tune

    class Keeper(tune.Callback):  # type: ignore[misc]
        def __init__(self) -> None:
            self.failed: dict[int, str] = {}

        def on_trial_complete(self, iteration: int, trials: Any, trial: Any, **info: Any) -> None:
            asked, found = trial.config["trial"], trial.last_result
            if found.get("error"):
                self.failed[asked["number"]] = str(found["error"])
            else:
                keep(asked["number"], {**asked, **found["figures"]})
            bar.update()

        def on_trial_error(self, iteration: int, trials: Any, trial: Any, **info: Any) -> None:
            self.failed[trial.config["trial"]["number"]] = f"its process died {TRIES} times"
            bar.update()

    return Keeper()


def trained(asked: Mapping[str, Any], config: str, train: Ratings, seeds: Sequence[int]) -> dict[str, Any]:
    """One trial, in a process of its own: figures of validation, or the error that stopped it."""
    settings = with_settings(ExperimentConfig.from_json(config), asked["trial"]["settings"])
    try:
        return {"figures": figures_of(settings, train, seeds), "error": ""}
    except Exception:  # it would fail again, so Ray need not try
        return {"figures": {}, "error": traceback.format_exc().strip().splitlines()[-1]}


def figures_of(config: ExperimentConfig, train: Ratings, seeds: Sequence[int]) -> dict[str, float]:
    """Means over seeds of the best validation of a training: "score", which is "hit" + "dcg"; "seconds" in all.

    Raises `DataError` where nothing can be validated.
    """
    start, found = time.perf_counter(), []
    for seed in seeds:
        agent = DRRRecommender(dataclasses.replace(config, seed=seed), progress=False).fit(train)
        if not agent.history:
            raise DataError("nothing is left to validate on: a user likes the whole catalogue, or there are few likes")
        found.append(max(agent.history, key=lambda entry: entry["hit"] + entry["dcg"]))
    means = {name: sum(entry[name] for entry in found) / len(found) for name in ("hit", "dcg")}
    return {"score": means["hit"] + means["dcg"], **means, "seconds": round(time.perf_counter() - start, 1)}


@contextmanager
def _quiet() -> Iterator[None]:
    """`QUIET`, for a while."""
    before = {name: os.environ.get(name) for name in QUIET}
    os.environ.update(QUIET)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            os.environ.update({} if value is None else {name: value})
