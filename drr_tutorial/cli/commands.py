"""The commands that need no book: train, evaluate, recommend, sweep, play, data, download, doctor. Their options come
from the settings' own documentation. `lab.cli` adds those of the book; that is what `drr-tutorial` starts.
"""

import importlib.metadata
import platform
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import torch
import tyro

from drr_tutorial import __version__
from drr_tutorial.actor_critic.devices import require_device
from drr_tutorial.cli.console import Folder, is_said_on_purpose, join_values, terminal
from drr_tutorial.cli.data import REPEATED, DataOptions, data
from drr_tutorial.cli.presets import Preset, preset_of
from drr_tutorial.cli.serving import recommend
from drr_tutorial.cli.shards import ShardOptions
from drr_tutorial.cli.sweep import sweep_command
from drr_tutorial.cli.worlds import WorldOptions, play, refuse_idle, train_in_world
from drr_tutorial.config import PRESETS, ExperimentConfig
from drr_tutorial.data.download import MOVIELENS, data_home, find_movielens
from drr_tutorial.data.load import load_ratings
from drr_tutorial.data.options import ReadingOptions
from drr_tutorial.errors import ClusterError, DataError, RowError, UnknownIdError
from drr_tutorial.experiment import (
    USUAL_BASELINES,
    BaselineName,
    caption,
    evaluate_plan,
    make_plan,
    run_plan,
    table,
)
from drr_tutorial.provenance import LIBRARIES, machine
from drr_tutorial.recommenders.drr import DRRRecommender
from drr_tutorial.storage import as_path
from drr_tutorial.training.runs import (
    AGENT,
    METRICS,
    WorldSettings,
    read_config,
    read_patience,
    read_reading,
    read_run,
    refuse_taken,
    taken,
)
from drr_tutorial.training.watching import watching

Protocol = Literal["unseen", "original", "masked", "full"]
FORESEEN = (DataError, OSError, UnknownIdError, RowError, ClusterError)
DESCRIPTION = "Train, evaluate and use DRR; compute the figures of the book, and copy its notebooks."


def main(arguments: Sequence[str] | None = None, more: Mapping[str, Callable[..., Any]] | None = None) -> int:
    """Run a command; 0 when it went well, 1 for an error that the user can mend, 130 when it was interrupted.

    `more`: name -> further commands. Errors that nobody foresaw show where they come from.
    """
    with terminal():
        return _run(
            join_values(
                sys.argv[1:] if arguments is None else arguments,
                repeated=["--liked", "--disliked", "--env-kwargs", *REPEATED],
            ),
            more or {},
        )


def _run(arguments: list[str], more: Mapping[str, Callable[..., Any]]) -> int:
    if arguments == ["--version"]:
        print(f"drr_tutorial {__version__}")
        return 0
    commands: dict[str, Callable[..., Any]] = {
        "train": _train_command(preset_of(arguments)),
        "evaluate": evaluate,
        "recommend": recommend,
        "sweep": sweep_command(preset_of(arguments)),
        "play": play,
        **more,
        "data": data,
        "download": download,
        "doctor": doctor,
    }
    try:
        tyro.extras.subcommand_cli_from_dict(commands, prog="drr-tutorial", description=DESCRIPTION, args=arguments)
    except BrokenPipeError:
        raise
    except (*FORESEEN, ValueError, ImportError) as error:
        if not isinstance(error, FORESEEN) and not is_said_on_purpose(error):
            raise
        _say("\n".join([f"error: {error}", *_notes(error)]))
        return 1
    except MemoryError as error:
        _say("\n".join([f"error: there is not enough memory ({error}); give less data", *_notes(error)]))
        return 1
    except KeyboardInterrupt as stopped:
        _say(f"interrupted; {'; '.join(_notes(stopped)) or _after_interruption(arguments)}")
        return 130
    return 0


def _say(text: str) -> None:
    print(f"drr-tutorial: {text}", file=sys.stderr)


def _notes(error: BaseException) -> list[str]:
    """What to do next, as the code that was stopped has noted."""
    return list(getattr(error, "__notes__", []))


def _train_command(default: ExperimentConfig) -> Callable[..., None]:
    def train(
        config: Annotated[ExperimentConfig, tyro.conf.arg(name="")] = default,
        preset: Preset = "default",
        data: Annotated[DataOptions, tyro.conf.arg(name="")] = DataOptions(),  # noqa: B008
        options: Annotated[WorldOptions, tyro.conf.arg(name="")] = WorldOptions(),  # noqa: B008
        out: Path | None = None,
        resume: Path | None = None,
        patience: int | None = None,
        baselines: tuple[BaselineName, ...] = USUAL_BASELINES,
        shards: Annotated[ShardOptions, tyro.conf.arg(name="")] = ShardOptions(),  # noqa: B008
        quiet: bool = False,
    ) -> None:
        """Train an agent, and print it beside baselines; with --env in a world, and beside the world's known bounds.

        Args:
            config: The settings.
            preset: Settings to start from: the best recipe, of the first chapters, what comes next, the paper's, the
                original's, or for worlds, which is the default with --env.
            data: Of the reading of a file of your own.
            options: Of a training in a world.
            out: Folder for config.json, metrics.json, weights and TensorBoard log. Default: a new one under runs/.
            resume: Go on with the training in this folder, with its settings, as if it had never stopped.
            patience: End the training after so many validations in a row that were not better. Default: never.
            baselines: What to compare with; nothing for the agent alone. EASE needs memory for all pairs of items.
            shards: Of a training on a cluster.
            quiet: No progress bars.
        """
        if resume is not None:
            others = [config != PRESETS["default"], out, options != WorldOptions(), data != DataOptions()]
            refuse_others(resume, any(others) or patience is not None)
            (config, world), reading, patience = read_run(resume), read_reading(resume), read_patience(resume)
        else:
            world, reading = options.settings(), data.settings()
            data.refuse_beside(world)
            refuse_idle(config, default, world, usual_baselines=baselines == USUAL_BASELINES)
            refuse_taken(out)
        _train(config, world or reading, resume or out, baselines, patience, shards, progress=not quiet)

    return train


def _train(
    config: ExperimentConfig,
    source: WorldSettings | ReadingOptions,
    folder: Path | None,
    baselines: tuple[BaselineName, ...],
    patience: int | None,
    shards: ShardOptions,
    *,
    progress: bool,
) -> None:
    world = source if isinstance(source, WorldSettings) else None
    refuse_vain(patience, config, world)
    shards.refuse_beside(world, config)
    require_device(config)
    if isinstance(source, WorldSettings):
        print(train_in_world(config, source, folder, progress=progress))
    else:
        _train_on_log(config, source, folder, baselines, patience, shards, progress=progress)


def refuse_vain(patience: int | None, config: ExperimentConfig, world: object | None) -> None:
    """`ValueError` for no patience at all, and for patience with a training that validates nothing."""
    if patience is not None and patience < 1:
        raise ValueError(f"patience must be at least 1, got {patience}")
    if patience is not None and (world is not None or config.training.validation_share == 0):
        where = "--env" if world is not None else "training.validation_share=0"
        raise ValueError(f"patience counts validations, and there are none with {where}, got {patience}; leave it out")


def refuse_others(resume: Path, others: bool) -> None:
    """`ValueError` where other settings are given beside a folder to go on with."""
    if others:
        raise ValueError(f"--resume takes all settings from {resume}, so no others can be given beside it")


def _train_on_log(
    config: ExperimentConfig,
    options: ReadingOptions,
    folder: Path | None,
    baselines: tuple[BaselineName, ...],
    patience: int | None,
    shards: ShardOptions,
    *,
    progress: bool,
) -> None:
    with shards.learner(folder, patience) as learn:
        plan = make_plan(config, baselines, options=options, progress=progress)
        print(plan.reading.short() if plan.reading else "")
        with taken(folder, plan.config, options=options, patience=patience) as place, watching(patience=patience):
            reports = run_plan(plan, place, progress=progress, say=_warn, learn=learn).reports
    print(f"\n{caption(config, reports['unseen'], plan.notes.get('unseen', ''))}\n\n{table(reports['unseen'])}")
    print(f"\nall figures: {place / METRICS}    recommend: drr-tutorial recommend {place} --user ID")


def _warn(text: str) -> None:
    _say(f"warning: {text}")


def evaluate(
    folder: Folder,
    /,
    protocol: Protocol = "unseen",
    k: int | None = None,
    baselines: tuple[BaselineName, ...] = USUAL_BASELINES,
) -> None:
    """Evaluate a trained agent beside baselines.

    Args:
        folder: Folder of a finished training.
        protocol: unseen, original (the notebook's), masked (original with training items last) or full (the whole
            catalogue).
        k: Length of the list. Default: 10, or fewer where there are so few items.
        baselines: What to compare with.
    """
    folder = as_path(folder)
    config = read_config(folder)
    if k is not None and k < 1:
        raise ValueError(f"k must be at least 1, got {k}")
    plan = make_plan(config, baselines, protocols=[protocol], options=read_reading(folder))
    agent = DRRRecommender.load(folder / AGENT, plan.split.train)
    reports = evaluate_plan(agent, plan, k=k, say=_warn).reports[protocol]
    print(f"{caption(config, reports, plan.notes.get(protocol, ''))}\n\n{table(reports)}")


def download(name: Annotated[Literal["ml-100k", "ml-1m"], tyro.conf.Positional] = "ml-100k", /) -> None:
    """Fetch a MovieLens data set, check it, and say where it lies.

    Args:
        name: Which one.
    """
    place = find_movielens(name)
    print(f"{load_ratings(name)} in {place}")


def doctor() -> None:
    """Print versions, devices and the data that was found: paste it into a bug report."""
    print(f"drr_tutorial {__version__}, Python {platform.python_version()}, {platform.platform()}")
    print(", ".join(f"{name} {importlib.metadata.version(name)}" for name in LIBRARIES[1:]))
    here = machine()
    print(f"processor: {here['processor']} ({here['architecture']}), {here['cores']} cores")
    for name, used in here["kernels"].items():
        print(f"  {name}: {used['instructions']} instructions, {used['threads']} threads")
    for name, value in here.get("kernel settings", {}).items():
        print(f"  {name}={value}")
    print(f"CUDA device: {torch.cuda.get_device_name() if torch.cuda.is_available() else 'none'}")
    print(f"data home: {data_home()}")
    for name, known in MOVIELENS.items():
        found = (data_home() / name / known.ratings).exists()
        print(f"  {name}: {'found' if found else f'not there; fetch it with: drr-tutorial download {name}'}")


def _after_interruption(arguments: Sequence[str]) -> str:
    """What an interrupted command has left, where it did not note it itself."""
    command = arguments[0] if arguments else ""
    if command == "train":
        return "nothing was trained yet, so there is nothing to resume"
    if command in ("", "evaluate", "recommend", "data", "doctor"):
        return "nothing was changed"
    return f"what is whole is kept, the rest is made by: drr-tutorial {shlex.join(arguments)}"
