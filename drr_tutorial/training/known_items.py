"""What users liked before a training, as a list for each of them: no array of users times items (chapter 5)."""

import torch
from scipy.sparse import csr_array
from torch import Tensor


class KnownItems:
    """The entries of a sparse (n_users, n_items) array, on a device; looked up for a few users at a time."""

    def __init__(self, known: csr_array, device: str | torch.device = "cpu") -> None:
        known = known.sorted_indices()
        self.n_items = known.shape[1]
        self.items = torch.from_numpy(known.indices).to(device)  # (n_known,), ascending for each user
        self.ends = torch.from_numpy(known.indptr).to(device).long()  # (n_users + 1,)

    def of(self, users: Tensor) -> Tensor:
        """Which items each of the users (n,) knows: (n, n_items), bool."""
        known = torch.zeros(len(users) * self.n_items, dtype=torch.bool, device=users.device)
        known[self._pairs(users)] = True
        return known.view(len(users), self.n_items)

    def among(self, users: Tensor, items: Tensor) -> Tensor:
        """Which of some items (n, m) each of the users (n,) knows: (n, m), bool."""
        pairs, places = self._pairs(users), torch.arange(len(users), device=users.device)
        if len(pairs) == 0:
            return torch.zeros_like(items, dtype=torch.bool)
        wanted = places[:, None] * self.n_items + items
        found = torch.searchsorted(pairs, wanted).clamp_max(len(pairs) - 1)
        return pairs[found] == wanted

    def _pairs(self, users: Tensor) -> Tensor:
        """The places of what the users (n,) know in a flat (n, n_items), ascending."""
        starts, ends = self.ends[users], self.ends[users + 1]
        lengths = ends - starts
        row = torch.arange(len(users), device=users.device).repeat_interleave(lengths)
        before = lengths.cumsum(0) - lengths
        places = torch.arange(len(row), device=users.device) + (starts - before)[row]
        return row * self.n_items + self.items[places]
