"""Figures of the tiny world show what they are given."""

import numpy as np
import pytest

from drr_tutorial.lab.figures import tiny as figures
from drr_tutorial.lab.tiny import Session, Steps

SHORT = Session(
    np.array([0, 3, 0]), np.array([True, False, False]), np.array([[0, 0], [2, 0], [1, 2]]), np.zeros((3, 2), int)
)
LONG = Session(np.array([1] * 5), np.ones(5, bool), np.tile([3, 0], (5, 1)), np.array([[n, 0] for n in range(5)]))


def test_two_sessions_fill_what_was_liked_and_show_the_levels() -> None:
    figure = figures.two_sessions({"greedy": SHORT, "optimal": LONG})
    assert len(figure.axes) == 6
    shown, boredom, _, _, _, interest = figure.axes
    assert "greedy: 1 likes in 3 steps" in shown.get_title()
    assert [len(dots.get_offsets()) for dots in shown.collections] == [1, 1, 0, 0, 0, 0, 0, 1]
    assert [len(dots.get_facecolors()) for dots in shown.collections][1] == 0  # a ring
    assert shown.lines[0].get_xdata()[0] > 3  # where the user leaves
    assert [line.get_ydata().tolist() for line in boredom.lines] == [[0, 2, 1], [0, 0, 2]]
    assert interest.lines[0].get_ydata().tolist() == [0, 1, 2, 3, 4]
    assert boredom.lines[0].get_linestyle() != boredom.lines[1].get_linestyle()


def test_weights_fall_by_gamma_each_step() -> None:
    axes = figures.weights((0.5, 0.9), 3).axes[0]
    assert axes.lines[0].get_ydata().tolist() == [1, 0.5, 0.25, 0.125]
    assert axes.lines[1].get_ydata()[1] == pytest.approx(0.9)
    assert [line.get_label() for line in axes.lines] == ["gamma 0.5: 2 steps", "gamma 0.9: 10 steps"]
    assert len({line.get_linestyle() for line in axes.lines}) == 2


def test_value_iteration_has_values_and_likes() -> None:
    axes = figures.value_iteration([0, 1, 2], [3, 4, 5]).axes[0]
    assert {line.get_label(): line.get_ydata().tolist() for line in axes.lines} == {
        "value of the start state": [0, 1, 2],
        "likes of the policy so far": [3, 4, 5],
    }


def test_likes_by_gamma_are_marked_by_the_first_item() -> None:
    axes = figures.likes_by_gamma([0, 0.5, 1], [8, 9, 36], [0, 2, 1]).axes[0]
    shallow, deep = axes.lines
    assert shallow.get_ydata().tolist() == [8, 9] and deep.get_ydata().tolist() == [36]
    assert shallow.get_linestyle() != deep.get_linestyle()


def test_later_pay_is_a_chance_of_those_still_there_and_a_sum() -> None:
    steps = Steps(np.array([1.0, 0.5]), np.array([0.8, 0.3]), np.zeros(2))
    now, so_far = figures.pays_later({"greedy": steps}).axes
    np.testing.assert_allclose(now.lines[0].get_ydata(), [0.8, 0.6])
    np.testing.assert_allclose(so_far.lines[0].get_ydata(), [0.8, 1.1])
