"""Figures of the clinic: a healthy patient beside a sick one, what each defect costs, what a wrong evaluation
reports.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from drr_tutorial.lab.figures.style import COLOURS, TEXT, grey, new_figure

Interval = Mapping[str, float]  # mean, low, high
STYLES = ("-", "--", "-.", ":")


def patients(curves: Mapping[str, Mapping[str, Any]], popularity: float) -> Figure:
    """Test hit rate and what the critic believes, mean Q(s, a), against steps: a thick line for the mean of a
    patient's seeds, thin ones for the seeds. `curves` is {patient: {"step": (n,), "hit": (seeds, n), "value":
    (seeds, n)}}; a dashed line marks `popularity`.
    """
    figure = new_figure(height=2.8)
    left, right = figure.subplots(1, 2)
    for colour, style, (name, curve) in zip(COLOURS, STYLES, curves.items(), strict=False):
        steps = np.asarray(curve["step"]) / 1000
        for axes, values in ((left, np.asarray(curve["hit"])), (right, np.asarray(curve["value"])[:, 1:])):
            shown = steps[-values.shape[1] :]  # there is no Q before the first update
            axes.plot(shown, values.T, color=colour, alpha=0.3, linewidth=0.7)
            axes.plot(shown, values.mean(axis=0), style, color=colour, linewidth=2, label=name)
    left.axhline(popularity, color=TEXT, linestyle=":", linewidth=1.2, label="popularity")
    for axes, label in ((left, "HR@10, test part"), (right, "mean Q(s, a)")):
        axes.set_xlabel("steps in thousands")
        axes.set_ylabel(label)
        grey(axes)
    handles, labels = left.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=4, frameon=False, labelcolor=TEXT, fontsize=9)
    return figure


def costs(found: Mapping[str, Mapping[str, Interval]], labels: Sequence[str] = ("HR@10", "nDCG@10")) -> Figure:
    """What each defect changes, a row each: the mean difference to the healthy patient and its interval, beside a
    line at 0.
    """
    figure = new_figure(height=0.9 + 0.34 * len(found))
    for axes, label in zip(figure.subplots(1, len(labels), sharey=True), labels, strict=True):
        for place, defect in enumerate(found):
            interval, colour = found[defect][label], COLOURS[place % len(COLOURS)]
            axes.plot([interval["low"], interval["high"]], [place, place], color=colour, linewidth=2)
            axes.plot([interval["mean"]], [place], "o", color=colour, markersize=5)
        axes.axvline(0, color=TEXT, linestyle=":", linewidth=1)
        axes.set_yticks(range(len(found)), list(found))
        axes.set_ylim(len(found) - 0.5, -0.5)
        axes.set_xlabel(f"{label}, change")
        grey(axes)
    return figure


def reported(found: Mapping[str, Mapping[str, Interval]], label: str = "HR@10") -> Figure:
    """What a defective evaluation reports (square) and what is true (dot), a row each, joined by a line."""
    figure = new_figure(height=1.1 + 0.34 * len(found))
    axes = figure.subplots()
    for place, figures in enumerate(found.values()):
        means = [figures[name]["mean"] for name in ("true", "reported")]
        first = place == 0
        axes.plot(means, [place, place], color=TEXT, linewidth=1)
        axes.plot(means[:1], [place], "o", color=COLOURS[0], label="true" if first else None)
        axes.plot(means[1:], [place], "s", color=COLOURS[4], label="reported" if first else None)
    axes.set_yticks(range(len(found)), list(found))
    axes.set_ylim(len(found) - 0.5, -0.5)
    axes.set_xlabel(label)
    grey(axes)
    figure.legend(loc="outside upper center", ncols=2, frameon=False, labelcolor=TEXT, fontsize=9)
    return figure
