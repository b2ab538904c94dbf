"""Intervals and tests of differences say what scipy.stats says, up to what the number of resamples leaves open."""

import numpy as np
import pytest
from scipy import stats

from drr_tutorial.evaluation.intervals import bootstrap_users, interval_over_seeds, randomization_test


def ratio(sums: np.ndarray, counts: np.ndarray, axis: int = -1) -> np.ndarray:
    return sums.sum(axis=axis) / counts.sum(axis=axis)


@pytest.mark.parametrize("level", [0.8, 0.95])
def test_the_bootstrap_over_users_is_scipys_paired_percentile_bootstrap(level: float) -> None:
    rng = np.random.default_rng(0)
    counts = rng.integers(1, 9, size=300).astype(float)
    sums = rng.binomial(counts.astype(int), 0.4).astype(float)
    ours = bootstrap_users(sums, counts, level=level, n_resamples=20_000)
    theirs = stats.bootstrap(
        (sums, counts), ratio, paired=True, vectorized=True, n_resamples=20_000, batch=500,
        confidence_level=level, method="percentile", rng=1,
    )  # fmt: skip
    assert ours.mean == pytest.approx(ratio(sums, counts))
    # the standard error of a quantile of 20,000 resamples is a few hundredths of the interval
    wide = ours.high - ours.low
    assert ours.low == pytest.approx(theirs.confidence_interval.low, abs=0.03 * wide)
    assert ours.high == pytest.approx(theirs.confidence_interval.high, abs=0.03 * wide)


def test_with_the_same_draws_it_is_scipys_bootstrap_to_the_last_digits() -> None:
    rng = np.random.default_rng(4)
    counts = rng.integers(1, 9, size=300).astype(float)
    sums = rng.binomial(counts.astype(int), 0.4).astype(float)
    ours = bootstrap_users(sums, counts, n_resamples=100, seed=5)
    theirs = stats.bootstrap(
        (sums, counts), ratio, paired=True, vectorized=True, n_resamples=100, method="percentile",
        rng=np.random.default_rng(5),
    )  # fmt: skip
    assert (ours.low, ours.high) == pytest.approx(tuple(theirs.confidence_interval), rel=1e-13)


@pytest.mark.parametrize("shift", [0.0, 0.15, 0.4])
def test_the_randomization_test_is_scipys_permutation_test_of_signs(shift: float) -> None:
    differences = np.random.default_rng(2).normal(shift, 1.0, size=80)
    theirs = stats.permutation_test(
        (differences,), lambda x, axis: x.sum(axis=axis), permutation_type="samples", vectorized=True,
        n_resamples=20_000, batch=500, rng=3,
    ).pvalue  # fmt: skip
    ours = randomization_test(differences, n_flips=20_000)
    assert ours == pytest.approx(theirs, abs=4 * np.sqrt(theirs * (1 - theirs) / 20_000) + 2e-4)


@pytest.mark.parametrize("n", [2, 3, 5, 12])
def test_the_interval_over_seeds_is_scipys_t_interval(n: int) -> None:
    values = np.random.default_rng(n).normal(0.3, 0.01, size=n)
    low, high = stats.ttest_1samp(values, 0.0).confidence_interval(0.95)
    found = interval_over_seeds(values)
    assert (found["mean"], found["low"], found["high"]) == pytest.approx((values.mean(), low, high))


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("value", [0.0, 0.25])
def test_seeds_that_agree_leave_no_width_and_no_warning(value: float) -> None:
    assert interval_over_seeds(np.full(5, value)) == pytest.approx({"mean": value, "low": value, "high": value})
