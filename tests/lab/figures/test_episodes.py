"""Figures of the environment chapter: what is drawn is what was given."""

import numpy as np
from matplotlib.colors import to_rgba

from drr_tutorial.lab.figures.episodes import cumulative_rewards, episode_strips
from drr_tutorial.lab.figures.style import COLOURS


def test_strips_fill_the_liked_steps_and_name_the_totals() -> None:
    rewards = {"popularity": [1, 0, 1, 1], "random": [0, 0, 1]}
    axes = episode_strips(rewards).axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["popularity", "random"]
    for row, (dots, values, colour) in enumerate(zip(axes.collections, rewards.values(), COLOURS, strict=False)):
        steps = np.arange(1, len(values) + 1)
        np.testing.assert_allclose(np.asarray(dots.get_offsets()), np.column_stack([steps, np.full(len(steps), row)]))
        filled = [tuple(face) == to_rgba(colour) for face in dots.get_facecolors()]  # type: ignore[attr-defined]
        assert filled == [value > 0 for value in values]
    assert [text.get_text() for text in axes.texts] == ["3", "1"]
    assert axes.yaxis_inverted()  # the first method on top


def test_cumulative_rewards_are_means_of_sums_with_two_standard_errors() -> None:
    rewards = {"a": np.array([[1, 0, 1], [1, 1, 1], [0, 0, 0]]), "b": np.zeros((2, 3))}
    axes = cumulative_rewards(rewards).axes[0]
    a, b, best = (np.asarray(line.get_ydata(), dtype=float) for line in axes.lines)
    np.testing.assert_allclose(a, [2 / 3, 1, 5 / 3])
    np.testing.assert_allclose(b, 0)
    np.testing.assert_allclose(best, [1, 2, 3])
    upper = axes.collections[0].get_paths()[0].vertices[:, 1].max()
    np.testing.assert_allclose(upper, 5 / 3 + 2 * np.std([2, 3, 0], ddof=1) / np.sqrt(3))
    legend = axes.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["a", "b", "a like at every step"]
