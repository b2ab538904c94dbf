"""Figures of SARDINE show every seed, every oracle, when a user is bored, and each topic of a taste."""

from typing import Any

import numpy as np

from drr_tutorial.lab.figures import sardine
from drr_tutorial.lab.small_sardine import Session

EARNED = {"random": 9.0, "greedy": 50.0, "rotating": 100.0, "sparing": 98.0}


def result() -> dict[str, Any]:
    """Gamma 0 earns 40 + seed, planning 80 + seed, in moving tastes one more."""
    rows, summary = {}, {}
    for more, taste in enumerate(("fixed", "moving")):
        players = {name: {"over users": {"mean": mean}} for name, mean in EARNED.items()}
        for look, start in (("gamma 0", 40.0), ("planning", 80.0)):
            players[look] = {"over users": {"mean": start + 1 + more}}
            for seed in range(3):
                key = f"{taste}-{look.replace(' ', '-')}-{seed}"
                rows[key] = {"figures": {"clicks": start + seed + more}}
        summary[taste] = {"players": players}
    return {"seeds": [0, 1, 2], "rows": rows, "summary": summary}


def test_clicks_show_every_seed_and_a_line_for_every_oracle() -> None:
    for more, axes in enumerate(sardine.clicks(result()).axes):
        dots = [line.get_xdata().tolist() for line in axes.lines if line.get_marker() == "o"]
        assert dots == [[start + seed + more for seed in range(3)] for start in (40.0, 80.0)]
        across = {line.get_xdata()[0] for line in axes.lines if line.get_linestyle() == ":"}
        assert across == set(EARNED.values())
        assert [text.get_text() for text in axes.get_yticklabels()] == list(sardine.PLAYERS.values())


def test_two_sessions_fill_what_was_clicked_and_shade_boredom() -> None:
    clicked = np.array([True] * 5 + [False] * 5)
    greedy = Session(np.array([3] * 5 + [0] * 5), clicked, ~clicked)
    axes = sardine.two_sessions({"greedy": greedy, "careful": greedy._replace(bored=clicked & ~clicked)}, 8).axes
    filled, hollow = axes[0].lines[:2]
    assert filled.get_xdata().tolist() == [1, 2, 3, 4, 5] and hollow.get_xdata().tolist() == [6, 7, 8]
    assert [text.get_text() for text in axes[0].get_yticklabels()] == ["topic 3", "topic 0"]
    assert [len(part.patches) for part in axes] == [3, 0]
    assert axes[0].get_title() == "greedy: 5 clicks in 10 steps"


def test_drifts_have_a_line_for_each_topic_and_words_for_the_named() -> None:
    tastes = {"a": np.tile([0.8, 0.6, 0.0, 0.0], (4, 1)), "b": np.ones((4, 4)) / 2}
    figure = sardine.drifts(tastes, {0: "main", 1: "other"})
    for axes, taste in zip(figure.axes, tastes.values(), strict=True):
        assert sorted(line.get_ydata()[-1] for line in axes.lines) == sorted(taste[-1])
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["main", "other"]
    assert len({line.get_linestyle() for line in figure.axes[0].lines[2:]}) == 2
