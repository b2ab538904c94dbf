"""A search for better settings, as a command."""

import json
import shlex
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import tyro

from drr_tutorial.actor_critic.devices import require_device
from drr_tutorial.cli.data import DataOptions
from drr_tutorial.cli.presets import Preset
from drr_tutorial.cluster.space import read_space, with_settings
from drr_tutorial.cluster.sweep import BEST, Sweep, run_sweep
from drr_tutorial.config import PRESETS, ExperimentConfig
from drr_tutorial.data.load import read_ratings
from drr_tutorial.data.splits import make_split
from drr_tutorial.storage import as_path

SHOWN = 5  # trials that are printed


def sweep_command(default: ExperimentConfig) -> Callable[..., None]:
    """The command, with the settings of a preset as defaults."""

    def sweep(
        space: Annotated[Path, tyro.conf.Positional],
        /,
        out: Path,
        trials: int,
        config: Annotated[ExperimentConfig, tyro.conf.arg(name="")] = default,
        preset: Preset = "default",
        data: Annotated[DataOptions, tyro.conf.arg(name="")] = DataOptions(),  # noqa: B008
        seeds: tuple[int, ...] = (),
        cluster: str = "local",
        quiet: bool = False,
    ) -> None:
        """Search for better settings on a Ray cluster: so many trainings with settings that are drawn from a space,
        compared by what the training holds back to validate. Goes on after an interruption.

        Args:
            space: File with what is drawn, as JSON: {"agent.actor_lr": {"loguniform": [0.0001, 0.01]}, "agent.tau":
                {"choice": [0.01, 0.05]}}; uniform, randint and lograndint as well.
            out: Folder for sweep.json, a file for each trial, and best.json. One of the same sweep: goes on there.
            trials: How many; more than last time add to those that are there.
            config: The settings that are not drawn. The seed draws the others.
            preset: Settings to start from, as for train.
            data: Of the reading of a file of your own.
            seeds: Each trial trains once with each, and the means are compared. Default: that of the settings.
            cluster: local for this machine alone, HOST:PORT for a cluster that it belongs to. Nodes need this version
                of drr_tutorial; the training data comes to them.
            quiet: No progress bars.
        """
        plan = Sweep(config, read_space(space), trials, seeds)
        require_device(config)
        reading = read_ratings(config.dataset, data.settings(), liked_above=config.liked_above, progress=not quiet)
        train = make_split(config.split, reading.ratings).train
        found = run_sweep(plan, train, out, cluster=cluster, progress=not quiet)
        best = _command(with_settings(config, found[0]["settings"]), preset)
        print(f"{_table(found)}\n\nthe best trains with: {best}\nall its settings: {as_path(out) / BEST}")

    return sweep


def _table(trials: Sequence[Mapping[str, Any]]) -> str:
    """The best trials, one a line, by the figures of validation."""
    rows = [
        {"trial": trial["number"], "hit": trial["hit"], "nDCG": trial["dcg"], **trial["settings"]}
        for trial in trials[:SHOWN]
    ]
    return str(pd.DataFrame(rows).to_string(index=False, float_format=lambda value: f"{value:.4g}"))


def _command(config: ExperimentConfig, preset: str) -> str:
    """The training with these settings, as `drr-tutorial train` takes them; options of a file of one's own follow."""
    usual = _flat(PRESETS[preset])
    options = [_option(name, value) for name, value in _flat(config).items() if value != usual[name]]
    return " ".join(["drr-tutorial train --preset", preset, *options])


def _flat(config: ExperimentConfig) -> dict[str, Any]:
    """Settings by their dotted names."""
    parts = json.loads(config.to_json())
    inner = {
        f"{part}.{name}": value for part, has in parts.items() if isinstance(has, dict) for name, value in has.items()
    }
    return {name: value for name, value in parts.items() if not isinstance(value, dict)} | inner


def _option(name: str, value: Any) -> str:
    part, dot, leaf = name.replace("_", "-").rpartition(".")
    if isinstance(value, bool):
        return f"--{part}{dot}{'' if value else 'no-'}{leaf}"
    return f"--{part}{dot}{leaf} {_said(value)}"


def _said(value: Any) -> str:
    return " ".join(map(_said, value)) if isinstance(value, list) else shlex.quote(str(value))
