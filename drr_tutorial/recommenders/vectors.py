"""Recommenders whose scores are dot products: the vectors that an index or another program needs of them."""

from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from drr_tutorial.recommenders.base import Recommender
from drr_tutorial.recommenders.baselines import Factors
from drr_tutorial.recommenders.drr import DRRRecommender

Floats = NDArray[np.float32]


def item_vectors(recommender: Recommender) -> Floats:
    """(n_items, k), in the order of `ratings.item_ids`. Raises `ValueError` for one without vectors, `RuntimeError`
    for an unfitted one.
    """
    recommender.ratings  # noqa: B018  fitted, or this says so
    if isinstance(recommender, DRRRecommender):
        found: Floats = recommender.networks.item_vectors().detach().cpu().numpy()
        return found
    return _factors(recommender).embeddings.items


def holder_of_vectors(recommender: Recommender) -> object:
    """What holds the vectors: another object after each `fit` and each `partial_fit`. Raises as `item_vectors`."""
    recommender.ratings  # noqa: B018  fitted, or this says so
    return recommender.networks if isinstance(recommender, DRRRecommender) else _factors(recommender).embeddings


def query_vectors(recommender: Recommender, users: ArrayLike) -> Floats:
    """(m, k) of users by original id: their dot products with `item_vectors` are the scores, but for an agent's
    dislikes, which it puts last. An agent's are its actions. `UnknownIdError`, `ValueError`.
    """
    index = recommender.ratings.user_index(users)
    if isinstance(recommender, DRRRecommender):
        return _actions(recommender, index)
    return _factors(recommender).embeddings.users[index]


@torch.inference_mode()
def _actions(agent: DRRRecommender, index: NDArray[np.integer[Any]]) -> Floats:
    networks, device = agent.networks, agent.networks.items.weight.device
    seen = (torch.as_tensor(array, device=device).long() for array in (index, agent.memory[index]))
    found: Floats = networks.act(networks.see(*seen)).cpu().numpy()
    return found


def _factors(recommender: Recommender) -> Factors:
    if not isinstance(recommender, Factors):
        raise ValueError(
            f"recommender must score by vectors, as DRRRecommender and IALSRecommender do, got "
            f"{type(recommender).__name__}"
        )
    return recommender
