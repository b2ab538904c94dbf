"""Figures of chapter 15: colours and signs say what the numbers say."""

import numpy as np

from drr_tutorial.lab.figures import winning
from drr_tutorial.lab.figures.style import COLOURS, TEXT

UP, DOWN, LEVEL = ({"mean": mean, "low": mean - 0.01, "high": mean + 0.01} for mean in (0.02, -0.02, 0.001))


def test_a_step_beside_the_one_before() -> None:
    histories = {
        "before": {"step": [0, 50, 100], "dcg": [0.1, 0.2, 0.3]},
        "after": {"step": [0, 20], "dcg": [0.3, 0.4]},
    }
    figure = winning.step(histories, {"before": LEVEL, "after": UP}, {"popularity": 0.3})
    left, right = figure.axes
    assert [line.get_xdata().tolist() for line in left.lines] == [[0, 50, 100], [0, 100]]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["before", "after", "popularity"]
    assert left.lines[1].get_color() == right.lines[2].get_color() != left.lines[0].get_color()
    assert right.lines[-1].get_xdata() == [0.3, 0.3]


def test_gates_stand_at_their_means_with_their_spread() -> None:
    panels = {"one": {"mean": [0.1, -0.2], "spread": [0.05, 0.1]}, "two": {"mean": [0.0], "spread": [0.0]}}
    first, second = winning.gates(panels).axes
    assert [axes.get_title() for axes in (first, second)] == ["one", "two"]
    assert first.lines[0].get_ydata().tolist() == [0.1, -0.2]
    ends = [segment[:, 1].tolist() for segment in first.collections[0].get_segments()]
    np.testing.assert_allclose(ends, [[0.05, 0.15], [-0.3, -0.1]])


def test_the_staircase_shows_what_training_adds() -> None:
    figure = winning.staircase({"one": UP, "two": UP}, {"one": None, "two": LEVEL}, {"iALS": 0.01}, "nDCG@10")
    axes = figure.axes[0]
    assert [text.get_text() for text in axes.get_yticklabels()] == ["one", "two"]
    squares = [line for line in axes.lines if line.get_marker() == "s"]
    assert [line.get_ydata()[0] for line in squares] == [1]  # the first step has no warm start
    assert squares[0].get_xdata()[0] == LEVEL["mean"]
    names = {text.get_text() for text in figure.legends[0].get_texts()}
    assert names == {"before training", "after training", "iALS"}


def test_differences_are_coloured_by_their_sign_and_hollow_where_they_say_nothing() -> None:
    found = {name: {"HR@10": row} for name, row in (("better", UP), ("worse", DOWN), ("level", LEVEL))}
    figure = winning.differences(found, ["HR@10"])
    dots = [line for line in figure.axes[0].lines if line.get_marker() == "o"]
    assert [dot.get_color() for dot in dots] == [COLOURS[2], COLOURS[4], TEXT]
    assert [dot.get_markerfacecolor() for dot in dots] == [COLOURS[2], COLOURS[4], "none"]
    assert np.allclose([dot.get_xdata()[0] for dot in dots], [0.02, -0.02, 0.001])
    assert figure.axes[0].get_ylim() == (2.5, -0.5)  # the first at the top


def test_a_step_is_shown_beside_the_one_before_it() -> None:
    names = ["one", "two", "three"]
    summary = {
        "steps": names,
        "history": {
            key: {"step": [[0, 2]] * n, "dcg": [[0.1, 0.2], [0.3, 0.6]][:n]}
            for key, n in zip(names, (1, 2, 2), strict=True)
        },
        "recipes": {key: {"trained": {"unseen": {"nDCG@10": UP}}} for key in names},
        "baselines": {key: {"unseen": {"nDCG@10": LEVEL}} for key in winning.BARS},
    }
    shown = {
        name: [text.get_text() for text in winning.step_of(summary, name).legends[0].get_texts()] for name in names
    }
    assert shown["one"] == ["one", *winning.BARS]
    assert shown["three"] == ["two", "three", *winning.BARS]
    curves = {name: [line.get_ydata() for line in winning.step_of(summary, name).axes[0].lines] for name in names}
    assert np.allclose(curves["two"], [[0.1, 0.2]] * 2)  # the seeds that both have
    assert np.allclose(curves["three"], [[0.2, 0.4]] * 2)
