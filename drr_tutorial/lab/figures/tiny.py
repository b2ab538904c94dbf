"""Figures of the tiny world: two sessions, what later rewards count, value iteration, likes against gamma."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike

from drr_tutorial.lab.figures.style import COLOURS, TEXT, grey, new_figure
from drr_tutorial.lab.tiny import ITEMS, Session, Steps

DASHES = ("-", "--", ":", "-.")
TOPICS = (("topic 1", COLOURS[0], "-"), ("topic 2", COLOURS[1], "--"))


def two_sessions(sessions: Mapping[str, Session]) -> Figure:
    """One user with each policy, one above the other: which item at each step, a filled dot where it was liked, a ring
    where not, a cross where the user leaves; below, the levels of boredom and interest before the step.
    """
    figure = new_figure(0.6 + 3.4 * len(sessions))
    parts = figure.subplots(3 * len(sessions), 1, sharex=True, height_ratios=(4, 2.2, 2.6) * len(sessions))
    for place, (name, session) in enumerate(sessions.items()):
        shown, boredom, interest = (grey(axes) for axes in parts[3 * place : 3 * place + 3])
        _items(shown, session)
        shown.set_title(f"{name}: {session.liked.sum()} likes in {len(session.items)} steps", fontsize=11)
        _levels(boredom, session.boredom, "boredom", 3)
        _levels(interest, session.interest, "interest", 4)
    parts[-1].set_xlabel("step of the session")
    parts[-1].xaxis.set_major_locator(MaxNLocator(integer=True))
    figure.align_ylabels(parts)
    handles, labels = parts[1].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=2, frameon=False, labelcolor=TEXT)
    return figure


def weights(gammas: Sequence[float], count: int = 40) -> Figure:
    """What a reward counts that comes 0, 1, ... `count` steps later: gamma to that power, a line for each gamma < 1."""
    figure = new_figure(3.0)
    axes, later = grey(figure.subplots()), np.arange(count + 1)
    for gamma, colour, dashes in zip(gammas, COLOURS, DASHES, strict=False):
        label = f"gamma {gamma:g}: {1 / (1 - gamma):.0f} steps"
        axes.plot(later, np.power(float(gamma), later), dashes, color=colour, linewidth=2, label=label)
    axes.set_xlabel("steps later")
    axes.set_ylabel("weight of a like")
    axes.set_ylim(0, 1.03)
    figure.legend(loc="outside upper center", ncols=2, frameon=False, labelcolor=TEXT)
    return figure


def value_iteration(values: ArrayLike, likes: ArrayLike) -> Figure:
    """Sweep by sweep, (n + 1,) each: the value of the start state, and what the policy that trusts the values earns."""
    figure = new_figure(3.2)
    axes = grey(figure.subplots())
    for series, colour, dashes, name in (
        (likes, COLOURS[1], "--", "likes of the policy so far"),
        (values, COLOURS[0], "-", "value of the start state"),
    ):
        axes.plot(np.asarray(series), dashes, color=colour, linewidth=2, label=name)
    axes.set_xlabel("sweeps")
    axes.set_ylabel("likes")
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False, labelcolor=TEXT, loc="lower right")
    return figure


def likes_by_gamma(gammas: ArrayLike, likes: ArrayLike, first: ArrayLike) -> Figure:
    """Likes a session of the policy that is best for each gamma, (n,) each; `first` is the item that it shows first:
    dashed while it is a shallow one, solid while it is a deep one.
    """
    figure = new_figure(3.2)
    axes, deep = grey(figure.subplots()), np.asarray(first) % 2 == 1
    x, y = np.asarray(gammas), np.asarray(likes)
    for here, colour, dashes, name in ((~deep, COLOURS[4], "--", "shallow"), (deep, COLOURS[0], "-", "deep")):
        label = f"{name} item first"
        axes.plot(x[here], y[here], dashes, color=colour, linewidth=2.2, drawstyle="steps-post", label=label)
    axes.set_xlabel("gamma")
    axes.set_ylabel("likes a session")
    axes.set_ylim(0, 40)
    axes.legend(frameon=False, labelcolor=TEXT, loc="upper left")
    return figure


def pays_later(steps: Mapping[str, Steps]) -> Figure:
    """Policies on average over users, a line each: the chance of a like of who is still there, and likes so far."""
    figure = new_figure(4.6)
    now, so_far = (grey(axes) for axes in figure.subplots(2, 1, sharex=True))
    for (name, found), colour, dashes in zip(steps.items(), (COLOURS[4], COLOURS[0]), ("--", "-"), strict=False):
        step = np.arange(1, len(found.like) + 1)
        now.plot(step, found.like / found.here, dashes, color=colour, linewidth=2, label=name)
        so_far.plot(step, found.like.cumsum(), dashes, color=colour, linewidth=2)
    now.set_ylabel("chance of a like")
    now.set_ylim(0, 1)
    so_far.set_ylabel("likes so far")
    so_far.set_ylim(bottom=0)
    so_far.set_xlabel("step of the session")
    figure.legend(loc="outside upper center", ncols=2, frameon=False, labelcolor=TEXT)
    return figure


def _items(axes: Axes, session: Session) -> None:
    steps = np.arange(1, len(session.items) + 1)
    for item, name in enumerate(ITEMS):
        colour = TOPICS[item // 2][1]
        for liked, fill in ((True, colour), (False, "none")):
            here = (session.items == item) & (session.liked == liked)
            axes.scatter(steps[here], np.full(here.sum(), item), 28, facecolors=fill, edgecolors=colour, label=name)
    axes.plot(steps[-1] + 1.5, session.items[-1], "x", color=TEXT, markersize=8, markeredgewidth=2)
    axes.set_yticks(range(len(ITEMS)), ITEMS)
    axes.set_ylim(len(ITEMS) - 0.5, -0.5)


def _levels(axes: Axes, found: ArrayLike, name: str, most: int) -> None:
    steps = np.arange(1, len(np.asarray(found)) + 1)
    for series, (topic, colour, dashes) in zip(np.asarray(found).T, TOPICS, strict=True):
        axes.plot(steps, series, dashes, color=colour, linewidth=1.8, drawstyle="steps-mid", label=topic)
    axes.set_yticks([0, most])
    axes.set_ylim(-0.3, most + 0.3)
    axes.set_ylabel(name)
