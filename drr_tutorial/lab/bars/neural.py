"""What all neural bars share: settings, the loop that trains them, and how they are stored."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, Generic, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from drr_tutorial.data.ratings import Ratings
from drr_tutorial.recommenders.base import Recommender

Ints = NDArray[np.int64]
Network = TypeVar("Network", bound=nn.Module)


class NeuralRecommender(Recommender, Generic[Network]):
    """A network on the CPU that learns from batches of users, by Adam with a learning rate that rises to
    `learning_rate` in a tenth of the training and then falls to nearly 0 (Smith & Topin 2019).

    Subclasses are dataclasses of these settings and more; they make the network and say what a batch of users costs.
    `dropout` is a share, from 0 to below 1; an epoch sees every user once, `batch_size` of them a step. The seed
    decides all; PyTorch's own generator is left as it was.
    """

    dropout: float
    learning_rate: float
    n_epochs: int
    batch_size: int
    seed: int
    network: Network

    @abstractmethod
    def _make_network(self, n_items: int) -> Network:
        """With random weights, by PyTorch's own generator."""

    @abstractmethod
    def _loss(self, users: Ints, rng: np.random.Generator, share: float) -> Tensor:
        """What a batch of users (b,) costs, (), when a `share` of the training from 0 to 1 is over."""

    @abstractmethod
    def _learners(self) -> Ints:
        """The users that there is something to learn from."""

    def _check(self) -> None:
        """Raises ValueError for settings that make no sense."""
        require_whole(n_epochs=self.n_epochs, batch_size=self.batch_size)
        if not self.learning_rate > 0:
            raise ValueError(f"learning_rate must be above 0, got {self.learning_rate}")
        if not 0 <= self.dropout < 1:
            raise ValueError(f"dropout must be from 0 to below 1, got {self.dropout}")

    def _fit(self, ratings: Ratings) -> None:
        self._check()
        self._remember(ratings)  # the losses read it
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed)
            self.network = self._make_network(ratings.n_items).train()
            self._train(np.random.default_rng(self.seed))
        self.network.eval()

    def _train(self, rng: np.random.Generator) -> None:
        learners = self._learners()
        n_batches = -(-len(learners) // self.batch_size)
        n_steps = self.n_epochs * n_batches
        if n_steps == 0:  # nobody to learn from
            return
        optimizer = torch.optim.Adam(self.network.parameters(), self.learning_rate, betas=(0.9, 0.98), fused=True)
        rising = max(0.1, 2 / (n_steps + 1))  # a step at least: torch divides by how many they are
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, self.learning_rate, total_steps=n_steps + 1, pct_start=rising, cycle_momentum=False
        )
        for step in range(n_steps):
            if step % n_batches == 0:
                batches = np.array_split(rng.permutation(learners), n_batches)
            optimizer.zero_grad()
            self._loss(batches[step % n_batches], rng, step / n_steps).backward()
            optimizer.step()
            schedule.step()

    def _arrays(self) -> dict[str, NDArray[Any]]:
        arrays = {name: weights.numpy() for name, weights in self.network.state_dict().items()}
        return arrays | {"n_items": np.array([self.ratings.n_items])}

    def _load_arrays(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        weights = {name: torch.from_numpy(array) for name, array in arrays.items() if name != "n_items"}
        with torch.random.fork_rng(devices=[]):
            self.network = self._make_network(int(arrays["n_items"][0])).eval()
        self.network.load_state_dict(weights)


def require_whole(**settings: int) -> None:
    """Raises ValueError for what is not a whole number from 1."""
    for name, value in settings.items():
        if not isinstance(value, int) or value < 1:
            raise ValueError(f"{name} must be a whole number of at least 1, got {value!r}")
