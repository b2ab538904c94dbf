"""What checks of chapters share: a number that is near enough, hints for a mistake's number, rows, letters, words."""

import math
from collections.abc import Iterable, Mapping
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
        found = np.asarray(_without_gradients(answer), dtype=np.float64)
    except (TypeError, ValueError, OverflowError, RuntimeError):  # the last from tensors that are on no device
        return None
    fits = found.ndim == len(shape) and all(n in (None, m) for n, m in zip(shape, found.shape, strict=True))
    return found if fits and np.isfinite(found).all() else None


def letters(answer: Any, among: str) -> set[str] | None:
    """The answer as a set of these small letters, from any collection or a text of them; None for anything else."""
    try:
        found = {str(letter).strip(" ,;").lower() for letter in answer} - {""}
    except TypeError:
        return None
    return found if found <= set(among) else None


def words(answer: Any, keys: Iterable[str], among: Iterable[str]) -> dict[str, str] | None:
    """The answer as a mapping from just these keys to words among those allowed; None for anything else."""
    if not isinstance(answer, dict) or set(answer) != set(keys):
        return None
    found = {key: str(answer[key]).strip().lower() for key in keys}
    return found if set(found.values()) <= set(among) else None


def _without_gradients(answer: Any) -> Any:
    """The same with tensors detached, in lists and tuples, too: a loss that was computed is a number."""
    if isinstance(answer, list | tuple):
        return [_without_gradients(each) for each in answer]
    return answer.detach() if hasattr(answer, "detach") else answer


def _close(answer: Any, value: float, tolerance: float) -> bool:
    try:
        return not isinstance(answer, bool) and math.isclose(
            float(_without_gradients(answer)), value, abs_tol=tolerance
        )
    except (TypeError, ValueError, OverflowError):
        return False
