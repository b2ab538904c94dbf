"""The tiny world with its rules as arguments: as the world itself by default, and right where they are changed."""

import numpy as np
import pytest

from drr_tutorial.lab import tiny
from drr_tutorial.lab.tiny import Rules, solve_with, sweeps
from drr_tutorial.worlds.tiny import N_STATES, likes_of, solve, tiny_model

NOBODY_LEAVES = Rules(leaves_after_like=0, leaves_after_dislike=0)


def test_by_default_it_is_the_world() -> None:
    np.testing.assert_allclose(tiny.model_of().like, tiny_model().like, rtol=1e-12)
    for gamma in (0.0, 0.9, 1.0):
        ours, theirs = tiny.solve_with(Rules(), gamma), solve(gamma)
        np.testing.assert_allclose(ours.values, theirs.values, rtol=1e-9)
        np.testing.assert_array_equal(ours.policy, theirs.policy)
        assert ours.likes == pytest.approx(theirs.likes)


def test_each_rule_moves_what_it_should() -> None:
    fresh, bored, grown = (tiny.state_of(*found) for found in (((0, 0), (0, 0)), ((2, 0), (0, 0)), ((0, 0), (3, 0))))
    no_growth, no_boredom = tiny.model_of(Rules(level_worth=0)).like, tiny.model_of(Rules(boredom_weight=0)).like
    np.testing.assert_allclose(no_growth[grown], no_growth[fresh])
    np.testing.assert_allclose(no_boredom[bored], no_boredom[fresh])
    assert no_growth[bored, 0] < no_growth[fresh, 0] and no_boredom[grown, 0] > no_boredom[fresh, 0]
    free = tiny.model_of(Rules(depth_cost=0)).like
    np.testing.assert_allclose(free[:, 0], free[:, 1])


def test_sweeps_are_sessions_cut_off_and_end_at_the_values() -> None:
    found = tiny.sweeps(0.9, 300)
    np.testing.assert_allclose(found[0], 0)
    np.testing.assert_allclose(found[1], tiny_model().like.max(axis=1))
    by_hand = max(
        like + 0.9 * (0.99 * like * found[1][liked] + 0.9 * (1 - like) * found[1][disliked])
        for like, liked, disliked in zip(*(part[0] for part in tiny_model()), strict=True)
    )
    assert found[2, 0] == pytest.approx(by_hand)
    np.testing.assert_allclose(found[-1], solve(0.9).values, atol=1e-8)


def test_without_an_end_a_discount_is_needed() -> None:
    solution = tiny.solve_with(NOBODY_LEAVES, 0.9)
    assert solution.values.min() > 0 and solution.values.max() < 10 and solution.likes == np.inf
    with pytest.raises(ValueError, match="grow for ever"):
        tiny.solve_with(NOBODY_LEAVES, 1)
    with pytest.raises(ValueError, match="never end"):
        tiny.visits(solution.policy, NOBODY_LEAVES)


@pytest.mark.parametrize("gamma", [-0.1, 1.1, float("nan")])
def test_gamma_is_from_0_to_1(gamma: float) -> None:
    with pytest.raises(ValueError, match="from 0 to 1"):
        tiny.solve_with(Rules(), gamma)


def test_visits_and_steps_add_up_to_a_session() -> None:
    policy = solve(0.99).policy
    visits, steps = tiny.visits(policy), tiny.by_step(policy, 2000)
    assert steps.here.sum() == pytest.approx(visits.sum(), rel=1e-6)
    assert steps.like.sum() == pytest.approx(likes_of(policy), rel=1e-6)
    assert steps.deep.sum() == pytest.approx(visits[policy % 2 == 1].sum(), rel=1e-6)
    assert steps.here[0] == 1 and np.all(np.diff(steps.here) < 0)


def test_a_session_follows_the_rules() -> None:
    policy, model = solve(1.0).policy, tiny_model()
    luck = np.full((6, 2), 0.5)
    luck[3] = 0.999, 0.099  # a dislike, and leaves: 0.099 is below 0.10
    found = tiny.session(policy, luck)
    assert len(found.items) == 4 and not found.liked[-1]
    state = 0
    for step, (item, liked) in enumerate(zip(found.items, found.liked, strict=True)):
        assert state == tiny.state_of(tuple(found.boredom[step]), tuple(found.interest[step]))
        assert item == policy[state]
        assert liked == (luck[step, 0] < model.like[state, item])
        state = (model.after_like if liked else model.after_dislike)[state, item]


def test_sessions_earn_what_was_computed() -> None:
    policy = solve(0.9).policy
    likes = np.array([tiny.session(policy, tiny.luck_of(seed)).liked.sum() for seed in range(400)])
    assert abs(likes.mean() - likes_of(policy)) < 4 * likes.std() / np.sqrt(len(likes))


def test_the_typical_user_is_nearest_of_all() -> None:
    policies, likes = [solve(0.0).policy, solve(1.0).policy], [8.68, 36.23]
    chosen = tiny.typical_user(policies, likes, 40)

    def far(seed: int) -> float:
        got = [tiny.session(policy, tiny.luck_of(seed)).liked.sum() for policy in policies]
        return sum(abs(np.log((a + 1) / (b + 1))) for a, b in zip(got, likes, strict=True))

    assert far(chosen) == min(far(seed) for seed in range(40))


def test_states_are_numbered_and_other_levels_refused() -> None:
    levels = tiny.levels()
    assert [tiny.state_of(tuple(row[:2]), tuple(row[2:])) for row in levels] == list(range(N_STATES))
    with pytest.raises(ValueError, match="boredom must be"):
        tiny.state_of((4, 0), (0, 0))


@pytest.mark.parametrize(
    ("rules", "gamma", "message"),
    [
        (Rules(level_worth=float("nan")), 0.9, "level_worth of the rules must be finite, got nan"),
        (Rules(leaves_after_like=-0.5), 0.9, "leaves_after_like of the rules must be a probability, got -0.5"),
        (Rules(leaves_after_dislike=2.0), 0.9, "leaves_after_dislike of the rules must be a probability, got 2.0"),
        (Rules(level_worth=20, depth_cost=0, boredom_weight=0, leaves_after_like=0), 1, "nobody leaves"),
        (Rules(), 1.5, "gamma must be from 0 to 1, got 1.5"),
    ],
)
def test_worlds_without_a_solution_are_refused(rules: Rules, gamma: float, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        solve_with(rules, gamma)
    if "leaves" not in message:
        with pytest.raises(ValueError, match=message):
            sweeps(gamma, 3, rules)


@pytest.mark.parametrize("tolerance", [0, -1, float("nan")])
def test_a_tolerance_that_is_never_reached_is_refused(tolerance: float) -> None:
    with pytest.raises(ValueError, match="tolerance must be above 0"):
        solve_with(Rules(), 0.5, tolerance=tolerance)
