"""Figures: what they show is what they were given; readable on light and dark; the same bytes each time."""

import xml.etree.ElementTree
from pathlib import Path

import numpy as np
import pytest

from drr_tutorial.lab.figures import style, training

HISTORIES = [[{"step": s, "hit": 0.1 * i + s / 100, "dcg": s / 200} for s in (0, 10, 20)] for i in range(3)]


def test_learning_curves_show_every_seed_their_mean_and_the_bars() -> None:
    figure = training.learning_curves(HISTORIES, {"popularity": {"hit": 0.25, "dcg": 0.05}})
    hit, dcg = figure.axes
    lines = [np.asarray(line.get_ydata(), dtype=float) for line in hit.lines]
    np.testing.assert_allclose(lines[:3], [[entry["hit"] for entry in history] for history in HISTORIES])
    np.testing.assert_allclose(lines[3], np.mean(lines[:3], axis=0))
    np.testing.assert_allclose(lines[4], 0.25)
    assert (hit.get_ylabel(), dcg.get_ylabel()) == ("HR@10, validation", "nDCG@10, validation")
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["DRR, mean of 3 seeds", "popularity"]


def test_one_seed_is_not_called_a_mean() -> None:
    legend = training.learning_curves(HISTORIES[:1]).legends[0]
    assert [text.get_text() for text in legend.get_texts()] == ["DRR, one seed"]


def test_saved_figures_are_transparent_svg_and_reproducible(tmp_path: Path) -> None:
    for name in ("a.svg", "b.svg"):
        style.save(training.learning_curves(HISTORIES), tmp_path / name)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
    root = xml.etree.ElementTree.fromstring((tmp_path / "a.svg").read_text())
    assert root.tag.endswith("svg")
    assert "fill: #ffffff" not in (tmp_path / "a.svg").read_text().lower()


@pytest.mark.parametrize("colour", [style.TEXT, *style.COLOURS])
def test_colours_stand_out_on_white_and_on_black(colour: str) -> None:
    """Contrast of at least 2 to 1 (lines) with both; the text's of at least 3 to 1."""
    channels = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    linear = np.where(channels <= 0.03928, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    light = float(linear @ [0.2126, 0.7152, 0.0722])
    least = 3 if colour == style.TEXT else 2
    assert 1.05 / (light + 0.05) > least
    assert (light + 0.05) / 0.05 > least


def drawn(line: object) -> np.ndarray:
    return np.column_stack([np.asarray(line.get_xdata(), dtype=float), np.asarray(line.get_ydata(), dtype=float)])  # type: ignore[attr-defined]


def test_gains_start_at_zero_and_are_differences_to_the_first_entry() -> None:
    figure = training.gains(HISTORIES)
    hit, dcg = figure.axes
    for line in hit.lines[:4]:
        np.testing.assert_allclose(drawn(line)[:, 1], [0, 0.1, 0.2], atol=1e-12)
    np.testing.assert_allclose(drawn(dcg.lines[0])[:, 1], [0, 0.05, 0.1], atol=1e-12)
    assert (hit.get_ylabel(), dcg.get_ylabel()) == ("HR@10 gained, validation", "nDCG@10 gained, validation")


def test_replay_times_are_drawn_as_given_on_logarithmic_axes() -> None:
    axes = training.replay_times([10, 100], {"tree": [3.0, 4.0], "cumsum": [1.0, 9.0]}).axes[0]
    np.testing.assert_allclose([drawn(line) for line in axes.lines], [[[10, 3], [100, 4]], [[10, 1], [100, 9]]])
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["tree", "cumsum"]


def test_noise_paths_have_a_panel_a_kind_on_one_scale() -> None:
    figure = training.noise_paths({"OU": [0.0, 0.5, 0.75], "Gaussian": [0.1, -2.0, 0.1]})
    assert [axes.get_title() for axes in figure.axes] == ["OU", "Gaussian"]
    np.testing.assert_allclose(drawn(figure.axes[1].lines[0])[:, 1], [0.1, -2.0, 0.1])
    assert figure.axes[0].get_ylim() == figure.axes[1].get_ylim()


def test_log_curves_show_each_scalar_against_thousands_of_steps() -> None:
    figure = training.log_curves({"reward": np.array([[1000.0, 0.5], [2000.0, 0.75]]), "hit": np.array([[0.0, 0.1]])})
    np.testing.assert_allclose(drawn(figure.axes[0].lines[0]), [[1, 0.5], [2, 0.75]])
    assert [axes.get_title() for axes in figure.axes] == ["reward", "hit"]


def test_failures_show_hit_rate_and_loss_of_each_recipe_in_one_colour() -> None:
    losses = {name: np.array([[10.0, -i - 1.0], [20.0, -1e5]]) for i, name in enumerate("abc")}
    figure = training.failures(dict(zip("abc", HISTORIES, strict=True)), losses)
    left, right = figure.axes
    for i, (one, other) in enumerate(zip(left.lines, right.lines, strict=True)):
        np.testing.assert_allclose(drawn(one)[:, 1], [entry["hit"] for entry in HISTORIES[i]])
        np.testing.assert_allclose(drawn(other), [[0.01, -i - 1], [0.02, -1e5]])
        assert one.get_color() == other.get_color()
    assert right.get_yscale() == "symlog"
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["a", "b", "c"]
