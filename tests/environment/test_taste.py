"""The distribution of taste: its moments are the data's, and conditioning is that of a normal distribution."""

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from numpy.typing import NDArray
from scipy.sparse import csr_array

from drr_tutorial.environment.taste import LEAST_NOISE, Taste, fit_taste, taste_of_factors


@pytest.fixture(scope="module")
def likes() -> csr_array:
    rng = np.random.default_rng(0)
    kinds = rng.random((60, 3)) @ rng.random((3, 12))
    return csr_array((rng.random((60, 12)) < kinds / kinds.max()).astype(np.float32))


@pytest.fixture(scope="module")
def taste(likes: csr_array) -> Taste:
    return fit_taste(likes, 4, np.random.default_rng(1))


def answers_of(rows: list[dict[int, int]], n_items: int = 12) -> csr_array:
    columns = [item for row in rows for item in row]
    values = np.array([value for row in rows for value in row.values()], dtype=np.float32)
    return csr_array((values, columns, np.cumsum([0, *map(len, rows)])), shape=(len(rows), n_items))


def test_mean_variances_and_components_are_those_of_the_likes(likes: csr_array, taste: Taste) -> None:
    dense = likes.toarray()
    covariance = np.cov(dense.T, bias=True)
    values, vectors = np.linalg.eigh(covariance)
    largest = (vectors[:, -4:] * values[-4:]) @ vectors[:, -4:].T
    assert_allclose(taste.mean, dense.mean(axis=0), atol=1e-6)
    assert_allclose(taste.loadings @ taste.loadings.T, largest, atol=1e-5)
    assert_allclose((taste.loadings**2).sum(axis=1) + taste.noise, covariance.diagonal(), atol=1e-5)


def test_what_is_guessed_is_the_conditional_normal_distribution(taste: Taste) -> None:
    answered = {3: 1, 7: -1, 0: -1, 11: 1}
    items, y = list(answered), np.array([value > 0 for value in answered.values()])
    cross = taste.loadings.astype(np.float64) @ taste.loadings.T
    inverse = np.linalg.inv(cross[np.ix_(items, items)] + np.diag(taste.noise[items]))
    mean = taste.mean + cross[:, items] @ inverse @ (y - taste.mean[items])
    variance = cross - cross[:, items] @ inverse @ cross[items]
    guess = taste.given(answers_of([{}, answered]))
    assert_allclose(taste.scores(guess.z)[1], mean, atol=1e-4)
    assert_allclose(taste.deviations(guess.covariance)[1] ** 2, variance.diagonal(), atol=1e-4)
    assert_allclose(taste.scores(guess.z)[0], taste.mean, atol=1e-6)  # of whom nothing is known


def test_one_answer_after_the_other_says_the_same_as_all_at_once(taste: Taste) -> None:
    first, second = {2: 1, 5: -1, 9: 1}, {8: -1, 2: -1, 0: 1}
    guess = taste.nothing_known(2)
    for items in zip(first.items(), second.items(), strict=True):
        guess = taste.moved(guess, np.array([i for i, _ in items]), np.array([value > 0 for _, value in items]))
    whole = taste.given(answers_of([first, second]))
    assert_allclose(guess.z, whole.z, atol=1e-4)
    assert_allclose(guess.covariance, whole.covariance, atol=1e-4)


def test_a_dislike_lowers_what_is_like_it(taste: Taste) -> None:
    nothing, disliked, liked = taste.scores(taste.given(answers_of([{}, {3: -1}, {3: 1}])).z)
    assert disliked[3] < nothing[3] < liked[3]


def test_an_item_that_nobody_likes_is_no_division_by_zero() -> None:
    likes = csr_array(np.column_stack([np.eye(5), np.zeros(5), np.ones(5)]).astype(np.float32))
    taste = fit_taste(likes, 2, np.random.default_rng(0))
    assert taste.noise.min() >= np.float32(LEAST_NOISE)
    assert np.isfinite(taste.scores(taste.given(answers_of([{5: 1, 6: -1}], 7)).z)).all()


def test_no_more_components_than_there_can_be(likes: csr_array) -> None:
    assert fit_taste(likes, 99, np.random.default_rng(0)).loadings.shape == (12, 11)
    one = fit_taste(likes[:1], 4, np.random.default_rng(0))
    assert one.loadings.shape == (12, 1) and not one.loadings.any()


@pytest.mark.parametrize("row", [np.arange(12) % 2, np.zeros(12), np.ones(12)])
def test_users_who_like_the_same_have_no_spread(row: NDArray[Any]) -> None:
    """There is nothing for ARPACK to find."""
    taste = fit_taste(csr_array(np.tile(row, (10, 1)).astype(np.float32)), 4, np.random.default_rng(0))
    assert_allclose(taste.mean, row)
    assert not taste.loadings.any() and (taste.noise == np.float32(LEAST_NOISE)).all()
    assert_allclose(taste.scores(taste.given(answers_of([{3: -1, 4: 1}])).z)[0], row)  # answers say nothing


def test_two_kinds_of_users_have_one_direction() -> None:
    """More components than the likes have directions: the others are zeros."""
    kinds = np.repeat([[1, 0, 1, 0, 0], [0, 1, 1, 0, 0]], 5, axis=0).astype(np.float32)
    taste = fit_taste(csr_array(kinds), 3, np.random.default_rng(0))
    assert_allclose(taste.loadings @ taste.loadings.T, np.cov(kinds.T, bias=True), atol=1e-6)


@pytest.mark.parametrize("shape", [(0, 12), (5, 0)])
def test_nobody_and_nothing_has_no_taste(shape: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match=r"likes must be of at least one user and one item, got \("):
        fit_taste(csr_array(shape, dtype=np.float32), 2, np.random.default_rng(0))


@pytest.mark.parametrize("m", [1, 3])
def test_factors_of_users_who_are_alike_have_no_spread(likes: csr_array, m: int) -> None:
    users, items = np.full((m, 2), 0.5, dtype=np.float32), np.ones((12, 2), dtype=np.float32)
    found = taste_of_factors(users, items, likes[:m])
    assert_allclose(found.mean, 1)
    assert not found.loadings.any() and np.isfinite(found.noise).all()
    with pytest.raises(ValueError, match=r"users must be the vectors of at least one user, got \(0, 2\)"):
        taste_of_factors(users[:0], items, likes[:0])


@pytest.mark.parametrize("n_components", [0, -1])
def test_less_than_one_component_is_refused(likes: csr_array, n_components: int) -> None:
    with pytest.raises(ValueError, match=f"n_components must be at least 1, got {n_components}"):
        fit_taste(likes, n_components, np.random.default_rng(0))


def test_factors_give_the_moments_of_their_own_predictions(likes: csr_array) -> None:
    rng = np.random.default_rng(2)
    users, items = rng.random((60, 3)).astype(np.float32), rng.random((12, 3)).astype(np.float32)
    found, predicted = taste_of_factors(users, items, likes, 2.0), users @ items.T
    assert_allclose(found.mean, predicted.mean(axis=0), rtol=1e-5)
    assert_allclose(found.loadings @ found.loadings.T, np.cov(predicted.T), atol=1e-5)
    assert_allclose(found.noise, 2 * ((likes.toarray() - predicted) ** 2).mean(axis=0), rtol=1e-4)


def test_one_factor_will_do(likes: csr_array) -> None:
    found = taste_of_factors(np.arange(60.0)[:, None] / 60, np.ones((12, 1)), likes)  # type: ignore[arg-type]
    assert found.loadings.shape == (12, 1) and np.isfinite(found.loadings).all()
