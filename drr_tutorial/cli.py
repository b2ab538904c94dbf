"""The command line `drr-tutorial`: train, evaluate, recommend, results, download, notebooks, doctor. Its options come
from the settings' own documentation.
"""

import argparse
import importlib.metadata
import platform
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import torch
import tyro

from drr_tutorial import __version__
from drr_tutorial.config import PRESETS, ExperimentConfig
from drr_tutorial.datasets import load_ratings
from drr_tutorial.experiment import baselines, evaluate_all, prepare, read_config, run_experiment, table
from drr_tutorial.notebook import changed_since, copy_notebooks, results_folder
from drr_tutorial.provenance import LIBRARIES, machine
from drr_tutorial.ratings import DataError, UnknownIdError
from drr_tutorial.recommender import Recommender
from drr_tutorial.sources import MOVIELENS, data_home, find_movielens
from drr_tutorial.storage import StorageError, read_json
from drr_tutorial.studies import RowError, Study, find_studies, run_studies, unfinished

Protocol = Literal["unseen", "original", "masked", "full"]
Folder = Annotated[Path, tyro.conf.Positional]
RUNS = Path("runs")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; 0 when it went well, 1 for an error that the user can mend, 130 when it was interrupted."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    commands: dict[str, Callable[..., Any]] = {
        "train": _train_command(_preset(arguments)),
        "evaluate": evaluate,
        "recommend": recommend,
        "results": results,
        "download": download,
        "notebooks": notebooks,
        "doctor": doctor,
    }
    try:
        tyro.extras.subcommand_cli_from_dict(commands, prog="drr-tutorial", description=__doc__, args=arguments)
    except (DataError, StorageError, UnknownIdError, ValueError, RowError) as error:
        print(f"drr-tutorial: error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"\ndrr-tutorial: interrupted; go on with: drr-tutorial {_resume(arguments)}", file=sys.stderr)
        return 130
    return 0


def _train_command(default: ExperimentConfig) -> Callable[..., None]:
    def train(
        config: Annotated[ExperimentConfig, tyro.conf.arg(name="")] = default,
        preset: Literal["default", "simple", "next", "original"] = "default",
        out: Path | None = None,
        resume: Path | None = None,
        quiet: bool = False,
    ) -> None:
        """Train an agent, and print it beside random, popularity, EASE and iALS.

        Args:
            config: The settings.
            preset: Named settings to start from: the best recipe, the one for what comes next, or the original's.
            out: Folder for config.json, metrics.json, weights and TensorBoard log. Default: a new one under runs/.
            resume: Go on with the training in this folder, to the same end as if it had never stopped. All settings are
                taken from there.
            quiet: No progress bars.
        """
        if resume is not None:
            folder, config = resume, read_config(resume)
        else:
            folder = out or RUNS / time.strftime("%Y%m%d-%H%M%S")
            if (folder / "config.json").exists():
                raise StorageError(
                    f"{folder} holds a training already; go on with it by --resume {folder}, or choose another --out"
                )
        reports = run_experiment(config, folder, progress=not quiet)
        print(
            f"\n{config.dataset}, split {config.split!r}, protocol 'unseen': "
            "each test positive among 99 items that the user never liked"
        )
        print("differences to popularity with 95 % bootstrap intervals over users\n")
        print(table(reports["unseen"]))
        print(f"\nall figures: {folder / 'metrics.json'}    recommend: drr-tutorial recommend {folder} --user ID")

    return train


def evaluate(folder: Folder, /, protocol: Protocol = "unseen", k: int = 10) -> None:
    """Evaluate a trained agent beside the baselines.

    Args:
        folder: Folder of a finished training.
        protocol: unseen, original (the notebook's), masked (original with training items last) or full (the whole
            catalogue).
        k: Length of the list.
    """
    config = read_config(folder)
    _, split = prepare(config)
    agent = Recommender.load(folder / "agent", split.train)
    print(table(evaluate_all([agent, *baselines(config, split.train)], split, [protocol], [k])[protocol]))


def recommend(folder: Folder, /, user: str | None = None, liked: tuple[str, ...] = (), k: int = 10) -> None:
    """Recommend items to a user of the data, or to somebody who likes some items.

    Args:
        folder: Folder of a finished training.
        user: The user's id in the data.
        liked: Item ids that somebody likes, latest last.
        k: How many items.
    """
    if (user is None) == (not liked):
        raise ValueError("give either --user ID or --liked ID ID ...")
    agent = Recommender.load(folder / "agent")
    found = agent.recommend(user, k) if user is not None else agent.recommend_for(liked, k)
    print(found.to_string())


def results(
    names: Annotated[tuple[str, ...], tyro.conf.Positional] = (),
    /,
    full: bool = False,
    processes: int = 1,
    list: bool = False,
    quiet: bool = False,
) -> None:
    """Compute the figures of the book anew: rows that are missing or were made by other code. Goes on after an
    interruption.

    Args:
        names: Which studies. Default: all but those that take hours; with --full those, too.
        full: Also the rows and studies that take long.
        processes: Rows computed at once, with one thread each.
        list: Only say which studies there are and what is left to do.
        quiet: No progress bar.
    """
    known = find_studies()
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ValueError(f"study must be one of {', '.join(known)}; got {unknown[0]!r}")
    studies = [known[name] for name in names or known if names or full or list or not known[name].full_only]
    if list:
        for study in studies:
            print(f"{study.name}: {study.title}\n    {_state(study, full)}")
        return
    for path in run_studies(studies, full=full, processes=processes, progress=not quiet):
        print(path)


def _state(study: Study, full: bool) -> str:
    path = results_folder() / f"{study.name}.json"
    changed = changed_since(read_json(path)) if path.is_file() else []
    stands = f"older than {', '.join(changed)}" if changed else "up to date" if path.is_file() else "missing"
    return f"result file {stands}; rows to compute: {len(unfinished(study, full=full))}"


def download(name: Annotated[Literal["ml-100k", "ml-1m"], tyro.conf.Positional] = "ml-100k", /) -> None:
    """Fetch a MovieLens data set, check it, and say where it lies.

    Args:
        name: Which one.
    """
    place = find_movielens(name)
    print(f"{load_ratings(name)} in {place}")


def notebooks(folder: Folder, /) -> None:
    """Copy the book's notebooks, as they match this version, into a new folder.

    Args:
        folder: Where to.
    """
    for path in copy_notebooks(folder):
        print(path)


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


def _resume(arguments: Sequence[str]) -> str:
    """How an interrupted command goes on."""
    return " ".join(arguments) if arguments[:1] == ["results"] else "train --resume FOLDER"


def _preset(arguments: Sequence[str]) -> ExperimentConfig:
    """The preset named on the command line; it gives the defaults of all other options, so it must be known
    before they are read.
    """
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--preset", default="default")
    return PRESETS.get(parser.parse_known_args(arguments)[0].preset, PRESETS["default"])


if __name__ == "__main__":
    sys.exit(main())
