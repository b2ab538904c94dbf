"""Figures of what lies beyond accuracy: how right the lists of each method are, against what else they are."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from drr_tutorial.lab.figures.style import COLOURS, TEXT, grey, new_figure

Interval = Mapping[str, float | Sequence[float]]  # "mean" and, over users, "low" and "high"
GAP = 0.085  # between names, as a share of the height


def trade_off(
    methods: Mapping[str, Mapping[str, Interval]],
    x: str,
    y: str = "nDCG@10",
    x_label: str | None = None,
    highlight: str = "DRR",
) -> Figure:
    """A mark for each method: one metric against another, with its intervals; {method: {metric: interval}}.

    Names stand in a column at the right, in the order of height, each with a thin line to its mark. Methods whose name
    begins with `highlight` have another colour and shape; the first of these is filled.
    """
    figure = new_figure(3.6)
    axes = figure.subplots()
    ours = [method for method in methods if method.startswith(highlight)]
    for method, found in methods.items():
        colour, shape = (COLOURS[4], "D") if method in ours else (COLOURS[0], "o")
        fill = "none" if method in ours[1:] else colour
        _cross(axes, found[x], found[y], colour)
        axes.plot([found[x]["mean"]], [found[y]["mean"]], shape, color=colour, markerfacecolor=fill, markersize=7)
    axes.margins(0.08)
    axes.set_xlabel(x if x_label is None else x_label)
    axes.set_ylabel(y)
    grey(axes)
    points = np.array([[found[x]["mean"], found[y]["mean"]] for found in methods.values()], dtype=np.float64)
    _names(axes, list(methods), points, [COLOURS[4] if method in ours else COLOURS[0] for method in methods])
    return figure


def _cross(axes: Axes, x: Interval, y: Interval, colour: str) -> None:
    """The intervals of both figures, as far as there are any."""
    if "low" in x:
        axes.plot([x["low"], x["high"]], [y["mean"]] * 2, color=colour, linewidth=1.5)
    if "low" in y:
        axes.plot([x["mean"]] * 2, [y["low"], y["high"]], color=colour, linewidth=1.5)


def _names(axes: Axes, names: Sequence[str], points: NDArray[np.float64], colours: Sequence[str]) -> None:
    """Names at the right of the axes, each at the height of its point (n, 2) or as near as the others leave room."""
    low, high = axes.get_ylim()
    heights = spread((points[:, 1] - low) / (high - low), GAP)
    for name, point, height, colour in zip(names, points, heights, colours, strict=True):
        axes.annotate(
            name,
            (point[0], point[1]),
            (1.06, height),
            textcoords="axes fraction",
            va="center",
            fontsize=9,
            color=colour,
            arrowprops={"arrowstyle": "-", "color": TEXT, "linewidth": 0.6, "shrinkA": 1, "shrinkB": 4},
            annotation_clip=False,
        )


def spread(heights: ArrayLike, gap: float) -> NDArray[np.float64]:
    """Heights (n,) moved apart until neighbours are at least `gap` apart, each group about its own middle; their order
    stays, and so do those that have room.
    """
    wanted = np.asarray(heights, dtype=np.float64)
    order = np.argsort(wanted, kind="stable")
    groups: list[list[float]] = []
    for height in wanted[order].tolist():
        groups.append([height])
        while len(groups) > 1 and _places(groups[-1], gap)[0] - _places(groups[-2], gap)[-1] < gap - 1e-12:
            groups[-2:] = [groups[-2] + groups[-1]]
    placed = np.empty(len(wanted))
    placed[order] = np.concatenate([_places(group, gap) for group in groups]) if groups else []
    return placed


def _places(group: Sequence[float], gap: float) -> NDArray[np.float64]:
    """A group's heights, `gap` apart, about their mean."""
    return np.mean(group) + gap * (np.arange(len(group)) - (len(group) - 1) / 2)
