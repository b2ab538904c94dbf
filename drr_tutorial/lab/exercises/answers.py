"""What checks of chapters share: a number that is near enough, hints for a mistake's number, rows, letters, words."""

import math
import re
from collections.abc import Iterable, Iterator, Mapping, ValuesView
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
    """The answer as finite numbers of this shape, where None stands for any length; None for anything else.

    A list, tensor, series, iterator or dictionary of numbers will do, and a row or column where a list is asked for.
    """
    found = _array(answer, len(shape))
    if found is None or found.ndim != len(shape) or not np.isfinite(found).all():
        return None
    return found if all(n in (None, m) for n, m in zip(shape, found.shape, strict=True)) else None


def letters(answer: Any, among: str) -> set[str] | None:
    """The answer as a set of these small letters, from any collection or a text of them; None for anything else."""
    chosen = names(answer)
    if chosen is not None and isinstance(answer, str):
        chosen = set("".join(chosen))
    return chosen if chosen is not None and chosen <= set(among) else None


def names(answer: Any, picked: bool = True) -> set[str] | None:
    """The answer as a set of small words: of a text, a collection, or the keys of a dictionary whose value is `picked`.

    None for anything else.
    """
    if isinstance(answer, dict):
        if not all(isinstance(value, bool | np.bool_) for value in answer.values()):
            return None
        answer = [key for key, value in answer.items() if value == picked]
    try:
        parts = [answer] if isinstance(answer, str) else [str(each) for each in answer]
    except TypeError:
        return None
    return {word for part in parts for word in re.findall(r"[^\s,;.()]+", part.lower())} - {"and"}


def words(answer: Any, keys: Iterable[str], among: Iterable[str]) -> dict[str, str] | None:
    """The answer as a mapping from just these keys to words among those allowed; None for anything else."""
    if not isinstance(answer, dict) or set(answer) != set(keys):
        return None
    found = {key: str(answer[key]).strip().lower() for key in keys}
    return found if set(found.values()) <= set(among) else None


def _array(answer: Any, n_axes: int) -> NDArray[np.float64] | None:
    try:
        found = np.asarray(plain(answer), dtype=np.float64)
    except (TypeError, ValueError, OverflowError, RuntimeError):  # the last from tensors that are on no device
        return None
    return found.squeeze() if found.ndim > n_axes else found


def plain(answer: Any) -> Any:
    """The same as numpy takes it: lists for iterators and dictionaries; tensors without gradients, on the processor."""
    if isinstance(answer, dict):
        answer = answer.values()
    if isinstance(answer, list | tuple | Iterator | ValuesView):
        return [plain(each) for each in answer]
    return answer.detach().cpu().double() if hasattr(answer, "detach") else answer


def _close(answer: Any, value: float, tolerance: float) -> bool:
    found = None if isinstance(answer, bool) else _array(answer, 0)
    return found is not None and found.ndim == 0 and math.isclose(float(found), value, abs_tol=tolerance)
