"""Where an untrained actor stands: at the user's vector, and at what the latest likes alone say (chapters 4 and 15).

With Y (n_items, k) the items' vectors, m the sum of the memory's, each earlier one times `decay` once more, and C the
covariance of Y over the catalogue:

    f = (Y'Y + ridge * mean(diag(Y'Y)) I)^-1 m                    the memory, folded in as iALS folds in a user
    prior = u                                                      without a memory weight
    prior = u / sqrt(u'Cu) + weight * f / sqrt(f'Cf)               each with scores of standard deviation 1

and then, whatever it is, in a size that leaves tanh a slope. Nothing here is learned by gradients.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

RIDGE = 0.3  # L2 penalty of reading the memory, in units of the mean square of the items' entries, summed over items
LIMIT = 0.9  # the largest entry of a warm-started action: tanh still has a slope there


class WarmStart(nn.Module):
    """(B, k) user vectors and (B, N, k) vectors of liked items -> prior (B, k) in (-1, 1).

    A padding item is all zeros. With an empty memory the prior is the user's alone. `decay`, 0 to 1: what a like counts
    against the one after it; 1: the order does not matter.
    """

    fold: Tensor
    spread: Tensor

    def __init__(
        self, item_vectors: NDArray[np.float32], memory_weight: float, ridge: float = RIDGE, decay: float = 1.0
    ) -> None:
        super().__init__()
        self.memory_weight, self.ridge, self.decay = memory_weight, ridge, decay
        if memory_weight > 0:
            k = item_vectors.shape[1]
            self.register_buffer("fold", torch.empty(k, k))
            self.register_buffer("spread", torch.empty(k, k))
            self.read(item_vectors)

    def read(self, item_vectors: NDArray[np.float32]) -> None:
        """Take the catalogue (n_items, k) as it is now."""
        if self.memory_weight > 0:
            gram = item_vectors.T.astype(np.float64) @ item_vectors
            ridge = max(self.ridge * float(gram.diagonal().mean()), 1e-12)
            self.fold.copy_(torch.from_numpy(np.linalg.inv(gram + ridge * np.eye(len(gram)))))
            self.spread.copy_(torch.from_numpy(np.atleast_2d(np.cov(item_vectors.T, bias=True))))

    def forward(self, user: Tensor, liked: Tensor) -> Tensor:
        """Priors (B, k) from user vectors (B, k) and vectors of what they liked (B, N, k), zeros for padding."""
        start = user
        if self.memory_weight > 0:
            start = self._standard(user) + self.memory_weight * self._standard(self._sum(liked) @ self.fold)
        largest = start.abs().amax(dim=1, keepdim=True).clamp_min(1e-12)
        return LIMIT * start / largest

    def _sum(self, liked: Tensor) -> Tensor:
        """Of a memory's vectors (B, N, k), the latest last: (B, k)."""
        ages = torch.arange(liked.shape[1], device=liked.device).flip(0)
        return (self.decay ** ages[:, None] * liked).sum(dim=1)

    def _standard(self, vectors: Tensor) -> Tensor:
        """The same direction, with scores of standard deviation 1 over the catalogue; zeros stay zeros."""
        variance = ((vectors @ self.spread) * vectors).sum(dim=1, keepdim=True)
        return vectors / variance.clamp_min(1e-12).sqrt()
