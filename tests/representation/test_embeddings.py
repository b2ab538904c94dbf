"""iALS and PMF solve their equations: closed forms, normal equations row by row, blocks, folding in, bad settings."""

import dataclasses
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy.sparse import csr_array

from drr_tutorial.data.ratings import DataError, Ratings
from drr_tutorial.data.splits import random_split
from drr_tutorial.representation import embeddings as module
from drr_tutorial.representation.embeddings import Embeddings, factorize, scaled
from tests.toy import block_ratings, toy_ratings

ALPHA, REG = 7.0, 0.8


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def some_ratings(n_users: int = 9, n_items: int = 6, share: float = 0.5, seed: int = 3) -> Ratings:
    """Ratings 1 to 5 at random places; histories of many lengths."""
    numbers = rng(seed)
    there = numbers.random((n_users, n_items)) < share * numbers.random((n_users, 1)) * 2
    there[0], there[:, 0] = True, True
    users, items = np.nonzero(there)
    stars = numbers.integers(1, 6, size=len(users))
    return toy_ratings(list(zip(users.tolist(), items.tolist(), stars.tolist(), strict=True)))


def full_ratings(table: NDArray[np.float64]) -> Ratings:
    users, items = np.indices(table.shape)
    rows = zip(users.ravel().tolist(), items.ravel().tolist(), table.ravel().tolist(), strict=True)
    return toy_ratings(list(rows))


def ials_solution(liked: NDArray[np.bool_], factors: NDArray[np.float32]) -> NDArray[np.float64]:
    """Hu et al. (2008), equation 4, one row at a time: (Y' C Y + reg I)^-1 Y' C p, c = alpha for a like, else 1."""
    y = factors.astype(np.float64)
    rows = []
    for row in liked:
        weight = np.where(row, ALPHA, 1.0)
        left = y.T @ (weight[:, None] * y) + REG * np.eye(y.shape[1])
        rows.append(np.linalg.solve(left, y.T @ (weight * row)))
    return np.array(rows)


def pmf_solution(table: NDArray[np.float64], there: NDArray[np.bool_], factors: NDArray[Any]) -> NDArray[np.float64]:
    """Ridge regression of what is rated, one row at a time."""
    y = factors.astype(np.float64)
    rows = []
    for values, rated in zip(table, there, strict=True):
        left = y[rated].T @ y[rated] + REG * np.eye(y.shape[1])
        rows.append(np.linalg.solve(left, y[rated].T @ values[rated]))
    return np.array(rows)


def test_one_sweep_of_ials_solves_the_normal_equations_of_every_row() -> None:
    ratings = some_ratings()
    start = factorize(ratings, method="scratch", n_factors=3, rng=rng())
    after = factorize(ratings, n_factors=3, regularization=REG, alpha=ALPHA, n_iterations=1, rng=rng(), start=start)
    liked = ratings.positives().matrix().toarray() > 0
    users, silent = ials_solution(liked, start.items), ~liked.any(axis=1)
    np.testing.assert_allclose(after.items, ials_solution(liked.T, users.astype(np.float32)), rtol=1e-4, atol=1e-6)
    users[silent] = users[~silent].mean(axis=0)  # the average user
    np.testing.assert_allclose(after.users, users, rtol=1e-4, atol=1e-6)


def weighted_ratings() -> Ratings:
    """Some ratings, each with a weight of its own; likes weigh from 0.2 to 4."""
    ratings = some_ratings()
    return dataclasses.replace(ratings, weights=rng(5).uniform(0.2, 4, len(ratings)).astype(np.float32))


def test_one_weighted_sweep_solves_the_normal_equations_of_every_row() -> None:
    """Hu et al. (2008), equation 4, with a confidence of alpha times each like's weight."""
    ratings = weighted_ratings()
    start = factorize(ratings, method="scratch", n_factors=3, rng=rng())
    after = factorize(
        ratings, n_factors=3, regularization=REG, alpha=ALPHA, n_iterations=1, rng=rng(), start=start, weighted=True
    )
    likes, y = ratings.positives(), start.items.astype(np.float64)
    sure = csr_array((likes.weights, (likes.users, likes.items)), shape=(9, 6)).toarray()
    for row, found in zip(sure, after.users, strict=True):
        weight = np.where(row > 0, ALPHA * row, 1.0)
        expected = np.linalg.solve(y.T @ (weight[:, None] * y) + REG * np.eye(3), y.T @ (weight * (row > 0)))
        if row.any():  # others are taken for the average user
            np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)


def test_weights_are_looked_at_when_asked_for_alone_and_equal_ones_are_a_larger_alpha() -> None:
    ratings = some_ratings()
    double = dataclasses.replace(ratings, weights=np.full(len(ratings), 2, dtype=np.float32))
    plain, ignored = (factorize(one, n_factors=3, rng=rng(), regularization=REG) for one in (ratings, double))
    np.testing.assert_array_equal(plain.items, ignored.items)
    weighted = factorize(double, n_factors=3, rng=rng(), regularization=REG, weighted=True, alpha=4)
    larger = factorize(ratings, n_factors=3, rng=rng(), regularization=REG, alpha=8)
    np.testing.assert_allclose(np.abs(weighted.items), np.abs(larger.items), rtol=1e-3, atol=1e-4)
    with pytest.raises(DataError, match="weighted must be False for data without weights; read how often with kind='c"):
        factorize(ratings, rng=rng(), weighted=True)


@pytest.mark.parametrize("power", [0.5, 1.0])
def test_the_penalty_of_a_row_grows_with_its_entries(power: float) -> None:
    """Each row's own equation, with the penalty that `count_power` gives it (Rendle et al. 2022)."""
    ratings = some_ratings()
    start = factorize(ratings, method="scratch", n_factors=3, rng=rng())
    after = factorize(
        ratings, n_factors=3, regularization=REG, alpha=ALPHA, n_iterations=1, rng=rng(), start=start, count_power=power
    )
    liked = ratings.positives().matrix().toarray() > 0
    y = start.items.astype(np.float64)
    for row, found in zip(liked, after.users, strict=True):
        missing = liked.shape[1] / ALPHA
        penalty = REG * ((row.sum() + missing) / (100 + missing)) ** power
        weight = np.where(row, ALPHA, 1.0)
        expected = np.linalg.solve(y.T @ (weight[:, None] * y) + penalty * np.eye(3), y.T @ (weight * row))
        if row.any():  # others are taken for the average user
            np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-5)


def test_one_sweep_of_pmf_solves_the_normal_equations_of_every_row() -> None:
    ratings = some_ratings()
    start = factorize(ratings, method="scratch", n_factors=3, rng=rng())
    after = factorize(ratings, method="pmf", n_factors=3, regularization=REG, n_iterations=1, rng=rng(), start=start)
    there = ratings.matrix().toarray() > 0
    table = np.where(there, ratings.matrix(binary=False).toarray() - ratings.ratings.mean(), 0).astype(np.float64)
    np.testing.assert_allclose(after.users, pmf_solution(table, there, start.items), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(after.items, pmf_solution(table.T, there.T, after.users), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(("n_users", "n_items", "regularization"), [(4, 9, 5.0), (6, 6, 1.0), (1, 1, 2.0)])
@pytest.mark.parametrize("n_factors", [1, 3])
def test_ials_where_everybody_likes_everything(
    n_users: int, n_items: int, regularization: float, n_factors: int
) -> None:
    """The least of alpha |1 - XY'|^2 + reg (|X|^2 + |Y|^2) is rank 1: every score is 1 - reg / (alpha sqrt(m n))."""
    ratings = full_ratings(np.full((n_users, n_items), 5.0))
    made = factorize(
        ratings, n_factors=n_factors, regularization=regularization, alpha=ALPHA, n_iterations=100, rng=rng()
    )
    expected = 1 - regularization / (ALPHA * np.sqrt(n_users * n_items))
    np.testing.assert_allclose(made.users @ made.items.T, expected, rtol=1e-4)


def test_a_penalty_above_what_there_is_to_gain_leaves_nothing() -> None:
    ratings = full_ratings(np.full((3, 3), 5.0))
    made = factorize(ratings, n_factors=2, regularization=3 * ALPHA * 1.5, alpha=ALPHA, n_iterations=60, rng=rng())
    np.testing.assert_allclose(made.users @ made.items.T, 0, atol=1e-6)


def test_pmf_of_a_full_table_is_its_singular_values_less_the_penalty() -> None:
    """The least of |R - XY'|^2 + reg (|X|^2 + |Y|^2) softens each singular value by reg (Mazumder et al. 2010)."""
    table = rng(2).integers(1, 6, size=(8, 5)).astype(np.float64)
    made = factorize(full_ratings(table), method="pmf", n_factors=5, regularization=2.0, n_iterations=500, rng=rng())
    left, values, right = np.linalg.svd(table - table.mean())
    assert values[0] > 2 > values[-1]  # some stay, some vanish
    expected = left[:, :5] * np.maximum(values - 2.0, 0) @ right
    np.testing.assert_allclose(made.users @ made.items.T, expected, atol=2e-3)


@pytest.mark.parametrize("n_blocks", [2, 4])
def test_blocks_are_found(n_blocks: int) -> None:
    ratings = block_ratings(n_blocks=n_blocks)
    made = factorize(ratings, n_factors=n_blocks, regularization=1.0, n_iterations=15, rng=rng())
    scores = made.users @ made.items.T
    own = ratings.user_ids[:, None] % n_blocks == ratings.item_ids % n_blocks
    lowest_own = np.where(own, scores, np.inf).min(axis=1)  # unseen ones of the block included
    highest_other = np.where(own, -np.inf, scores).max(axis=1)
    assert (lowest_own > highest_other + 0.5).all()


def test_folding_in_a_training_users_history_gives_that_users_vector(synthetic: Ratings) -> None:
    """After a last sweep: `factorize` ends with the items, so users are solved again with the final ones."""
    made = factorize(synthetic, n_factors=8, regularization=10.0, n_iterations=3, rng=rng())
    after = factorize(synthetic, n_factors=8, regularization=10.0, n_iterations=1, rng=rng(), start=made)
    np.testing.assert_allclose(made.fold_in(synthetic.positives().matrix()), after.users, rtol=1e-4, atol=1e-5)


def test_folding_in_by_ials_and_pmf_solves_their_equations() -> None:
    items = rng(2).normal(size=(6, 3)).astype(np.float32)
    users = rng(4).normal(size=(2, 3)).astype(np.float32)
    liked = np.array([[1, 0, 0, 1, 1, 0], [0, 0, 0, 0, 0, 0], [0, 0, 1, 0, 0, 0]], dtype=bool)
    histories = csr_array(np.where(liked, 5.0, 0.0))  # what counts is that it is not zero
    by_ials = Embeddings(users, items, "ials", REG, ALPHA).fold_in(histories)
    expected = [ials_solution(liked, items), pmf_solution(liked.astype(float), liked, items)]
    for vectors in expected:
        vectors[1] = users.mean(axis=0)  # who likes nothing is taken for the average user
    np.testing.assert_allclose(by_ials, expected[0], rtol=1e-4, atol=1e-6)
    by_pmf = Embeddings(users, items, "pmf", REG, ALPHA).fold_in(histories)
    np.testing.assert_allclose(by_pmf, expected[1], rtol=1e-4, atol=1e-6)
    by_nothing = Embeddings(users, items, "scratch", REG, ALPHA).fold_in(histories)
    np.testing.assert_allclose(by_nothing, np.tile(users.mean(axis=0), (3, 1)), rtol=1e-6)
    assert {vectors.dtype for vectors in (by_ials, by_pmf, by_nothing)} == {np.dtype(np.float32)}


def test_folding_in_nobody() -> None:
    made = Embeddings(np.ones((2, 3), np.float32), np.ones((6, 3), np.float32), "ials", REG, ALPHA)
    assert made.fold_in(csr_array(np.zeros((0, 6)))).shape == (0, 3)


@pytest.mark.parametrize("method", ["ials", "pmf"])
def test_the_size_of_a_batch_changes_nothing(method: module.Method, monkeypatch: pytest.MonkeyPatch) -> None:
    ratings = some_ratings(n_users=30, n_items=20)

    def made() -> Embeddings:
        return factorize(ratings, method=method, n_factors=4, regularization=REG, n_iterations=3, rng=rng())

    whole = made()
    for cells in (1, 7, 64):  # one row at a time, a few short rows, some rows
        monkeypatch.setattr(module, "CELLS", cells)
        assert len(list(module._padded_batches(ratings.matrix()))) > 3
        np.testing.assert_allclose(made().users, whole.users, rtol=1e-3, atol=1e-5)
        np.testing.assert_allclose(made().items, whole.items, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("method", ["ials", "pmf"])
def test_how_many_equations_are_set_up_at_once_changes_no_digit(
    method: module.Method, monkeypatch: pytest.MonkeyPatch
) -> None:
    ratings = some_ratings(n_users=30, n_items=20)

    def made() -> Embeddings:
        return factorize(ratings, method=method, n_factors=4, regularization=REG, n_iterations=3, rng=rng())

    whole = made()
    monkeypatch.setattr(module, "ENTRIES", 3 * 4 * 4)
    sizes = [len(rows) for rows, _, _ in module._few_at_once(module._padded_batches(ratings.matrix()), 4)]
    assert max(sizes) <= 3 and sum(sizes) == 30
    np.testing.assert_array_equal(made().users, whole.users)
    np.testing.assert_array_equal(made().items, whole.items)


@pytest.mark.parametrize("cells", [1, 13, 1 << 18])
def test_every_row_is_in_one_batch_with_its_own_entries(cells: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CELLS", cells)
    table = csr_array(rng(5).integers(0, 3, size=(12, 7)).astype(np.float32) * (rng(6).random((12, 7)) < 0.4))
    rebuilt = np.zeros((12, 8), dtype=np.float32)  # one column more, for the padding
    seen: list[int] = []
    for rows, columns, values in module._padded_batches(table):
        assert columns.size <= max(cells, columns.shape[1])
        seen += rows.tolist()
        np.add.at(rebuilt, (rows[:, None], columns), values)
    assert sorted(seen) == np.flatnonzero(np.diff(table.indptr)).tolist()
    np.testing.assert_array_equal(rebuilt[:, :7], table.toarray())
    assert not rebuilt[:, 7].any()


def test_who_likes_nothing_is_the_average_user_and_what_nobody_likes_gets_zeros() -> None:
    rows = [(1, 10, 5.0), (1, 20, 4.0), (2, 10, 2.0), (3, 20, 5.0), (3, 30, 3.0)]
    made = factorize(toy_ratings(rows), n_factors=2, regularization=REG, rng=rng())
    np.testing.assert_allclose(
        made.users[1], made.users[[0, 2]].mean(axis=0), rtol=1e-5
    )  # user 2 rates, but likes nothing
    assert not made.items[2].any()  # item 30 is rated, but not liked
    assert made.users[[0, 2]].any(axis=1).all()


@pytest.mark.parametrize("method", ["ials", "pmf", "scratch"])
def test_one_seed_one_result(method: module.Method) -> None:
    ratings = some_ratings()

    def made(seed: int) -> Embeddings:
        return factorize(ratings, method=method, n_factors=3, regularization=REG, n_iterations=2, rng=rng(seed))

    one, again, other = made(0), made(0), made(1)
    assert (one.users == again.users).all()
    assert (one.items == again.items).all()
    assert (one.items != other.items).any()
    assert one.n_factors == 3
    assert one.users.shape == (ratings.n_users, 3)
    assert one.items.shape == (ratings.n_items, 3)
    assert one.users.dtype == one.items.dtype == np.float32


def test_vectors_from_scratch_are_small_and_different(synthetic: Ratings) -> None:
    made = factorize(synthetic, method="scratch", n_factors=8, rng=rng())
    for vectors in (made.users, made.items):
        assert vectors.std() == pytest.approx(0.01, rel=0.05)
        assert abs(vectors.mean()) < 0.001
    assert len(np.unique(made.users)) > 0.99 * made.users.size


def test_going_on_from_other_vectors_keeps_their_axes() -> None:
    """Networks that learned to read one set of vectors can read those that took in more data."""
    ratings = block_ratings(n_blocks=3, share=0.6)
    before = factorize(ratings.select(np.arange(len(ratings)) % 5 > 0), n_factors=3, regularization=1.0, rng=rng())

    def likeness(other: Embeddings) -> float:
        products = (before.users * other.users).sum(axis=1)
        lengths = np.linalg.norm(before.users, axis=1) * np.linalg.norm(other.users, axis=1)
        return float((products / lengths).mean())

    settings: dict[str, Any] = {"n_factors": 3, "regularization": 1.0, "n_iterations": 5}
    assert likeness(factorize(ratings, rng=rng(1), start=before, **settings)) > 0.95
    assert likeness(factorize(ratings, rng=rng(1), **settings)) < 0.8  # the same tastes, turned


def test_pmf_predicts_ratings_better_than_their_mean(synthetic: Ratings) -> None:
    split = random_split(synthetic, seed=1)
    made = factorize(split.train, method="pmf", n_factors=8, regularization=5.0, rng=rng())
    mean, test = split.train.ratings.mean(), split.test
    predicted = mean + (made.users[test.users] * made.items[test.items]).sum(axis=1)
    error, of_mean = (np.sqrt(np.mean((test.ratings - guess) ** 2)) for guess in (predicted, mean))
    assert error < 0.95 * of_mean


def test_scaling_keeps_every_ranking_and_makes_handy_sizes(synthetic: Ratings) -> None:
    made = factorize(synthetic, n_factors=8, regularization=10.0, n_iterations=5, rng=rng())
    users, items = scaled(made)
    np.testing.assert_allclose(np.abs(users).max(axis=1), 1, rtol=1e-6)
    assert items.std() == pytest.approx(1, rel=1e-5)
    assert users.dtype == items.dtype == np.float32
    before = made.users.astype(np.float64) @ made.items.T
    after = users.astype(np.float64) @ items.T
    factor = after.std(axis=1) / before.std(axis=1)  # one factor a user, so no pair of items changes places
    np.testing.assert_allclose(after, factor[:, None] * before, rtol=1e-3, atol=1e-4)


def test_scaling_zeros_gives_zeros() -> None:
    zeros = np.zeros((3, 2), dtype=np.float32)
    users, items = scaled(Embeddings(zeros, zeros, "ials", 1.0, 1.0))
    assert not users.any()
    assert not items.any()


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"method": "svd"}, "method must be 'ials', 'pmf' or 'scratch', got 'svd'"),
        ({"n_factors": 0}, "n_factors must be at least 1, got 0"),
        ({"n_iterations": 0}, "n_iterations must be at least 1, got 0"),
        ({"alpha": 0.5}, "alpha must be at least 1, got 0.5"),
        ({"alpha": float("nan")}, "alpha must be at least 1, got nan"),
        ({"regularization": 0.0}, "regularization must be above 0, got 0.0"),
        ({"regularization": -1.0}, "regularization must be above 0, got -1.0"),
        ({"regularization": float("nan")}, "regularization must be above 0, got nan"),
    ],
)
def test_settings_out_of_range(settings: dict[str, Any], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        factorize(some_ratings(), rng=rng(), **settings)


def _raises(matrices: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    raise RuntimeError("singular")


@pytest.mark.parametrize("solve", [_raises, lambda matrices, right: right * float("nan")])
@pytest.mark.parametrize(
    ("method", "text"),
    [
        ("ials", "alpha must be smaller, or regularization larger, got regularization 3 and alpha 7"),
        ("pmf", "no finite solution: regularization must be larger, got regularization 3"),
    ],
)
def test_equations_without_a_solution_say_the_same_whatever_the_kernels_do(
    monkeypatch: pytest.MonkeyPatch, solve: Any, method: Any, text: str
) -> None:
    monkeypatch.setattr(torch.linalg, "solve", solve)
    with pytest.raises(ValueError, match=text):
        factorize(some_ratings(), method=method, regularization=3.0, alpha=7.0, rng=rng())


def test_data_without_anything_to_learn_from() -> None:
    disliked = toy_ratings([(1, 1, 3.0), (1, 2, 1.0)])
    with pytest.raises(DataError, match="ratings must hold a like to learn vectors from, got none"):
        factorize(disliked, rng=rng())
    with pytest.raises(DataError, match="ratings must hold a rating to learn vectors from, got none"):
        factorize(disliked.select([]), method="pmf", rng=rng())
    assert np.isfinite(factorize(disliked, method="pmf", n_factors=2, rng=rng()).users).all()


def test_start_must_have_this_catalogue() -> None:
    ratings = some_ratings()
    start = factorize(ratings, n_factors=3, rng=rng())
    short = dataclasses.replace(start, items=start.items[:-1])
    with pytest.raises(ValueError, match=r"start must have vectors of 9 users and 6 items, got 9 and 5; .*same ids"):
        factorize(ratings, n_factors=3, rng=rng(), start=short)


def test_vectors_lie_in_principal_axes(synthetic: Ratings) -> None:
    found = factorize(synthetic, n_factors=6, regularization=5.0, rng=np.random.default_rng(0))
    moments = found.users.T @ found.users + found.items.T @ found.items
    strengths = np.diag(moments)
    assert (np.diff(strengths) < 0).all()
    assert np.abs(moments - np.diag(strengths)).max() < 1e-3 * strengths[0]
