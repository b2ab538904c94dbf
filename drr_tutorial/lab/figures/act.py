"""Figures of players at work: sessions step by step, an actor's vector among the items, returns."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from drr_tutorial.lab.figures.style import COLOURS, TEXT, grey, new_figure

N_TOPICS = 8
LINES = ("-", "--", ":", "-.")


def sessions(played: Mapping[str, Mapping[str, Any]]) -> Figure:
    """A panel for each player, one step after the other: the row is the topic, larger is deeper, filled was liked."""
    figure = new_figure(1.25 * len(played) + 0.4)
    panels = np.atleast_1d(figure.subplots(len(played), 1, sharex=True))
    for axes, (name, session) in zip(panels, played.items(), strict=True):
        _steps(grey(axes), session)
        axes.set_title(f"{name}: {sum(session['liked'])} likes in {len(session['liked'])} steps", fontsize=9)
    panels[-1].set_xlabel("step of the session")
    panels[-1].xaxis.set_major_locator(MaxNLocator(integer=True))
    return figure


def _steps(axes: Axes, session: Mapping[str, Any]) -> None:
    liked, topic = np.array(session["liked"], dtype=bool), np.array(session["topic"])
    steps, size = np.arange(1, len(liked) + 1), 25 + 40 * np.clip(np.array(session["depth"]), -0.3, 1)
    axes.scatter(steps[liked], topic[liked], size[liked], color=COLOURS[0])
    axes.scatter(steps[~liked], topic[~liked], size[~liked], edgecolors=COLOURS[4], facecolors="none")
    axes.set_ylim(N_TOPICS - 0.4, -0.6)
    axes.set_yticks([])
    axes.set_ylabel("topic")


def path(vectors: NDArray[Any], item_vectors: NDArray[Any], shown: Sequence[int]) -> Figure:
    """Where an actor's vector (steps, k) goes in a session, among the items (n, k), in the two directions in which the
    vectors themselves vary most; the items that were `shown` are ringed, the first and the last vector are named.
    """
    figure = new_figure(3.6)
    axes = grey(figure.subplots())
    middle = vectors.mean(axis=0)
    plane = np.linalg.svd(vectors - middle, full_matrices=False)[2][:2].T  # (k, 2)
    items, way = (item_vectors - middle) @ plane, (vectors - middle) @ plane
    axes.scatter(items[:, 0], items[:, 1], 10, color=TEXT, alpha=0.5, linewidths=0, label="items")
    ringed = np.unique(np.array(shown))
    axes.scatter(items[ringed, 0], items[ringed, 1], 40, facecolors="none", edgecolors=COLOURS[0], label="shown")
    axes.plot(way[:, 0], way[:, 1], "-", color=COLOURS[4], linewidth=0.8, alpha=0.7)
    axes.scatter(way[:, 0], way[:, 1], 14, c=np.arange(len(way)), cmap="autumn", label="actor's vector")
    for place, word in ((0, "first"), (-1, "last")):
        axes.annotate(word, way[place], (6, 6), textcoords="offset points", color=TEXT, fontsize=9)
    axes.set_xticks([])
    axes.set_yticks([])
    figure.legend(loc="outside upper center", ncols=3, frameon=False, labelcolor=TEXT, fontsize=9)
    return figure


def returns(liked: Mapping[str, Sequence[bool]], gammas: Sequence[float] = (0.0, 0.8, 0.95)) -> Figure:
    """The return from each step of a session on, a panel for each discount, a line for each player."""
    figure = new_figure(1.4 * len(gammas) + 0.5)
    panels = np.atleast_1d(figure.subplots(len(gammas), 1, sharex=True))
    for axes, gamma in zip(panels, gammas, strict=True):
        grey(axes)
        for place, (name, rewards) in enumerate(liked.items()):
            values = discounted(rewards, gamma)
            label = name if gamma == gammas[0] else None
            axes.plot(np.arange(1, len(values) + 1), values, LINES[place], color=COLOURS[place], label=label)
        axes.set_title(f"discount {gamma:g}", fontsize=9)
        axes.set_ylabel("return")
    panels[-1].set_xlabel("step of the session")
    panels[-1].xaxis.set_major_locator(MaxNLocator(integer=True))
    figure.legend(loc="outside upper center", ncols=4, frameon=False, labelcolor=TEXT, fontsize=9)
    return figure


def discounted(rewards: Sequence[float], gamma: float) -> NDArray[np.float64]:
    """G_t = r_t + gamma G_{t+1} for each step of a session, (n,)."""
    found = np.zeros(len(rewards) + 1)
    for step in range(len(rewards) - 1, -1, -1):
        found[step] = float(rewards[step]) + gamma * found[step + 1]
    return found[:-1]
