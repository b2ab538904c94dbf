"""Mult-VAE: a variational autoencoder of what each user likes (Liang et al. 2018)."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import csr_array
from torch import Tensor, nn

from drr_tutorial.data.ratings import Ratings
from drr_tutorial.lab.bars.neural import Ints, NeuralRecommender, require_whole
from drr_tutorial.recommenders.base import Scores

ANNEALED = 0.5  # share of the training in which the weight of the KL term rises from 0


class MultVAE(nn.Module):
    """Likes (B, n_items) -> a normal distribution of the latent taste (B, n_latent) -> logits (B, n_items)."""

    def __init__(self, n_items: int, n_hidden: int, n_latent: int, dropout: float) -> None:
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.encoder = nn.Sequential(nn.Linear(n_items, n_hidden), nn.Tanh(), nn.Linear(n_hidden, 2 * n_latent))
        self.decoder = nn.Sequential(nn.Linear(n_latent, n_hidden), nn.Tanh(), nn.Linear(n_hidden, n_items))

    def encode(self, likes: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log variance of the taste, (B, n_latent) each; likes (B, n_items) are scaled to length 1."""
        mean, log_variance = self.encoder(self.dropout(nn.functional.normalize(likes))).chunk(2, dim=1)
        return mean, log_variance

    def forward(self, likes: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Logits of a taste that is drawn, and mean and log variance of what it is drawn from."""
        mean, log_variance = self.encode(likes)
        return self.decoder(mean + torch.randn_like(mean) * (log_variance / 2).exp()), mean, log_variance


def multinomial_loss(logits: Tensor, likes: Tensor) -> Tensor:
    """-log p(likes), each like a draw from softmax(logits), the mean over rows: () from (B, n_items) twice.

    Liang et al. (2018), equation 2, without the constant.
    """
    return -(likes * logits.log_softmax(dim=1)).sum(dim=1).mean()


def kl_to_standard_normal(mean: Tensor, log_variance: Tensor) -> Tensor:
    """KL(N(mean, variance) || N(0, 1)), the mean over rows: () from (B, n_latent) twice."""
    return (mean**2 + log_variance.exp() - 1 - log_variance).sum(dim=1).mean() / 2


@dataclass
class MultVAERecommender(NeuralRecommender[MultVAE]):
    """Each user's likes through a narrow layer and back, as draws of a multinomial (Liang et al. 2018).

    `kl_weight` is the paper's beta at its highest, which it reaches halfway through the training; `dropout`, the share
    of the likes that the network must do without; `n_hidden` and `n_latent`, the sizes of its layers.
    """

    name = "Mult-VAE"
    n_hidden: int = 600
    n_latent: int = 200
    dropout: float = 0.5
    kl_weight: float = 0.2
    learning_rate: float = 0.003
    n_epochs: int = 20
    batch_size: int = 32
    seed: int = 0

    @torch.inference_mode()
    def scores_for(self, histories: csr_array) -> Scores:
        """Logits (m, n_items) at the mean of each taste."""
        scores: Scores = self.network.decoder(self.network.encode(_dense(histories))[0]).numpy()
        return scores

    def _check(self) -> None:
        super()._check()
        require_whole(n_hidden=self.n_hidden, n_latent=self.n_latent)
        if not self.kl_weight >= 0:
            raise ValueError(f"kl_weight must be at least 0, got {self.kl_weight}")

    def _make_network(self, n_items: int) -> MultVAE:
        return MultVAE(n_items, self.n_hidden, self.n_latent, self.dropout)

    def _learners(self) -> Ints:
        return np.flatnonzero(np.diff(self._liked.indptr) > 0)

    def _loss(self, users: Ints, rng: np.random.Generator, share: float) -> Tensor:
        likes = _dense(self._liked[users])
        logits, mean, log_variance = self.network(likes)
        weight = self.kl_weight * min(1.0, share / ANNEALED)
        return multinomial_loss(logits, likes) + weight * kl_to_standard_normal(mean, log_variance)

    def _scores_of(self, users: NDArray[np.integer[Any]]) -> Scores:
        return self.scores_for(self._liked[users])

    def _scores_in_session(self, users: NDArray[np.integer[Any]], likes: csr_array) -> Scores:
        """Likes of the session speak as those of the training data do."""
        return self.scores_for(self._liked[users] + likes)

    def _remember(self, ratings: Ratings) -> None:
        super()._remember(ratings)
        self._liked = ratings.positives().matrix()


def _dense(likes: csr_array) -> Tensor:
    """Ones (m, n_items) where there is an entry."""
    return torch.from_numpy((likes.toarray() != 0).astype(np.float32))
