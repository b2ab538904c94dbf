"""What checks of chapters share: a number that is near enough, hints for a mistake's number, a row of numbers."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray


def number(
    answer: Any, right: float, mistakes: Mapping[float, str], otherwise: str, tolerance: float = 5e-3
) -> str | None:
    """None for the right number, else the hint for the mistake that gives the answer, or `otherwise`."""
    if _close(answer, right, tolerance):
        return None
    return next((hint for value, hint in mistakes.items() if _close(answer, value, tolerance)), otherwise)


def numbers(answer: Any, *shape: int | None) -> NDArray[np.float64] | None:
    """The answer as finite numbers of this shape, where None stands for any length; None for anything else."""
    try:
        found = np.asarray(answer, dtype=np.float64)
    except (TypeError, ValueError, OverflowError, RuntimeError):  # the last from tensors that need a gradient
        return None
    fits = found.ndim == len(shape) and all(n in (None, m) for n, m in zip(shape, found.shape, strict=True))
    return found if fits and np.isfinite(found).all() else None


def _close(answer: Any, value: float, tolerance: float) -> bool:
    try:
        return not isinstance(answer, bool) and math.isclose(float(answer), value, abs_tol=tolerance)
    except (TypeError, ValueError, OverflowError):
        return False
