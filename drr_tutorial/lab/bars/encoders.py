"""Networks that read a sequence of liked items and say, after each one, which comes next."""

import math
from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn


class SequenceEncoder(nn.Module, ABC):
    """One table of item vectors, for what was liked and for what comes next; subclasses say what lies between.

    Index n_items pads; its vector is zero and stays so.
    """

    def __init__(self, n_items: int, n_factors: int, dropout: float) -> None:
        super().__init__()
        self.items = nn.Embedding(n_items + 1, n_factors, padding_idx=n_items)
        nn.init.normal_(self.items.weight[:-1], std=1 / math.sqrt(n_factors))
        self.bias = nn.Parameter(torch.zeros(n_items))
        self.dropout = nn.Dropout(dropout)

    @abstractmethod
    def forward(self, windows: Tensor) -> Tensor:
        """Vectors (B, L, n_factors), one after each item of the windows (B, L), from that item and those before it."""

    def logits(self, vectors: Tensor) -> Tensor:
        """Logits (..., n_items) of the next item, from vectors (..., n_factors)."""
        return nn.functional.linear(vectors, self.items.weight[:-1], self.bias)

    def sampled_loss(self, vectors: Tensor, targets: Tensor, candidates: Tensor) -> Tensor:
        """Mean cross-entropy (), with the softmax's sum over the catalogue guessed from some of it.

        Vectors (N, n_factors) and next items (N,); different candidates (K,), drawn uniformly for all N alike, each of
        which stands for n_items / K items. With all items it is the cross-entropy itself.
        """
        right = (vectors * self.items.weight[targets]).sum(dim=1) + self.bias[targets]
        others = nn.functional.linear(vectors, self.items.weight[candidates], self.bias[candidates])
        others = others + math.log(len(self.bias) / len(candidates))
        others = others.masked_fill(targets[:, None] == candidates, -torch.inf)
        return (torch.cat([right[:, None], others], dim=1).logsumexp(dim=1) - right).mean()


class SelfAttentionEncoder(SequenceEncoder):
    """Blocks of causal self-attention over at most `length` items (Kang & McAuley 2018).

    Layers are normalized before each block, and what the blocks say after them.
    """

    def __init__(self, n_items: int, n_factors: int, dropout: float, length: int, n_blocks: int, n_heads: int) -> None:
        super().__init__(n_items, n_factors, dropout)
        self.positions = nn.Parameter(torch.randn(length, n_factors) / math.sqrt(n_factors))
        self.blocks = nn.ModuleList(
            nn.TransformerEncoderLayer(n_factors, n_heads, n_factors, dropout, batch_first=True, norm_first=True)
            for _ in range(n_blocks)
        )
        self.norm = nn.LayerNorm(n_factors)

    def forward(self, windows: Tensor) -> Tensor:
        """See `SequenceEncoder`; L is at most `length`."""
        length = windows.shape[1]
        vectors = self.dropout(self.items(windows) + self.positions[:length])
        future = nn.Transformer.generate_square_subsequent_mask(length)
        for block in self.blocks:
            vectors = block(vectors, future, is_causal=True)
        return self.norm(vectors)


class RecurrentEncoder(SequenceEncoder):
    """A gated recurrent unit (Hidasi et al. 2016)."""

    def __init__(self, n_items: int, n_factors: int, dropout: float) -> None:
        super().__init__(n_items, n_factors, dropout)
        self.gru = nn.GRU(n_factors, n_factors, batch_first=True)
        self.output = nn.Linear(n_factors, n_factors)

    def forward(self, windows: Tensor) -> Tensor:
        """See `SequenceEncoder`."""
        states, _ = self.gru(self.dropout(self.items(windows)))
        vectors: Tensor = self.output(self.dropout(states))
        return vectors
