"""Figures of the evaluation chapter: what a rank is worth, what a protocol changes, how sure a figure is."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from drr_tutorial.evaluation import metrics
from drr_tutorial.evaluation.intervals import Interval
from drr_tutorial.lab.figures.style import COLOURS, TEXT, grey, new_figure

MARKERS = "osD^vP"


def worth_of_a_rank(k: int = 10, longest: int = 20) -> Figure:
    """Hit rate and nDCG at k of a list with one relevant item, against the rank of that item, 1 to `longest`."""
    figure = new_figure(2.8)
    axes, ranks = figure.subplots(), np.arange(1, longest + 1)
    axes.plot(ranks, metrics.hit_rate(ranks, k), MARKERS[0], color=COLOURS[0], label=f"HR@{k}")
    axes.plot(ranks, metrics.ndcg(ranks, k), MARKERS[1], color=COLOURS[1], label=f"nDCG@{k}")
    axes.axvline(k + 0.5, color=TEXT, linestyle=":", linewidth=1)
    axes.set_xlabel("rank of the relevant item")
    axes.set_ylabel("value of the list")
    axes.set_xticks([1, *range(5, longest + 1, 5)])
    grey(axes)
    return _with_legend(figure, axes)


def protocols(means: Mapping[str, Mapping[str, float]], label: str = "HR@10") -> Figure:
    """A row of points for each method, a place on the axis for each protocol: {protocol: {method: mean}}."""
    figure = new_figure()
    axes, names = figure.subplots(), list(means)
    for i, method in enumerate(next(iter(means.values()))):
        axes.plot(names, [means[name][method] for name in names], marker=MARKERS[i % 6], linestyle="--",
                  linewidth=0.8, color=COLOURS[i % 6], label=method)  # fmt: skip
    axes.set_xlabel("protocol")
    axes.set_ylabel(label)
    axes.set_ylim(bottom=0)
    grey(axes)
    return _with_legend(figure, axes)


def sampled(n_negatives: Sequence[int], values: Mapping[str, Sequence[float]], label: str = "HR@10") -> Figure:
    """A line for each method against the number of sampled negatives (logarithmic): {method: one value a number}."""
    figure = new_figure()
    axes = figure.subplots()
    for i, (method, line) in enumerate(values.items()):
        axes.plot(n_negatives, line, marker=MARKERS[i % 6], color=COLOURS[i % 6], label=method)
    axes.set_xscale("log")
    axes.set_xticks(n_negatives, [str(n) for n in n_negatives])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel("sampled negatives in a list")
    axes.set_ylabel(label)
    axes.set_ylim(bottom=0)
    grey(axes)
    return _with_legend(figure, axes)


def intervals(means: Mapping[str, Interval], differences: Mapping[str, Interval], label: str = "HR@10") -> Figure:
    """Above: mean and interval of each method; below: paired differences and theirs, beside a line at 0."""
    figure = new_figure(1.4 + 0.32 * (len(means) + len(differences)))
    panels = (("mean", means), ("difference, list by list", differences))
    axes_of = figure.subplots(2, 1, height_ratios=[len(found) for _, found in panels])
    for axes, (what, found) in zip(axes_of, panels, strict=True):
        for place, (name, interval) in enumerate(found.items()):
            axes.plot([interval.low, interval.high], [place, place], color=COLOURS[place % 6], linewidth=2)
            axes.plot([interval.mean], [place], "o", color=COLOURS[place % 6], label=name)
        axes.set_yticks(range(len(found)), list(found))
        axes.set_ylim(len(found) - 0.5, -0.5)
        axes.set_xlabel(f"{label}: {what}")
        grey(axes)
    axes.axvline(0, color=TEXT, linestyle=":", linewidth=1)
    return figure


def _with_legend(figure: Figure, axes: Axes) -> Figure:
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=3, frameon=False, labelcolor=TEXT, fontsize=9)
    return figure
