"""The agent's correction without RL: the same vectors and gates, trained to rank the same likes (chapter 15).

What the agent's actor learns by rewards, these numbers learn by a loss: BPR's (Rendle et al. 2009) or that of a
softmax over a slate. Vectors, parts of the data, validation, and what happens after the training are the agent's.
"""

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import csr_array
from torch import Tensor
from torch.nn.functional import softplus
from tqdm import tqdm

from drr_tutorial.data.ratings import Ratings
from drr_tutorial.recommenders.drr import DRRRecommender

Ints = NDArray[np.int32]
Loss = Literal["bpr", "softmax"]
BATCH = 512
SLATE = 99  # items that nobody rewarded, beside each like


@dataclass
class CorrectionWithoutRL(DRRRecommender):
    """An agent with shared gates, whatever `agent.correction` says, that learn by `loss` from the likes that pay the
    agent.

    `learning_rate` is Adam's; the gates are validated before and after each of `n_epochs` passes over these likes, and
    the best are kept. A step of `history` is a like.
    """

    name = "correction without RL"
    loss: Loss = "bpr"
    learning_rate: float = 3e-3
    n_epochs: int = 20

    def __post_init__(self) -> None:
        super().__post_init__()
        self._config = replace(self._config, agent=replace(self._config.agent, correction="shared gates"))

    def _fit(self, ratings: Ratings) -> None:
        self.correction_share = 1.0
        parts = self._divide(ratings)
        self.embeddings = self._pretrain(parts["known"], None)
        self.networks = self._build(self.embeddings)
        self._learn(parts)
        self._temper(parts)
        self._take_in(ratings)

    def _learn(self, parts: dict[str, Ratings]) -> None:
        """The actor's output, as it validates best; `history` has the figures."""
        rng, (gates,) = np.random.default_rng([self._config.seed, 4]), self.networks.actor.parameters()
        validate, likes, known = self._validation(parts), parts["rewarded"].positives(), parts["known"].matrix()
        optimizer = torch.optim.Adam([gates], lr=self.learning_rate)
        self.history, best = [], (-np.inf, gates.detach().clone())
        for epoch in tqdm(range(1 + self.n_epochs), self.loss, unit="pass", disable=not self.progress):
            for rows in np.array_split(rng.permutation(len(likes)), -(-len(likes) // BATCH)) if epoch else ():
                optimizer.zero_grad()
                self._loss(likes.users[rows], likes.items[rows], known, rng).backward()
                optimizer.step()
            figures = {} if validate is None else validate(self.networks)
            self.history.append({"step": epoch * len(likes)} | figures)
            best = max(best, (sum(figures.values()), gates.detach().clone()), key=lambda one: one[0])
        with torch.no_grad():
            gates.copy_(best[1])

    def _loss(self, users: Ints, items: Ints, known: csr_array, rng: np.random.Generator) -> Tensor:
        """Of likes (b,), each beside items drawn at random, those left out that the user is known to have rated: ()."""
        slate = rng.integers(known.shape[1], size=(len(users), 1 + SLATE))
        slate[:, 0] = items
        scores = self._scores_on(slate, users)
        rated: Any = known[users[:, None], slate[:, 1:]]
        lead = (scores[:, :1] - scores[:, 1:]).masked_fill(torch.from_numpy(rated.toarray() > 0), torch.inf)
        if self.loss == "bpr":
            return softplus(-lead).mean()
        return torch.cat([torch.zeros(len(lead), 1), -lead], dim=1).logsumexp(dim=1).mean()

    def _scores_on(self, slate: NDArray[np.int64], users: Ints) -> Tensor:
        """(b, m): what the actor's vectors give the items of a slate (b, m)."""
        memory = torch.full((len(users), 1), self.networks.n_items)  # empty
        with torch.no_grad():
            prior = self.networks.see(torch.from_numpy(users).long(), memory).prior
            vectors = self.networks.items(torch.from_numpy(slate))
        action = self.networks.actor(prior, prior)
        return (vectors @ action[:, :, None]).squeeze(2)  # type: ignore[no-any-return]
