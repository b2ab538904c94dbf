"""Figures: what they show is what they were given; readable on light and dark; the same bytes each time."""

import xml.etree.ElementTree
from pathlib import Path

import numpy as np
import pytest

from drr_tutorial.plots import style, training

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
