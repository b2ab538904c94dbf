"""What a sample of negatives makes of a ranking: expected hit rate and nDCG for any number of negatives, in closed
form.

An item with `above` of `n_others` other items before it has, among n of those drawn without replacement, a
hypergeometric number of items before it. So no list has to be drawn, and figures for 10 and for all negatives come
from one ranking (Krichene & Rendle 2020, section 4; Li et al. 2020). Of items that tie, each order is as likely, as in
`metrics`. Chapter 13 uses it.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from drr_tutorial.data.splits import Split
from drr_tutorial.evaluation.any_recommender import AnyRecommender
from drr_tutorial.evaluation.metrics import rank

BATCH_USERS = 64  # their lists, each with the whole catalogue, fit in the processor's cache


class WholeRanks(NamedTuple):
    """Where each test positive stands among all items that its user has not liked; (n,) each, sorted by user."""

    users: NDArray[np.int64]
    """User index."""
    above: NDArray[np.int64]
    """Other items with a better score."""
    n_others: NDArray[np.int64]
    """Other items: all that somebody rated but the user's training rows and test positives."""
    tied: NDArray[np.int64] | int = 0
    """Other items with the same score."""


def whole_ranks(recommender: AnyRecommender, split: Split) -> WholeRanks:
    """Ranks of the split's test positives beside all the items that `unseen` draws from."""
    test = split.test.positives()
    order = np.argsort(test.users, kind="stable")
    users, items = test.users[order].astype(np.int64), test.items[order]
    excluded = (test.matrix() + split.train.matrix()).tocsr()
    above, tied = np.empty((2, len(users)), dtype=np.int64)
    rated = np.isin(np.arange(split.ratings.n_items), split.ratings.items)
    distinct, starts = np.unique(users, return_index=True)
    for batch in np.array_split(np.arange(len(distinct)), -(-len(distinct) // BATCH_USERS)):
        end = starts[batch[-1] + 1] if batch[-1] + 1 < len(distinct) else len(users)
        rows = slice(int(starts[batch[0]]), int(end))
        scores = recommender.scores(split.ratings.user_ids[distinct[batch]]).copy()
        local = np.searchsorted(distinct[batch], users[rows])
        relevant = scores[local, items[rows]]
        scores[excluded[distinct[batch]].nonzero()] = -np.inf
        scores[:, ~rated] = -np.inf
        ranks = rank(relevant, scores[local])
        above[rows], tied[rows] = ranks.first - 1, ranks.tied - 1
    return WholeRanks(users, above, rated.sum() - np.diff(excluded.indptr)[users], tied)


def expected_figures(ranks: WholeRanks, n_negatives: int, k: int = 10) -> dict[str, NDArray[np.float64]]:
    """Expected HR@k and nDCG@k of each positive, (n,) in [0, 1], in lists with so many sampled negatives.

    Where a user has fewer other items than `n_negatives`, all of them are in the list. ValueError for n_negatives or k
    below 1, and for items above that are no whole number.
    """
    chances = _chances(ranks, n_negatives, k)
    return {f"HR@{k}": chances.sum(axis=1), f"nDCG@{k}": chances @ (1 / np.log2(np.arange(2, k + 2)))}


def _chances(ranks: WholeRanks, n_negatives: int, k: int) -> NDArray[np.float64]:
    """(n, k): the chance of each rank from 1 to k."""
    if n_negatives < 1 or k < 1:
        raise ValueError(f"n_negatives and k must be at least 1, got {n_negatives} and {k}")
    above, tied = np.broadcast_arrays(np.asarray(ranks.above), np.asarray(ranks.tied))
    if (above % 1 != 0).any():
        raise ValueError("above must hold whole numbers, got fractions; items with the same score belong to tied")
    n_others, above = ranks.n_others, above.astype(np.int64)
    drawn, in_tie = np.minimum(n_negatives, n_others), tied > 0
    chances = _hypergeometric(n_others, above, drawn, k)
    chances[in_tie] = _chances_in_ties(n_others[in_tie], above[in_tie], tied[in_tie], drawn[in_tie], k)
    return chances


def _chances_in_ties(
    n_others: NDArray[np.int64], above: NDArray[np.int64], tied: NDArray[np.int64], drawn: NDArray[np.int64], k: int
) -> NDArray[np.float64]:
    """(n, k): the mean of the chances with `above`, `above` + 1, ..., `above` + `tied` items above.

    The item and those drawn beside it are drawn + 1 of n_others + 1 items, so the sum over all numbers above m has a
    closed form: C(m, r) C(N - m, n - r) counts the sets whose item of rank r + 1 has m others before it.
    """
    n_before, n_until = (
        _hypergeometric(n_others + 1, m, drawn + 1, k).cumsum(axis=1) for m in (above, above + tied + 1)
    )
    share = (n_others + 1) / ((drawn + 1) * (tied + 1))
    return np.clip(share[:, None] * (n_before - n_until), 0.0, 1.0)


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
