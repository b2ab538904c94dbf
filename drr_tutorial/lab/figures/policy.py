"""Figures of the actor-critic chapter, and the ascent that one of them shows (chapter 4)."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from drr_tutorial.actor_critic.networks import Actor, Critic, State
from drr_tutorial.lab.figures.style import COLOURS, TEXT, grey, new_figure


class Ascent(NamedTuple):
    """What an actor did while it climbed; row 0 is before the first step."""

    norms: NDArray[np.float32]  # (n_steps + 1,) mean length of the actions
    values: NDArray[np.float32]  # (n_steps + 1,) mean Q(s, pi(s))
    actions: NDArray[np.float32]  # (n_steps + 1, B, k)


def ascend(actor: Actor, critic: Critic, state: State, n_steps: int = 200, learning_rate: float = 1e-3) -> Ascent:
    """Train the actor, in place, to raise the mean of Q(s, pi(s)) for a critic that never changes: what the policy
    gradient does when nothing corrects the critic. `n_steps` is at least 1.
    """
    if n_steps < 1:
        raise ValueError(f"n_steps must be at least 1, got {n_steps}")
    state = State(*(part.detach() for part in state))
    optimizer = torch.optim.Adam(actor.parameters(), lr=learning_rate)
    actions, values = [], []
    for _ in range(n_steps + 1):
        action = actor(state.vector, state.prior)
        value = critic(state, action).mean()
        actions.append(action.detach().numpy())
        values.append(float(value.detach()))
        gradients = torch.autograd.grad(-value, list(actor.parameters()))
        for parameter, gradient in zip(actor.parameters(), gradients, strict=True):
            parameter.grad = gradient
        optimizer.step()
    taken = np.stack(actions)
    return Ascent(np.linalg.norm(taken, axis=2).mean(axis=1), np.asarray(values, dtype=np.float32), taken)


def growth(ascents: Mapping[str, Ascent], limit: float | None = None) -> Figure:
    """Mean length of the actions and below it mean Q against steps, on logarithmic scales, a line an ascent; dashed at
    `limit`, the longest vector that is possible.

    Values of 0 or less are not drawn.
    """
    figure = new_figure(4.8)
    panels = list(figure.subplots(2, 1, sharex=True))
    for colour, (label, ascent) in zip(COLOURS, ascents.items(), strict=False):
        for axes, values in zip(panels, (ascent.norms, ascent.values), strict=True):
            axes.plot(np.arange(len(values)), np.where(values > 0, values, np.nan), color=colour, lw=2, label=label)
    for axes, label in zip(panels, ("mean length of the action", "mean Q(s, π(s))"), strict=True):
        _label(axes, "", label).set_yscale("log")
    panels[-1].set_xlabel("steps of the actor")
    if limit is not None:
        panels[0].axhline(limit, color=TEXT, linestyle="--", linewidth=1.2, label="longest in the box")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=3, frameon=False, labelcolor=TEXT, fontsize=9)
    return figure


def corrections(outputs: ArrayLike, priors: ArrayLike, entries: Mapping[str, ArrayLike]) -> Figure:
    """An entry of the action against the output of the actor's layers: a panel for each kind of correction, a
    line for each entry of the warm start, with a dot where the output is 0.

    `outputs` is (m,), `priors` (n,), and each of `entries` {name: (n, m)}.
    """
    figure = new_figure(0.8 + 1.9 * len(entries))
    panels = figure.subplots(len(entries), 1, sharex=True, squeeze=False)[:, 0]
    outputs, priors = np.asarray(outputs), np.asarray(priors)
    for axes, (name, lines) in zip(panels, entries.items(), strict=True):
        for colour, prior, line in zip(COLOURS, priors, np.asarray(lines), strict=False):
            axes.plot(outputs, line, color=colour, linewidth=2, label=f"{prior:g}")
            axes.plot([0], [prior], "o", color=colour, markersize=5)
        _label(axes, "", "entry of the action").set_title(name, fontsize=10)
    axes.set_xlabel("output of the layers, f")
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(
        handles, labels, title="entry of the warm start", loc="outside upper center", ncols=len(labels),
        frameon=False, labelcolor=TEXT, fontsize=9,
    ).get_title().set_color(TEXT)  # fmt: skip
    return figure


def two_vectors(lengths: Mapping[str, ArrayLike], cosines: ArrayLike) -> Figure:
    """How unlike the actor's vector and the shown item's are: histograms of their lengths, {name: (B,)}, and
    below of the cosine between them, (B,).
    """
    figure = new_figure(4.8)
    upper, lower = figure.subplots(2, 1)
    for colour, (name, values) in zip(COLOURS, lengths.items(), strict=False):
        upper.hist(np.asarray(values), bins=20, color=colour, alpha=0.8, label=name)
    lower.hist(np.asarray(cosines), bins=np.linspace(0, 1, 41).tolist(), color=COLOURS[2], alpha=0.8)
    lower.axvline(1, color=TEXT, linestyle="--", linewidth=1.2)
    upper.legend(frameon=False, labelcolor=TEXT, fontsize=9)
    _label(upper, "length of the vector", "users")
    _label(lower, "cosine of the two vectors (1: same direction)", "users")
    return figure


def _label(axes: Axes, x: str, y: str) -> Axes:
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    return grey(axes)
