"""Figures of chapter 11: estimates beside the truth, effective sizes, errors by length, and many logs at once."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from drr_tutorial.evaluation.off_policy import Estimate
from drr_tutorial.lab.figures.style import COLOURS, TEXT, grey, new_figure
from drr_tutorial.lab.off_policy import Repeated

MARKERS, LINES = ("o", "s", "^", "D", "v", "P"), ("-", "--", "-.", ":", "-", "--")

TICKS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50)


class Judged(NamedTuple):
    """What is known of one target policy: every estimator's word, the truth, and the plain average of the log."""

    estimates: Mapping[str, Estimate]
    truth: float
    average: float


def beside_the_truth(policies: Mapping[str, Judged]) -> Figure:
    """A panel for each target policy, one above the other: a row for each estimator with its interval, if it has
    one; truth and average of the log as lines.
    """
    rows = sum(len(judged.estimates) for judged in policies.values())
    figure = new_figure(1.5 + 0.34 * rows)
    panels = figure.subplots(len(policies), 1, sharex=True, squeeze=False)[:, 0]
    for axes, (title, judged) in zip(panels, policies.items(), strict=True):
        grey(axes).set_title(title, fontsize=10)
        for place, found in enumerate(judged.estimates.values()):
            axes.plot([found.low, found.high], [place, place], color=COLOURS[0], linewidth=2)
            axes.plot(found.value, place, "o", color=COLOURS[0], markersize=6)
        axes.axvline(judged.truth, color=COLOURS[4], linewidth=1.8, label="truth")
        axes.axvline(judged.average, color=TEXT, linestyle=":", linewidth=1.8, label="average of the log")
        axes.set_yticks(range(len(judged.estimates)), list(judged.estimates))
        axes.set_ylim(len(judged.estimates) - 0.5, -0.5)
    panels[-1].set_xlabel("likes a session")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=2, frameon=False, labelcolor=TEXT, fontsize=9)
    return figure


def effective_sizes(sizes: Mapping[str, NDArray[np.float64]]) -> Figure:
    """Effective number of sessions after each step, a line for each target policy, on a logarithmic scale."""
    figure = new_figure(3.0)
    axes = grey(figure.subplots())
    for place, (name, values) in enumerate(sizes.items()):
        steps = np.arange(1, len(values) + 1)
        axes.plot(steps, values, MARKERS[place] + LINES[place], color=COLOURS[place], markersize=4, label=name)
    axes.set_yscale("log")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("step of the session")
    axes.set_ylabel("effective sessions")
    axes.legend(frameon=False, labelcolor=TEXT, fontsize=9)
    return figure


def errors_by_steps(errors: Mapping[int, Mapping[str, float]]) -> Figure:
    """Root mean square errors against the steps of a session, a line for each estimator, on logarithmic scales."""
    figure = new_figure(3.6)
    axes = grey(figure.subplots())
    for place, name in enumerate(next(iter(errors.values()))):
        values = [row[name] for row in errors.values()]
        axes.plot(list(errors), values, MARKERS[place] + LINES[place], color=COLOURS[place], markersize=6, label=name)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xticks(list(errors), [str(steps) for steps in errors])
    ticks = [tick for tick in TICKS if axes.get_ylim()[0] <= tick <= axes.get_ylim()[1]]
    axes.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.minorticks_off()
    axes.set_xlabel("steps of a session at most")
    axes.set_ylabel("error, likes a session")
    figure.legend(loc="outside upper center", ncols=2, frameon=False, labelcolor=TEXT, fontsize=9)
    return figure


def over_many_logs(found: Mapping[str, Repeated], truth: float) -> Figure:
    """A row for each estimator: a dot for each log, the mean of the logs as a bar; the truth as a line."""
    figure = new_figure(1.2 + 0.4 * len(found))
    axes = grey(figure.subplots())
    for place, repeated in enumerate(found.values()):
        mean = repeated.values.mean()
        axes.plot(repeated.values, [place] * len(repeated.values), "o", color=COLOURS[0], markersize=4, alpha=0.7)
        axes.plot([mean, mean], [place - 0.35, place + 0.35], color=TEXT, linewidth=2.5)
    axes.axvline(truth, color=COLOURS[4], linewidth=1.8, label="truth")
    axes.set_yticks(range(len(found)), list(found))
    axes.set_ylim(len(found) - 0.5, -0.5)
    axes.set_xlabel("likes a session")
    figure.legend(loc="outside upper center", frameon=False, labelcolor=TEXT, fontsize=9)
    return figure
