"""Figures of the planning world: likes against the discount, agents side by side, one user's session twice."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from drr_tutorial.lab.figures.style import COLOURS, TEXT, grey, in_lines, new_figure
from drr_tutorial.worlds.planning import PlanningWorld

Runs = Mapping[str, Any]  # "seeds", "mean", "low", "high"
MAX_STEPS = PlanningWorld().max_steps
WISHES = {"greedy": "wants the next like", "planning": "looks ahead"}
KNOWING = {"greedy": "myopic", "planning": "planner"}
LINES = {"static": ":", "myopic": "--", "planner": "-."}


def sweep(summary: Mapping[str, Any]) -> Figure:
    """Mean likes a session against gamma, every seed a dot; what full knowledge earns as lines."""
    figure = new_figure(3.8)
    axes = grey(figure.subplots())
    gammas = list(summary["sweep"])
    for place, gamma in enumerate(gammas):
        seeds = summary["sweep"][gamma]["seeds"]
        axes.plot([place] * len(seeds), seeds, "o", color=COLOURS[0], markersize=5, alpha=0.8)
    axes.plot([summary["sweep"][gamma]["mean"] for gamma in gammas], "-", color=COLOURS[0], label="DRR, mean of seeds")
    _bounds(axes, summary["bounds"]["all"], across=True)
    axes.set_xticks(range(len(gammas)), gammas)
    axes.set_xlabel("discount gamma")
    axes.set_ylabel("likes a session")
    axes.set_ylim(bottom=0)
    figure.legend(loc="outside upper center", ncols=2, frameon=False, labelcolor=TEXT, fontsize=9)
    return figure


def agents(found: Mapping[str, Runs], bounds: Mapping[str, float]) -> Figure:
    """A row for each agent: every seed a dot, the mean as a bar; bounds as lines."""
    names = [in_lines(name, 28) for name in found]
    figure = new_figure(1.1 + (0.36 if "\n" in "".join(names) else 0.27) * len(found))
    axes = grey(figure.subplots())
    for place, runs in enumerate(found.values()):
        colour = COLOURS[0] if place == 0 else COLOURS[1]
        axes.plot(runs["seeds"], [place] * len(runs["seeds"]), "o", color=colour, markersize=5, alpha=0.8)
        axes.plot([runs["mean"]] * 2, [place - 0.3, place + 0.3], color=colour, linewidth=2)
    _bounds(axes, bounds, across=False)
    axes.set_yticks(range(len(found)), names, fontsize=9)
    axes.set_ylim(len(found) - 0.5, -0.5)
    axes.set_xlim(left=0)
    axes.set_xlabel("likes a session")
    figure.legend(loc="outside upper center", ncols=2, frameon=False, labelcolor=TEXT, fontsize=9)
    return figure


def two_sessions(sessions: Mapping[str, Any], names: Mapping[str, str] = WISHES) -> Figure:
    """The same user with two players, one above the other: the topic shown at each step, filled where it was liked, the
    larger the deeper; and the interest that has grown.
    """
    figure = new_figure(4.6)
    parts = figure.subplots(4, 1, sharex=True, height_ratios=(3, 1, 3, 1))
    order = _topics_by_use([sessions[name]["topic"] for name in names])
    for shown, grown, name in zip(parts[::2], parts[1::2], names, strict=True):
        _session(shown, sessions[name], order)
        likes, length = sum(sessions[name]["liked"]), len(sessions[name]["liked"])
        end = f", the user leaves after {length} steps" if length < MAX_STEPS else ""
        shown.set_title(f"{names[name]}: {likes} likes{end}", fontsize=9)
        grown.plot(sessions[name]["interest"], color=COLOURS[2])
        grown.set_ylim(0, 1.6)
        grown.set_ylabel("interest")
        for axes in (shown, grown):
            grey(axes)
    parts[-1].set_xlabel("step of the session")
    return figure


def _session(axes: Axes, session: Mapping[str, Any], order: Mapping[int, int]) -> None:
    liked = np.array(session["liked"], dtype=bool)
    rows, steps = np.array([order[topic] for topic in session["topic"]]), np.arange(len(liked))
    size = 25 + 45 * np.clip(session["depth"], -0.4, 1)
    axes.scatter(steps[liked], rows[liked], size[liked], color=COLOURS[0], label="liked")
    axes.scatter(steps[~liked], rows[~liked], size[~liked], edgecolors=COLOURS[4], facecolors="none", label="not liked")
    axes.set_yticks([])
    axes.set_ylabel("topic")
    axes.set_ylim(max(order.values()) + 0.7, -0.7)


def _topics_by_use(sessions: Sequence[Sequence[int]]) -> dict[int, int]:
    """Topics that were shown at all, the most frequent first: topic -> row."""
    topics, counts = np.unique(np.concatenate(sessions), return_counts=True)
    return {int(topic): row for row, topic in enumerate(topics[np.argsort(-counts, kind="stable")])}


def _bounds(axes: Axes, bounds: Mapping[str, float], *, across: bool) -> None:
    draw = axes.axhline if across else axes.axvline
    for name, value in bounds.items():
        draw(value, color=TEXT, linestyle=LINES[name], linewidth=1.2, label=f"{name}, full knowledge")
