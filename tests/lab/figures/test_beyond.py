"""Figures of what lies beyond accuracy: marks where they belong, names that do not touch."""

from itertools import pairwise

import numpy as np
import pytest
from matplotlib.text import Text

from drr_tutorial.lab.figures import beyond
from drr_tutorial.lab.figures.style import COLOURS


def found(x: float, y: float) -> dict[str, dict[str, float]]:
    accuracy = {"mean": y, "low": y - 0.01, "high": y + 0.01}
    return {"coverage@10": {"mean": x}, "novelty@10": {"mean": x, "low": x - 1, "high": x + 1}, "nDCG@10": accuracy}


METHODS = {
    "popularity": found(0.03, 0.10),
    "EASE": found(0.2, 0.300),
    "iALS": found(0.3, 0.301),
    "DRR": found(0.4, 0.302),
    "DRR, before training": found(0.5, 0.303),
}


def test_every_method_has_its_mark_and_ours_another_shape() -> None:
    figure = beyond.trade_off(METHODS, "novelty@10", x_label="bits")
    figure.draw_without_rendering()
    axes = figure.axes[0]
    marks = {line.get_xdata()[0]: line for line in axes.lines if line.get_marker() != "None"}
    assert sorted(marks) == [0.03, 0.2, 0.3, 0.4, 0.5]
    assert marks[0.4].get_ydata()[0] == 0.302
    assert [marks[x].get_marker() for x in sorted(marks)] == ["o", "o", "o", "D", "D"]
    assert marks[0.4].get_markerfacecolor() == COLOURS[4] and marks[0.5].get_markerfacecolor() == "none"
    assert axes.get_xlabel() == "bits" and axes.get_ylabel() == "nDCG@10"
    bars = [line for line in axes.lines if line.get_marker() == "None"]
    assert len(bars) == 2 * len(METHODS)


def test_a_figure_of_all_lists_has_no_interval() -> None:
    axes = beyond.trade_off(METHODS, "coverage@10").axes[0]
    assert len(axes.lines) == 2 * len(METHODS)


def test_names_do_not_touch_and_fit_the_figure() -> None:
    figure = beyond.trade_off(METHODS, "coverage@10")
    figure.draw_without_rendering()
    boxes = {text.get_text(): Text.get_window_extent(text) for text in figure.axes[0].texts}
    assert boxes.keys() == METHODS.keys()
    by_height = sorted(boxes.values(), key=lambda box: box.y0)
    assert all(lower.y1 <= upper.y0 for lower, upper in pairwise(by_height))
    assert max(box.x1 for box in boxes.values()) <= figure.bbox.x1


def test_heights_are_spread_as_little_as_needed() -> None:
    np.testing.assert_allclose(beyond.spread([0.9, 0.1, 0.5], 0.2), [0.9, 0.1, 0.5])
    np.testing.assert_allclose(beyond.spread([0.5, 0.5, 0.5], 0.1), [0.4, 0.5, 0.6])
    np.testing.assert_allclose(beyond.spread([0.52, 0.48, 0.9], 0.1), [0.55, 0.45, 0.9])
    assert len(beyond.spread([], 0.1)) == 0


@pytest.mark.parametrize("seed", range(5))
def test_spread_heights_keep_their_order_and_distance(seed: int) -> None:
    heights = np.random.default_rng(seed).random(12)
    placed = beyond.spread(heights, 0.07)
    assert np.array_equal(np.argsort(placed), np.argsort(heights))
    assert np.diff(np.sort(placed)).min() >= 0.07 - 1e-9
