"""The tiny world: exact answers, by value iteration, and by playing."""

from typing import cast

import numpy as np
import pytest
from numpy.typing import NDArray

from drr_tutorial.worlds.planners import play
from drr_tutorial.worlds.sessions import Sessions
from drr_tutorial.worlds.tiny import N_STATES, TinyPlanningWorld, TinyUsers, likes_of, solve, tiny_model


@pytest.mark.parametrize(
    ("gamma", "likes"), [(0, 8.68), (0.5, 8.68), (0.8, 10.31), (0.9, 30.68), (0.95, 31.13), (0.99, 35.81), (1, 36.23)]
)
def test_what_planning_further_ahead_is_worth(gamma: float, likes: float) -> None:
    assert solve(gamma).likes == pytest.approx(likes, abs=0.005)


def test_the_best_value_of_all_is_what_its_policy_earns() -> None:
    solution = solve(1.0)
    assert solution.values[0] == pytest.approx(solution.likes, rel=1e-6)


def test_no_change_of_one_action_beats_the_optimal_policy() -> None:
    solution = solve(1.0)
    rng = np.random.default_rng(0)
    for state in rng.choice(N_STATES, 25, replace=False):
        for action in range(4):
            other = solution.policy.copy()
            other[state] = action
            assert likes_of(other) <= solution.likes + 1e-8


def test_gamma_0_is_the_myopic_policy() -> None:
    np.testing.assert_array_equal(solve(0).policy, tiny_model().like.argmax(axis=1))


def test_playing_earns_what_was_computed() -> None:
    policy = solve(1.0).policy

    def best(sessions: Sessions) -> NDArray[np.int64]:
        return policy[cast(TinyUsers, sessions.users).state()]

    likes = play(TinyPlanningWorld(), best, 4000, seed=0).likes
    assert abs(likes.mean() - 36.23) < 4 * likes.std() / np.sqrt(len(likes))


def test_states_have_different_numbers() -> None:
    users = TinyPlanningWorld().users(N_STATES)
    levels = np.stack(np.meshgrid(range(4), range(4), range(5), range(5), indexing="ij"), axis=-1).reshape(-1, 4)
    users.boredom, users.interest = levels[:, :2], levels[:, 2:]
    np.testing.assert_array_equal(users.state(), np.arange(N_STATES))


def test_the_levels_are_seen_one_hot_where_that_is_asked_for() -> None:
    users = TinyPlanningWorld(sees_levels=True).users(2)
    users.boredom, users.interest = np.array([[0, 3], [1, 2]]), np.array([[4, 0], [2, 1]])
    seen = 3 * users.seen()
    assert seen.shape == (2, TinyPlanningWorld(sees_levels=True).user_size) == (2, 18)
    np.testing.assert_allclose(np.flatnonzero(seen[0]), [0, 8, 12, 13])
    np.testing.assert_allclose(np.flatnonzero(seen[1]), [1, 6, 11, 14])
    np.testing.assert_allclose(seen.sum(axis=1), 4)
    np.testing.assert_allclose(TinyPlanningWorld().users(2).seen(), [[0.6, 0.3]] * 2)


def test_levels_move_as_described() -> None:
    users = TinyPlanningWorld().users(1)
    for item, liked, boredom, interest in [
        (1, True, [2, 0], [1, 0]),  # deep, liked
        (1, True, [3, 0], [2, 0]),  # three is the most
        (2, True, [2, 2], [2, 0]),  # shallow: nothing grows
        (3, False, [1, 3], [2, 0]),  # deep, disliked: nothing grows
    ]:
        users.see(np.array([item]), np.array([liked]))
        assert (users.boredom[0].tolist(), users.interest[0].tolist()) == (boredom, interest)


@pytest.mark.parametrize("gamma", [0.0, 0.9, 1.0])
def test_no_tolerance_at_all_ends_too(gamma: float) -> None:
    assert solve(gamma, tolerance=0).likes == pytest.approx(solve(gamma).likes, rel=1e-9)


@pytest.mark.parametrize("tolerance", [-1e-9, float("nan")])
def test_a_tolerance_that_nothing_reaches_is_refused(tolerance: float) -> None:
    with pytest.raises(ValueError, match=f"tolerance must be at least 0, got {tolerance}"):
        solve(0.9, tolerance=tolerance)


@pytest.mark.parametrize("gamma", [-0.1, 1.1, float("nan")])
def test_a_gamma_outside_0_to_1_is_refused(gamma: float) -> None:
    with pytest.raises(ValueError, match="gamma must be from 0 to 1"):
        solve(gamma)
