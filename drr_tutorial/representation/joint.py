"""Several factorizations side by side: one vector for what was liked, one for what was noticed, one for the stars.

A score is still one dot product: the sum of the parts' own scores, each with a weight. So an actor whose action has
the joint length can weigh, user by user, what kinds of evidence count (chapter 15).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import csr_array

from drr_tutorial.config import EmbeddingConfig
from drr_tutorial.data.ratings import Ratings
from drr_tutorial.representation.embeddings import Embeddings, Method, Signal, factorize

Matrix = NDArray[np.float32]
STARS_WEIGHT = 0.35  # size of the scores from the stars, against 1 for those of the other parts
STARS_REGULARIZATION = 10.0  # L2 penalty of the part from the stars
"""Both were tuned once, on the validation part of ml-100k (see the log of experiments)."""


@dataclass(frozen=True)
class JointEmbeddings:
    """Parts with the same users and items, and their weights: a part's scores have this standard deviation, typically.

    A single part is left as it is.
    """

    parts: tuple[Embeddings, ...]
    weights: tuple[float, ...]

    def __post_init__(self) -> None:
        if not self.parts or len(self.parts) != len(self.weights):
            raise ValueError(f"parts must be one or more, with a weight each, got {len(self.parts)} and {self.weights}")

    @property
    def method(self) -> str:
        """How the first part was made."""
        return self.parts[0].method

    @cached_property
    def users(self) -> Matrix:
        """(n_users, sum of the parts' lengths)"""
        return self._join_users([part.users for part in self.parts])

    @cached_property
    def items(self) -> Matrix:
        """(n_items, sum of the parts' lengths)"""
        return np.concatenate(
            [part.items * factor for part, (_, factor) in zip(self.parts, self._scales, strict=True)], axis=1
        )

    def fold_in(self, histories: csr_array) -> Matrix:
        """Vectors of m people from what they like, (m, n_items): each part's own."""
        return self._join_users([part.fold_in(histories) for part in self.parts])

    def _join_users(self, parts: Sequence[Matrix]) -> Matrix:
        return np.concatenate([users * factor for users, (factor, _) in zip(parts, self._scales, strict=True)], axis=1)

    @cached_property
    def _scales(self) -> list[tuple[np.float32, np.float32]]:
        """Factors of each part's users and items."""
        if len(self.parts) == 1:
            return [(np.float32(1), np.float32(1))]
        return [_scale(part, weight) for part, weight in zip(self.parts, self.weights, strict=True)]


def _scale(part: Embeddings, weight: float) -> tuple[np.float32, np.float32]:
    """Users get entries of size 1; items what gives scores of standard deviation `weight` over the catalogue."""
    users = part.users.astype(np.float64)
    size = max(float(np.sqrt((users**2).mean())), 1e-12)
    covariance = np.atleast_2d(np.cov(part.items.T, bias=True))
    variance = float(np.sum((users.T @ users) * covariance)) / len(users)  # of a user's scores, on average
    return np.float32(1 / size), np.float32(weight * size / max(np.sqrt(max(variance, 0.0)), 1e-12))


class PartSettings(NamedTuple):
    """What makes a part, and the size of its scores."""

    method: Method
    signal: Signal
    n_factors: int
    regularization: float
    weight: float


def part_settings(config: EmbeddingConfig) -> list[PartSettings]:
    """The parts that `config` asks for: likes first, then all that was rated, then the stars."""
    liked = PartSettings(config.method, "liked", config.n_factors, config.regularization, 1.0)
    rated = PartSettings("ials", "rated", config.rated_factors, config.regularization, 1.0)
    stars = PartSettings("pmf", "rated", config.stars_factors, STARS_REGULARIZATION, STARS_WEIGHT)
    return [liked, *(part for part in (rated, stars) if part.n_factors > 0)]


def pretrain(
    ratings: Ratings,
    config: EmbeddingConfig,
    *,
    seed: int,
    start: JointEmbeddings | None = None,
    progress: bool = False,
    device: str | torch.device = "cpu",
) -> JointEmbeddings:
    """The vectors that `config` asks for, from `ratings`, or from `start` on with a third of the sweeps.

    Raises `DataError` without data to learn from.
    """
    kinds = part_settings(config)
    parts = tuple(
        factorize(
            ratings, method=kind.method, signal=kind.signal, n_factors=kind.n_factors,
            regularization=kind.regularization, count_power=config.count_power,
            weighted=config.weighted,
            n_iterations=config.n_iterations if start is None else max(1, config.n_iterations // 3),
            rng=np.random.default_rng([seed, 2, number][: 2 + (number > 0)]),
            start=None if start is None else start.parts[number], progress=progress, device=device,
        )
        for number, kind in enumerate(kinds)
    )  # fmt: skip
    return JointEmbeddings(parts, tuple(kind.weight for kind in kinds))
