"""What all figures share: width, colours, greys, transparent grounds, reproducible files.

Colours are those of Okabe & Ito (2008), told apart by people with any kind of colour vision; backgrounds are
transparent and texts grey enough for light and dark pages.
"""

from textwrap import fill
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9")
TEXT = "#808080"


WIDTH = 5.0  # inches: what is seen whole on a phone (static/drr.css)


def new_figure(height: float = 3.2) -> Figure:
    """An empty figure, `WIDTH` by `height` inches, with a transparent ground."""
    return Figure(figsize=(WIDTH, height), layout="constrained", facecolor="none")


def in_lines(name: str, width: int = 24) -> str:
    """A long name of a row, broken into lines of at most `width` characters where it has spaces."""
    return fill(name, width, break_long_words=False, break_on_hyphens=False)


def grey(axes: Axes) -> Axes:
    """Texts and frames readable on white and on black, no ground, no upper and right frame; returns the axes."""
    axes.set_facecolor("none")
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(TEXT)
    axes.tick_params(colors=TEXT)
    axes.xaxis.label.set_color(TEXT)
    axes.yaxis.label.set_color(TEXT)
    axes.title.set_color(TEXT)
    return axes


def save(figure: Figure, path: Any) -> None:
    """Write as SVG with a transparent background, the same bytes each time."""
    with mpl.rc_context({"svg.hashsalt": "drr_tutorial"}):
        figure.savefig(path, transparent=True, metadata={"Date": None})
