"""Small hand-made ratings with known answers."""

from collections.abc import Sequence

import numpy as np

from drr_tutorial.data.load import Ratings


def toy_ratings(rows: Sequence[tuple[int, int, float]]) -> Ratings:
    """Ratings from (user id, item id, rating), in this order; time is the row's number."""
    users, items, values = (np.array(column) for column in zip(*rows, strict=True))
    user_ids, item_ids = np.unique(users), np.unique(items)
    return Ratings(
        users=np.searchsorted(user_ids, users).astype(np.int32),
        items=np.searchsorted(item_ids, items).astype(np.int32),
        ratings=values.astype(np.float32),
        timestamps=np.arange(len(rows), dtype=np.int64),
        user_ids=user_ids,
        item_ids=item_ids,
        titles=np.array([f"Film {item}" for item in item_ids]),
        genres=((),) * len(item_ids),
        name="toy",
    )


def block_ratings(
    n_users: int = 40, n_items: int = 40, n_blocks: int = 2, share: float = 0.7, seed: int = 0
) -> Ratings:
    """Users and items in blocks; a user likes (rates 5) a `share` of the own block's items and nothing else."""
    rng = np.random.default_rng(seed)
    rows = [
        (user, item, 5.0)
        for user in range(n_users)
        for item in range(n_items)
        if user % n_blocks == item % n_blocks and rng.random() < share
    ]
    return toy_ratings(rows)
