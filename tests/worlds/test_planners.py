"""Bounds: static, myopic and planner are what they are called, and planning is worth what the design says."""

import numpy as np
import pytest
from numpy.typing import NDArray

from drr_tutorial.worlds import planners
from drr_tutorial.worlds.planners import Planner, bounds, fit_planner, myopic, play, static
from drr_tutorial.worlds.planning import PlanningWorld
from drr_tutorial.worlds.sessions import Sessions

FITTED = np.array([2.96, 3.42, -1.72, -0.77, 0.82, 1.24])  # by `bounds(PlanningWorld())`


def _mean(world: PlanningWorld, policy: object, n: int = 1000) -> float:
    return float(play(world, policy, n, seed=5).likes.mean())  # type: ignore[arg-type]


def test_planning_is_worth_more_than_half_as_much_again() -> None:
    world = PlanningWorld()
    assert _mean(world, static) == pytest.approx(3.22, rel=0.1)
    assert _mean(world, myopic) == pytest.approx(13.77, rel=0.06)  # 1,000 sessions: 0.3 either way
    assert _mean(world, Planner(FITTED)) == pytest.approx(22.58, rel=0.05)


def test_a_planner_that_sees_only_the_present_is_the_myopic_policy() -> None:
    weights = [1, 1, -0.35, -0.2, 0, 0]
    world = PlanningWorld()
    first, second = (play(world, policy, 100, seed=0) for policy in (myopic, Planner(weights)))
    np.testing.assert_array_equal(first.likes, second.likes)


def test_the_static_policy_shows_one_item() -> None:
    shown: list[NDArray[np.int64]] = []

    def watched(sessions: Sessions) -> NDArray[np.int64]:
        shown.append(static(sessions))
        return shown[-1]

    play(PlanningWorld(leaving=False, max_steps=10), watched, 20, seed=0)
    assert (np.array(shown) == shown[0]).all()
    assert len(shown) == 10


def test_planners_side_by_side_play_what_each_plays_alone() -> None:
    world = PlanningWorld()
    weights = np.array([FITTED, [1, 1, -0.35, -0.2, 0, 0]])
    both = play(world, Planner(weights), 50, seed=3, copies=2).likes.reshape(2, 50)
    for one, likes in zip(weights, both, strict=True):
        np.testing.assert_array_equal(play(world, Planner(one), 50, seed=3).likes, likes)


def test_a_session_counts_once() -> None:
    played = play(PlanningWorld(leaving=False, max_steps=7), myopic, 30, seed=0)
    assert (played.steps == 7).all()
    assert (played.likes <= 7).all()


def test_the_fit_finds_a_planner_that_plans(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planners, "SESSIONS_A_TRIAL", 32)
    world = PlanningWorld()
    assert _mean(world, Planner(fit_planner(world, seed=0))) > 1.4 * _mean(world, myopic)


def test_one_seed_finds_one_planner(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planners, "ROUNDS", 1)
    first, second, other = (fit_planner(PlanningWorld(max_steps=5), seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(first, other)


def test_bounds_are_those_of_the_three_players(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planners, "ROUNDS", 1)
    world = PlanningWorld(max_steps=5)
    found = planners.bounds(world, n_sessions=50)
    assert found.static < found.myopic
    assert found.planner == play(world, Planner(found.weights), 50, seed=10_000).likes.mean()


@pytest.mark.parametrize("count", [0, -3, 2.5])
def test_sessions_are_counted(count: float) -> None:
    with pytest.raises(ValueError, match=f"n_sessions must be a whole number of at least 1, got {count}"):
        play(PlanningWorld(), myopic, count, seed=0)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=f"n_sessions must be a whole number of at least 1, got {count}"):
        bounds(PlanningWorld(), n_sessions=count)  # type: ignore[arg-type]


def test_with_nothing_to_plan_for_planning_gains_nothing() -> None:
    world = PlanningWorld(boredom=False, growth=False)
    assert _mean(world, Planner(FITTED), 300) <= _mean(world, myopic, 300) * 1.02
