"""The folder of a training: taken when the training can start, given back when nothing came of it (chapter 6).

It belongs to a training from the moment that its config.json is there. A training that was killed at any moment after
that goes on from the folder; one that failed before there was anything to go on from leaves the folder as it was.
"""

import json
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

from drr_tutorial import __version__
from drr_tutorial.config import ExperimentConfig
from drr_tutorial.data.options import ReadingOptions
from drr_tutorial.storage import StorageError, as_path, cannot_write, of_another_version, read_json, write_new_json
from drr_tutorial.training.trainer import CHECKPOINT
from drr_tutorial.training.watching import VALIDATIONS

RUNS = Path("runs")
CONFIG, AGENT, METRICS = "config.json", "agent", "metrics.json"
READING = "reading"  # in config.json, beside the settings: how the data is read
PATIENCE = "patience"  # and when a training that gets no better ends
BEFORE_THE_FIRST_CHECKPOINT = (CONFIG, "tensorboard", "best.safetensors", "final.safetensors", VALIDATIONS)


class WorldSettings(NamedTuple):
    """What a training in a world needs besides the agent's settings; all JSON-able."""

    env: str
    """The id that Gymnasium knows it by."""
    env_kwargs: dict[str, Any]
    """Its arguments."""
    steps: int
    """Steps of training, over all users at play."""


@contextmanager
def taken(
    folder: str | Path | None,
    config: ExperimentConfig,
    world: WorldSettings | None = None,
    options: ReadingOptions | None = None,
    patience: int | None = None,
) -> Iterator[Path]:
    """The folder for a training with `config`, on a log that is read by `options` or in a `world`, which is taken now;
    None: a new one under runs/, named by the time. `patience`: that of `watching`, kept for whoever goes on.

    A folder with the same config is gone on with. When the training fails or is stopped without a checkpoint, what it
    wrote is removed; the exception gets a note that says how to go on. Raises `StorageError` for a folder that holds
    another training, is none, or cannot be written.
    """
    before = None if folder is None else _names_in(as_path(folder))
    folder = _new_folder(RUNS) if folder is None else as_path(folder)
    _write_config(folder, config, world, options, patience)
    try:
        yield folder
    except BaseException as error:
        if not (folder / CHECKPOINT).exists() and not (folder / AGENT).exists():
            _give_back(folder, before)
        error.add_note(how_to_go_on(folder))
        raise


def refuse_taken(folder: str | Path | None) -> None:
    """Raises `StorageError` when a folder, if one is given, cannot be that of a new training; before any work."""
    if folder is None:
        return
    folder = as_path(folder)
    if folder.exists() and not folder.is_dir():
        raise StorageError(f"{folder} is a file; give a new folder for the training")
    if (folder / CONFIG).exists():
        raise StorageError(f"{folder} holds a training already; go on with it by --resume {folder}, or choose another")


def how_to_go_on(folder: Path) -> str:
    """What there is to do with a training that has not ended well, as a part of a sentence."""
    again = f"drr-tutorial train --resume {folder}"
    if (folder / AGENT).exists():
        see = "play" if read_run(folder)[1] is not None else "evaluate"
        return f"the trained agent is kept in {folder}: drr-tutorial {see} {folder} prints its figures, {again} goes on"
    if (folder / CONFIG).exists():
        return f"go on with: {again}"
    return "nothing was trained yet, so there is nothing to resume"


def read_config(folder: str | Path) -> ExperimentConfig:
    """The configuration of a training on a log. Raises `StorageError` when there is none."""
    config, world = read_run(folder)
    if world is not None:
        raise StorageError(f"{folder} holds an agent of {world.env}, not one of a log: drr-tutorial play {folder}")
    return config


def read_run(folder: str | Path) -> tuple[ExperimentConfig, WorldSettings | None]:
    """The configuration of a training's folder, and its world, if it is not of a log. Raises `StorageError`."""
    path = as_path(folder) / CONFIG
    about = read_json(path)
    try:
        settings = dict(_settings(about))
        world = settings.pop("world", None)
        for beside in (READING, PATIENCE):
            settings.pop(beside, None)
        config = ExperimentConfig.from_json(json.dumps(settings))
        return config, None if world is None else WorldSettings(**world)
    except (ValueError, TypeError) as error:
        raise of_another_version(path, about, error) from error


def read_reading(folder: str | Path) -> ReadingOptions:
    """How the data of a training on a log is read. Raises `StorageError`."""
    path = as_path(folder) / CONFIG
    about = read_json(path)
    try:
        return ReadingOptions.from_json(_settings(about).get(READING, {}))
    except (ValueError, TypeError, AttributeError) as error:
        raise of_another_version(path, about, error) from error


def read_patience(folder: str | Path) -> int | None:
    """After how many validations in vain a training ends; None: never. Raises `StorageError`."""
    path = as_path(folder) / CONFIG
    about = read_json(path)
    patience = _settings(about).get(PATIENCE) if isinstance(about, dict) else None
    if patience is not None and (not isinstance(patience, int) or patience < 1):
        raise of_another_version(path, about, f"patience {patience!r} is no number of validations")
    return patience


def _write_config(
    folder: Path,
    config: ExperimentConfig,
    world: WorldSettings | None,
    options: ReadingOptions | None,
    patience: int | None,
) -> None:
    """Write the configuration, or check that the folder belongs to it."""
    path, settings = folder / CONFIG, json.loads(config.to_json())
    settings |= {} if world is None else {"world": world._asdict()}
    settings |= {READING: told} if options is not None and (told := options.to_json()) else {}
    settings |= {} if patience is None else {PATIENCE: patience}
    if not path.exists():
        write_new_json(path, {"version": __version__, **settings})
    elif _settings(read_json(path)) != settings:
        raise StorageError(
            f"{folder} holds another experiment; choose another, or go on with its own settings: --resume {folder}"
        )


def _settings(about: Any) -> Any:
    return {name: value for name, value in about.items() if name != "version"} if isinstance(about, dict) else about


def _new_folder(parent: Path) -> Path:
    """A new folder named by the time; with a number behind it, if somebody else took that name in the same second."""
    name, number = time.strftime("%Y%m%d-%H%M%S"), 1
    while True:
        folder = parent / (name if number == 1 else f"{name}-{number}")
        try:
            parent.mkdir(parents=True, exist_ok=True)
            folder.mkdir()
            return folder
        except FileExistsError as error:
            if not parent.is_dir():
                raise cannot_write(folder, error) from error
            number += 1
        except OSError as error:
            raise cannot_write(folder, error) from error


def _names_in(folder: Path) -> set[str] | None:
    """What a folder holds; None where there is no folder."""
    try:
        return {path.name for path in folder.iterdir()}
    except OSError:
        return None


def _give_back(folder: Path, before: set[str] | None) -> None:
    """Remove what a training without a checkpoint left, and the folder, if nothing else is in it."""
    for name in set(BEFORE_THE_FIRST_CHECKPOINT) - (before or set()):
        path = folder / name
        with suppress(OSError):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    if before is None:
        with suppress(OSError):  # it holds something else
            folder.rmdir()
