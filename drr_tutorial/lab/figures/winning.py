"""Figures of chapter 15: what a step adds, all steps, all ingredients, what RL adds, what the memory is worth."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from drr_tutorial.lab.figures.style import COLOURS, TEXT, grey, in_lines, new_figure

Interval = Mapping[str, float]  # "mean", "low", "high"
LINES = (":", "--", "-.")
BARS = ("popularity", "iALS", "iALS, dislikes last")


def step_of(summary: Mapping[str, Any], name: str, label: str = "nDCG@10") -> Figure:
    """A step of the study `ablation`, by its name, beside the one before it; the first stands alone. See `step`.

    Curves are means over the seeds that both have: each seed has a validation part of its own.
    """
    place = summary["steps"].index(name)
    names = summary["steps"][max(place - 1, 0) : place + 1]
    n_seeds = min(len(summary["history"][one]["dcg"]) for one in names)
    return step(
        {
            one: {figure: np.mean(runs[:n_seeds], axis=0) for figure, runs in summary["history"][one].items()}
            for one in names
        },
        {one: summary["recipes"][one]["trained"]["unseen"][label] for one in names},
        {bar: summary["baselines"][bar]["unseen"][label]["mean"] for bar in BARS},
        label,
    )


def step(
    histories: Mapping[str, Mapping[str, ArrayLike]],
    tested: Mapping[str, Interval],
    bars: Mapping[str, float],
    label: str = "nDCG@10",
) -> Figure:
    """One step beside the one before it: validation during training above, the test part below.

    `histories` {step: {"step": (n,), "dcg": (n,)}}, against the share of each training that is done, for they differ in
    length; `tested` {name: interval}, in the same colours; `bars` {baseline: value} are marked below.
    """
    figure = new_figure(4.0)
    upper, lower = figure.subplots(2, 1, height_ratios=(5, 2))
    for place, (name, history) in enumerate(histories.items()):
        steps, form, colour = np.asarray(history["step"]), "-o" if place else "--s", COLOURS[4 * place]
        upper.plot(100 * steps / max(steps[-1], 1), history["dcg"], form, color=colour, markersize=3, label=name)
    upper.set_xlabel("training done, %")
    upper.set_ylabel(f"{label}, validation")
    for place, interval in enumerate(tested.values()):
        _interval(lower, place, interval, COLOURS[4 * place], "o" if place else "s")
    for line, (name, value) in zip(LINES, bars.items(), strict=False):
        lower.axvline(value, color=TEXT, linestyle=line, linewidth=1.2, label=name)
    lower.set_ylim(len(tested) - 0.5, -0.5)
    lower.set_yticks([])
    lower.set_xlabel(f"{label}, test part")
    for axes in (upper, lower):
        grey(axes)
    figure.legend(loc="outside upper center", ncols=2, frameon=False, labelcolor=TEXT, fontsize=9)
    return figure


def staircase(
    trained: Mapping[str, Interval],
    before: Mapping[str, Interval | None],
    bars: Mapping[str, float],
    label: str,
) -> Figure:
    """All steps, a row each: the trained agent (dot, with its interval), the same before training (square) where
    there is a warm start, and baselines as lines.
    """
    figure = new_figure(1.4 + 0.34 * len(trained))
    axes = figure.subplots()
    for place, (name, interval) in enumerate(trained.items()):
        start = before[name]
        if start is not None:
            axes.plot([start["mean"], interval["mean"]], [place, place], color=TEXT, linewidth=1)
            named = "before training" if not _labelled(axes, "before training") else None
            axes.plot([start["mean"]], [place], "s", color=COLOURS[1], markersize=6, label=named)
        _interval(axes, place, interval, COLOURS[0], "o", None if place else "after training")
    for line, (name, value) in zip(LINES, bars.items(), strict=False):
        axes.axvline(value, color=TEXT, linestyle=line, linewidth=1.2, label=name)
    _rows(axes, list(trained))
    axes.set_xlabel(label)
    figure.legend(loc="outside upper center", ncols=2, frameon=False, labelcolor=TEXT, fontsize=9)
    return figure


def gates(panels: Mapping[str, Mapping[str, Sequence[float]]]) -> Figure:
    """What an actor does to each entry of the vectors: {title: {"mean", "spread"}}, both (k,), over users; a mark an
    entry, with one standard deviation up and down.
    """
    figure = new_figure(1.0 + 1.5 * len(panels))
    rows = np.atleast_1d(figure.subplots(len(panels), 1, sharex=True))
    for axes, (title, found) in zip(rows, panels.items(), strict=True):
        mean, spread = np.array(found["mean"]), np.array(found["spread"])
        places = np.arange(len(mean))
        axes.vlines(places, mean - spread, mean + spread, color=COLOURS[5], linewidth=1.5)
        axes.plot(places, mean, "o", color=COLOURS[4], markersize=2.5)
        axes.axhline(0, color=TEXT, linestyle=":", linewidth=1)
        axes.set_title(title, fontsize=10)
        axes.set_ylabel("gate")
        grey(axes)
    rows[-1].set_xlabel("entry of the joint vector")
    return figure


def differences(
    found: Mapping[str, Mapping[str, Interval]],
    labels: Sequence[str] = ("HR@10", "nDCG@10"),
    what: str = "minus default",
) -> Figure:
    """A row for each recipe: paired difference with its interval, beside a line at 0; filled where the interval leaves
    out 0, hollow where it does not.
    """
    figure = new_figure(0.9 + 0.34 * len(found))
    for axes, label in zip(np.atleast_1d(figure.subplots(1, len(labels), sharey=True)), labels, strict=True):
        for place, row in enumerate(found.values()):
            interval = row[label]
            colour = COLOURS[2] if interval["low"] > 0 else COLOURS[4] if interval["high"] < 0 else TEXT
            clear = interval["low"] > 0 or interval["high"] < 0
            axes.plot([interval["low"], interval["high"]], [place, place], color=colour, linewidth=2)
            fill = colour if clear else "none"
            axes.plot([interval["mean"]], [place], "o", color=colour, markerfacecolor=fill, markersize=6)
        axes.axvline(0, color=TEXT, linestyle=":", linewidth=1)
        _rows(axes, list(found))
        axes.locator_params(axis="x", nbins=3)
        axes.set_xlabel(f"{label},\n{what}")
    return figure


def _interval(axes: Axes, place: int, interval: Interval, colour: str, marker: str, label: str | None = None) -> None:
    axes.plot([interval["low"], interval["high"]], [place, place], color=colour, linewidth=2)
    axes.plot([interval["mean"]], [place], marker, color=colour, markersize=5, label=label)


def _rows(axes: Axes, names: Sequence[str]) -> None:
    axes.set_yticks(range(len(names)), [in_lines(name) for name in names], fontsize=9)
    axes.set_ylim(len(names) - 0.5, -0.5)
    grey(axes)


def _labelled(axes: Axes, label: str) -> Any:
    return label in axes.get_legend_handles_labels()[1]
