"""Intervals over repetitions: what another seed would give."""

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student


def interval_over_seeds(values: NDArray[np.float64]) -> dict[str, float]:
    """Mean of the values of n seeds, 2 or more, with its 95 % t-interval."""
    mean, n = float(values.mean()), len(values)
    half = float(student.ppf(0.975, n - 1) * values.std(ddof=1) / np.sqrt(n))
    return {"mean": mean, "low": mean - half, "high": mean + half}
