"""The figure of the discount: logs above, the world below, every gamma in its place, both intervals drawn."""

from typing import Any

import numpy as np
import pytest

from drr_tutorial.lab.figures.gamma import by_gamma


def percent(mean: float) -> dict[str, Any]:
    return {
        "mean": mean, "low": mean - 1, "high": mean + 1,
        "over seeds": {"mean": mean, "low": mean - 3, "high": mean + 3},
    }  # fmt: skip


CURVES = {
    "ml-100k": {"0.3": percent(-1), "0.9": percent(-4), "0.9, 5 steps": percent(-9), "before training": percent(-5)},
    "ml-1m": {"0.9": percent(-2)},
    "planning world": {"0.3": percent(5), "0.9": percent(30), "0.99": percent(28)},
}


def test_each_curve_begins_at_gamma_0_and_stands_in_its_panel() -> None:
    figure = by_gamma(CURVES)
    above, below = figure.axes
    means = [
        [line.get_ydata().tolist() for line in axes.lines if line.get_marker() in "os^"] for axes in (above, below)
    ]
    assert means == [[[0, -1, -4], [0, -2]], [[0, 5, 30, 28]]]
    assert [text.get_text() for text in below.get_xticklabels()] == ["0.0", "0.3", "0.9", "0.99"]
    assert len({line.get_color() for axes in (above, below) for line in axes.lines if line.get_marker() in "os^"}) == 3


def test_both_intervals_of_every_gamma_are_drawn_near_its_place() -> None:
    below = by_gamma(CURVES).axes[1]
    bars = [line for line in below.lines if len(set(np.round(line.get_xdata(), 9))) == 1 and len(line.get_xdata()) == 2]
    assert [bar.get_ydata().tolist() for bar in bars[:2]] == [[2, 8], [4, 6]]
    assert bars[0].get_linewidth() > bars[1].get_linewidth()
    assert [bar.get_xdata()[0] for bar in bars] == pytest.approx([1, 1, 2, 2, 3, 3])


def test_the_agent_before_training_is_a_dashed_line_of_its_colour() -> None:
    above, below = by_gamma(CURVES).axes
    dashed = [line for axes in (above, below) for line in axes.lines if line.get_linestyle() == "--"]
    assert [set(line.get_ydata()) for line in dashed] == [{-5}]
    assert dashed[0].get_color() == above.lines[0].get_color()


def test_a_curve_of_one_seed_has_the_users_interval_for_both() -> None:
    curves = {"ml-100k": {"0.9": {"mean": 1.0, "low": 0.0, "high": 2.0}}, "planning world": {"0.9": percent(5)}}
    above = by_gamma(curves).axes[0]
    assert [line.get_ydata().tolist() for line in above.lines if line.get_linewidth() == 6] == [[0.0, 2.0]]
