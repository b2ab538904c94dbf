"""How a training is validated: the held-back likes, ranked among items that the user never liked (chapter 5)."""

import numpy as np
import torch
from numpy.typing import NDArray

from drr_tutorial.actor_critic.networks import ActorCritic
from drr_tutorial.data.ratings import Ratings
from drr_tutorial.environment.memory import latest_liked
from drr_tutorial.evaluation.blocks import ScoresInBlocks
from drr_tutorial.evaluation.ranking import evaluate_scorer
from drr_tutorial.evaluation.tasks import RankingTask, sample_negatives
from drr_tutorial.recommenders.base import Scores
from drr_tutorial.recommenders.dislikes_last import dislikes_last

N_NEGATIVES = 99  # a validation list, where the catalogue is large enough
MOST_USERS = 20_000  # are asked; where there are more, as many of them


class Validation:
    """Figures on the held-back positives: hit rate and nDCG at 10 among items that the user never liked, with the
    memories of everything else. Of more than 20,000 users, those of 20,000 who are drawn by `seed`.
    """

    def __init__(
        self, known: Ratings, held_back: Ratings, memory_size: int, seed: int, *, dislikes_last: bool = True
    ) -> None:
        self.users = _asked(held_back, seed)
        self.memory = torch.from_numpy(latest_liked(known, memory_size)[self.users])
        self.task = _task(known, held_back.select(np.isin(held_back.users, self.users)), seed)
        self.disliked = known.select(~known.liked & dislikes_last).matrix()[self.users]

    @torch.inference_mode()
    def __call__(self, networks: ActorCritic) -> dict[str, float]:
        """Mean "hit" rate and "dcg" (nDCG), each in [0, 1], of the networks' actions at the end of these memories."""
        k, (n_users, n_items) = min(10, self.task.list_length), self.disliked.shape
        scorer = ScoresInBlocks(lambda users: self._scores(networks, users), n_users, n_items)
        report = evaluate_scorer(lambda users: scorer(np.searchsorted(self.users, users)), self.task, ks=(k,))
        return {"hit": report.mean(f"HR@{k}"), "dcg": report.mean(f"nDCG@{k}")}

    def _scores(self, networks: ActorCritic, part: slice) -> Scores:
        """Scores (m, n_items) of some of the users who are asked."""
        device = networks.items.weight.device
        users, memory = torch.from_numpy(self.users[part]).to(device), self.memory[part].to(device)
        scores = networks.act(networks.see(users, memory)) @ networks.item_vectors().T
        return dislikes_last(scores.cpu().numpy(), self.disliked[part])


def _asked(held_back: Ratings, seed: int) -> NDArray[np.int64]:
    """The users whose lists are ranked, ascending: all, or some of those with held-back positives."""
    if held_back.n_users <= MOST_USERS:
        return np.arange(held_back.n_users)
    there = np.unique(held_back.users).astype(np.int64)
    return np.sort(np.random.default_rng([seed, 4]).permutation(there)[:MOST_USERS])


def _task(known: Ratings, held_back: Ratings, seed: int) -> RankingTask:
    """The held-back positives against items that somebody rated and the user has not liked: 99, or as many as everybody
    has.
    """
    order = np.lexsort((held_back.items, held_back.users))
    users, items = held_back.users[order], held_back.items[order]
    catalogue = np.union1d(known.items, held_back.items)
    liked = (known.positives().matrix() + held_back.matrix())[:, catalogue]
    n_negatives = min(N_NEGATIVES, len(catalogue) - int(np.diff(liked.indptr).max()))
    negatives = catalogue[sample_negatives(users, liked, n_negatives, np.random.default_rng(seed))]
    return RankingTask("unseen", users, items, negatives, None, known.user_ids, known.item_ids, seed)
