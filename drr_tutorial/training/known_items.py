"""What users liked before a training, looked up for a few of them at a time: no array of all users times all items."""

import torch
from scipy.sparse import csr_array
from torch import Tensor


class KnownItems:
    """The entries of a sparse (n_users, n_items) array of bool."""

    def __init__(self, known: csr_array) -> None:
        self.known = known

    def of(self, users: Tensor) -> Tensor:
        """Which items each of the users (n,) knows: (n, n_items), bool."""
        return torch.from_numpy(self.known[users.cpu().numpy()].toarray()).to(users.device)

    def among(self, users: Tensor, items: Tensor) -> Tensor:
        """Which of some items (n, m) each of the users (n,) knows: (n, m), bool."""
        return self.of(users).gather(1, items)
