"""Off-policy estimators: two steps by hand, the exact truth of the tiny world, and what is refused."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from drr_tutorial.evaluation.fitted_q import fitted_q, values_at
from drr_tutorial.evaluation.intervals import bootstrap_users
from drr_tutorial.evaluation.off_policy import (
    Bootstrap,
    Estimate,
    LoggedEpisodes,
    ModelValues,
    doubly_robust,
    effective_size,
    episode_weights,
    importance_sampling,
    model_only,
    per_decision,
    weighted_doubly_robust,
    weighted_per_decision,
)
from drr_tutorial.lab.off_policy import (
    BOREDOM_ONLY,
    episodes_of,
    exact_model,
    many_logs,
    repeated,
    three_policies,
    transitions_of,
    with_both_models,
)
from drr_tutorial.worlds.tiny_logs import finite_values, log_sessions

WITHOUT_MODEL = (importance_sampling, per_decision, weighted_per_decision)
WITH_MODEL = (doubly_robust, weighted_doubly_robust)

# Two sessions: weights 2, then 2 * 0.5 = 1; and 0.5 once, for the second left after a step.
EPISODES = LoggedEpisodes(
    rewards=[[1.0, 3.0], [2.0, np.nan]],
    p_logging=[[0.4, 0.8], [0.6, np.nan]],
    p_target=[[0.8, 0.4], [0.3, np.nan]],
    lengths=[2, 1],
)
MODEL = ModelValues(q=[[1.5, 2.0], [1.0, np.nan]], v=[[1.2, 2.5], [1.2, np.nan]])


def by_all(episodes: LoggedEpisodes, model: ModelValues, gamma: float = 1.0) -> list[Estimate]:
    return [
        *(estimator(episodes, gamma, None) for estimator in WITHOUT_MODEL),
        *(estimator(episodes, model, gamma, None) for estimator in WITH_MODEL),
    ]


class TestTwoSessionsByHand:
    def test_weights_are_products_and_stay_after_the_end(self) -> None:
        np.testing.assert_allclose(episode_weights(EPISODES), [[2, 1], [0.5, 0.5]])

    @pytest.mark.parametrize(
        ("estimator", "value"),
        [
            (importance_sampling, (1 * (1 + 0.5 * 3) + 0.5 * 2) / 2),
            (per_decision, (2 * 1 + 0.5 * 1 * 3 + 0.5 * 2) / 2),
            (weighted_per_decision, (2 * 1 + 0.5 * 2) / 2.5 + 0.5 * (1 * 3) / 1.5),
        ],
    )
    def test_without_a_model(self, estimator: Callable[..., Estimate], value: float) -> None:
        assert estimator(EPISODES, 0.5).value == pytest.approx(value)

    def test_doubly_robust(self) -> None:
        first = 1.2 + 2 * (1 - 1.5) + 0.5 * (2 * 2.5 + 1 * (3 - 2.0))
        second = 1.2 + 0.5 * (2 - 1.0)  # nothing comes after its end, whatever stands there
        assert doubly_robust(EPISODES, MODEL, 0.5).value == pytest.approx((first + second) / 2)

    def test_doubly_robust_is_jiangs_and_lis_recursion(self) -> None:
        last = 2.5 + 0.5 * (3 - 2.0)
        first = 1.2 + 2 * (1 + 0.5 * last - 1.5)
        found = doubly_robust(EPISODES, MODEL, 0.5)
        other = 1.2 + 0.5 * (2 - 1.0)
        assert found.value == pytest.approx((first + other) / 2)
        assert found.error == pytest.approx(abs(first - other) / 2)

    def test_weighted_doubly_robust(self) -> None:
        now = 1.2 + (2 * (1 - 1.5) + 0.5 * (2 - 1.0)) / 2.5
        then = (2 * 2.5 + 0.5 * 0) / 2.5 + (1 * (3 - 2.0)) / 1.5
        assert weighted_doubly_robust(EPISODES, MODEL, 0.5).value == pytest.approx(now + 0.5 * then)

    def test_the_model_alone(self) -> None:
        assert model_only(MODEL, None).value == pytest.approx(1.2)


def test_one_policy_for_both_is_the_mean_of_the_returns() -> None:
    rng = np.random.default_rng(0)
    rewards, p = rng.random((50, 4)), rng.uniform(0.1, 1, (50, 4))
    lengths = rng.integers(1, 5, 50)
    returns = (rewards * (np.arange(4) < lengths[:, None]) * 0.9 ** np.arange(4)).sum(axis=1)
    nothing = ModelValues(np.zeros((50, 4)), np.zeros((50, 4)))
    for found in by_all(LoggedEpisodes(rewards, p, p, lengths), nothing, 0.9):
        assert found.value == pytest.approx(returns.mean())
        assert found.error == pytest.approx(returns.std(ddof=1) / np.sqrt(50))


@pytest.fixture(scope="module")
def found_and_truth() -> Any:
    policies = three_policies()
    logs = many_logs(policies.logging, n_logs=60, n_sessions=400, steps=10, rng=np.random.default_rng(0))
    return repeated(with_both_models, logs, policies.logging, policies.near), finite_values(policies.near, 10).start


class TestAgainstTheExactTruth:
    @pytest.mark.parametrize(
        "name", ["whole sessions", "per decision", "weighted", "doubly robust", "doubly robust, boredom only"]
    )
    def test_no_bias_over_many_logs(self, found_and_truth: Any, name: str) -> None:
        found, truth = found_and_truth
        values = found[name].values
        assert abs(values.mean() - truth) < 4 * values.std(ddof=1) / np.sqrt(len(values))

    def test_a_model_that_cannot_see_the_state_is_biased(self, found_and_truth: Any) -> None:
        found, truth = found_and_truth
        values = found["model, boredom only"].values
        assert abs(values.mean() - truth) > 4 * values.std(ddof=1) / np.sqrt(len(values))

    def test_each_step_towards_less_variance(self, found_and_truth: Any) -> None:
        spread = {name: found.values.std() for name, found in found_and_truth[0].items()}
        assert spread["whole sessions"] > 1.5 * spread["per decision"] > 1.5 * spread["weighted"] * 1.1

    def test_standard_errors_are_what_other_logs_give(self, found_and_truth: Any) -> None:
        for name in ("per decision", "weighted", "doubly robust", "weighted doubly robust"):
            values, errors = found_and_truth[0][name]
            assert np.sqrt((errors**2).mean()) == pytest.approx(values.std(ddof=1), rel=0.3)
            assert found_and_truth[0][name].held(found_and_truth[1]) >= 0.85

    def test_any_wrong_model_is_put_right(self) -> None:
        policies, rng = three_policies(), np.random.default_rng(1)
        log = log_sessions(policies.logging, 40_000, 5, rng)
        wrong = values_at(rng.uniform(0, 3, (5, 400, 4)), log.states, log.actions, policies.near[log.states])
        found = doubly_robust(episodes_of(log, policies.logging, policies.near), wrong, bootstrap=None)
        truth = finite_values(policies.near, 5).start
        assert abs(found.value - truth) < 4 * found.error
        assert abs(model_only(wrong, None).value - truth) > 10 * found.error

    def test_the_exact_model_leaves_the_luck_of_the_answers_only(self) -> None:
        policies = three_policies()
        log = log_sessions(policies.logging, 2000, 10, np.random.default_rng(0))
        episodes = episodes_of(log, policies.logging, policies.near)
        exact = doubly_robust(episodes, exact_model(log, policies.near), bootstrap=None)
        assert exact.error < 0.7 * per_decision(episodes, bootstrap=None).error
        assert model_only(exact_model(log, policies.near), None).value == pytest.approx(
            finite_values(policies.near, 10).start
        )


def test_the_exact_model_of_a_world_without_luck_has_no_variance() -> None:
    """Two actions, three steps, action a pays a: whatever was logged, the answer is the truth."""
    rng = np.random.default_rng(0)
    actions = rng.integers(0, 2, (30, 3))
    p_target = np.where(actions == 1, 0.9, 0.1)
    to_go = 0.9 * np.arange(3, 0, -1)
    model = ModelValues(actions + to_go - 0.9, np.tile(to_go, (30, 1)))
    found = doubly_robust(LoggedEpisodes(actions, np.full((30, 3), 0.5), p_target, [3] * 30), model)
    assert found.value == pytest.approx(2.7)
    assert found.error == pytest.approx(0, abs=1e-12)
    assert (found.low, found.high) == (pytest.approx(2.7), pytest.approx(2.7))


class TestIntervals:
    def test_they_are_the_bootstrap_over_episodes(self) -> None:
        policies = three_policies()
        log = log_sessions(policies.logging, 200, 5, np.random.default_rng(0))
        episodes = episodes_of(log, policies.logging, policies.near)
        values = episode_weights(episodes)[:, -1] * log.rewards.sum(axis=1)
        expected = bootstrap_users(values, np.ones(200), level=0.8, seed=3)
        found = importance_sampling(episodes, bootstrap=Bootstrap(0.8, 1000, 3))
        assert (found.value, found.low, found.high) == pytest.approx(expected)

    def test_of_ratios_they_fit_the_standard_error(self) -> None:
        policies = three_policies()
        log = log_sessions(policies.logging, 1000, 5, np.random.default_rng(0))
        found = weighted_per_decision(episodes_of(log, policies.logging, policies.near))
        assert found.low < found.value < found.high
        assert found.high - found.low == pytest.approx(2 * 1.96 * found.error, rel=0.1)

    def test_none_when_none_is_asked_for(self) -> None:
        assert np.isnan(importance_sampling(EPISODES, bootstrap=None)[2:]).all()

    @pytest.mark.parametrize(
        ("bootstrap", "message"),
        [
            (Bootstrap(level=1.0), "level must be in"),
            (Bootstrap(n_resamples=0), "n_resamples must be a whole number"),
            (Bootstrap(n_resamples=10.5), "n_resamples must be a whole number"),  # type: ignore[arg-type]
        ],
    )
    def test_settings_out_of_range_are_refused(self, bootstrap: Bootstrap, message: str) -> None:
        with pytest.raises(ValueError, match=message):
            per_decision(EPISODES, bootstrap=bootstrap)

    def test_resamples_that_say_nothing_do_not_count(self) -> None:
        """One of 200 episodes could have been the target's: where it is not drawn, nothing is known."""
        target = np.zeros((200, 1))
        target[7] = 1
        log = LoggedEpisodes(np.full((200, 1), -5.0), np.full((200, 1), 0.5), target, np.ones(200, dtype=int))
        found = weighted_per_decision(log)
        assert (found.value, found.low, found.high) == (-5, -5, -5)


class TestEffectiveSize:
    @pytest.mark.parametrize(
        ("weights", "size"),
        [([1, 1, 1, 1], 4), ([0, 5, 0], 1), ([6, 2, 1, 1, 0], 100 / 42), ([0, 0], 0), ([1e300, 1e300], 2)],
    )
    def test_by_hand(self, weights: list[float], size: float) -> None:
        assert effective_size(weights) == pytest.approx(size)

    def test_a_column_at_a_time(self) -> None:
        np.testing.assert_allclose(effective_size([[1, 2], [1, 0], [1, 0]]), [3, 1])

    @pytest.mark.parametrize("weights", [[], [-1, 2], [np.nan], [np.inf, 1]])
    def test_what_is_no_weight_is_refused(self, weights: list[float]) -> None:
        with pytest.raises(ValueError, match="weights must be finite"):
            effective_size(weights)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"rewards": [1.0, 2.0]}, "rewards must have shape"),
        ({"rewards": np.ones((0, 2))}, "2 episodes or more"),
        ({"rewards": [[1.0, np.inf], [0, 0]]}, "rewards must be finite"),
        ({"rewards": [[np.nan, 1], [0, 0]]}, "rewards must be finite"),
        ({"p_logging": [[0.5], [0.5]]}, "p_logging must have the shape"),
        ({"p_logging": [[0.0, 0.5], [0.5, 0.5]]}, "p_logging must be above 0"),
        ({"p_logging": [[1.5, 0.5], [0.5, 0.5]]}, "p_logging must be probabilities"),
        ({"p_target": [[-0.1, 0.5], [0.5, 0.5]]}, "p_target must be probabilities"),
        ({"p_target": [[np.nan, 0.5], [0.5, 0.5]]}, "p_target must be finite"),
        ({"lengths": [2]}, "lengths must be 2 whole"),
        ({"lengths": [1.0, 2.0]}, "lengths must be 2 whole"),
        ({"lengths": [0, 2]}, "lengths must be from 1 to 2"),
        ({"lengths": [3, 2]}, "lengths must be from 1 to 2"),
    ],
)
def test_episodes_that_will_not_do_are_refused(wrong: dict[str, Any], message: str) -> None:
    for estimator in WITHOUT_MODEL:
        with pytest.raises(ValueError, match=message):
            estimator(EPISODES._replace(**wrong))
    for estimator in WITH_MODEL:
        with pytest.raises(ValueError, match=message):
            estimator(EPISODES._replace(**wrong), MODEL)


@pytest.mark.parametrize("gamma", [-0.1, 1.1, float("nan"), "1"])
def test_a_gamma_outside_0_to_1_is_refused(gamma: float) -> None:
    with pytest.raises(ValueError, match="gamma must be a number from 0 to 1"):
        by_all(EPISODES, MODEL, gamma)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (MODEL._replace(q=[[1.0], [1.0]]), "q of the model must have the shape"),
        (MODEL._replace(v=[[np.nan, 1.0], [1.0, 1.0]]), "v of the model must be finite"),
    ],
)
def test_models_that_will_not_do_are_refused(model: ModelValues, message: str) -> None:
    for estimator in WITH_MODEL:
        with pytest.raises(ValueError, match=message):
            estimator(EPISODES, model)


@pytest.mark.parametrize("v", [[1.0, 2.0], [[1.0]], [[np.nan], [1.0]]])
def test_a_model_alone_that_says_nothing_is_refused(v: Any) -> None:
    with pytest.raises(ValueError, match="v of the model must"):
        model_only(ModelValues(v, v))


def test_where_the_target_could_not_have_played_weighted_says_so() -> None:
    never = EPISODES._replace(p_target=np.zeros((2, 2)))
    assert per_decision(never).value == 0
    with pytest.raises(ValueError, match="the logs cannot say anything"):
        weighted_per_decision(never)


def test_weights_that_no_number_holds_are_refused() -> None:
    ones = np.ones((2, 200))
    with pytest.raises(ValueError, match="shorten them"):
        per_decision(LoggedEpisodes(ones, 0.01 * ones, ones, [200, 200]))


def test_a_blind_model_has_a_cell_for_each_boredom() -> None:
    policies = three_policies()
    log = log_sessions(policies.logging, 50, 5, np.random.default_rng(0))
    table = fitted_q(transitions_of(log, policies.near, BOREDOM_ONLY), 16, 5)
    assert table.shape == (5, 16, 4)


def test_each_step_has_an_effective_size_of_its_own() -> None:
    np.testing.assert_allclose(effective_size([[1, 1e-170]] * 3), [3, 3])


def test_weights_too_small_for_a_number_are_not_weights_of_0() -> None:
    steps = np.ones((3, 400))
    log = LoggedEpisodes(steps, steps, 0.1 * steps, np.full(3, 400))
    with pytest.raises(ValueError, match="must be so short that their weights stay numbers"):
        per_decision(log)


def test_numbers_without_end_are_refused() -> None:
    with pytest.raises(ValueError, match="must be so small that their products stay numbers"):
        per_decision(EPISODES._replace(rewards=1e308 * np.ones(np.shape(EPISODES.rewards))))
    with pytest.raises(ValueError, match="rewards must hold numbers, got complex128"):
        per_decision(EPISODES._replace(rewards=1j * np.ones(np.shape(EPISODES.rewards))))


def test_a_probability_may_be_1_as_32_bits_compute_it() -> None:
    log = EPISODES._replace(p_target=np.full(np.shape(EPISODES.rewards), np.float32(1.0000001)))
    assert np.isfinite(per_decision(log).value)
