"""The figures of README and book, one function each; every one takes figures and returns a matplotlib figure.

Colours are those of Okabe & Ito (2008), told apart by people with any kind of colour vision; backgrounds are
transparent and texts grey enough for light and dark pages.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9")
TEXT = "#808080"


def learning_curves(
    histories: Sequence[Sequence[Mapping[str, float]]], bars: Mapping[str, Mapping[str, float]] | None = None
) -> Figure:
    """Validated hit rate and nDCG against steps: a thin line for each seed, a thick one for their mean, a
    dashed one for each method of `bars`.

    `histories` are `DRRRecommender.history` of several seeds, validated at the same steps; `bars` is {method:
    {"hit": .., "dcg": ..}}.
    """
    figure = Figure(figsize=(8, 3.2), layout="constrained")
    for axes, name, label in zip(figure.subplots(1, 2), ("hit", "dcg"), ("HR@10", "nDCG@10"), strict=True):
        steps = [entry["step"] for entry in histories[0]]
        values = np.array([[entry[name] for entry in history] for history in histories])  # (n_seeds, n_evaluations)
        axes.plot(steps, values.T, color=COLOURS[0], alpha=0.35, linewidth=0.8)
        axes.plot(
            steps, values.mean(axis=0), color=COLOURS[0], linewidth=2, label=f"DRR, mean of {len(histories)} seeds"
        )
        for colour, (method, figures) in zip(COLOURS[1:], (bars or {}).items(), strict=False):
            axes.axhline(figures[name], color=colour, linestyle="--", linewidth=1.2, label=method)
        axes.set_xlabel("environment steps")
        axes.set_ylabel(f"{label}, validation")
        _grey(axes)
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=4, frameon=False, labelcolor=TEXT, fontsize=9)
    return figure


def _grey(axes: Axes) -> None:
    """Texts and frames readable on white and on black."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(TEXT)
    axes.tick_params(colors=TEXT)
    axes.xaxis.label.set_color(TEXT)
    axes.yaxis.label.set_color(TEXT)


def save(figure: Figure, path: Any) -> None:
    """Write as SVG with a transparent background, the same bytes each time."""
    import matplotlib

    with matplotlib.rc_context({"svg.hashsalt": "drr_tutorial"}):
        figure.savefig(path, transparent=True, metadata={"Date": None})
