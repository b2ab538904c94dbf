"""Ranking metrics from ranks: one value a list, whole arrays at once.

A *list* is what one user is shown: relevant items among others. `ranks` holds the 1-based rank of every
relevant item and `lists` the list (0, 1, ...) to which it belongs; without `lists` every list has one
relevant item. Relevance is binary. Ties: a relevant item stands where it stands on average over all orders
of its tie (`expected_ranks`); such a rank may be fractional, and stands among the first k only if it is at
most k. A list that has no relevant item has no value: NaN, for every metric.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

CHUNK = 1 << 20  # scores compared at once: temporary arrays stay at a few MB


def expected_ranks(relevant: ArrayLike, others: ArrayLike, lists: ArrayLike | None = None) -> Floats:
    """Expected 1-based rank of relevant items when every order of tied items is equally likely, shape (n,).

    `relevant`: (n,) finite scores of relevant items, higher = better. `others`: (n_lists, m) scores of the
    items that are not relevant; -inf marks one that is never shown. `lists`: (n,) row of `others` of each
    relevant item (default: row i for item i). A relevant item that ties with q others gets 1 + #above +
    q/2; the j-th of p relevant items of a list that tie with each other and with q others gets j + #above +
    q j/(p + 1). Raises ValueError for NaN, infinite relevant scores and shapes that do not fit.
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
        return 1.0 + above + tied / 2
    place, place_in_tie, tie_size = _places(relevant, rows)
    return place + above + tied * place_in_tie / (tie_size + 1)


def hit_rate(ranks: ArrayLike, k: int, lists: ArrayLike | None = None) -> Floats:
    """HR@k of each list, 0 or 1: is at least one relevant item among the first k?"""
    hits, _ = _hits(ranks, k, lists)
    return np.minimum(hits, 1.0)


def precision(ranks: ArrayLike, k: int, lists: ArrayLike | None = None) -> Floats:
    """Precision@k of each list in [0, 1]: relevant items among the first k, divided by k."""
    hits, _ = _hits(ranks, k, lists)
    return hits / k


def recall(ranks: ArrayLike, k: int, lists: ArrayLike | None = None) -> Floats:
    """Recall@k of each list in [0, 1]: relevant items among the first k, divided by all that are relevant."""
    hits, n_relevant = _hits(ranks, k, lists)
    return hits / n_relevant


def ndcg(ranks: ArrayLike, k: int, lists: ArrayLike | None = None) -> Floats:
    """nDCG@k of each list in [0, 1], Järvelin & Kekäläinen (2002) with binary relevance.

    Gain: 1 for a relevant item. Discount: 1 / log2(1 + rank). Ideal list: min(#relevant, k) relevant items at
    the top. Ties: expected rank. List without a relevant item: NaN.
    """
    ranks, lists = _check(ranks, k, lists)
    gains = np.bincount(lists, weights=np.where(ranks <= k, 1.0 / np.log2(1.0 + ranks), 0.0))
    ideal = np.append(np.nan, np.cumsum(1.0 / np.log2(np.arange(2, k + 2))))  # by number of relevant items
    return np.asarray(gains / ideal[np.minimum(np.bincount(lists), k)])


def mean_reciprocal_rank(ranks: ArrayLike, k: int, lists: ArrayLike | None = None) -> Floats:
    """1 / rank of each list's best relevant item, 0 if that is beyond k; the mean over lists is MRR@k."""
    ranks, lists = _check(ranks, k, lists)
    best = np.full(lists.max(initial=-1) + 1, np.nan)
    np.fmin.at(best, lists, ranks)
    return np.where(best > k, 0.0, 1.0 / best)


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


def _hits(ranks: ArrayLike, k: int, lists: ArrayLike | None) -> tuple[Floats, Floats]:
    """Relevant items among the first k of each list, and in all of it; NaN where a list has none."""
    ranks, lists = _check(ranks, k, lists)
    n_relevant = np.bincount(lists).astype(np.float64)
    n_relevant[n_relevant == 0] = np.nan
    return np.bincount(lists, weights=ranks <= k) + 0 * n_relevant, n_relevant


def _check(ranks: ArrayLike, k: int, lists: ArrayLike | None) -> tuple[Floats, NDArray[np.int64]]:
    """Ranks and lists as arrays; without lists, every rank is a list of its own."""
    ranks = np.asarray(ranks, dtype=np.float64)
    if int(k) != k or k < 1:
        raise ValueError(f"k must be a whole number of at least 1, got {k}; pass how many items are shown")
    if ranks.ndim != 1 or not (ranks >= 1).all():
        raise ValueError("ranks must be one row of numbers of at least 1 (1 = best); use expected_ranks")
    lists = np.arange(len(ranks)) if lists is None else np.asarray(lists)
    if lists.shape != ranks.shape or lists.dtype.kind not in "iu" or lists.min(initial=0) < 0:
        raise ValueError(
            f"lists must hold the list number (0, 1, ...) of each rank, shape {ranks.shape}, "
            f"got {lists.dtype} of shape {lists.shape}; pass whole numbers of at least 0"
        )
    return ranks, lists.astype(np.int64)


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


def _places(relevant: NDArray[np.floating], rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], ...]:
    """Place of each relevant item in its list's order of them, place in its tie, size of its tie; from 1."""
    order = np.lexsort((-relevant, rows))
    scores, lists, index = relevant[order], rows[order], np.arange(len(order))
    new_list = np.append(True, lists[1:] != lists[:-1])[: len(order)]
    new_tie = new_list | np.append(True, scores[1:] != scores[:-1])[: len(order)]
    list_start = np.maximum.accumulate(np.where(new_list, index, 0))
    tie_start = np.maximum.accumulate(np.where(new_tie, index, 0))
    sorted_places = (
        index - list_start + 1,
        index - tie_start + 1,
        np.bincount(tie_start, minlength=len(order))[tie_start],
    )
    places = np.empty((3, len(order)), dtype=np.int64)
    places[:, order] = sorted_places
    return tuple(places)
