"""Figure of the study `gamma`: what a look ahead adds to gamma 0, on logs and in the planning world."""

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from drr_tutorial.lab.figures.style import COLOURS, TEXT, grey, new_figure

Difference = Mapping[str, Any]  # "mean", "low", "high", "over seeds"
BEFORE = "before training"
MARKERS = "os^D"
OFFSET = 0.16  # between curves of a panel, in places


def by_gamma(curves: Mapping[str, Mapping[str, Difference]], world: str = "planning world") -> Figure:
    """Two panels, logs above and the `world` below: percent more than with gamma 0 against gamma.

    A mark is the mean, its thick pale bar the interval over seeds, its thin one that over users; a dashed line is the
    agent before training. `curves` are those of the study's summary; a gamma with several steps is left out.
    """
    plain = {place: {g: found for g, found in curve.items() if _is_number(g)} for place, curve in curves.items()}
    gammas = ["0.0", *sorted({gamma for curve in plain.values() for gamma in curve}, key=float)]
    logs = [place for place in plain if place != world]
    figure = new_figure(4.6)
    for axes, places, first in zip(figure.subplots(2, 1, sharex=True), (logs, [world]), (0, len(logs)), strict=True):
        for number, place in enumerate(places):
            offset = OFFSET * (number - (len(places) - 1) / 2)
            _curve(axes, place, plain[place], gammas, first + number, offset)
            if BEFORE in curves[place]:
                axes.axhline(curves[place][BEFORE]["mean"], color=COLOURS[first + number], linestyle="--", linewidth=1)
        _panel(
            axes,
            "logs: nDCG@10 among unseen items (dashed: before training)"
            if places is logs
            else f"{world}: likes a session",
        )
    figure.axes[-1].set_xticks(range(len(gammas)), gammas)
    figure.axes[-1].set_xlabel("discount gamma")
    figure.legend(loc="outside upper center", ncols=3, frameon=False, labelcolor=TEXT, fontsize=9)
    return figure


def _curve(
    axes: Axes, name: str, curve: Mapping[str, Difference], gammas: Sequence[str], number: int, offset: float
) -> None:
    """Means from gamma 0 on, where there is no difference; bars at the other gammas."""
    colour = COLOURS[number]
    places = [0.0, *(gammas.index(gamma) + offset for gamma in curve)]
    means = [0.0, *(found["mean"] for found in curve.values())]
    axes.plot(places, means, f"{MARKERS[number]}-", color=colour, markersize=5, linewidth=1.2, label=name)
    for place, found in zip(places[1:], curve.values(), strict=True):
        seeds = found.get("over seeds", found)
        axes.plot([place] * 2, [seeds["low"], seeds["high"]], color=colour, linewidth=6, alpha=0.3)
        axes.plot([place] * 2, [found["low"], found["high"]], color=colour, linewidth=1.5)


def _panel(axes: Axes, title: str) -> None:
    grey(axes)
    axes.axhline(0, color=TEXT, linewidth=0.8, linestyle=":")
    axes.set_title(title, fontsize=9)
    axes.set_ylabel("% more than gamma 0")


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
