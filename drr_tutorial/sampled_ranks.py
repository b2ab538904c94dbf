"""What a sample of negatives makes of a ranking: expected hit rate and nDCG for any number of negatives, in closed
form.

An item with `above` of `n_others` other items before it has, among n of those drawn without replacement, a
hypergeometric number of items before it. So no list has to be drawn, and figures for 10 and for all negatives come
from one ranking (Krichene & Rendle 2020, section 4; Li et al. 2020). Chapter 8 uses it.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from drr_tutorial.metrics import expected_ranks
from drr_tutorial.recommender import Recommender
from drr_tutorial.splits import Split

BATCH_USERS = 64  # their lists, each with the whole catalogue, fit in the processor's cache


class WholeRanks(NamedTuple):
    """Where each test positive stands among all items that its user has not liked; (n,) each, sorted by user."""

    users: NDArray[np.int64]
    """User index."""
    above: NDArray[np.float64]
    """Other items with a better score; each tie counts as a half, which is near, but not equal, to drawing the ties."""
    n_others: NDArray[np.int64]
    """Other items: all but the user's training rows and test positives."""


def whole_ranks(recommender: Recommender, split: Split, threshold: float = 3.0) -> WholeRanks:
    """Ranks of the split's test positives (rating > threshold) beside all the items that `unseen` draws from."""
    test = split.test.positives(threshold)
    order = np.argsort(test.users, kind="stable")
    users, items = test.users[order].astype(np.int64), test.items[order]
    excluded, above = (test.matrix() + split.train.matrix()).tocsr(), np.empty(len(users))
    distinct, starts = np.unique(users, return_index=True)
    for batch in np.array_split(np.arange(len(distinct)), -(-len(distinct) // BATCH_USERS)):
        end = starts[batch[-1] + 1] if batch[-1] + 1 < len(distinct) else len(users)
        rows = slice(int(starts[batch[0]]), int(end))
        scores = recommender.scores(split.ratings.user_ids[distinct[batch]]).copy()
        local = np.searchsorted(distinct[batch], users[rows])
        relevant = scores[local, items[rows]]
        scores[excluded[distinct[batch]].nonzero()] = -np.inf
        above[rows] = expected_ranks(relevant, scores[local]) - 1
    return WholeRanks(users, above, split.ratings.n_items - np.diff(excluded.indptr)[users])


def expected_figures(ranks: WholeRanks, n_negatives: int, k: int = 10) -> dict[str, NDArray[np.float64]]:
    """Expected HR@k and nDCG@k of each positive, (n,) in [0, 1], in lists with so many sampled negatives.

    Where a user has fewer other items than `n_negatives`, all of them are in the list. A tie counts as half an item
    above. ValueError for n_negatives or k below 1.
    """
    chances = _chances(ranks, n_negatives, k)
    return {f"HR@{k}": chances.sum(axis=1), f"nDCG@{k}": chances @ (1 / np.log2(np.arange(2, k + 2)))}


def _chances(ranks: WholeRanks, n_negatives: int, k: int) -> NDArray[np.float64]:
    """(n, k): the chance of each rank from 1 to k; with half an item above, the mean of none and one."""
    if n_negatives < 1 or k < 1:
        raise ValueError(f"n_negatives and k must be at least 1, got {n_negatives} and {k}")
    drawn, below, is_half = (
        np.minimum(n_negatives, ranks.n_others),
        np.floor(ranks.above).astype(int),
        ranks.above % 1 > 0,
    )
    chances = _hypergeometric(ranks.n_others, below, drawn, k)
    more = _hypergeometric(ranks.n_others[is_half], below[is_half] + 1, drawn[is_half], k)
    chances[is_half] = (chances[is_half] + more) / 2
    return chances


def _hypergeometric(
    n_all: NDArray[np.int64], n_above: NDArray[np.int64], drawn: NDArray[np.int64], k: int
) -> NDArray[np.float64]:
    """(n, k): chances that 0 to k - 1 of those above are among the drawn.

    The same as `scipy.stats.hypergeom.pmf`, which would take a minute for MovieLens 1M: a table of log factorials is
    enough for all.
    """
    log_factorial = gammaln(np.arange(n_all.max(initial=0) + 1) + 1.0)

    def log_choose(n: NDArray[np.int64], r: NDArray[np.int64]) -> NDArray[np.float64]:
        r = np.clip(r, 0, n)
        return np.asarray(log_factorial[n] - log_factorial[r] - log_factorial[n - r])

    among = np.arange(k)
    n_all, n_above, drawn = n_all[:, None], n_above[:, None], drawn[:, None]
    possible = (among <= np.minimum(n_above, drawn)) & (drawn - among <= n_all - n_above)
    logs = log_choose(n_above, among) + log_choose(n_all - n_above, drawn - among) - log_choose(n_all, drawn)
    return np.where(possible, np.exp(logs), 0.0)
