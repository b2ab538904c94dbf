"""How good is a recommender? Its scores rank a task's lists, or it plays sessions with people it never met.

`evaluate_ranking` asks a recommender for scores, `evaluate_scores` takes them as given; the protocol is
that of the `RankingTask`. `evaluate_sessions`: cold start, empty history, the whole catalogue, no item
twice; what counts is the reward collected. All return an `EvaluationReport`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from drr_tutorial import metrics
from drr_tutorial.ranking_tasks import Protocol, RankingTask, fingerprint_of, ranking_task
from drr_tutorial.reports import EvaluationReport
from drr_tutorial.sessions import checked_scores, play_sessions

if TYPE_CHECKING:
    from drr_tutorial.datasets import Ratings
    from drr_tutorial.recommender import Recommender
    from drr_tutorial.splits import Split

Bools = NDArray[np.bool_]
Ints = NDArray[np.int32]
Floats = NDArray[np.float64]
Scores = NDArray[np.floating]
Scorer = Callable[[Ints], Scores]  # user indices (b,) -> (b, n_items)

METRICS: Mapping[str, Callable[[metrics.Ranks, int, NDArray[np.int64] | None], Floats]] = {
    "HR": metrics.hit_rate,
    "nDCG": metrics.ndcg,
    "precision": metrics.precision,
    "recall": metrics.recall,
    "MRR": metrics.mean_reciprocal_rank,
}


def evaluate_ranking(
    recommender: "Recommender",
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
    _check_catalogue(recommender, task.item_ids)
    ids = task.user_ids
    return _evaluate(lambda users: recommender.scores(ids[users]), task, ks, method or recommender.label, batch_users)


def evaluate_scores(
    scores: ArrayLike, task: RankingTask, *, ks: Sequence[int] = (10,), method: str = "scores"
) -> EvaluationReport:
    """Rank a task by given scores (n_users, n_items), finite, in its catalogue's order, higher = better."""
    matrix = checked_scores(scores, (len(task.user_ids), len(task.item_ids)), method)
    return _evaluate(lambda users: matrix[users], task, ks, method, batch_users=256)


def evaluate_sessions(
    recommender: "Recommender",
    heldout: "Ratings",
    *,
    steps: Sequence[int] = (10, 20, 40),
    seed: int = 0,
    method: str | None = None,
) -> EvaluationReport:
    """Cold-start sessions: reward collected from the users of `heldout`, who are not in the training data.

    Each step shows each user the item that `recommender.scores_for` puts first among those not shown yet,
    given what the user has liked so far (in that order); ties are broken at random by `seed`. Items that nobody
    rated, in the training data or in `heldout`, are not shown. Reward 1 for what the user
    likes, else 0. Metrics: "reward@10", the sum after 10 steps; one list a user. ValueError for no rows, users of the
    training data, another catalogue, and steps beyond the items that there are.
    """
    if not len(heldout):
        raise ValueError("heldout must hold ratings of at least one user, got 0 rows; take the test part of user_split")
    users = np.unique(heldout.users)
    user_ids, method = heldout.user_ids[users], method or recommender.label
    _check_catalogue(recommender, heldout.item_ids)
    rated = np.isin(np.arange(heldout.n_items), np.append(heldout.items, recommender.ratings.items))
    _check_ks(steps, int(rated.sum()))
    known = np.isin(user_ids, recommender.ratings.user_ids[np.unique(recommender.ratings.users)])
    if known.any():
        raise ValueError(
            f"heldout must hold users whom the recommender does not know, but user {user_ids[known][0]} and "
            f"{known.sum() - 1} others are in its training data; fit it on the train part of user_split"
        )
    liked = heldout.positives().matrix()[users].toarray() > 0
    shown = np.repeat(~rated[None], len(users), axis=0)
    rewards = play_sessions(recommender.scores_for, liked, shown, max(steps), np.random.default_rng(seed), method)
    sums = np.cumsum(rewards, axis=1, dtype=np.float64)
    values = {f"reward@{t}": sums[:, t - 1] for t in steps}
    arrays = (liked,) if rated.all() else (liked, rated)
    fingerprint = fingerprint_of(f"sessions {seed}", user_ids, heldout.item_ids, *arrays)
    return EvaluationReport(method, "sessions", tuple(steps), None, seed, user_ids, values, fingerprint)


def _evaluate(scorer: Scorer, task: RankingTask, ks: Sequence[int], method: str, batch_users: int) -> EvaluationReport:
    _check_ks(ks, task.list_length)
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


def _check_ks(ks: Sequence[int], longest: int) -> None:
    if not ks or min(ks) < 1 or max(ks) > longest:
        raise ValueError(f"each k must be from 1 to {longest}, the number of items that are ranked; got {list(ks)}")


def _check_catalogue(recommender: "Recommender", item_ids: NDArray[Any]) -> None:
    if not np.array_equal(recommender.ratings.item_ids, item_ids):
        raise ValueError(
            f"recommender {recommender.label!r} must have the catalogue of the evaluation, "
            f"{len(item_ids)} items; it was fitted on another, of {recommender.ratings.n_items}; "
            "fit it on the train part of the same split"
        )
