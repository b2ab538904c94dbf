"""What lists are like beside being right: how much of the catalogue they show, how popular, how new, how varied.

All of it is said of `top` (m, k), item indices of m lists, best first, one list a user; -1 marks a place that is left
empty, and counts for nothing. `coverage` stands in `metrics`. A figure that is a mean over users comes as one value a
list, (m,), so that intervals and paired differences are those of any other metric; `evaluate_beyond_accuracy` puts all
of them into one report.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array
from scipy.stats import rankdata

from drr_tutorial.data.ratings import Ratings
from drr_tutorial.data.splits import Split
from drr_tutorial.evaluation.any_recommender import AnyRecommender
from drr_tutorial.evaluation.inputs import check_catalogue, check_ks, checked_scores
from drr_tutorial.evaluation.intervals import Floats
from drr_tutorial.evaluation.metrics import coverage
from drr_tutorial.evaluation.ranking import evaluate_ranking
from drr_tutorial.evaluation.reports import EvaluationReport
from drr_tutorial.evaluation.tasks import RankingTask, ranking_task

BATCH_USERS = 512
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


def evaluate_beyond_accuracy(recommender: AnyRecommender, split: Split, *, k: int = 10) -> EvaluationReport:
    """The report of the protocol `full`, and with it what the same lists of k are like; a list is a user of the test.

    Training items are left out, whatever their rating; nothing is shown that nobody rated. More values of each user:
    "popularity@10" (likes), "popularity percentile@10", "novelty@10" (bits), "diversity by likes@10", and where the
    data have genres "diversity by genre@10" and "miscalibration@10" (nats); more figures of all lists together:
    "coverage@10" and "gini@10". ValueError as in `ranking_task` and `evaluate_ranking`.
    """
    task, likes = ranking_task(split, "full"), split.train.positives().matrix()
    accuracy = evaluate_ranking(recommender, task, ks=(k,))
    top, shown = top_items(recommender, task, k), _shown(task)
    values = _by_popularity(top, likes, shown) | {"diversity by likes": diversity(top, likes.T.tocsr())}
    if any(split.ratings.genres):
        genres = genre_shares(split.ratings)
        values["diversity by genre"] = diversity(top, genres)
        values["miscalibration"] = miscalibration(top, genres, likes[np.unique(task.users)])
    number = np.where(shown, np.cumsum(shown) - 1, -1)  # of each item among those that can be shown
    top = np.where(top < 0, -1, number[top])
    overall = {"coverage": coverage(top, task.list_length), "gini": gini(top, task.list_length)}
    return replace(
        accuracy,
        values={**accuracy.values, **{f"{name}@{k}": found for name, found in values.items()}},
        overall={**accuracy.overall, **{f"{name}@{k}": found for name, found in overall.items()}},
    )


def top_items(recommender: AnyRecommender, task: RankingTask, k: int) -> Ints:
    """The k best items of each user of a task of the protocol `full`, (m, k), users ascending, of those that the task
    shows; -1 where none is left. Ties are in the order of the catalogue.

    ValueError for another catalogue than the task's, for k outside 1 to the length of its lists, for scores that are
    not finite or of the wrong shape.
    """
    check_catalogue(recommender, task.item_ids)
    check_ks([k], task.list_length)
    users, shown = np.unique(task.users), _shown(task)
    top = np.empty((len(users), k), dtype=np.int64)
    for part in _batches(len(users)):
        shape = (len(users[part]), len(task.item_ids))
        given = checked_scores(recommender.scores(task.user_ids[users[part]]), shape, recommender.label)
        scores = np.where(shown, given, -np.inf)
        if task.hidden is not None:
            scores[task.hidden[users[part]].nonzero()] = -np.inf
        best = np.argsort(-scores, axis=1, kind="stable")[:, :k]
        top[part] = np.where(np.isneginf(np.take_along_axis(scores, best, axis=1)), -1, best)
    return top


def gini(top: ArrayLike, n_items: int) -> float:
    """How unequally the places of all lists are dealt out to `n_items` items, in [0, 1).

    Gini's index of c_i, how often each item is recommended, ascending: sum_i (2 i - n - 1) c_i / (n sum_i c_i); 0 where
    all are recommended equally often, (n - 1) / n where one is and no other (Shani & Gunawardana 2011, section 8.3.3).
    ValueError for items outside 0 to n_items - 1 and for lists without any item.
    """
    items = _checked(top, n_items)
    counts = np.sort(np.bincount(items[items >= 0], minlength=n_items))
    if counts[-1] == 0:
        raise ValueError("top must hold at least one item, got empty lists only; look at what is hidden")
    return float((2 * np.arange(1, n_items + 1) - n_items - 1) @ counts / (n_items * counts.sum()))


def mean_of_list(top: ArrayLike, values: ArrayLike) -> Floats:
    """Mean over the items of each list, (m,), of a value that each item has, (n_items,); NaN for an empty list.

    Of the number of likes it is the average popularity of a list, of `self_information` its novelty. ValueError for
    items that have no value.
    """
    of_item = np.asarray(values, dtype=np.float64)
    items = _checked(top, len(of_item))
    filled = items >= 0
    length = filled.sum(axis=1).astype(np.float64)
    length[length == 0] = np.nan
    return np.asarray(np.where(filled, of_item[items], 0.0).sum(axis=1) / length)


def popularity_percentile(likes: ArrayLike) -> Floats:
    """Where each item stands among all by its number of likes (n_items,): the share of items that have fewer, half of
    those with as many included; in (0, 1), 0.5 on average.
    """
    counts = np.asarray(likes)
    return np.asarray((rankdata(counts) - 0.5) / len(counts))


def self_information(likes: ArrayLike, n_users: int) -> Floats:
    """How surprising it is to meet each item, -log2 of the share of users who like it, (n_items,) in bits, 0 and above
    (Zhou et al. 2010; Vargas & Castells 2011). An item that nobody likes counts as liked by one.

    ValueError for an item with more likes than users.
    """
    counts = np.asarray(likes, dtype=np.float64)
    if counts.max(initial=0) > n_users:
        raise ValueError(f"likes must be at most n_users, {n_users}, for each item; got {counts.max():g}")
    return np.asarray(np.log2(n_users / np.maximum(counts, 1.0)))


def diversity(top: ArrayLike, vectors: csr_array) -> Floats:
    """Intra-list diversity: mean over all pairs of a list's items of 1 - cosine of their vectors (Ziegler et al. 2005),
    (m,); in [0, 1] for vectors without negative entries; NaN for a list of fewer than two items.

    `vectors` (n_items, d), such as genres, or who likes the item; an item with none is unlike all others. Pairs are
    not formed: with u the vectors at length 1, the cosines of all pairs sum to (|sum u|^2 - sum |u|^2) / 2.
    """
    items = _checked(top, vectors.shape[0])
    squares = np.asarray(vectors.multiply(vectors).sum(axis=1), dtype=np.float64)
    unit = _scaled_rows(vectors, np.sqrt(squares))
    has_vector = (squares > 0).astype(np.float64)
    cosines = np.empty(len(items))
    for part in _batches(len(items)):
        lists = _membership(items[part], vectors.shape[0])
        sums = lists @ unit
        cosines[part] = sums.multiply(sums).sum(axis=1) - lists @ has_vector
    length = (items >= 0).sum(axis=1)
    pairs = np.where(length > 1, length * (length - 1.0), np.nan)
    return np.asarray(1 - cosines / pairs)


def miscalibration(top: ArrayLike, genres: csr_array, likes: csr_array, alpha: float = 0.01) -> Floats:
    """How far the genres of each list are from those of what its user likes, (m,) in nats; 0 where they agree.

    Steck (2018): KL(p, q) = sum_g p(g) log(p(g) / ((1 - alpha) q(g) + alpha p(g))), where p and q are means over the
    user's likes and over the list's items of each item's shares of genres. `genres` (n_items, n_genres), see
    `genre_shares`; `likes` (m, n_items), the nonzeros of each row. Who likes nothing that has a genre has 0: there is
    nothing to be faithful to. ValueError for alpha outside (0, 1) and for likes of other users or items.
    """
    items = _checked(top, genres.shape[0])
    if not 0 < alpha < 1:
        raise ValueError(f"alpha must be between 0 and 1, both excluded, got {alpha}; Steck (2018) takes 0.01")
    if likes.shape != (len(items), genres.shape[0]):
        raise ValueError(f"likes must have shape (lists, items) = {(len(items), genres.shape[0])}, got {likes.shape}")
    p = _distribution(likes.sign(), genres)
    q = _distribution(_membership(items, genres.shape[0]), genres)
    mixed = np.where(p > 0, (1 - alpha) * q + alpha * p, 1.0)
    return np.asarray((p * np.log(np.where(p > 0, p, 1.0) / mixed)).sum(axis=1))


def genre_shares(ratings: Ratings) -> csr_array:
    """(n_items, n_genres), genres in alphabetical order: 1 / (number of the item's genres) for each that it has."""
    n_own = np.array([len(own) for own in ratings.genres])
    _, column = np.unique([genre for own in ratings.genres for genre in own], return_inverse=True)
    rows = np.repeat(np.arange(ratings.n_items), n_own)
    return csr_array((1.0 / n_own[rows], (rows, column)), shape=(ratings.n_items, column.max(initial=-1) + 1))


def activity_groups(n_ratings: ArrayLike) -> dict[str, Bools]:
    """Masks (m,) of users who rated little and much: "few" is up to the lower quartile of `n_ratings` (m,), "many" from
    the upper one on.
    """
    counts = np.asarray(n_ratings)
    lower, upper = np.quantile(counts, (0.25, 0.75))
    return {"few": counts <= lower, "many": counts >= upper}


def _by_popularity(top: Ints, likes: csr_array, shown: Bools) -> dict[str, Floats]:
    """Values of each list that follow from how many like its items; percentiles are among the items that are shown."""
    counts = np.asarray(likes.sum(axis=0), dtype=np.float64)
    percentile = np.full(len(counts), np.nan)
    percentile[shown] = popularity_percentile(counts[shown])
    return {
        "popularity": mean_of_list(top, counts),
        "popularity percentile": mean_of_list(top, percentile),
        "novelty": mean_of_list(top, self_information(counts, likes.shape[0])),
    }


def _shown(task: RankingTask) -> Bools:
    return np.ones(len(task.item_ids), dtype=np.bool_) if task.rated is None else task.rated


def _batches(n: int) -> Iterator[slice]:
    return (slice(start, start + BATCH_USERS) for start in range(0, n, BATCH_USERS))


def _membership(items: Ints, n_items: int) -> csr_array:
    """Lists (m, k) as ones in (m, n_items)."""
    rows, places = np.nonzero(items >= 0)
    return csr_array((np.ones(len(rows)), (rows, items[rows, places])), shape=(len(items), n_items))


def _scaled_rows(matrix: csr_array, lengths: Floats) -> csr_array:
    """Each row divided by its length; rows of length 0 stay as they are."""
    row = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    divided = matrix.data.astype(np.float64) / np.where(lengths > 0, lengths, 1.0)[row]
    return csr_array((divided, matrix.indices, matrix.indptr), shape=matrix.shape)


def _distribution(chosen: csr_array, genres: csr_array) -> Floats:
    """(m, n_genres): shares of the genres among the chosen items (m, n_items), summing to 1; zeros where there are
    none.
    """
    sums = (chosen @ genres).toarray().astype(np.float64)
    totals = sums.sum(axis=1, keepdims=True)
    return np.asarray(sums / np.where(totals > 0, totals, 1.0))


def _checked(top: ArrayLike, n_items: int) -> NDArray[Any]:
    """(m, k) item indices; ValueError for another shape and for items outside the catalogue."""
    items = np.asarray(top)
    if items.ndim != 2 or items.dtype.kind not in "iu":
        raise ValueError(f"top must be item indices of shape (lists, k), got {items.dtype} of shape {items.shape}")
    if items.size and not -1 <= items.min() <= items.max() < n_items:
        raise ValueError(
            f"top must hold item indices from 0 to {n_items - 1} (or -1 for none), got {items.min()} to {items.max()}"
        )
    return items
