"""SASRec and GRU4Rec: what comes next, from what was liked in which order.

Both learn to predict each next like by a softmax over the catalogue, or over hundreds of items of it, not one against
one: so trained, SASRec is a much higher bar than it was at first (Klenitskiy & Vasilev 2023, Petrov & Macdonald 2023).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import csr_array
from torch import Tensor, nn

from drr_tutorial.data.ratings import Ratings
from drr_tutorial.lab.bars.encoders import RecurrentEncoder, SelfAttentionEncoder, SequenceEncoder
from drr_tutorial.lab.bars.neural import Ints, NeuralRecommender, require_whole
from drr_tutorial.lab.bars.sequences import of_users, sequences, shuffled, windows, with_likes
from drr_tutorial.recommenders.base import Scores

LENGTH = 50  # items that a network looks back


class _SequentialRecommender(NeuralRecommender[SequenceEncoder]):
    """Scores are logits of the next like after a user's latest ones; who likes nothing yet gets what many like.

    An epoch sees one random window of each user's likes. `n_factors` is the length of the vectors. `n_candidates`: the
    softmax runs over so many items, drawn anew for each step, or over the catalogue where that has no more. A wide
    catalogue costs so much less time. `in_order`: or else each window is shuffled, and what is learned is what else is
    liked, at any time, not what comes next; that is what a split at random asks for.
    """

    n_factors: int
    n_candidates: int
    in_order: bool

    def scores_for(self, histories: csr_array) -> Scores:
        """Logits (m, n_items) of what is liked next."""
        return self._scores(histories.indptr.astype(np.int64), histories.indices.astype(np.int64))

    def _check(self) -> None:
        super()._check()
        require_whole(n_factors=self.n_factors, n_candidates=self.n_candidates)

    def _learners(self) -> Ints:
        return np.flatnonzero(np.diff(self._sequences[0]) > 1)

    def _train(self, rng: np.random.Generator) -> None:
        """From popularity on: that much need not be learned."""
        self.network.bias.data = torch.from_numpy(np.log1p(self._popularity))
        super()._train(rng)

    def _loss(self, users: Ints, rng: np.random.Generator, share: float) -> Tensor:
        (indptr, items), n_items = self._sequences, self.ratings.n_items
        first = np.minimum(indptr[users] + LENGTH + 1, indptr[users + 1])
        ends = rng.integers(first, indptr[users + 1], endpoint=True)
        chosen = windows(indptr, items, users, ends, LENGTH + 1, padding=n_items)
        window = torch.from_numpy(chosen if self.in_order else shuffled(chosen, n_items, rng))
        targets = window[:, 1:]
        vectors, targets = self.network(window[:, :-1])[targets < n_items], targets[targets < n_items]
        if n_items <= self.n_candidates:
            return nn.functional.cross_entropy(self.network.logits(vectors), targets)
        candidates = rng.choice(n_items, self.n_candidates, replace=False)
        return self.network.sampled_loss(vectors, targets, torch.from_numpy(candidates))

    def _scores_of(self, users: NDArray[np.integer[Any]]) -> Scores:
        return self._scores(*of_users(*self._sequences, users))

    def _scores_in_session(self, users: NDArray[np.integer[Any]], likes: csr_array) -> Scores:
        """Likes of the session come after those of the training data."""
        return self._scores(*with_likes(*of_users(*self._sequences, users), likes))

    @torch.inference_mode()
    def _scores(self, indptr: Ints, items: Ints) -> Scores:
        counts = np.diff(indptr)
        rows = np.arange(len(counts))
        window = windows(indptr, items, rows, indptr[1:], LENGTH, padding=self.ratings.n_items)
        latest = np.clip(counts, 1, LENGTH) - 1
        scores: Scores = self.network.logits(self.network(torch.from_numpy(window))[rows, latest]).numpy()
        scores[counts == 0] = self._popularity
        return scores

    def _remember(self, ratings: Ratings) -> None:
        super()._remember(ratings)
        self._sequences = sequences(ratings)
        self._popularity = np.bincount(self._sequences[1], minlength=ratings.n_items).astype(np.float32)


@dataclass
class SASRecRecommender(_SequentialRecommender):
    """Causal self-attention over the latest 50 likes (Kang & McAuley 2018), `n_blocks` of it."""

    name = "SASRec"
    n_factors: int = 64
    n_blocks: int = 2
    n_heads: int = 1
    n_candidates: int = 2000
    in_order: bool = True
    dropout: float = 0.2
    learning_rate: float = 0.005
    n_epochs: int = 12
    batch_size: int = 16
    seed: int = 0

    def _check(self) -> None:
        super()._check()
        require_whole(n_blocks=self.n_blocks, n_heads=self.n_heads)
        if self.n_factors % self.n_heads:
            raise ValueError(f"n_factors must be a multiple of n_heads, {self.n_heads}, got {self.n_factors}")

    def _make_network(self, n_items: int) -> SequenceEncoder:
        return SelfAttentionEncoder(n_items, self.n_factors, self.dropout, LENGTH, self.n_blocks, self.n_heads)


@dataclass
class GRU4RecRecommender(_SequentialRecommender):
    """A gated recurrent unit over the latest 50 likes (Hidasi et al. 2016)."""

    name = "GRU4Rec"
    n_factors: int = 64
    n_candidates: int = 2000
    in_order: bool = True
    dropout: float = 0.2
    learning_rate: float = 0.005
    n_epochs: int = 20
    batch_size: int = 16
    seed: int = 0

    def _make_network(self, n_items: int) -> SequenceEncoder:
        return RecurrentEncoder(n_items, self.n_factors, self.dropout)
