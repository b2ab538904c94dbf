"""Figures of chapter 10: likes of each method in sessions with strangers, and what one thing more adds."""

from collections.abc import Mapping
from typing import Any

from matplotlib.figure import Figure

from drr_tutorial.lab.figures.style import COLOURS, TEXT, grey, new_figure


def likes(methods: Mapping[str, Mapping[str, Any]], length: int = 40) -> Figure:
    """A row for each method: likes after so many films, every draw of users a dot, the mean as a bar, its number."""
    figure = new_figure(1.0 + 0.3 * len(methods))
    axes = grey(figure.subplots())
    for place, (name, found) in enumerate(methods.items()):
        after = found[str(length)]
        colour = COLOURS[0] if name.startswith("DRR") else COLOURS[1]
        axes.plot(after["draws"], [place] * len(after["draws"]), "o", color=colour, markersize=5, alpha=0.8)
        axes.plot([after["mean"]] * 2, [place - 0.3, place + 0.3], color=colour, linewidth=2)
        axes.annotate(
            f"{after['mean']:.2f}", (1.02, place), xycoords=("axes fraction", "data"), va="center", color=TEXT
        )
    axes.set_yticks(range(len(methods)), list(methods))
    axes.set_ylim(len(methods) - 0.5, -0.5)
    axes.set_xlabel(f"likes after {length} films")
    return figure


def additions(differences: Mapping[str, Mapping[str, Any]]) -> Figure:
    """A row for each difference of likes after a session: its mean with its interval over users, zero as a line."""
    figure = new_figure(1.0 + 0.35 * len(differences))
    axes = grey(figure.subplots())
    for place, found in enumerate(differences.values()):
        mean, low, high = (found["over users"][name] for name in ("mean", "low", "high"))
        axes.errorbar(mean, place, xerr=[[mean - low], [high - mean]], fmt="o", color=COLOURS[0], capsize=4)
    axes.axvline(0, color=TEXT, linestyle="--", linewidth=1.2)
    axes.set_yticks(range(len(differences)), list(differences))
    axes.set_ylim(len(differences) - 0.5, -0.5)
    axes.set_xlabel("likes more in a session of 40 films")
    return figure
