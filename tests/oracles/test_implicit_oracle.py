"""Oracle: our iALS is the iALS of the library implicit: row by row, sweep by sweep, and in its figures."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from drr_tutorial.data.ratings import Ratings
from drr_tutorial.data.splits import Split, random_split
from drr_tutorial.evaluation.ranking import evaluate_scores
from drr_tutorial.evaluation.tasks import ranking_task
from drr_tutorial.representation.embeddings import Embeddings, factorize

als = pytest.importorskip("implicit.cpu.als", reason="implicit is an extra: pip install -e '.[baselines]'")

FACTORS, REGULARIZATION, ALPHA, ITERATIONS = 8, 30.0, 10.0, 15


@pytest.fixture(scope="module")
def split(synthetic: Ratings) -> Split:
    return random_split(synthetic, seed=1)


def implicit_model(seed: int = 0, **settings: Any) -> Any:
    return als.AlternatingLeastSquares(
        **{"factors": FACTORS, "regularization": REGULARIZATION, "alpha": ALPHA, "iterations": ITERATIONS} | settings,
        use_cg=False,  # the exact solution, as ours
        num_threads=1,
        random_state=seed,
    )


def likes(ratings: Ratings) -> Any:
    return csr_matrix(ratings.positives().matrix())


def ours(ratings: Ratings, start: Embeddings | None = None, seed: int = 0, **settings: Any) -> Embeddings:
    given = {"n_factors": FACTORS, "regularization": REGULARIZATION, "alpha": ALPHA, "n_iterations": ITERATIONS}
    return factorize(ratings, **(given | settings), rng=np.random.default_rng(seed), start=start)


@pytest.mark.parametrize("regularization", [0.1, 30.0])
@pytest.mark.parametrize("alpha", [1.0, 10.0, 40.0])
def test_from_the_librarys_items_a_sweep_gives_the_librarys_users(
    split: Split, regularization: float, alpha: float
) -> None:
    model = implicit_model(regularization=regularization, alpha=alpha, iterations=3)
    model.fit(likes(split.train), show_progress=False)
    start = Embeddings(model.user_factors, model.item_factors, "ials", regularization, alpha)
    swept = ours(split.train, start, regularization=regularization, alpha=alpha, n_iterations=1)
    expected = model.recalculate_user(np.arange(split.train.n_users), likes(split.train))
    assert np.abs(expected).max() > 0.01  # not the zeros that a large penalty would give
    np.testing.assert_allclose(swept.users, expected, atol=1e-3 * np.abs(expected).max())
    np.testing.assert_allclose(start.fold_in(split.train.positives().matrix()), expected, rtol=1e-3, atol=1e-4)


def test_likes_that_weigh_differently_are_the_librarys_confidences(split: Split) -> None:
    weights = np.random.default_rng(4).uniform(0.5, 5, len(split.train)).astype(np.float32)
    train = replace(split.train, weights=weights)
    liked = train.positives()
    confidence = csr_matrix((liked.weights, (liked.users, liked.items)), shape=(train.n_users, train.n_items))
    start = ours(train, method="scratch")
    model = implicit_model()
    model.user_factors, model.item_factors = start.users.copy(), start.items.copy()
    model.fit(confidence, show_progress=False)
    made = ours(train, start, weighted=True)
    theirs, plain = model.user_factors @ model.item_factors.T, ours(train, start)
    np.testing.assert_allclose(made.users @ made.items.T, theirs, atol=1e-3 * np.abs(theirs).max())
    assert np.abs(plain.users @ plain.items.T - theirs).max() > 0.01 * np.abs(theirs).max(), "weights change something"


def test_from_the_same_start_all_sweeps_agree(split: Split) -> None:
    start = ours(split.train, method="scratch")
    model = implicit_model()
    model.user_factors, model.item_factors = start.users.copy(), start.items.copy()
    model.fit(likes(split.train), show_progress=False)
    made = ours(split.train, start)
    theirs = model.user_factors @ model.item_factors.T
    np.testing.assert_allclose(made.users @ made.items.T, theirs, atol=1e-3 * np.abs(theirs).max())


def test_from_other_starts_the_figures_agree(split: Split) -> None:
    """Starts decide which optimum is found; the means over three starts are compared (one differs by up to 0.015)."""
    task = ranking_task(split, "unseen", n_negatives=99, seed=0)
    figures: dict[str, list[list[float]]] = {"ours": [], "theirs": []}
    for seed in range(3):
        model = implicit_model(seed)
        model.fit(likes(split.train), show_progress=False)
        made = ours(split.train, seed=seed)
        pairs = {"ours": (made.users, made.items), "theirs": (model.user_factors, model.item_factors)}
        for name, (users, items) in pairs.items():
            report = evaluate_scores(users @ items.T, task, ks=(5, 10))
            figures[name].append([report.mean(metric) for metric in ("HR@5", "HR@10", "nDCG@5", "nDCG@10")])
    one, other = (np.mean(rows, axis=0) for rows in figures.values())
    np.testing.assert_allclose(one, other, atol=0.01)
    assert one[1] > 0.6  # HR@10: both learned something; chance is 0.1
