"""Figures of chapters 12 and 13: what is drawn is what was given."""

import numpy as np

from drr_tutorial.lab.figures import fair


def interval(mean: float) -> dict[str, float]:
    return {"mean": mean, "low": mean - 0.1, "high": mean + 0.1}


def test_panels_draw_every_method_of_every_protocol() -> None:
    tables = {
        "unseen": {"EASE": interval(0.5), "DRR-ave": interval(0.6)},
        "full": {"EASE": interval(0.2), "DRR-ave": interval(0.1)},
    }
    figure = fair.panels(tables, "nDCG@10")
    figure.draw_without_rendering()
    assert [axes.get_title() for axes in figure.axes] == ["unseen", "full"]
    assert [text.get_text() for text in figure.axes[0].get_yticklabels()] == ["EASE", "DRR-ave"]
    bars, points = figure.axes[1].lines[0::2], figure.axes[1].lines[1::2]
    np.testing.assert_allclose([line.get_xdata() for line in bars], [[0.1, 0.3], [0.0, 0.2]])
    np.testing.assert_allclose([line.get_xdata()[0] for line in points], [0.2, 0.1])
    assert points[0].get_color() != points[1].get_color() and points[0].get_marker() != points[1].get_marker()


def test_a_method_may_be_missing_in_a_panel() -> None:
    figure = fair.panels(
        {"unseen": {"EASE": interval(0.5), "DRR-p": interval(0.6)}, "full": {"EASE": interval(0.2)}}, "nDCG@10"
    )
    assert [len(axes.lines) for axes in figure.axes] == [4, 2]


def test_methods_with_and_without_dislikes_share_a_line() -> None:
    means = {
        "random": 0.0,
        "random, dislikes last": 0.0,
        "iALS": 0.4,
        "iALS, dislikes last": 0.5,
        "iALS, the simple agent's own vectors": 0.4,
        "DRR simple": 0.45,
        "DRR-ave, likes only, before training": 0.5,
        "DRR-ave, likes only": 0.55,
        "DRR-ave": 0.6,
        "DRR-ave, before training": 0.58,
    }
    table = {name: interval(mean) for name, mean in means.items()}
    figure = fair.by_information({"unseen": table, "full": {"iALS": interval(0.2)}}, "nDCG@10")
    figure.draw_without_rendering()
    axes = figure.axes[0]
    assert [text.get_text() for text in axes.get_yticklabels()] == ["iALS", "DRR simple", "DRR-ave"]
    points = {round(line.get_xdata()[0], 2): line for line in axes.lines[1::2]}
    assert set(points) == {0.4, 0.5, 0.45, 0.55, 0.6}
    hollow = {mean for mean, line in points.items() if line.get_markerfacecolor() == "none"}
    assert hollow == {0.4, 0.45, 0.55}  # likes alone
    assert {round(float(line.get_ydata()[0])) for line in (points[0.55], points[0.6])} == {2}
    assert points[0.4].get_marker() != points[0.6].get_marker()
    assert len(figure.axes[1].lines) == 2


def test_a_turning_difference_has_its_band() -> None:
    figure = fair.turning([10, 99, 10_000], {"a minus b": [interval(0.2), interval(0.0), interval(-0.2)]}, "HR@10")
    figure.draw_without_rendering()
    axes = figure.axes[0]
    np.testing.assert_allclose(axes.lines[0].get_ydata(), [0.2, 0.0, -0.2])
    corners = axes.collections[0].get_paths()[0].vertices
    assert corners[:, 1].max() > 0.29 and corners[:, 1].min() < -0.29
    assert [text.get_text() for text in axes.get_xticklabels()] == ["10", "99", "all"]


def test_stars_are_counted_and_told_apart() -> None:
    figure = fair.stars([1, 2, 3, 4, 5])
    heights = {round(patch.get_x() + patch.get_width() / 2): patch.get_height() for patch in figure.axes[0].patches}
    assert heights == {1: 1, 2: 2, 3: 3, 4: 4, 5: 5}
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["liked", "not liked"]


def test_curves_have_a_mean_and_bars() -> None:
    figure = fair.curves([1, 2], {"noise": [[0.1, 0.2], [0.3, 0.4]]}, {"popularity": 0.5}, "HR@10")
    lines = {str(line.get_label()): line.get_ydata() for line in figure.axes[0].lines}
    np.testing.assert_allclose(lines["noise"], [0.2, 0.3])
    np.testing.assert_allclose(lines["popularity"], 0.5)
