"""Figures of SARDINE: what its players earn, one user's session with two of them, and how clicks move a taste."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from drr_tutorial.lab.figures.style import COLOURS, TEXT, grey, new_figure
from drr_tutorial.lab.small_sardine import Session

PLAYERS = {  # as the study names them, and as the figure does, from the worst to the best where tastes move
    "random": "random",
    "gamma 0": "agent, gamma 0",
    "greedy": "greedy oracle",
    "planning": "agent, planning",
    "rotating": "rotating oracle",
    "sparing": "sparing oracle",
}
AGENTS = {"gamma 0": COLOURS[1], "planning": COLOURS[0]}
LINES = ("-", "--", ":", "-.")


def clicks(result: Mapping[str, Any]) -> Figure:
    """Clicks in 100 steps, a row for each player, from the result file of the study `sardine`: fixed tastes above,
    moving ones below. Every seed of an agent a dot, its mean a bar; what the others earn a line through all rows.
    """
    figure = new_figure(5.2)
    panels = figure.subplots(2, 1, sharex=True)
    for axes, taste in zip(panels, ("fixed", "moving"), strict=True):
        for place, player in enumerate(PLAYERS):
            mean = result["summary"][taste]["players"][player]["over users"]["mean"]
            if player in AGENTS:
                _seeds(axes, place, seeds_of(result, taste, player), mean, AGENTS[player])
            else:
                axes.plot(mean, place, "|", color=TEXT, markersize=14, markeredgewidth=3)
                axes.axvline(mean, color=TEXT, linestyle=":", linewidth=1)
        axes.set_yticks(range(len(PLAYERS)), list(PLAYERS.values()))
        axes.set_ylim(len(PLAYERS) - 0.5, -0.5)
        axes.set_title(f"{taste} tastes", fontsize=10)
        grey(axes)
    panels[-1].set_xlim(0, 103)
    panels[-1].set_xlabel("clicks in 100 steps")
    return figure


def seeds_of(result: Mapping[str, Any], taste: str, player: str) -> list[float]:
    """Mean clicks of each training of an agent."""
    keys = [f"{taste}-{player.replace(' ', '-')}-{seed}" for seed in result["seeds"]]
    return [float(result["rows"][key]["figures"]["clicks"]) for key in keys]


def two_sessions(sessions: Mapping[str, Session], n_steps: int = 40) -> Figure:
    """The first steps of a user's sessions, {player: session}, one above the other: a row a topic, filled where it was
    clicked, hollow where not, on grey ground while the user is bored.
    """
    figure = new_figure(0.9 + 1.5 * len(sessions))
    panels = np.atleast_1d(figure.subplots(len(sessions), 1, sharex=True))
    for axes, (name, session) in zip(panels, sessions.items(), strict=True):
        _topics(axes, session, n_steps)
        axes.set_title(f"{name}: {session.clicked.sum()} clicks in {len(session.clicked)} steps", fontsize=10)
        grey(axes)
    panels[-1].set_xlabel("step of the session")
    return figure


def drifts(tastes: Mapping[str, NDArray[np.float64]], named: Mapping[int, str]) -> Figure:
    """A line for each topic against the clicks on one item, one panel below the other: {title: tastes (n + 1, topics)};
    `named` topics have a colour and a word, all others are grey.
    """
    figure = new_figure(0.8 + 1.9 * len(tastes))
    panels = np.atleast_1d(figure.subplots(len(tastes), 1, sharex=True))
    for axes, (title, taste) in zip(panels, tastes.items(), strict=True):
        for topic in (topic for topic in range(taste.shape[1]) if topic not in named):
            axes.plot(taste[:, topic], color=TEXT, linewidth=1, alpha=0.7)
        for place, (topic, word) in enumerate(named.items()):
            axes.plot(taste[:, topic], LINES[place % 4], color=COLOURS[place % 6], linewidth=2, label=word)
        axes.set_title(title, fontsize=10)
        axes.set_ylabel("taste for a topic")
        axes.set_ylim(0, 1)
        grey(axes)
    panels[-1].set_xlabel("clicks")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=2, frameon=False, labelcolor=TEXT, fontsize=9)
    return figure


def _seeds(axes: Axes, place: int, seeds: list[float], mean: float, colour: str) -> None:
    axes.plot([mean] * 2, [place - 0.35, place + 0.35], color=colour, linewidth=2)
    axes.plot(seeds, [place] * len(seeds), "o", color=colour, markersize=6, alpha=0.8)


def _topics(axes: Axes, session: Session, n_steps: int) -> None:
    topics, clicked, bored = (part[:n_steps] for part in session)
    rows = {int(topic): row for row, topic in enumerate(dict.fromkeys(topics.tolist()))}  # in the order of use
    steps, places = np.arange(1, len(topics) + 1), np.array([rows[int(topic)] for topic in topics])
    for step in steps[bored]:
        axes.axvspan(step - 0.5, step + 0.5, color=TEXT, alpha=0.2, linewidth=0)
    axes.plot(steps[clicked], places[clicked], "o", color=COLOURS[0], markersize=7)
    axes.plot(steps[~clicked], places[~clicked], "o", color=COLOURS[4], markersize=7, fillstyle="none")
    axes.set_yticks(range(len(rows)), [f"topic {topic}" for topic in rows])
    axes.set_ylim(len(rows) - 0.5, -0.5)
