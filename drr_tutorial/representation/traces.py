"""A state of what was shown *and* how it was answered: what an agent needs in order to plan.

A memory of likes alone cannot know boredom (what was shown, liked or not) nor tell a dislike from silence. Here every
item of the memory leaves a trace that fades, at several rates, once as shown and once as liked:

    shown_d = sum over places n of d^(age of n) F(i_n),    liked_d = the same over the liked ones,    d in DECAYS

with F(i) the features of an item's vector. Traces of different rates are what a linear layer makes boredom (short) and
interest (long) of; they have a size of about 1, by fixed scales: statistics of what the agent happened to see would
move while it learns.
"""

from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from drr_tutorial.representation.features import ItemParts, features, n_features
from drr_tutorial.representation.states import StateRepresentation

DECAYS = (0.5, 0.85, 0.98)
SIZE, USER_SIZE, COUNT_SIZE = 1.5, 3.0, 25.0
ALIKE = 1e-5  # items differ by less, against where they differ most, only by rounding


class Traces(StateRepresentation):
    """[user;  traces of what was shown;  of what was liked;  how many of both]."""

    sees_dislikes: ClassVar[bool] = True
    scale: Tensor
    fading: Tensor

    def __init__(
        self, embedding_dim: int, memory_size: int, generator: torch.Generator, *, user_dim: int | None = None
    ) -> None:
        super().__init__(embedding_dim, memory_size, generator)
        self.user_dim = embedding_dim if user_dim is None else user_dim
        ages = torch.arange(memory_size - 1, -1, -1)
        self.register_buffer("fading", torch.tensor(DECAYS)[:, None] ** ages, persistent=False)  # (d, N)
        self.register_buffer("scale", torch.ones(len(DECAYS), n_features(embedding_dim)), persistent=False)

    def read(self, item_vectors: NDArray[np.float32]) -> None:
        """Take the catalogue (n_items, k): a trace is measured by how much the features differ between items. One in
        which all are alike says nothing, and is left out.
        """
        spread = features(torch.from_numpy(item_vectors)).std(dim=0, correction=0)
        differs = spread > ALIKE * spread.max()
        per_feature = torch.where(differs, 1 / torch.where(differs, spread, 1), 0)
        self.scale.copy_(SIZE * (1 - torch.tensor(DECAYS))[:, None] * per_feature)

    @property
    def state_dim(self) -> int:
        """The user, two traces of each rate, two counts."""
        return self.user_dim + 2 * self.scale.numel() + 2

    @property
    def item_parts(self) -> ItemParts:
        """The traces."""
        return ItemParts(self.user_dim, 2 * len(DECAYS), self.scale.shape[1])

    def forward(self, user: Tensor, items: Tensor, answers: Tensor) -> Tensor:
        """(B, state_dim) from users (B, user_dim), item vectors (B, N, k) and answers (B, N): 1 liked, -1 not, 0 for
        padding. `present` as booleans counts as liked.
        """
        kinds = torch.stack([answers != 0, answers > 0], dim=1).to(items.dtype)  # (B, 2, N)
        weights = (kinds[:, :, None] * self.fading).flatten(1, 2)  # (B, 2 d, N)
        traces = (weights @ features(items)).unflatten(1, (2, -1)) * self.scale  # (B, 2, d, f)
        return torch.cat([USER_SIZE * user, traces.flatten(1), kinds.sum(dim=2) / COUNT_SIZE], dim=1)
