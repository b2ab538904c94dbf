"""Figures of the actor-critic chapter show what they are given; the ascent climbs a critic that stays as it is."""

import numpy as np
import pytest
import torch

from drr_tutorial.actor_critic.networks import Actions, Actor, Critic, State
from drr_tutorial.lab.figures import policy


def ascent(*, actions: Actions, n_steps: int = 60) -> policy.Ascent:
    generator = torch.Generator().manual_seed(0)
    actor, critic = Actor(3, 4, (8,), generator, actions=actions), Critic(3, 4, (), (8,), generator)
    before = [parameter.clone() for parameter in critic.parameters()]
    state = State(torch.randn(5, 3, generator=generator), torch.zeros(5, 4))
    climbed = policy.ascend(actor, critic, state, n_steps, learning_rate=0.05)
    assert all(torch.equal(a, b) for a, b in zip(before, critic.parameters(), strict=True))
    assert all(parameter.grad is None for parameter in critic.parameters())
    return climbed


def test_ascent_raises_q_and_reports_the_actions_taken() -> None:
    climbed = ascent(actions="bounded")
    assert climbed.actions.shape == (61, 5, 4)
    assert climbed.norms.shape == climbed.values.shape == (61,)
    np.testing.assert_allclose(climbed.norms, np.linalg.norm(climbed.actions, axis=2).mean(axis=1))
    assert climbed.values[-1] > climbed.values[0]


def test_only_the_unbounded_actor_runs_away() -> None:
    free, bounded = ascent(actions="free", n_steps=200), ascent(actions="bounded", n_steps=200)
    assert bounded.norms.max() <= 2  # the corner of the box of 4 entries
    assert free.norms[-1] > 100
    assert free.values[-1] > 10 * bounded.values[-1]


def test_ascent_needs_a_step() -> None:
    with pytest.raises(ValueError, match="n_steps must be at least 1, got 0"):
        ascent(actions="bounded", n_steps=0)


def test_growth_draws_lengths_values_and_the_limit() -> None:
    made = policy.Ascent(np.array([1.0, 2, 3]), np.array([-1.0, 4, 5]), np.zeros((3, 1, 1)))  # type: ignore[arg-type]
    left, right = policy.growth({"free": made}, limit=8).axes
    np.testing.assert_allclose(np.asarray(left.lines[0].get_ydata(), dtype=float), [1, 2, 3])
    np.testing.assert_allclose(np.asarray(left.lines[1].get_ydata(), dtype=float), 8)
    np.testing.assert_allclose(np.asarray(right.lines[0].get_ydata(), dtype=float), [np.nan, 4, 5])
    assert left.get_yscale() == right.get_yscale() == "log"


def test_corrections_draw_a_line_for_each_entry_and_a_dot_at_the_start() -> None:
    outputs, priors = [-1.0, 0.0, 1.0], [0.5, 0.0]
    lines = np.array([[0.1, 0.5, 0.9], [-0.7, 0.0, 0.7]])
    figure = policy.corrections(outputs, priors, {"sum": lines, "gates": -lines})
    assert [axes.get_title() for axes in figure.axes] == ["sum", "gates"]
    for axes, sign in zip(figure.axes, (1, -1), strict=True):
        drawn = [np.asarray(line.get_ydata(), dtype=float) for line in axes.lines]
        np.testing.assert_allclose(drawn[0::2], sign * lines)
        np.testing.assert_allclose(np.ravel(drawn[1::2]), priors)
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["0.5", "0"]


def test_two_vectors_counts_every_user() -> None:
    figure = policy.two_vectors({"action": [1.0, 1.5, 2.0], "item": [9.0, 10.0, 11.0]}, [0.2, 0.4, 0.41])
    left, right = figure.axes
    heights = [sum(bar.get_height() for bar in bars) for bars in left.containers]  # type: ignore[attr-defined]
    assert heights == [3, 3]
    counts = {round(bar.get_x(), 3): bar.get_height() for bar in right.patches if bar.get_height()}  # type: ignore[attr-defined]
    assert counts == {0.2: 1, 0.4: 2}
    legend = left.get_legend()
    assert legend
    assert [text.get_text() for text in legend.get_texts()] == ["action", "item"]
