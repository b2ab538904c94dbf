"""Sessions on a log: a recommender goes on with people it knows; what counts is how many of their held-out likes it
finds.

Nobody was asked what they think of what they did not rate, so an item that is not among the held-out likes counts as
not liked: a session here is a lower bound, the same for all methods.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from drr_tutorial.data.splits import Split
from drr_tutorial.evaluation.any_recommender import AnyRecommender
from drr_tutorial.evaluation.blocks import blocks
from drr_tutorial.evaluation.inputs import Scores, check_catalogue, check_ks
from drr_tutorial.evaluation.reports import EvaluationReport
from drr_tutorial.evaluation.sessions import likes_of, marked, play_sessions
from drr_tutorial.evaluation.tasks import fingerprint_of


def evaluate_log_sessions(
    recommender: AnyRecommender, split: Split, *, steps: int = 20, n_users: int = 1000, seed: int = 0
) -> EvaluationReport:
    """Sessions of up to `n_users` users with a like in the test part, drawn by `seed`: likes found in `steps` steps.

    Each step shows a user the item that `recommender.scores_in_session` puts first, with the likes of the session,
    among those that somebody rated in the data and that the user neither rated in the training part nor saw in the
    session. Reward 1 for a like of the test part, else 0; ties are broken at random. The recommender must have been
    fitted on the train part. Metric: "reward@20" for 20 steps; one list a user. ValueError for n_users below 1, for a
    test part without likes, for more steps than items and for another catalogue.
    """
    check_catalogue(recommender, split.ratings.item_ids)
    liking = np.unique(split.test.positives().users)
    if n_users < 1 or len(liking) == 0:
        raise ValueError(
            f"n_users must be at least 1, and a user of the test part must like something, got {n_users} and "
            f"{len(liking)} such users; try n_users=1000 and a split whose test part has likes"
        )
    rng = np.random.default_rng(seed)
    users = np.sort(rng.permutation(liking)[:n_users])
    unrated = np.isin(np.arange(split.ratings.n_items), split.ratings.items, invert=True)
    known, likes = split.train.matrix()[users], split.test.positives().matrix()[users]
    check_ks((steps,), int(np.count_nonzero(~unrated) - np.diff(known.indptr).max()))
    ids, parts = split.ratings.user_ids[users], list(blocks(*known.shape))

    def found(part: slice) -> NDArray[np.bool_]:
        def scores_after(answers: csr_array) -> Scores:
            return recommender.scores_in_session(ids[part], likes_of(answers))

        liked, seen = marked(likes[part]), marked(known[part]) | unrated
        return play_sessions(scores_after, liked, seen, steps, rng, recommender.label)

    values = {f"reward@{steps}": np.concatenate([found(part) for part in parts]).sum(axis=1, dtype=np.float64)}
    each = ((marked(likes[part]) for part in parts), (marked(known[part]) | unrated for part in parts))
    task = fingerprint_of(f"log sessions {seed} {steps}", users, split.ratings.item_ids, *each)
    return EvaluationReport(recommender.label, "log sessions", (steps,), None, seed, ids, values, task)
