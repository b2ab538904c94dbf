"""Fitted Q evaluation: by hand, against the tiny world's exact values, and what is refused."""

from typing import Any

import numpy as np
import pytest

from drr_tutorial.evaluation.fitted_q import Transitions, fitted_q, values_at
from drr_tutorial.lab.off_policy import three_policies, transitions_of
from drr_tutorial.worlds.tiny import tiny_model
from drr_tutorial.worlds.tiny_logs import finite_values, log_sessions

# One state; action 0 pays 1 and half of the users leave; action 1 pays 0 and 2, and nobody leaves.
LOG = Transitions(
    states=[0, 0, 0, 0],
    actions=[0, 0, 1, 1],
    rewards=[1.0, 1.0, 0.0, 2.0],
    next_states=[0, 0, 0, 0],
    terminated=[True, False, False, False],
    next_target=[[1.0, 0.0]] * 4,
)


def test_by_hand() -> None:
    table = fitted_q(LOG, n_states=1, steps=3)
    np.testing.assert_allclose(table[:, 0, 0], [1.75, 1.5, 1])
    np.testing.assert_allclose(table[:, 0, 1], [1 + 1.5, 1 + 1, 1])


def test_gamma_counts_later_rewards_less() -> None:
    np.testing.assert_allclose(fitted_q(LOG, 1, 2, gamma=0.5)[0, 0], [1 + 0.25, 1 + 0.5])
    np.testing.assert_allclose(fitted_q(LOG, 1, 2, gamma=0)[0, 0], [1, 1])


def test_what_was_never_shown_gets_0() -> None:
    seen = Transitions([1], [0], [5.0], [1], [True], [[0.0, 1.0]])
    np.testing.assert_allclose(fitted_q(seen, 3, 1)[0], [[0, 0], [5, 0], [0, 0]])


def test_a_large_log_of_all_states_gives_the_exact_values() -> None:
    """Every state and action often, with the world's own answers."""
    target, model, rng = three_policies().far, tiny_model(), np.random.default_rng(0)
    states, actions = rng.integers(0, 400, 400_000), rng.integers(0, 4, 400_000)
    liked = rng.random(400_000) < model.like[states, actions]
    follow = np.where(liked, model.after_like[states, actions], model.after_dislike[states, actions])
    left = rng.random(400_000) < np.where(liked, 0.01, 0.10)
    table = fitted_q(Transitions(states, actions, 1.0 * liked, follow, left, target[follow]), 400, 6)
    exact = finite_values(target, 6)
    assert (table[0, 0] * target[0]).sum() == pytest.approx(exact.start, abs=0.05)
    assert np.abs(table - exact.q).mean() < 0.05


def test_values_of_logged_steps_are_looked_up() -> None:
    target = three_policies().near
    log = log_sessions(three_policies().logging, 20, 4, np.random.default_rng(0))
    exact = finite_values(target, 4)
    q, v = values_at(exact.q, log.states, log.actions, target[log.states])
    for session, step in [(0, 0), (3, 1), (19, 3)]:
        state, action = log.states[session, step], log.actions[session, step]
        assert np.asarray(q)[session, step] == exact.q[step, state, action]
        assert np.asarray(v)[session, step] == pytest.approx(exact.v[step, state])


def test_only_users_who_left_end_a_transition() -> None:
    log = log_sessions(three_policies().logging, 500, 3, np.random.default_rng(0))
    found = transitions_of(log, three_policies().near)
    assert len(np.asarray(found.states)) == log.lengths.sum()
    assert np.asarray(found.terminated).sum() == log.left.sum()
    assert 0 < log.left.sum() < 500


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"rewards": []}, "rewards must have shape"),
        ({"rewards": [1.0, np.nan, 0, 0]}, "must be finite"),
        ({"next_target": [1.0, 0.0]}, "next_target"),
        ({"states": [0, 0, 0, 1]}, "states must be from 0 to 0, got 0 to 1"),
        ({"actions": [0, 0, 2, 1]}, "actions must be from 0 to 1, got 0 to 2"),
        ({"next_states": [0.0, 0.0, 0.0, 0.0]}, "next_states must be"),
        ({"terminated": [True]}, "terminated must be truth values of shape"),
        ({"terminated": [0.3, 0, 0, 1]}, "terminated must be truth values"),
        ({"terminated": ["False"] * 4}, "terminated must hold numbers, got <U5"),
        ({"next_target": [[2.0, 2.0]] * 4}, "next_target must hold probabilities, .* a sum of 4"),
        ({"next_target": [[-0.5, 0.5]] * 4}, "next_target must hold probabilities, .* entries from -0.5"),
    ],
)
def test_logs_that_will_not_do_are_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        fitted_q(LOG._replace(**wrong), 1, 2)


@pytest.mark.parametrize(
    ("n_states", "steps", "gamma", "message"),
    [
        (1, 0, 1.0, "steps must be a whole number of at least 1, got 0"),
        (1, 2.5, 1.0, "steps must be a whole number of at least 1, got 2.5"),
        (1.5, 2, 1.0, "n_states must be a whole number of at least 1, got 1.5"),
        (1, 2, -0.1, "gamma must be a number from 0 to 1"),
        (1, 2, float("nan"), "gamma must be a number from 0 to 1"),
    ],
)
def test_settings_out_of_range_are_refused(n_states: Any, steps: Any, gamma: float, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        fitted_q(LOG, n_states, steps, gamma)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (
            {"states": np.zeros((2, 1), dtype=int)},
            r"states must be whole numbers of shape \(2, 3\), got int64 \(2, 1\)",
        ),
        ({"states": np.full((2, 3), -1)}, "states must be from 0 to 3, got -1 to -1"),
        ({"actions": np.full((2, 3), 2)}, "actions must be from 0 to 1, got 2 to 2"),
        ({"target": np.ones(2)}, r"target must have shape \(2, 3, 2\), got \(2,\)"),
    ],
)
def test_values_are_asked_where_the_table_has_some(wrong: dict[str, Any], message: str) -> None:
    right = {
        "states": np.zeros((2, 3), dtype=int),
        "actions": np.zeros((2, 3), dtype=int),
        "target": np.ones((2, 3, 2)),
    }
    assert np.shape(values_at(np.zeros((3, 4, 2)), **right).q) == (2, 3)
    with pytest.raises(ValueError, match=message):
        values_at(np.zeros((3, 4, 2)), **{**right, **wrong})
