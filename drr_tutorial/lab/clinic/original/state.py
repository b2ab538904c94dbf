"""The original's DRR-ave: a convolution over the places of the memory, with a bias that an empty memory shows too."""

import torch
from torch import Tensor, nn

from drr_tutorial.representation.states import StateRepresentation


class ConvolutionAve(StateRepresentation):
    """[u, u * g, g] with g = sum of w_n i_n + b; w U(0, 1) at first, b 0."""

    def __init__(self, embedding_dim: int, memory_size: int, generator: torch.Generator) -> None:
        super().__init__(embedding_dim, memory_size, generator)
        self.weights = nn.Parameter(torch.rand((1, memory_size), generator=generator))
        self.bias = nn.Parameter(torch.zeros(1))

    @property
    def state_dim(self) -> int:
        """Three vectors."""
        return 3 * self.embedding_dim

    def forward(self, user: Tensor, items: Tensor, present: Tensor) -> Tensor:
        """States (B, 3k), as `StateRepresentation.forward`; padding gets the bias, too."""
        average = (self.weights.T * items).sum(dim=1) + self.bias  # (B, k)
        return torch.cat([user, user * average, average], dim=1)
