"""How good is a recommender? Its scores rank a task's lists.

`evaluate_ranking` asks a recommender for scores, `evaluate_scores` takes them as given; the protocol is that of the
`RankingTask`. Both return an `EvaluationReport`; `sessions` and `simulator` play with users instead.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from drr_tutorial.evaluation import metrics
from drr_tutorial.evaluation.any_recommender import AnyRecommender
from drr_tutorial.evaluation.inputs import Scores, check_catalogue, check_ks, checked_scores
from drr_tutorial.evaluation.intervals import Floats
from drr_tutorial.evaluation.reports import EvaluationReport
from drr_tutorial.evaluation.tasks import Protocol, RankingTask, ranking_task

if TYPE_CHECKING:
    from drr_tutorial.data.splits import Split

Ints = NDArray[np.int32]
Scorer = Callable[[Ints], Scores]  # user indices (b,) -> (b, n_items)

METRICS: Mapping[str, Callable[[metrics.Ranks, int, NDArray[np.int64] | None], Floats]] = {
    "HR": metrics.hit_rate,
    "nDCG": metrics.ndcg,
    "precision": metrics.precision,
    "recall": metrics.recall,
    "MRR": metrics.mean_reciprocal_rank,
}


def evaluate_ranking(
    recommender: AnyRecommender,
    task: "RankingTask | Split",
    *,
    ks: Sequence[int] = (10,),
    protocol: Protocol | None = None,
    n_negatives: int | None = None,
    seed: int | None = None,
    method: str | None = None,
    batch_users: int = 512,
) -> EvaluationReport:
    """Rank a task by `recommender.scores`, asked for `batch_users` users at a time.

    With a split, the task is made here: `protocol` ("unseen"), `n_negatives` (99), `seed` (0). `method` is
    the name in the report (the recommender's). ValueError for another catalogue than the task's, scores
    that are not finite or of the wrong shape, and a k outside 1 to the length of the lists.
    """
    given = {"protocol": protocol, "n_negatives": n_negatives, "seed": seed}
    options: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    if not isinstance(task, RankingTask):
        task = ranking_task(task, **options)
    elif options:
        raise ValueError(f"{', '.join(options)} belong to the task, which is made already; pass them to ranking_task")
    check_catalogue(recommender, task.item_ids)
    ids = task.user_ids
    return _evaluate(lambda users: recommender.scores(ids[users]), task, ks, method or recommender.label, batch_users)


def evaluate_scores(
    scores: ArrayLike, task: RankingTask, *, ks: Sequence[int] = (10,), method: str = "scores"
) -> EvaluationReport:
    """Rank a task by given scores (n_users, n_items), finite, in its catalogue's order, higher = better."""
    matrix = checked_scores(scores, (len(task.user_ids), len(task.item_ids)), method)
    return _evaluate(lambda users: matrix[users], task, ks, method, batch_users=256)


def evaluate_scorer(
    scorer: Scorer, task: RankingTask, *, ks: Sequence[int] = (10,), method: str = "scores"
) -> EvaluationReport:
    """The same by a function that is asked for the scores of some users (indices, ascending) at a time."""
    return _evaluate(scorer, task, ks, method, batch_users=256)


def _evaluate(scorer: Scorer, task: RankingTask, ks: Sequence[int], method: str, batch_users: int) -> EvaluationReport:
    check_ks(ks, task.list_length)
    first, tied = np.empty((2, len(task.users)), dtype=np.int64)
    tops = []
    for users, rows in _user_batches(task.users, batch_users):
        scores = checked_scores(scorer(users), (len(users), len(task.item_ids)), method)
        (first[rows], tied[rows]), top = _rank_batch(task, scores, users, rows, max(ks))
        tops.append(top)
    ranks = metrics.Ranks(first, tied)
    whole = task.negatives is None  # then a list is a user, else a test positive
    users, lists = np.unique(task.users, return_inverse=True) if whole else (task.users, None)
    return EvaluationReport(
        method=method,
        protocol=task.protocol,
        ks=tuple(ks),
        n_negatives=None if task.negatives is None else task.negatives.shape[1],
        seed=task.seed,
        users=task.user_ids[users],
        values={f"{name}@{k}": metric(ranks, k, lists) for name, metric in METRICS.items() for k in ks},
        fingerprint=task.fingerprint,
        overall=_coverages(task, np.concatenate(tops), ks) if whole else {},
    )


def _coverages(task: RankingTask, top_items: NDArray[np.int64], ks: Sequence[int]) -> dict[str, float]:
    """Shares of the items that can be shown."""
    if task.rated is not None:
        top_items = np.where(top_items < 0, -1, (np.cumsum(task.rated) - 1)[top_items])
    return {f"coverage@{k}": metrics.coverage(top_items[:, :k], task.list_length) for k in ks}


def _user_batches(users: Ints, size: int) -> Iterator[tuple[Ints, slice]]:
    """Distinct users, `size` at a time, with the rows of the (sorted) task that are theirs."""
    distinct, starts = np.unique(users, return_index=True)
    ends = np.append(starts[1:], len(users))
    for start in range(0, len(distinct), size):
        batch = slice(start, start + size)
        yield distinct[batch], slice(int(starts[start]), int(ends[batch][-1]))


def _rank_batch(
    task: RankingTask, scores: Scores, users: Ints, rows: slice, k: int
) -> tuple[metrics.Ranks, NDArray[np.int64]]:
    """Ranks of the rows' positives and, for the whole catalogue, the k top items of each user."""
    local, n_items = np.searchsorted(users, task.users[rows]), scores.shape[1]
    relevant = scores[local, task.items[rows]]
    if task.hidden is not None:
        scores = scores.copy()  # the recommender may have returned its own array
        scores[task.hidden[users].nonzero()] = -np.inf
    if task.shown is not None:
        scores = np.where(task.shown[users].toarray() > 0, scores, -np.inf)
    if task.rated is not None:
        scores = np.where(task.rated, scores, -np.inf)
    if task.negatives is not None:
        negatives = np.take(scores, local[:, None] * n_items + task.negatives[rows])
        return metrics.rank(relevant, negatives), np.empty((0, k), dtype=np.int64)
    top = _top_items(scores, k)
    scores[local, task.items[rows]] = -np.inf
    return metrics.rank(relevant, scores, local), top


def _top_items(scores: Scores, k: int) -> NDArray[np.int64]:
    """The k best items of each row, best first; -1 where all that is left is hidden."""
    top = np.argpartition(-scores, k - 1, axis=1)[:, :k]
    top_scores = np.take_along_axis(scores, top, axis=1)
    order = np.argsort(-top_scores, axis=1, kind="stable")
    return np.where(np.isneginf(top_scores), -1, top)[np.arange(len(top))[:, None], order]
