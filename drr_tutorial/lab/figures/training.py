"""Figures of the training chapter: what is learned, step by step."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter
from numpy.typing import ArrayLike, NDArray

from drr_tutorial.lab.figures.style import COLOURS, TEXT, grey, new_figure


def learning_curves(
    histories: Sequence[Sequence[Mapping[str, float]]], bars: Mapping[str, Mapping[str, float]] | None = None
) -> Figure:
    """Validated hit rate and below it nDCG against steps: a thin line for each seed, a thick one for their mean, a
    dashed one for each method of `bars`.

    `histories` are `DRRRecommender.history` of several seeds, validated at the same steps; `bars` is {method:
    {"hit": .., "dcg": ..}}.
    """
    figure = new_figure(4.8)
    for axes, name, label in zip(figure.subplots(2, 1, sharex=True), ("hit", "dcg"), ("HR@10", "nDCG@10"), strict=True):
        steps = [entry["step"] for entry in histories[0]]
        values = np.array([[entry[name] for entry in history] for history in histories])  # (n_seeds, n_evaluations)
        axes.plot(steps, values.T, color=COLOURS[0], alpha=0.35, linewidth=0.8)
        axes.plot(steps, values.mean(axis=0), color=COLOURS[0], linewidth=2, label=f"DRR, {_seeds(len(histories))}")
        for colour, (method, figures) in zip(COLOURS[1:], (bars or {}).items(), strict=False):
            axes.axhline(figures[name], color=colour, linestyle="--", linewidth=1.2, label=method)
        axes.set_ylabel(f"{label}, validation")
        grey(axes)
    axes.set_xlabel("environment steps")
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=2, frameon=False, labelcolor=TEXT, fontsize=9)
    return figure


def gains(histories: Sequence[Sequence[Mapping[str, float]]]) -> Figure:
    """The learning curves of several seeds as changes since step 0, the warm start (the dashed line at 0)."""
    changes = [
        [
            {"step": entry["step"], **{name: entry[name] - history[0][name] for name in ("hit", "dcg")}}
            for entry in history
        ]
        for history in histories
    ]
    figure = learning_curves(changes, {"warm start: iALS without RL": {"hit": 0.0, "dcg": 0.0}})
    for axes, label in zip(figure.axes, ("HR@10", "nDCG@10"), strict=True):
        axes.set_ylabel(f"{label} gained, validation")
    return figure


def replay_times(capacities: Sequence[int], microseconds: Mapping[str, Sequence[float]]) -> Figure:
    """Time of one call against the number of stored transitions, both axes logarithmic: a line a method."""
    figure = new_figure()
    axes = figure.subplots()
    for colour, (method, times) in zip(COLOURS, microseconds.items(), strict=False):
        axes.loglog(capacities, times, color=colour, marker="o", markersize=4, linewidth=1.8, label=method)
    axes.set_xlabel("transitions in the buffer")
    axes.set_ylabel("microseconds a batch")
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 3)))
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.legend(frameon=False, labelcolor=TEXT)
    grey(axes).tick_params(which="minor", colors=TEXT)
    return figure


def noise_paths(paths: Mapping[str, ArrayLike]) -> Figure:
    """What explorations do to one entry of an action over the steps of an episode: a panel a kind, one below the other,
    one scale.
    """
    figure = new_figure(0.4 + 1.4 * len(paths))
    panels = figure.subplots(len(paths), 1, sharex=True, sharey=True, squeeze=False)[:, 0]
    for axes, colour, (kind, values) in zip(panels, COLOURS, paths.items(), strict=False):
        axes.plot(np.asarray(values), color=colour, linewidth=1.0)
        axes.axhline(0.0, color=TEXT, linestyle="--", linewidth=0.8)
        axes.set_title(kind, fontsize=10)
        axes.set_ylabel("change")
        grey(axes)
    panels[-1].set_xlabel("step")
    return figure


def log_curves(scalars: Mapping[str, NDArray[np.float64]]) -> Figure:
    """Curves of a training's log, a panel each, one below the other, as TensorBoard shows them: {name: (n, 2) of step
    and value}.
    """
    figure = new_figure(0.4 + 1.4 * len(scalars))
    panels = figure.subplots(len(scalars), 1, sharex=True, squeeze=False)[:, 0]
    for axes, colour, (name, entries) in zip(panels, COLOURS, scalars.items(), strict=False):
        axes.plot(entries[:, 0] / 1000, entries[:, 1], color=colour, linewidth=1.2)
        axes.set_title(name, fontsize=10)
        grey(axes)
    panels[-1].set_xlabel("steps in thousands")
    return figure


def failures(
    histories: Mapping[str, Sequence[Mapping[str, float]]], losses: Mapping[str, NDArray[np.float64]]
) -> Figure:
    """Recipes side by side: validated hit rate above, the logged -Q of the actor below.

    `histories` are {recipe: `DRRRecommender.history`}; `losses` are {recipe: (n, 2) of step and value}, the
    same recipes, on an axis that is logarithmic beyond +-1.
    """
    figure = new_figure(4.8)
    upper, lower = figure.subplots(2, 1, sharex=True)
    for colour, (recipe, history) in zip(COLOURS, histories.items(), strict=False):
        steps, hit = np.array([[entry["step"], entry["hit"]] for entry in history]).T
        upper.plot(steps / 1000, hit, color=colour, linewidth=1.8, label=recipe)
        lower.plot(losses[recipe][:, 0] / 1000, losses[recipe][:, 1], color=colour, linewidth=1.8)
    lower.set_yscale("symlog", linthresh=1)
    for axes, label in ((upper, "HR@10, validation"), (lower, "train/policy_loss (-Q)")):
        axes.set_ylabel(label)
        grey(axes).tick_params(which="minor", colors=TEXT)
    lower.set_xlabel("steps in thousands")
    figure.legend(loc="outside upper center", ncols=2, frameon=False, labelcolor=TEXT, fontsize=9)
    return figure


def _seeds(count: int) -> str:
    return "one seed" if count == 1 else f"mean of {count} seeds"
