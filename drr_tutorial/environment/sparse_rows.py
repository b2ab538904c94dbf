"""Rows of a sparse array as dense tensors, on the device where the array lies: none is copied to it when asked for."""

import torch
from scipy.sparse import csr_array
from torch import Tensor


class SparseRows:
    """The rows of an array (n, m); `rows(index)` gives some of them, (b, m), in its own kind of numbers."""

    def __init__(self, array: csr_array, device: torch.device | str) -> None:
        self.n_columns = array.shape[1]
        self.starts = torch.from_numpy(array.indptr).to(device).long()
        self.columns = torch.from_numpy(array.indices).to(device).long()
        self.values = torch.from_numpy(array.data).to(device)

    def rows(self, index: Tensor) -> Tensor:
        """The rows `index` (b,), (b, m)."""
        starts = self.starts[index]
        counts = self.starts[index + 1] - starts
        row = torch.repeat_interleave(torch.arange(len(index), device=index.device), counts)
        within = torch.arange(len(row), device=index.device) - (counts.cumsum(0) - counts)[row]
        place = starts[row] + within
        dense = torch.zeros(len(index), self.n_columns, dtype=self.values.dtype, device=index.device)
        dense[row, self.columns[place]] = self.values[place]
        return dense
