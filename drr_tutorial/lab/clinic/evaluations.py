"""Defects of the evaluation: what is reported is wrong, the agent is as it was (chapter 14)."""

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from drr_tutorial.actor_critic.networks import ActorCritic
from drr_tutorial.data.splits import Split
from drr_tutorial.evaluation.tasks import RankingTask, ranking_task

Floats = NDArray[np.float64]
Scores = NDArray[np.float32]


@torch.no_grad()
def own_scores(networks: ActorCritic, memory: NDArray[np.int64]) -> Scores:
    """Healthy: everybody is ranked from the own state (n_users, n_items); `memory` is (n_users, N)."""
    state = networks.see(torch.arange(len(memory)), torch.from_numpy(memory))
    scores: Scores = (networks.act(state) @ networks.item_vectors().T).numpy()
    return scores


@torch.no_grad()
def one_users_scores(networks: ActorCritic, memory: NDArray[np.int64], user: int) -> Scores:
    """The later repository: the environment was reset to one user and never moves on, and the action is computed from
    what it shows. So everybody is ranked from that user's state.
    """
    state = networks.see(torch.tensor([user]), torch.from_numpy(memory[[user]]))
    scores: Scores = (networks.act(state) @ networks.item_vectors().T).expand(len(memory), -1).numpy()
    return scores


def lists_with_training_positives(split: Split) -> RankingTask:
    """The original: negatives exclude the user's test positives only, so films that the user is known to like count as
    wrong.
    """
    return ranking_task(split, "original")


def lists_without_training_positives(split: Split) -> RankingTask:
    """Healthy: negatives are films that the user never liked."""
    return ranking_task(split, "unseen")


class Chosen(NamedTuple):
    """What a choice of a checkpoint promises, and what it is worth."""

    reported: float
    true: float


def best_on_test(validated: Floats, tested: Floats) -> Chosen:
    """The later repository: the figure on the whole test part (n_checkpoints,) chooses, and is then reported."""
    return Chosen(reported=float(tested.max()), true=float(tested[validated.argmax()]))


def best_for_one_user(users_figures: Floats, tested: Floats) -> Chosen:
    """The original: the figure of one test user chooses. `users_figures` (n_checkpoints, n_users) has that of every
    user: what is returned is the mean over whom to take.
    """
    chosen = users_figures.argmax(axis=0)  # (n_users,)
    return Chosen(reported=float(users_figures.max(axis=0).mean()), true=float(tested[chosen].mean()))
