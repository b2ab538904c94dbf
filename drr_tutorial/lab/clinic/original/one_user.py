"""The notebook's way to pick a checkpoint: the hit rate of one user, on test data, every hundred steps.

Three defects in one: test data chooses; one user stands for all; and the bar that a new checkpoint must pass is not the
best figure so far but the one after it, for the list of figures starts at step 100 and is addressed as if it started at
step 0.
"""

from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from drr_tutorial.lab.clinic.original.networks import StackedNetworks

if TYPE_CHECKING:
    from drr_tutorial.evaluation.tasks import RankingTask

Floats = NDArray[np.float64]


def hit_and_dcg(place: NDArray[np.integer]) -> Floats:
    """Mean hit rate and nDCG at 10 (..., 2) of lists with one positive, from its place (n_lists, ...), 0 at the top."""
    hit = place < 10
    return np.stack([hit.mean(axis=0), np.where(hit, 1 / np.log2(place + 2), 0).mean(axis=0)], axis=-1)


class OneUsersLists:
    """One user's test lists, ranked in order by R runs; each list's first item goes into the memory if it is a test
    positive, so that the evaluation feeds the agent test data as it goes.
    """

    def __init__(self, task: "RankingTask", user: int) -> None:
        if task.negatives is None or user not in task.users:
            raise ValueError(
                f"task must hold sampled lists of user {user}, got protocol {task.protocol!r}; choose another"
            )
        rows = task.users == user
        self.user, self.lists = (
            user,
            np.column_stack([task.items[rows], task.negatives[rows]]).astype(np.int64),
        )  # (L, 100)
        self.is_liked = np.isin(np.arange(len(task.item_ids)), task.items[rows])

    @torch.no_grad()
    def figures(self, networks: StackedNetworks, memory: NDArray[np.int64]) -> Floats:
        """Mean hit rate and nDCG at 10 of each run (R, 2), from the runs' memories of the user (R, N)."""
        user, places = torch.full((networks.n_runs, 1), self.user) + networks.user_rows, []
        for shown in self.lists:
            rows = torch.from_numpy(memory)[:, :, None] + networks.item_rows
            action, _ = networks.act(networks.state(user, rows)[2])  # (R, 1, k)
            scores = torch.bmm(networks.online["items"][:, shown], action.mT).squeeze(2).numpy()  # (R, 100)
            places.append((scores[:, 1:] > scores[:, :1]).sum(axis=1))
            top = shown[scores.argmax(axis=1)]
            memory = np.where(self.is_liked[top][:, None], np.column_stack([memory[:, 1:], top]), memory)
        return hit_and_dcg(np.stack(places))


class SampledLists:
    """Test lists of some users, for learning curves: every user is ranked by the own memory, and nothing moves."""

    def __init__(self, task: "RankingTask", users: NDArray[np.int64]) -> None:
        if task.negatives is None:
            raise ValueError(f"task must hold sampled lists, got protocol {task.protocol!r}; choose another")
        rows = np.flatnonzero(np.isin(task.users, users))
        self.users, self.owner = np.unique(task.users[rows].astype(np.int64), return_inverse=True)
        self.lists = np.column_stack([task.items[rows], task.negatives[rows]])  # (L, 100)

    def figures(self, scores: NDArray[np.float32]) -> Floats:
        """Mean hit rate and nDCG at 10 (2,) of scores (n of `users`, n_items)."""
        found = scores[self.owner[:, None], self.lists]
        return hit_and_dcg((found[:, 1:] > found[:, :1]).sum(axis=1))


class BarAfterTheBest:
    """Whether to keep the weights, as the notebook decides it from one figure after the other."""

    def __init__(self) -> None:
        self.figures: list[tuple[float, float]] = []
        self.bar = 0  # place in `figures`

    def passes(self, hit: float, dcg: float) -> bool:
        """True when the mean of both is above the bar."""
        self.figures.append((hit, dcg))
        if sum(self.figures[-1]) <= sum(self.figures[self.bar]):
            return False
        self.bar = len(
            self.figures
        )  # one too many: that place is still empty, and the next figure will be compared with itself
        return True
