"""Figures of the training chapter: what is learned, step by step."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from drr_tutorial.plots.style import COLOURS, TEXT, grey, new_figure


def learning_curves(
    histories: Sequence[Sequence[Mapping[str, float]]], bars: Mapping[str, Mapping[str, float]] | None = None
) -> Figure:
    """Validated hit rate and nDCG against steps: a thin line for each seed, a thick one for their mean, a
    dashed one for each method of `bars`.

    `histories` are `DRRRecommender.history` of several seeds, validated at the same steps; `bars` is {method:
    {"hit": .., "dcg": ..}}.
    """
    figure = new_figure()
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
        grey(axes)
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=4, frameon=False, labelcolor=TEXT, fontsize=9)
    return figure
