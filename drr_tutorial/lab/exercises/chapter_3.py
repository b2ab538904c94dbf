"""Checks of chapter 3, state representation: sizes, DRR-ave by hand, padding, and the memory's order."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from drr_tutorial.lab.exercises import Check, answers

_NAMES = ("DRR-p", "DRR-u", "DRR-ave", "DRR-att")
_SIZES = (120, 120, 24, 24)  # N = 5, k = 8
_PAIRWISE_HINTS = {
    40: "These are the N single vectors only: the products of pairs come after them.",
    80: "These are the pairs only: the N single vectors stand before them.",
    200: "A pair counts once: with m before n there are N(N-1)/2 pairs, not N(N-1).",
    240: "A pair counts once, and no item is paired with itself: N(N-1)/2 pairs, not N times N.",
    160: "No item is paired with itself: N(N-1)/2 pairs, not N(N+1)/2.",
    128: "The user's vector itself is not in the state of DRR-p and DRR-u.",
    15: "So many vectors, yes; each of them has k numbers.",
    24: "That is DRR-ave. Here the singles and the pairs stand side by side.",
}
_AVERAGE_HINTS = {
    8: "The average alone has k numbers; the user, and user times average, stand beside it.",
    16: "There are three parts: user, user times average, average.",
    3: "So many parts, yes; each of them has k numbers.",
    56: "The N items are averaged into one vector, whatever N is.",
    120: "That is the size with pairs. Here the items become one average.",
}


def _same(values: NDArray[np.float64], expected: Any) -> bool:
    return bool(np.allclose(values, expected, atol=1e-4))


def sizes(answer: Any) -> str | None:
    """3.1: state_dim of the four representations for N = 5, k = 8."""
    values = answers.numbers(answer, 4)
    if values is None:
        return "Give four whole numbers, in the order DRR-p, DRR-u, DRR-ave, DRR-att."
    for name, value, expected, hints in zip(
        _NAMES, values.tolist(), _SIZES, [_PAIRWISE_HINTS] * 2 + [_AVERAGE_HINTS] * 2, strict=True
    ):
        if value != expected:
            return f"{name}: {hints.get(value, 'count the vectors that stand side by side, then multiply by k.')}"
    return None


def drr_ave_by_hand(answer: Any) -> str | None:
    """3.2: u = (1, -2), items (2, 0) and (4, 6), weights 1/2 each."""
    if answers.numbers(answer, 5) is not None:
        return "u * g is taken entry by entry and has k numbers; the dot product is a single one."
    values = answers.numbers(answer, 6)
    if values is None:
        return "Give a list of six numbers: two for u, two for u * g, two for g."
    if _same(values, [1, -2, 3, -6, 3, 3]):
        return None
    if _same(values, [1, -2, 6, -12, 6, 6]):
        return "This g is the sum of the items; each weight is 1/2."
    if sorted(map(tuple, values.reshape(3, 2).round(4).tolist())) == [(1, -2), (3, -6), (3, 3)]:
        return "The parts are right; the order is u, then u * g, then g."
    if _same(values[4:], [3, 3]):
        return "g is right. Look at the first four numbers: u, then u times g, entry by entry."
    return "First g: half of the first item plus half of the second, entry by entry."


def padding(answer: Any) -> str | None:
    """3.3: averages of DRR-ave (weights 1/4) and DRR-att (equal numbers) over two padding items and two films."""
    values = answers.numbers(answer, 2, 2)
    if values is None:
        return "Give two averages of two numbers each, DRR-ave's first: [[.., ..], [.., ..]]."
    if _same(values, [[1.5, 1.5], [3, 3]]):
        return None
    if _same(values, [[3, 3], [1.5, 1.5]]):
        return "Right numbers, wrong order: DRR-ave first."
    if _same(values, [[3, 3], [3, 3]]):
        return "DRR-ave gives padding its weight too: each place has 1/4, so the films together have only a half."
    if _same(values, [[1.5, 1.5], [1.5, 1.5]]):
        return "DRR-att leaves padding out before the softmax: the two films share the whole weight."
    return "Write down the weights first: four for DRR-ave, and for DRR-att 0 at each padding item."


def order(answer: Any) -> str | None:
    """3.4: which representations do not change when the memory is reversed, whatever their weights."""
    if isinstance(answer, str):
        answer = {answer}
    try:
        names = {str(name).strip().lower() for name in answer}
    except TypeError:
        return "Give a set of names, such as {'drr-p', 'drr-u'}."
    known = {name.lower() for name in _NAMES}
    if names == {"drr-att"}:
        return None
    if not names <= known:
        return f"Names are among {sorted(known)}."
    if names & {"drr-p", "drr-u"}:
        return "DRR-p and DRR-u lay the items side by side: reversed items stand in other entries of the state."
    if "drr-ave" in names:
        return "True while all weights are 1/N. Training moves them, one a place: then it matters who is where."
    return "One of them has weights that belong to the films, not to the places."


CHECKS: dict[str, Check] = {"3.1": sizes, "3.2": drr_ave_by_hand, "3.3": padding, "3.4": order}
