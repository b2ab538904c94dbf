"""What checks of chapters share: a number that is near enough, and hints for numbers that come from a mistake."""

import math
from collections.abc import Mapping
from typing import Any


def number(
    answer: Any, right: float, mistakes: Mapping[float, str], otherwise: str, tolerance: float = 5e-3
) -> str | None:
    """None for the right number, else the hint for the mistake that gives the answer, or `otherwise`."""
    if _close(answer, right, tolerance):
        return None
    return next((hint for value, hint in mistakes.items() if _close(answer, value, tolerance)), otherwise)


def _close(answer: Any, value: float, tolerance: float) -> bool:
    try:
        return not isinstance(answer, bool) and math.isclose(float(answer), value, abs_tol=tolerance)
    except (TypeError, ValueError):
        return False
