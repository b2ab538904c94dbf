"""Figures of the environment chapter: episodes, one user's step by step and many users' on average."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from drr_tutorial.lab.figures.style import COLOURS, TEXT, grey, new_figure


def episode_strips(rewards: Mapping[str, ArrayLike]) -> Figure:
    """One episode of one user for each method: a filled dot where the shown item was liked, else a ring.

    `rewards` is {method: (n_steps,)}, the first method on top; the sum of the rewards stands at the right.
    """
    figure = new_figure(0.8 + 0.5 * len(rewards))
    axes = figure.subplots()
    longest = max(len(np.asarray(values)) for values in rewards.values())
    for row, (colour, values) in enumerate(zip(COLOURS, map(np.asarray, rewards.values()), strict=False)):
        steps = np.arange(1, len(values) + 1)
        fills = np.where(values > 0, colour, "none")
        axes.scatter(
            steps, np.full(len(steps), row), s=90, facecolors=fills.tolist(), edgecolors=colour, linewidths=1.5
        )
        axes.text(longest + 0.7, row, f"{values.sum():g}", color=TEXT, va="center")
    axes.set_yticks(range(len(rewards)), list(rewards))
    axes.set_ylim(len(rewards) - 0.5, -0.5)
    axes.set_xticks(range(1, longest + 1))
    axes.set_xlim(0.4, longest + 1.3)
    axes.set_xlabel("step (total reward at the right)")
    grey(axes).spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0)
    return figure


def cumulative_rewards(rewards: Mapping[str, ArrayLike]) -> Figure:
    """Mean cumulative reward against steps, a line a method with a band of two standard errors over users.

    `rewards` is {method: (n_users, n_steps)} of at least two users, the same steps for all; the dashed line
    gains 1 at every step, the most that the binary reward allows.
    """
    figure = new_figure()
    axes = figure.subplots()
    for colour, (method, values) in zip(COLOURS, rewards.items(), strict=False):
        sums = np.cumsum(np.asarray(values, dtype=np.float64), axis=1)  # (n_users, n_steps)
        steps, mean = np.arange(1, sums.shape[1] + 1), sums.mean(axis=0)
        error = 2 * sums.std(axis=0, ddof=1) / np.sqrt(len(sums))
        axes.fill_between(steps, mean - error, mean + error, color=colour, alpha=0.25, linewidth=0)
        axes.plot(steps, mean, color=colour, linewidth=2, label=method)
    axes.plot(steps, steps, color=TEXT, linestyle="--", linewidth=1.2, label="a like at every step")
    axes.set_xlabel("step")
    axes.set_ylabel("mean cumulative reward")
    axes.legend(frameon=False, labelcolor=TEXT)
    grey(axes)
    return figure
