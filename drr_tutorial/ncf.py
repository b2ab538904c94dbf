"""Leave-last-out on ML-1M with the lists that He et al. (2017), Neural Collaborative Filtering, published.

Many papers report on these very lists, so figures can be laid side by side. Their rules: every rating is an
interaction, whatever its stars; each user's last one is held out and ranked among 99 items that the authors drew once.
In 156 of the 6,040 lists the positive is among its own negatives: then the two tie, and a tie counts as half a rank.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drr_tutorial import sources
from drr_tutorial.ranking_tasks import RankingTask
from drr_tutorial.ratings import DataError, Ratings
from drr_tutorial.splits import Split, leave_last_out_split

N_NEGATIVES = 99


def ncf_split(ratings: Ratings, *, data_home: Path | None = None) -> Split:
    """All of ML-1M as interactions, each user's held out by the NCF test file; `DataError` for other data."""
    return leave_last_out_split(ratings.implicit(), use_ncf_file=True, data_home=data_home)


def ncf_task(split: Split, *, data_home: Path | None = None) -> RankingTask:
    """The published lists, for a split made by `ncf_split`; `DataError` where file and split do not fit together."""
    path = sources.find_ncf_negatives_file(home=data_home)
    users, items, negatives = _read(path)
    by_appearance = pd.unique(split.ratings.items)  # the file counts items in this order
    held_out = np.full(split.ratings.n_users, -1)
    held_out[split.test.users] = split.test.items
    n_items = split.ratings.n_items
    fits = np.array_equal(users, np.arange(len(held_out))) and max(items.max(), negatives.max()) < n_items
    if not fits or not np.array_equal(by_appearance[items], held_out):
        raise DataError(f"{path} does not hold the test items of {split.ratings}; give ncf_split(all of ml-1m)")
    return RankingTask(
        protocol="leave-last-out",
        users=users.astype(np.int32),
        items=by_appearance[items].astype(np.int32),
        negatives=by_appearance[negatives].astype(np.int32),
        hidden=None,
        user_ids=split.ratings.user_ids,
        item_ids=split.ratings.item_ids,
        seed=0,
    )


def _read(path: Path) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Users (n,), test items (n,) and negatives (n, 99), in the file's numbers: "(user,item)", then 99 items a line."""
    try:
        table = pd.read_csv(path, sep="\t", header=None)
        pairs = table[0].str.strip("()").str.split(",", expand=True).astype(np.int64).to_numpy()
        negatives = table.drop(columns=0).to_numpy(dtype=np.int64)
        if pairs.shape[1] != 2 or negatives.shape[1] != N_NEGATIVES or min(pairs.min(), negatives.min()) < 0:
            raise ValueError(f"{negatives.shape[1]} items beside the first column")
    except (ValueError, KeyError, AttributeError, OSError) as error:
        raise DataError(
            f"{path}: not lines of (user,item) and {N_NEGATIVES} items ({error}); remove or replace it"
        ) from error
    return pairs[:, 0], pairs[:, 1], negatives
