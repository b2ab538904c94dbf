"""The figure of the page past one machine: what was measured, beside what the arithmetic says."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from drr_tutorial.lab.figures.style import COLOURS, TEXT, grey, in_lines, new_figure


def measured_by_predicted(parts: Mapping[str, Mapping[str, float]]) -> Figure:
    """A row for each part: its measured number divided by its predicted one; {part: {"predicted": , "measured": }}."""
    figure = new_figure(0.8 + 0.34 * len(parts))
    axes, places = figure.subplots(), np.arange(len(parts))[::-1]
    ratios = [pair["measured"] / pair["predicted"] for pair in parts.values()]
    axes.axvline(1, color=TEXT, linestyle="--", linewidth=1)
    axes.plot(ratios, places, "o", color=COLOURS[0])
    axes.set_yticks(places, [in_lines(name, 22) for name in parts])
    axes.set_ylim(-0.6, len(parts) - 0.4)
    axes.set_xlim(0, max(2.0, 1.1 * max(ratios)))
    axes.set_xlabel("measured / predicted")
    grey(axes)
    return figure
