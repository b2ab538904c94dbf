"""Figures of chapter 10: what is drawn is what was given."""

import numpy as np
from numpy.testing import assert_allclose

from drr_tutorial.lab.figures import cold_start

METHODS = {
    "popularity": {"40": {"draws": [12.0, 12.5], "mean": 12.25}},
    "DRR, gamma 0": {"40": {"draws": [16.0, 16.5], "mean": 16.25}},
}


def test_every_draw_is_a_dot_and_every_mean_a_bar_and_a_number() -> None:
    (axes,) = cold_start.likes(METHODS).axes
    drawn = [np.asarray(line.get_xdata()) for line in axes.lines]
    assert_allclose(drawn, [[12, 12.5], [12.25, 12.25], [16, 16.5], [16.25, 16.25]])
    assert [text.get_text() for text in axes.texts] == ["12.25", "16.25"]
    assert [label.get_text() for label in axes.get_yticklabels()] == list(METHODS)


def test_an_interval_goes_from_low_to_high() -> None:
    (axes,) = cold_start.additions({"a": {"over users": {"mean": 0.1, "low": -0.2, "high": 0.3}}}).axes
    (bar,) = axes.containers
    (segment,) = bar.lines[2][0].get_segments()  # type: ignore[union-attr]
    assert_allclose(segment, [[-0.2, 0], [0.3, 0]])
