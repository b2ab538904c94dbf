"""Sessions: a recommender plays with people it never met; what counts is the reward collected.

A session is played greedily: step after step the best item that can still be shown, given what was liked so far.
`simulator.evaluate_simulated` plays with simulated users.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array

from drr_tutorial.evaluation.any_recommender import AnyRecommender
from drr_tutorial.evaluation.blocks import blocks
from drr_tutorial.evaluation.inputs import check_catalogue, check_ks, checked_scores
from drr_tutorial.evaluation.reports import EvaluationReport
from drr_tutorial.evaluation.tasks import fingerprint_of

if TYPE_CHECKING:
    from drr_tutorial.data.ratings import Ratings

Bools = NDArray[np.bool_]


def evaluate_sessions(
    recommender: AnyRecommender,
    heldout: "Ratings",
    *,
    steps: Sequence[int] = (10, 20, 40),
    seed: int = 0,
    method: str | None = None,
) -> EvaluationReport:
    """Cold-start sessions: reward collected from the users of `heldout`, who are not in the training data.

    Each step shows each user the item that `recommender.scores_for` puts first among those not shown yet,
    given what the user has liked so far (in that order); a recommender that learns from dislikes too has `scores_after`
    instead, given 1 for what was liked and -1 for what was not. Ties are broken at random by `seed`. Items that nobody
    rated, in the training data or in `heldout`, are not shown. Reward 1 for what the user
    likes, else 0. Metrics: "reward@10", the sum after 10 steps; one list a user. ValueError for no rows, users of the
    training data, another catalogue, and steps beyond the items that there are.
    """
    if not len(heldout):
        raise ValueError("heldout must hold ratings of at least one user, got 0 rows; take the test part of user_split")
    users = np.unique(heldout.users)
    user_ids, method = heldout.user_ids[users], method or recommender.label
    check_catalogue(recommender, heldout.item_ids)
    rated = np.isin(np.arange(heldout.n_items), np.append(heldout.items, recommender.ratings.items))
    check_ks(steps, int(rated.sum()))
    known = np.isin(user_ids, recommender.ratings.user_ids[np.unique(recommender.ratings.users)])
    if known.any():
        raise ValueError(
            f"heldout must hold users whom the recommender does not know, but user {user_ids[known][0]} and "
            f"{known.sum() - 1} others are in its training data; fit it on the train part of user_split"
        )
    likes, rng = heldout.positives().matrix()[users], np.random.default_rng(seed)

    def played(liked: Bools) -> Bools:
        return play_sessions(_asked(recommender), liked, np.tile(~rated, (len(liked), 1)), max(steps), rng, method)

    sums = np.cumsum(np.concatenate([played(liked) for liked in _in_blocks(likes)]), axis=1, dtype=np.float64)
    values = {f"reward@{t}": sums[:, t - 1] for t in steps}
    arrays = [_in_blocks(likes)] if rated.all() else [_in_blocks(likes), rated]
    fingerprint = fingerprint_of(f"sessions {seed}", user_ids, heldout.item_ids, *arrays)
    return EvaluationReport(method, "sessions", tuple(steps), None, seed, user_ids, values, fingerprint)


def marked(matrix: csr_array) -> Bools:
    """Where a sparse array (m, n_items) without negative entries has one: (m, n_items)."""
    return np.asarray(matrix.toarray() > 0)


def _in_blocks(matrix: csr_array) -> Iterator[Bools]:
    return (marked(matrix[part]) for part in blocks(*matrix.shape))


def _asked(recommender: Any) -> Callable[[csr_array], ArrayLike]:
    """Scores by answers: by likes alone, unless the recommender learns from dislikes too."""
    if hasattr(recommender, "scores_after"):
        return recommender.scores_after  # type: ignore[no-any-return]
    return lambda answers: recommender.scores_for(likes_of(answers))


def likes_of(answers: csr_array) -> csr_array:
    """Binary (m, n_items) of answers (m, n_items), the entries above 0 in their order."""
    likes = answers.copy()
    likes.data = np.maximum(likes.data, 0)
    likes.eliminate_zeros()
    return likes


def play_sessions(
    scores_after: Callable[[csr_array], ArrayLike],
    rewards: NDArray[Any],
    shown: Bools,
    n_steps: int,
    rng: np.random.Generator,
    method: str,
) -> NDArray[Any]:
    """Rewards (m, n_steps), of the type of `rewards` (m, n_items), which says what each item earns from each user.

    Each step asks `scores_after` for scores (m, n_items) by what each user answered in the session, (m, n_items), 1 for
    a like and -1 for anything else, in a row the earlier first; a reward above 0 is a like. No item is shown twice, and
    none of `shown` (m, n_items). Ties are broken at random, in a session always the same way. `method` is for the error
    of `checked_scores`.
    """
    everyone, tie_breaks = np.arange(len(shown)), rng.random(shown.shape, dtype=np.float32)
    shown, items = shown.copy(), np.empty((len(shown), n_steps), dtype=np.int32)
    earned = np.zeros((len(shown), n_steps), dtype=rewards.dtype)
    for step in range(n_steps):
        answers = _histories(items[:, :step], earned[:, :step] > 0, shown.shape[1])
        scores = np.where(shown, -np.inf, checked_scores(scores_after(answers), shown.shape, method))
        best = scores == scores.max(axis=1, keepdims=True)
        items[:, step] = np.where(best, tie_breaks, -1.0).argmax(axis=1)
        earned[:, step] = rewards[everyone, items[:, step]]
        shown[everyone, items[:, step]] = True
    return earned


def _histories(items: NDArray[np.int32], liked: Bools, n_items: int) -> csr_array:
    """1 or -1 (m, n_items); the indices of a row stand in the order in which the items were shown."""
    indptr = np.arange(len(items) + 1) * items.shape[1]
    answers = np.where(liked, 1, -1).astype(np.float32)
    return csr_array((answers.ravel(), items.ravel(), indptr), shape=(len(items), n_items))
