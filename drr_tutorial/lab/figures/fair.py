"""Figures of chapters 12 and 13: many methods by many protocols, with less and more to learn from, a difference that
turns, stars of what is held out.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import NullLocator

from drr_tutorial.lab.figures.style import COLOURS, TEXT, grey, in_lines, new_figure

MARKERS = "osD^vP"
DISLIKES_LAST, LIKES_ONLY = ", dislikes last", ", likes only"
INFORMED = ("joint vectors alone", "gates by BPR", "gates by softmax")  # what learns from dislikes, whatever its name
Interval = Mapping[str, float]  # "mean", "low", "high"


def panels(tables: Mapping[str, Mapping[str, Interval]], label: str, highlight: str = "DRR") -> Figure:
    """A panel for each protocol, two beside each other, a line for each method: mean and interval;
    {protocol: {method: interval}}.

    Methods whose name begins with `highlight` are drawn in another colour and shape. A method that a protocol lacks
    leaves its line empty there.
    """
    methods = list(dict.fromkeys(method for table in tables.values() for method in table))
    figure, axes_of = _grid(len(tables), 0.2 * len(methods))
    for axes, (protocol, table) in zip(axes_of, tables.items(), strict=True):
        for method, interval in table.items():
            place, ours = methods.index(method), method.startswith(highlight)
            colour = COLOURS[4 if ours else 0]
            axes.plot([interval["low"], interval["high"]], [place, place], color=colour, linewidth=2)
            axes.plot([interval["mean"]], [place], "D" if ours else "o", color=colour, markersize=5)
        _panel(axes, methods, protocol, label)
    return figure


def by_information(tables: Mapping[str, Mapping[str, Interval]], label: str) -> Figure:
    """As `panels`, two marks on a line: hollow for what learns from likes alone, filled for what also knows dislikes.

    The names tell: "iALS" and "iALS, dislikes last" are one line, "DRR-ave, likes only" and "DRR-ave" another. Left out
    are random, which would squeeze all others, agents before training, and variants such as "iALS, the agent's own".
    """
    shown = {
        protocol: {_line_of(method): interval for method, interval in table.items() if _line_of(method)[0]}
        for protocol, table in tables.items()
    }
    lines = list(dict.fromkeys(line for table in shown.values() for line, _ in table))
    figure, axes_of = _grid(len(tables), 0.22 * len(lines))
    for axes, (protocol, table) in zip(axes_of, shown.items(), strict=True):
        for (line, knows), interval in table.items():
            ours, place = line.startswith("DRR"), lines.index(line) + (0.17 if knows else -0.17)
            colour, shape = (COLOURS[4], "D") if ours else (COLOURS[0], "o")
            axes.plot([interval["low"], interval["high"]], [place, place], color=colour, linewidth=1.5)
            fill = colour if knows else "none"
            axes.plot([interval["mean"]], [place], shape, color=colour, markerfacecolor=fill, markersize=5)
        _panel(axes, lines, protocol, label)
    marks = [Line2D([], [], color=TEXT, marker="o", markerfacecolor=fill, linestyle="") for fill in ("none", TEXT)]
    names = ["learns from likes", "knows dislikes, too"]
    figure.legend(marks, names, loc="outside upper center", ncols=2, frameon=False, labelcolor=TEXT, fontsize=9)
    return figure


def _grid(n_panels: int, height: float) -> tuple[Figure, list[Axes]]:
    """Panels of so many inches, two beside each other, with the same rows."""
    columns = min(n_panels, 2)
    n_rows = -(-n_panels // columns)
    figure = new_figure(0.4 + n_rows * (0.6 + height))
    axes_of = list(figure.subplots(n_rows, columns, sharey=True, squeeze=False).flat)
    for axes in axes_of[n_panels:]:
        axes.remove()
    return figure, axes_of[:n_panels]


def _panel(axes: Axes, lines: Sequence[str], protocol: str, label: str) -> None:
    """Names of the lines from the top down, title, label."""
    axes.set_yticks(range(len(lines)), [in_lines(line) for line in lines], fontsize=9)
    axes.set_ylim(len(lines) - 0.5, -0.5)
    axes.set_title(protocol, fontsize=10)
    axes.set_xlabel(label)
    axes.locator_params(axis="x", nbins=4)
    grey(axes)


def _line_of(method: str) -> tuple[str, bool]:
    """The line that a method is drawn on, and whether it knows dislikes; no line for those left out."""
    name = method.removesuffix(DISLIKES_LAST).removesuffix(LIKES_ONLY)
    if name == "random" or "," in name:
        return "", False
    informed = name.startswith("DRR-") or name in INFORMED
    return name, method.endswith(DISLIKES_LAST) or (informed and not method.endswith(LIKES_ONLY))


def turning(numbers: Sequence[int], differences: Mapping[str, Sequence[Interval]], label: str) -> Figure:
    """A difference of two methods against the number of negatives, a line and a band for each: {pair: intervals}."""
    figure = new_figure(2.8)
    axes = figure.subplots()
    for i, (pair, found) in enumerate(differences.items()):
        low, mean, high = (np.array([interval[name] for interval in found]) for name in ("low", "mean", "high"))
        axes.fill_between(numbers, low, high, color=COLOURS[i % 6], alpha=0.25, linewidth=0)
        axes.plot(numbers, mean, marker=MARKERS[i % 6], color=COLOURS[i % 6], label=pair)
    axes.axhline(0, color=TEXT, linestyle=":", linewidth=1)
    axes.set_xscale("log")
    axes.set_xticks(numbers, [*(str(number) for number in numbers[:-1]), "all"])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel("sampled negatives in a list")
    axes.set_ylabel(label)
    grey(axes)
    figure.legend(loc="outside upper center", ncols=2, frameon=False, labelcolor=TEXT, fontsize=9)
    return figure


def stars(counts: Sequence[int], liked_above: int = 3) -> Figure:
    """How many items got one star, two, ...; bars of likes in another colour and hatched otherwise."""
    figure = new_figure(2.4)
    axes, values = figure.subplots(), np.arange(1, len(counts) + 1)
    for liked, colour, name in ((True, COLOURS[2], "liked"), (False, COLOURS[4], "not liked")):
        chosen = (values > liked_above) == liked
        axes.bar(values[chosen], np.array(counts)[chosen], color=colour, label=name, hatch="" if liked else "//")
    axes.set_xlabel("stars that the user gave to the held-out film")
    axes.set_ylabel("users")
    grey(axes)
    figure.legend(loc="outside upper center", ncols=2, frameon=False, labelcolor=TEXT, fontsize=9)
    return figure


def curves(
    steps: Sequence[float], runs: Mapping[str, Sequence[Sequence[float]]], bars: Mapping[str, float], label: str
) -> Figure:
    """Learning curves, thin for single runs and thick for their mean, beside dotted bars: {group: runs}."""
    figure = new_figure(2.8)
    axes = figure.subplots()
    for i, (group, found) in enumerate(runs.items()):
        axes.plot(steps, np.transpose(found), color=COLOURS[i % 6], alpha=0.35, linewidth=1)
        axes.plot(steps, np.mean(found, axis=0), color=COLOURS[i % 6], linewidth=2, label=group)
    for i, (name, value) in enumerate(bars.items()):
        axes.axhline(value, color=TEXT, linestyle=(":", "--", "-.")[i % 3], linewidth=1.2, label=name)
    axes.set_xlabel("environment steps")
    axes.set_ylabel(label)
    axes.set_ylim(bottom=0)
    grey(axes)
    figure.legend(loc="outside upper center", ncols=3, frameon=False, labelcolor=TEXT, fontsize=9)
    return figure
