"""How far into the future the training part of a split reaches: what the studies `sampled_metrics` and
`splits` tell of each."""

import numpy as np

from drr_tutorial.data.splits import Split


def leaks_of_time(split: Split) -> dict[str, float]:
    """Mean share of the training rows that are later than a test row: of all, and of the same user's; and test rows of
    users without training rows. All are in [0, 1]; the second is of the test rows of users who have training rows.
    """
    train, test = split.train, split.test
    assert train.timestamps is not None and test.timestamps is not None
    later = 1 - np.searchsorted(np.sort(train.timestamps), test.timestamps, side="right") / len(train)
    own = np.lexsort((train.timestamps, train.users))
    span = int(max(train.timestamps.max(), test.timestamps.max())) + 1  # (user, time) as a number that sorts like it
    keys = train.users[own].astype(np.int64) * span + train.timestamps[own]
    n_until = np.searchsorted(keys, test.users.astype(np.int64) * span + test.timestamps, side="right")
    ends = np.cumsum(np.bincount(train.users, minlength=train.n_users))[test.users]
    n_own = np.bincount(train.users, minlength=train.n_users)[test.users]
    own_later = (ends - n_until)[n_own > 0] / n_own[n_own > 0]
    return {
        "training later than the test row": float(later.mean()),
        "own training later than the test row": float(own_later.mean()),
        "test rows of users without training rows": float((n_own == 0).mean()),
    }
