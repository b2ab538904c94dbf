"""Figures of the state chapter: a map of films, and how much each place of the memory weighs."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from drr_tutorial.data.ratings import Ratings
from drr_tutorial.lab.figures.style import COLOURS, TEXT, grey, in_lines, new_figure
from drr_tutorial.representation.plane import principal_plane as principal_plane

MARKERS = "os^Dvp"


def film_map(
    ratings: Ratings, items: ArrayLike, vectors: ArrayLike, genres: Sequence[str], labelled: Sequence[str] = ()
) -> Figure:
    """Films as points on the principal plane of their vectors (m, k), coloured by the first of `genres` that each has.

    `items` (m,) are item indices; films of none of the (at most six) genres are grey; titles in `labelled` are written
    beside their points.
    """
    if len(genres) > len(COLOURS):
        raise ValueError(f"genres must be at most {len(COLOURS)}, one a colour, got {len(genres)}")
    rows = np.asarray(items)
    places, shares = principal_plane(vectors)
    groups = np.array([_first_genre(ratings.genres[item], genres) for item in rows.tolist()])
    figure = new_figure(5.2)
    axes = grey(figure.subplots())
    others = groups == len(genres)
    axes.scatter(places[others, 0], places[others, 1], s=9, color=TEXT, alpha=0.45, linewidths=0, label="other")
    for number, genre in enumerate(genres):
        chosen = places[groups == number]
        axes.scatter(
            chosen[:, 0], chosen[:, 1], s=22, marker=MARKERS[number], color=COLOURS[number], linewidths=0, label=genre
        )
    for row in np.flatnonzero(np.isin(ratings.titles[rows], labelled)):
        axes.annotate(
            str(ratings.titles[rows[row]]),
            (places[row, 0], places[row, 1]),
            xytext=(4, 3),
            textcoords="offset points",
            color=TEXT,
            fontsize=9,
        )
    axes.set_xlabel(f"first direction, {100 * shares[0]:.0f} % of the variance")
    axes.set_ylabel(f"second direction, {100 * shares[1]:.0f} %")
    figure.legend(loc="outside upper center", ncols=4, frameon=False, labelcolor=TEXT, fontsize=9)
    return figure


def memory_weights(places: Sequence[str], weights: Mapping[str, ArrayLike]) -> Figure:
    """Bars for the weight of each place of the memory, oldest on top: `weights` is {who weighs: (N,)}.

    `places` (N,) are the names to show, such as titles.
    """
    figure = new_figure(3.4)
    axes = grey(figure.subplots())
    height = 0.8 / len(weights)
    for number, (name, values) in enumerate(weights.items()):
        shift = (number - (len(weights) - 1) / 2) * height
        axes.barh(np.arange(len(places)) + shift, np.asarray(values), height, color=COLOURS[number], label=name)
    axes.set_yticks(range(len(places)), [in_lines(place) for place in places])
    axes.invert_yaxis()
    axes.set_xlabel("weight in the average")
    figure.legend(loc="outside upper center", ncols=len(weights), frameon=False, labelcolor=TEXT, fontsize=9)
    return figure


def _first_genre(own: Sequence[str], genres: Sequence[str]) -> int:
    """Place of the first of `genres` among a film's `own`; len(genres) if it has none of them."""
    return next((number for number, genre in enumerate(genres) if genre in own), len(genres))
