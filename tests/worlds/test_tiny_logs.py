"""Logs of the tiny world agree with its environment, and exact values with both."""

from typing import cast

import numpy as np
import pytest
from numpy.typing import NDArray

from drr_tutorial.worlds.planners import play
from drr_tutorial.worlds.sessions import Sessions
from drr_tutorial.worlds.tiny import TinyPlanningWorld, TinyUsers, likes_of, solve
from drr_tutorial.worlds.tiny_logs import finite_values, log_sessions, softened

PLANNER = softened(solve(1.0).policy, 0.2)


def test_softened_mixes_with_chance() -> None:
    table = softened(np.full(400, 2), 0.4)
    np.testing.assert_allclose(table, np.tile([0.1, 0.1, 0.7, 0.1], (400, 1)))


def test_long_sessions_are_worth_what_endless_ones_are() -> None:
    policy = solve(0.0).policy
    assert finite_values(softened(policy, 0.0), 600).start == pytest.approx(likes_of(policy), abs=1e-3)


def test_one_step_is_worth_its_like() -> None:
    found = finite_values(PLANNER, 1)
    assert found.start == pytest.approx((PLANNER[0] * found.q[0, 0]).sum())
    assert found.q.shape == (1, 400, 4) and found.v.shape == (1, 400)
    assert finite_values(PLANNER, 9, gamma=0).start == pytest.approx(found.start)


def test_logs_earn_what_was_computed() -> None:
    likes = log_sessions(PLANNER, 20_000, 20, np.random.default_rng(0)).rewards.sum(axis=1)
    assert abs(likes.mean() - finite_values(PLANNER, 20).start) < 4 * likes.std() / np.sqrt(len(likes))


def test_the_environment_gives_sessions_of_the_same_kind() -> None:
    rng = np.random.default_rng(0)

    def act(sessions: Sessions) -> NDArray[np.int64]:
        chances = PLANNER[cast(TinyUsers, sessions.users).state()].cumsum(axis=1)
        return (rng.random((len(chances), 1)) >= chances[:, :3]).sum(axis=1)

    played = play(TinyPlanningWorld(max_steps=10), act, 4000, seed=0)
    log = log_sessions(PLANNER, 4000, 10, rng)
    for ours, theirs in ((log.rewards.sum(axis=1), played.likes), (log.lengths, played.steps)):
        assert abs(ours.mean() - theirs.mean()) < 4 * np.sqrt((ours.var() + theirs.var()) / 4000)


def test_actions_are_drawn_by_the_policy() -> None:
    log = log_sessions(PLANNER, 20_000, 1, np.random.default_rng(0))
    np.testing.assert_allclose(np.bincount(log.actions[:, 0], minlength=4) / 20_000, PLANNER[0], atol=0.015)


def test_behind_an_end_all_is_0_and_states_follow_each_other() -> None:
    log = log_sessions(PLANNER, 500, 15, np.random.default_rng(0))
    played = log.mask()
    assert played.sum() == log.lengths.sum()
    for table in log[:4]:
        assert not np.asarray(table)[~played].any()
    both = played[:, 1:]
    np.testing.assert_array_equal(log.states[:, 1:][both], log.next_states[:, :-1][both])
    assert (log.lengths[~log.left] == 15).all()


def test_the_first_part_of_long_sessions_is_a_short_session() -> None:
    long = log_sessions(PLANNER, 300, 12, np.random.default_rng(0))
    short, direct = long.first(4), log_sessions(PLANNER, 300, 4, np.random.default_rng(0))
    for ours, theirs in zip(short, direct, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_sessions_of_a_mask() -> None:
    log = log_sessions(PLANNER, 6, 3, np.random.default_rng(0))
    some = log.where(np.arange(6) < 2)
    assert len(some.lengths) == 2
    np.testing.assert_array_equal(some.actions, log.actions[:2])


@pytest.mark.parametrize("epsilon", [-0.1, 1.1, float("nan")])
def test_an_epsilon_outside_0_to_1_is_refused(epsilon: float) -> None:
    with pytest.raises(ValueError, match="epsilon must be from 0 to 1"):
        softened(solve(0.0).policy, epsilon)


@pytest.mark.parametrize(
    "policy", [np.ones((400, 3)), np.ones((400, 4)), -np.ones((400, 4)), np.full((400, 4), np.nan)]
)
def test_what_is_no_policy_is_refused(policy: NDArray[np.float64]) -> None:
    with pytest.raises(ValueError, match="policy must"):
        finite_values(policy, 3)
    with pytest.raises(ValueError, match="policy must"):
        log_sessions(policy, 3, 3, np.random.default_rng(0))


def test_counts_and_gamma_out_of_range_are_refused() -> None:
    with pytest.raises(ValueError, match="steps must be"):
        finite_values(PLANNER, 0)
    with pytest.raises(ValueError, match="n_sessions must be"):
        log_sessions(PLANNER, 0, 3, np.random.default_rng(0))
    with pytest.raises(ValueError, match="gamma must be from 0 to 1"):
        finite_values(PLANNER, 3, 1.5)
