"""Figures of chapter 11 show what they are given: intervals, truths, sizes, errors, and every log."""

import numpy as np

from drr_tutorial.evaluation.off_policy import Estimate
from drr_tutorial.lab.figures import off_policy as figures
from drr_tutorial.lab.figures.off_policy import Judged
from drr_tutorial.lab.off_policy import Repeated


def test_estimates_stand_beside_the_truth() -> None:
    one = Judged({"a": Estimate(3.0, 0.5, 2.0, 4.5), "model": Estimate(6.0, 0.1, np.nan, np.nan)}, 5.0, 1.0)
    figure = figures.beside_the_truth({"near": one, "far": one._replace(truth=7.0)})
    assert [axes.get_title() for axes in figure.axes] == ["near", "far"]
    for axes, truth in zip(figure.axes, (5.0, 7.0), strict=True):
        drawn = {tuple(np.asarray(line.get_xdata(), dtype=float)) for line in axes.lines}
        assert {(2.0, 4.5), (3.0,), (6.0,), (truth, truth), (1.0, 1.0)} <= drawn
        assert [label.get_text() for label in axes.get_yticklabels()] == ["a", "model"]


def test_sizes_are_lines_on_a_logarithmic_scale() -> None:
    axes = figures.effective_sizes({"near": np.array([9.0, 5.0]), "far": np.array([4.0, 1.0])}).axes[0]
    assert axes.get_yscale() == "log"
    assert [line.get_ydata().tolist() for line in axes.lines] == [[9, 5], [4, 1]]
    assert axes.lines[0].get_marker() != axes.lines[1].get_marker()


def test_errors_are_lines_over_the_steps() -> None:
    figure = figures.errors_by_steps({5: {"a": 0.1, "b": 0.3}, 10: {"a": 0.2, "b": 3.0}})
    assert [list(line.get_ydata()) for line in figure.axes[0].lines] == [[0.1, 0.2], [0.3, 3.0]]
    assert [label.get_text() for label in figure.axes[0].get_xticklabels()] == ["5", "10"]
    assert len({line.get_linestyle() + str(line.get_marker()) for line in figure.axes[0].lines}) == 2


def test_every_log_is_a_dot() -> None:
    found = {"a": Repeated(np.array([1.0, 3.0]), np.ones(2)), "b": Repeated(np.array([2.0, 2.0]), np.ones(2))}
    axes = figures.over_many_logs(found, 2.5).axes[0]
    dots = [line.get_xdata().tolist() for line in axes.lines if line.get_marker() == "o"]
    assert dots == [[1, 3], [2, 2]]
    assert [2.5, 2.5] in [list(line.get_xdata()) for line in axes.lines]
