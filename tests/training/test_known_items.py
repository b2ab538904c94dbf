"""What users know is looked up as a dense array would tell it, and no such array is made."""

import tracemalloc

import numpy as np
import pytest
import torch
from scipy.sparse import csr_array

from drr_tutorial.training.known_items import KnownItems

RNG = np.random.default_rng(0)
DENSE = RNG.random((7, 12)) < 0.3
DENSE[3], DENSE[4] = False, True  # who knows nothing, and who knows everything


@pytest.mark.parametrize("users", [[0, 1, 2], [3], [4, 3, 4], []])
def test_a_few_users_at_a_time(users: list[int]) -> None:
    known, some = KnownItems(csr_array(DENSE)), torch.tensor(users, dtype=torch.int64)
    np.testing.assert_array_equal(known.of(some).numpy(), DENSE[users])
    items = torch.from_numpy(RNG.integers(12, size=(len(users), 5)))
    np.testing.assert_array_equal(known.among(some, items).numpy(), np.take_along_axis(DENSE[users], items.numpy(), 1))


def test_memory_is_that_of_the_users_asked_about() -> None:
    n_users, n_items = 20_000, 10_000
    pairs = (RNG.integers(n_users, size=50_000), RNG.integers(n_items, size=50_000))
    tracemalloc.start()
    known = KnownItems(csr_array((np.ones(50_000, dtype=np.bool_), pairs), shape=(n_users, n_items)))
    known.among(torch.arange(64), torch.zeros(64, 100, dtype=torch.int64))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 64 * n_items + 20 * 50_000 + 16 * n_users + 100_000  # n_users * n_items would be 200 MB
