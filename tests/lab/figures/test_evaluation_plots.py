"""Figures of the evaluation chapter: what is drawn is what was given."""

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from drr_tutorial.evaluation.intervals import Interval
from drr_tutorial.lab.figures import evaluation
from drr_tutorial.lab.figures.style import TEXT


def lines(axes: Axes) -> dict[str, np.ndarray]:
    return {str(line.get_label()): np.asarray(line.get_ydata(), dtype=float) for line in axes.lines}


def legend(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.legends[0].get_texts()]


def test_worth_of_a_rank_is_one_within_k_for_hits_and_falls_for_ndcg() -> None:
    figure = evaluation.worth_of_a_rank(k=2, longest=4)
    drawn = lines(figure.axes[0])
    np.testing.assert_allclose(drawn["HR@2"], [1, 1, 0, 0])
    np.testing.assert_allclose(drawn["nDCG@2"], [1, 1 / np.log2(3), 0, 0])
    assert legend(figure) == ["HR@2", "nDCG@2"]


def test_protocols_draw_every_mean_at_its_protocol() -> None:
    figure = evaluation.protocols({"original": {"a": 0.1, "b": 0.4}, "unseen": {"a": 0.2, "b": 0.3}}, "nDCG@5")
    figure.draw_without_rendering()
    axes = figure.axes[0]
    np.testing.assert_allclose(lines(axes)["a"], [0.1, 0.2])
    np.testing.assert_allclose(lines(axes)["b"], [0.4, 0.3])
    assert [text.get_text() for text in axes.get_xticklabels()] == ["original", "unseen"]
    assert axes.get_ylabel() == "nDCG@5"
    assert legend(figure) == ["a", "b"]


def test_sampled_lines_stand_over_their_numbers_of_negatives() -> None:
    figure = evaluation.sampled([10, 99, 500], {"a": [0.9, 0.5, 0.1], "b": [1.0, 0.4, 0.2]})
    figure.draw_without_rendering()
    axes = figure.axes[0]
    np.testing.assert_allclose(lines(axes)["b"], [1.0, 0.4, 0.2])
    np.testing.assert_allclose(axes.lines[0].get_xdata(), [10, 99, 500])
    assert [text.get_text() for text in axes.get_xticklabels()] == ["10", "99", "500"]
    assert axes.get_xscale() == "log"


def test_intervals_draw_means_bounds_and_the_zero_line() -> None:
    means = {"a": Interval(0.5, 0.4, 0.6), "b": Interval(0.7, 0.6, 0.8)}
    figure = evaluation.intervals(means, {"b minus a": Interval(0.2, 0.1, 0.3)})
    left, right = figure.axes
    for place, interval in enumerate(means.values()):
        bar, point = left.lines[2 * place : 2 * place + 2]
        np.testing.assert_allclose(bar.get_xdata(), [interval.low, interval.high])
        np.testing.assert_allclose(point.get_xdata(), [interval.mean])
        np.testing.assert_allclose(bar.get_ydata(), place)
    np.testing.assert_allclose(right.lines[0].get_xdata(), [0.1, 0.3])
    np.testing.assert_allclose(right.lines[-1].get_xdata(), 0)
    assert [text.get_text() for text in left.get_yticklabels()] == ["a", "b"]


@pytest.mark.parametrize(
    "figure",
    [
        evaluation.worth_of_a_rank(),
        evaluation.protocols({"full": {"a": 0.1}}),
        evaluation.sampled([10, 20], {"a": [0.2, 0.1]}),
        evaluation.intervals({"a": Interval(0, 0, 0)}, {"a": Interval(0, 0, 0)}),
    ],
    ids=["worth_of_a_rank", "protocols", "sampled", "intervals"],
)
def test_figures_are_transparent_with_grey_texts(figure: Figure) -> None:
    assert figure.patch.get_facecolor()[3] == 0
    for axes in figure.axes:
        assert axes.patch.get_facecolor()[3] == 0
        assert axes.xaxis.label.get_color() == TEXT
