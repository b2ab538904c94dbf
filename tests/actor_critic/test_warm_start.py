"""Warm starts: the user's own direction, the memory folded in, and their sum in units of scores."""

import numpy as np
import pytest
import torch

from drr_tutorial.actor_critic.warm_start import LIMIT, WarmStart

RNG = np.random.default_rng(0)
ITEMS = RNG.normal(size=(50, 4)).astype(np.float32) * np.array([3, 2, 1, 0.5], dtype=np.float32)
USERS = torch.from_numpy(RNG.normal(size=(6, 4)).astype(np.float32))
LIKED = torch.from_numpy(ITEMS[RNG.integers(0, 50, (6, 3))])


def standard(vectors: np.ndarray) -> np.ndarray:
    scores = vectors @ ITEMS.T
    return vectors / scores.std(axis=1, keepdims=True)


def test_without_a_memory_weight_it_is_the_users_direction() -> None:
    prior = WarmStart(ITEMS, 0.0, 1.0)(USERS, LIKED)
    largest = USERS.abs().amax(dim=1, keepdim=True)
    torch.testing.assert_close(prior, LIMIT * USERS / largest)
    assert list(WarmStart(ITEMS, 0.0, 1.0).state_dict()) == []


def test_user_and_memory_join_in_scores_of_standard_deviation_one() -> None:
    weight, ridge = 0.7, 0.3
    prior = WarmStart(ITEMS, weight, ridge)(USERS, LIKED).numpy()
    gram = ITEMS.T @ ITEMS
    folded = LIKED.sum(dim=1).numpy() @ np.linalg.inv(gram + ridge * gram.diagonal().mean() * np.eye(4))
    expected = standard(USERS.numpy()) + weight * standard(folded)
    np.testing.assert_allclose(prior, LIMIT * expected / np.abs(expected).max(axis=1, keepdims=True), rtol=1e-4)


def test_a_like_counts_less_the_longer_ago_it_was() -> None:
    start, still = (WarmStart(ITEMS, 1.0, 0.3, decay=decay) for decay in (0.5, 1.0))
    aged = LIKED * torch.tensor([0.25, 0.5, 1.0])[:, None]
    torch.testing.assert_close(start(USERS, LIKED), still(USERS, aged))
    torch.testing.assert_close(still(USERS, LIKED), still(USERS, LIKED.flip(1)))
    padded = torch.cat([torch.zeros_like(LIKED), LIKED], dim=1)
    torch.testing.assert_close(start(USERS, padded), start(USERS, LIKED))
    torch.testing.assert_close(WarmStart(ITEMS, 1.0, 0.3, decay=0.0)(USERS, LIKED), still(USERS, LIKED[:, -1:]))


def test_an_empty_memory_leaves_the_user_alone() -> None:
    padded = torch.zeros_like(LIKED)
    with_memory, without = (WarmStart(ITEMS, weight, 0.3)(USERS, padded) for weight in (1.0, 0.0))
    torch.testing.assert_close(with_memory, without)
    assert with_memory.isfinite().all()


def test_it_reads_the_catalogue_anew() -> None:
    start = WarmStart(ITEMS, 1.0, 0.3)
    start.read(ITEMS[::-1, ::-1].copy())
    fresh = WarmStart(ITEMS[::-1, ::-1].copy(), 1.0, 0.3)
    torch.testing.assert_close(start(USERS, LIKED), fresh(USERS, LIKED))


@pytest.mark.parametrize("weight", [0.0, 1.0])
def test_entries_leave_tanh_a_slope(weight: float) -> None:
    prior = WarmStart(ITEMS, weight, 0.3)(1e6 * USERS, LIKED)
    torch.testing.assert_close(prior.abs().amax(dim=1), torch.full((6,), LIMIT))
