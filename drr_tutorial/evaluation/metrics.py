"""Ranking metrics from ranks: one value a list, whole arrays at once.

A *list* is what one user is shown: relevant items among others. `ranks` holds where each relevant item stands, and
`lists` the list (0, 1, ...) to which it belongs; without `lists` every list has one relevant item. Relevance is
binary. Ties: every order of items with the same score is equally likely, and a metric is its expected value over these
orders. So one score for all earns what a random order earns on average, whatever the sort order of a program
(McSherry & Najork 2008). A list that has no relevant item has no value: NaN, for every metric.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

CHUNK = 1 << 20  # scores compared at once: temporary arrays stay at a few MB


class Ranks(NamedTuple):
    """Where relevant items stand, (n,) each: on one of `tied` places from `first` on, each equally likely.

    Every metric takes this or plain ranks, whole numbers from 1, for items that do not tie.
    """

    first: Ints
    """Best rank that the item can take; 1 is the top."""
    tied: Ints
    """Items of the list with the same score, itself included: 1 without a tie."""


def rank(relevant: ArrayLike, others: ArrayLike, lists: ArrayLike | None = None) -> Ranks:
    """Ranks of relevant items by their scores and those of the others, (n,).

    `relevant`: (n,) finite scores of relevant items, higher = better. `others`: (n_lists, m) scores of the
    items that are not relevant; -inf marks one that is never shown. `lists`: (n,) row of `others` of each
    relevant item (default: row i for item i); relevant items of one list also stand above, or tie with, each other.
    Raises ValueError for NaN, infinite relevant scores and shapes that do not fit.
    """
    relevant, others = _as_scores(relevant), _as_scores(others)
    rows = np.arange(len(relevant)) if lists is None else np.asarray(lists)
    _check_scores(relevant, others, rows)
    above, tied = np.empty((2, len(relevant)), dtype=np.int64)
    step = max(1, CHUNK // max(1, others.shape[1]))
    for part in (slice(start, start + step) for start in range(0, len(relevant), step)):
        shown = others[part] if lists is None else others[rows[part]]
        above[part] = np.count_nonzero(shown > relevant[part, None], axis=1)
        tied[part] = np.count_nonzero(shown == relevant[part, None], axis=1)
    if lists is None:
        return Ranks(1 + above, 1 + tied)
    relevant_above, relevant_tied = _among_relevant(relevant, rows)
    return Ranks(1 + above + relevant_above, tied + relevant_tied)


def expected_ranks(relevant: ArrayLike, others: ArrayLike, lists: ArrayLike | None = None) -> Floats:
    """Expected rank of each relevant item over all orders of its tie, (n,): the mean of the places of `rank`.

    Good to look at, but no metric is computed from it: a rank of 5.5 is neither a hit nor a miss at 5. Arguments and
    errors are those of `rank`.
    """
    first, tied = rank(relevant, others, lists)
    return first + (tied - 1) / 2


def hit_rate(ranks: Ranks | ArrayLike, k: int, lists: ArrayLike | None = None) -> Floats:
    """HR@k of each list, 0 or 1: is at least one relevant item among the first k? In a tie: how likely is that?"""
    best = _best_ties(*_check(ranks, k, lists))
    hits = np.clip((k + 1 - best.first) / best.tied, 0.0, 1.0)  # by one relevant item in the tie
    several = best.n_relevant > 1
    hits[several] = sum(_chances_of_places(_Ties(*(values[several] for values in best)), k))
    return hits


def precision(ranks: Ranks | ArrayLike, k: int, lists: ArrayLike | None = None) -> Floats:
    """Precision@k of each list in [0, 1]: relevant items among the first k, divided by k."""
    hits, _ = _hits(ranks, k, lists)
    return hits / k


def recall(ranks: Ranks | ArrayLike, k: int, lists: ArrayLike | None = None) -> Floats:
    """Recall@k of each list in [0, 1]: relevant items among the first k, divided by all that are relevant."""
    hits, n_relevant = _hits(ranks, k, lists)
    return hits / n_relevant


def ndcg(ranks: Ranks | ArrayLike, k: int, lists: ArrayLike | None = None) -> Floats:
    """nDCG@k of each list in [0, 1], Järvelin & Kekäläinen (2002) with binary relevance.

    Gain: 1 for a relevant item. Discount: 1 / log2(1 + rank). Ideal list: min(#relevant, k) relevant items at
    the top. Ties: the mean discount of the tie's places. List without a relevant item: NaN.
    """
    (first, tied), lists = _check(ranks, k, lists)
    sums = np.cumsum(1.0 / np.log2(np.arange(2, k + 2)))  # of the first 1, 2, ..., k places
    discounts = np.where(first <= k, 1.0 / np.log2(1.0 + first), 0.0)
    in_tie = tied > 1
    before, until = (np.minimum(place[in_tie], k).astype(np.int64) for place in (first - 1, first + tied - 1))
    sums_from_0 = np.append(0.0, sums)
    discounts[in_tie] = (sums_from_0[until] - sums_from_0[before]) / tied[in_tie]
    ideal = np.append(np.nan, sums)  # by number of relevant items
    return np.asarray(np.bincount(lists, weights=discounts) / ideal[np.minimum(np.bincount(lists), k)])


def mean_reciprocal_rank(ranks: Ranks | ArrayLike, k: int, lists: ArrayLike | None = None) -> Floats:
    """1 / rank of each list's best relevant item, 0 if that is beyond k; the mean over lists is MRR@k."""
    best = _best_ties(*_check(ranks, k, lists))
    reciprocals = np.where(best.first > k, 0.0, 1.0 / best.first)
    in_tie = best.tied > 1
    chances = _chances_of_places(_Ties(*(values[in_tie] for values in best)), k)
    reciprocals[in_tie] = sum(chance / place for place, chance in enumerate(chances, 1))
    return reciprocals


def coverage(top_items: ArrayLike, n_items: int) -> float:
    """Catalogue coverage in [0, 1]: share of the n_items that stand in at least one list.

    `top_items`: (m, k) item indices, one list a row; -1 marks a place that is left empty.
    """
    items = np.asarray(top_items)
    if n_items < 1 or (items.size and not -1 <= items.min() <= items.max() < n_items):
        raise ValueError(
            f"top_items must hold item indices from 0 to n_items - 1 (or -1 for none); n_items is {n_items}"
            + (f", the items go from {items.min()} to {items.max()}" if items.size else "")
        )
    return len(np.unique(items[items >= 0])) / n_items


class _Ties(NamedTuple):
    """Of each list, (n_lists,), the tie that holds its best relevant item; NaN where a list has none."""

    first: Floats
    tied: Floats
    n_relevant: Floats
    """How many of the tied items are relevant."""


def _best_ties(ranks: Ranks, lists: Ints) -> _Ties:
    n_lists = lists.max(initial=-1) + 1
    first, tied = np.full((2, n_lists), np.nan)
    np.fmin.at(first, lists, ranks.first)
    is_best = ranks.first == first[lists]
    tied[lists[is_best]] = ranks.tied[is_best]
    n_relevant = np.bincount(lists[is_best], minlength=n_lists)
    if (n_relevant > tied).any():
        where = int((n_relevant > tied).argmax())
        raise ValueError(
            f"ranks must differ within a list, but {n_relevant[where]} items of list {where} have rank "
            f"{first[where]:.0f}, where {tied[where]:.0f} can stand; use rank, which tells ties"
        )
    return _Ties(first, tied, n_relevant.astype(np.float64))


def _chances_of_places(ties: _Ties, k: int) -> Iterator[Floats]:
    """For each place from 1 to k: how likely the tie's best relevant item stands there, (n_lists,).

    The tie is drawn from without replacement (hypergeometric): with none of p relevant items among the places before,
    the next of r places that are left has one with probability p / r.
    """
    first, tied, n_relevant = ties
    none_yet = np.ones(len(first))
    for place in range(1, k + 1):
        left = np.maximum(first + tied - place, n_relevant)
        chance = np.where(place >= first, none_yet * (n_relevant / left), 0.0)
        none_yet = none_yet - chance
        yield chance


def _hits(ranks: Ranks | ArrayLike, k: int, lists: ArrayLike | None) -> tuple[Floats, Floats]:
    """Expected relevant items among the first k of each list, and all of it; NaN where a list has none."""
    (first, tied), lists = _check(ranks, k, lists)
    n_relevant = np.bincount(lists).astype(np.float64)
    n_relevant[n_relevant == 0] = np.nan
    shares = np.clip((k + 1 - first) / tied, 0.0, 1.0)
    return np.bincount(lists, weights=shares) + 0 * n_relevant, n_relevant


def _check(ranks: Ranks | ArrayLike, k: int, lists: ArrayLike | None) -> tuple[Ranks, Ints]:
    """Ranks and lists as arrays; without lists, every rank is a list of its own."""
    if int(k) != k or k < 1:
        raise ValueError(f"k must be a whole number of at least 1, got {k}; pass how many items are shown")
    first, tied = ranks if isinstance(ranks, Ranks) else (ranks, np.ones(np.shape(ranks), dtype=np.int64))
    first, tied = np.asarray(first), np.asarray(tied)
    if first.ndim != 1 or first.shape != tied.shape or not all(_are_whole(part) for part in (first, tied)):
        raise ValueError("ranks must be one row of whole numbers of at least 1 (1 = best); where items tie, use rank")
    lists = np.arange(len(first)) if lists is None else np.asarray(lists)
    if lists.shape != first.shape or lists.dtype.kind not in "iu" or lists.min(initial=0) < 0:
        raise ValueError(
            f"lists must hold the list number (0, 1, ...) of each rank, shape {first.shape}, "
            f"got {lists.dtype} of shape {lists.shape}; pass whole numbers of at least 0"
        )
    return Ranks(first.astype(np.int64), tied.astype(np.int64)), lists.astype(np.int64)


def _are_whole(numbers: NDArray[Any]) -> bool:
    """Whole and at least 1 each?"""
    return numbers.size == 0 or (numbers.dtype.kind in "iuf" and bool(((numbers >= 1) & (numbers % 1 == 0)).all()))


def _as_scores(values: ArrayLike) -> NDArray[np.floating]:
    array = np.asarray(values)  # floats keep their precision: rounding would make ties
    return array if array.dtype.kind == "f" else array.astype(np.float64)


def _check_scores(relevant: NDArray[np.floating], others: NDArray[np.floating], rows: NDArray[np.int64]) -> None:
    if relevant.ndim != 1 or others.ndim != 2 or rows.shape != relevant.shape:
        raise ValueError(
            "relevant, others and lists must have shapes (n,), (n_lists, m) and (n,); "
            f"got {relevant.shape}, {others.shape} and {rows.shape}"
        )
    if len(rows) and not 0 <= rows.min() <= rows.max() < len(others):
        raise ValueError(f"lists must be rows of others, 0 to {len(others) - 1}; got {rows.min()} to {rows.max()}")
    if not np.isfinite(relevant).all():
        raise ValueError("relevant must be finite scores, got NaN or infinity; look for diverged training")
    if np.isnan(others).any():
        raise ValueError("others must not be NaN (-inf means: never shown); look for diverged training")


def _among_relevant(relevant: NDArray[np.floating], rows: Ints) -> tuple[Ints, Ints]:
    """Of each relevant item: relevant items of its list that score more, and as much, itself included; (n,)."""
    order = np.lexsort((-relevant, rows))
    scores, lists, index = relevant[order], rows[order], np.arange(len(order))
    new_list = np.append(True, lists[1:] != lists[:-1])[: len(order)]
    new_tie = new_list | np.append(True, scores[1:] != scores[:-1])[: len(order)]
    list_start = np.maximum.accumulate(np.where(new_list, index, 0))
    tie_start = np.maximum.accumulate(np.where(new_tie, index, 0))
    above, tied = np.empty((2, len(order)), dtype=np.int64)
    above[order] = tie_start - list_start
    tied[order] = np.bincount(tie_start, minlength=len(order))[tie_start]
    return above, tied
