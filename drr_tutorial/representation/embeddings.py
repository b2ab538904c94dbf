"""User and item vectors made before RL, from training data only: iALS, PMF, or small random numbers (chapter 3).

Sources: Hu, Koren & Volinsky (2008) for iALS; Mnih & Salakhutdinov (2008) for PMF, which the DRR paper names,
here at its maximum a posteriori by alternating least squares. Both fix one side and solve a small ridge
regression for every row of the other, all rows at once:

    iALS   x_u = (Y'Y + (alpha - 1) sum y y' + reg_u I)^-1  alpha sum y       sums over the items y that u likes
    PMF    x_u = (sum y y' + reg_u I)^-1  sum (r - mean) y                     sums over the items y that u rated r

Where likes have weights w, such as 1 + ln(count), alpha is alpha w in each sum (Hu et al., equation 6, is alike).
reg_u is the same for all rows, or grows with a power of how much a row has to say (Rendle et al. 2022, eq. 8).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import csr_array
from torch import Tensor
from tqdm import tqdm

from drr_tutorial.data.ratings import DataError, Ratings

Method = Literal["ials", "pmf", "scratch"]
Signal = Literal["liked", "rated"]
TYPICAL_COUNT = 100.0  # entries of the row that has the penalty as it is given, whatever the power
ALPHA = 10.0  # iALS: weight of a positive against a missing entry
CELLS = 1 << 18  # gathered vectors in one batch of rows, padding included: 64 MB at 64 factors
ENTRIES = 1 << 20  # of equations, or of the vectors they are made of, at once: 4 MB, or one row's


_Batch = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]  # rows, their columns and values


@dataclass(frozen=True)
class Embeddings:
    """Vectors whose dot product scores a user and an item, and what it takes to fold in people who are not in
    the data.
    """

    users: NDArray[np.float32]
    """(n_users, n_factors)"""
    items: NDArray[np.float32]
    """(n_items, n_factors)"""
    method: Method
    """How they were made."""
    regularization: float
    """L2 penalty that they were made with."""
    alpha: float
    """Weight of a positive (iALS)."""
    count_power: float = 0.0
    """How the penalty grows with what a row has to say; see `factorize`."""
    weighted: bool = False
    """Whether what they were made from had weights (iALS)."""

    @property
    def n_factors(self) -> int:
        """Length of a vector."""
        return int(self.items.shape[1])

    def fold_in(self, histories: csr_array) -> NDArray[np.float32]:
        """Vectors (m, n_factors) of m people from what they like, (m, n_items): nonzero is liked.

        iALS and PMF solve the users' equation for them (PMF takes a like as one star above the mean; each weighs 1).
        Who likes nothing yet is taken for the average user; so is everybody where vectors are random and know no
        equation.
        """
        average = self.users.mean(axis=0)
        if self.method == "scratch":
            return np.repeat(average[None], histories.shape[0], axis=0)
        likes = csr_array(
            (np.ones(histories.nnz, dtype=np.float32), histories.indices, histories.indptr), histories.shape
        )
        vectors: NDArray[np.float32] = _solve_rows(likes, torch.from_numpy(self.items), self._penalty()).numpy()
        vectors[np.diff(histories.indptr) == 0] = average
        return vectors

    def _penalty(self) -> "_Penalty":
        return _Penalty(self.method, self.regularization, self.alpha, self.count_power)


@dataclass(frozen=True)
class _Penalty:
    method: Method
    regularization: float
    alpha: float
    count_power: float

    def of_rows(self, counts: Tensor, width: int) -> Tensor:
        """The penalty of rows with so many entries (b,), of `width` that there could be: (b,)."""
        missing = width / self.alpha if self.method == "ials" else 0.0
        return self.regularization * ((counts + missing) / (TYPICAL_COUNT + missing)) ** self.count_power


def factorize(
    ratings: Ratings,
    *,
    method: Method = "ials",
    n_factors: int = 64,
    regularization: float = 100.0,
    alpha: float = ALPHA,
    n_iterations: int = 15,
    count_power: float = 0.0,
    signal: Signal = "liked",
    weighted: bool = False,
    rng: np.random.Generator,
    start: Embeddings | None = None,
    progress: bool = False,
    device: str | torch.device = "cpu",
) -> Embeddings:
    """Vectors of all users and items: iALS takes likes or, by `signal`, whatever was rated; PMF takes the stars.

    The penalty of a row is `regularization` at 100 entries and grows with the power `count_power`, 0 to 1, of its
    entries and, in iALS, of the weight of what is missing. `weighted`: in iALS, an entry weighs `alpha` times its
    `ratings.weights`. `start` goes on from other vectors of the same catalogue, whose axes are kept; otherwise they are
    principal axes. A user without entries gets the mean of the others' vectors. Raises `DataError` without data to
    learn from, `ValueError` for settings out of range.
    """
    _check_settings(method, n_factors, regularization, alpha, n_iterations, count_power, signal)
    first = start or _random(ratings, n_factors, rng)
    _check_start(first, ratings)
    if method == "scratch":
        return first
    table = _targets(ratings, method, signal, weighted)
    penalty = _Penalty(method, regularization, alpha, count_power)
    made_of = "stars" if method == "pmf" else "likes" if signal == "liked" else "ratings"
    bar = tqdm(range(n_iterations), f"vectors: {table.nnz:,} {made_of}", unit="sweep", disable=not progress)
    users, items = _swept(table, first, penalty, bar, device)
    if start is None:
        axes = _principal_axes(users, items)
        users, items = users @ axes, items @ axes
    _give_the_silent_the_mean(users, table)
    made = users.cpu().numpy(), items.cpu().numpy()
    return Embeddings(*made, method, regularization, alpha, count_power, weighted and method == "ials")


def _swept(
    table: csr_array, first: Embeddings, penalty: _Penalty, sweeps: Iterable[int], device: str | torch.device
) -> tuple[Tensor, Tensor]:
    """Users and items after so many sweeps over the table of targets, each over all users and then all items."""
    by_user, by_item = table.tocsr(), csr_array(table.T.tocsr())
    users, items = torch.from_numpy(first.users).to(device), torch.from_numpy(first.items).to(device)
    for _ in sweeps:
        users = _solve_rows(by_user, items, penalty)
        items = _solve_rows(by_item, users, penalty)
    return users, items


def _give_the_silent_the_mean(users: Tensor, by_user: csr_array) -> None:
    """Whoever has no entries gets the mean vector of the others, in place."""
    silent = torch.from_numpy(np.diff(by_user.indptr) == 0).to(users.device)
    users[silent] = users[~silent].mean(dim=0)


class Vectors(Protocol):
    """What has user and item vectors whose dot product is a score."""

    @property
    def users(self) -> NDArray[np.float32]:
        """(n_users, k)."""
        ...

    @property
    def items(self) -> NDArray[np.float32]:
        """(n_items, k)."""
        ...


def scaled(vectors: Vectors) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """User and item vectors in sizes that networks like, with the same rankings: each user's largest entry is
    1, items have entries of standard deviation 1.
    """
    spread = max(float(vectors.items.std()), 1e-12)
    return scaled_users(vectors.users), vectors.items / np.float32(spread)


def scaled_users(users: NDArray[np.float32]) -> NDArray[np.float32]:
    """The users' part of `scaled`."""
    return users / np.maximum(np.abs(users).max(axis=1, keepdims=True), 1e-12)


def _random(ratings: Ratings, n_factors: int, rng: np.random.Generator) -> Embeddings:
    """Normal numbers of standard deviation 0.01, as in the original notebook."""
    users, items = (
        rng.normal(scale=0.01, size=(n, n_factors)).astype(np.float32) for n in (ratings.n_users, ratings.n_items)
    )
    return Embeddings(users, items, "scratch", 0.0, 1.0)


def _principal_axes(users: Tensor, items: Tensor) -> Tensor:
    """The rotation (k, k) that makes each entry of the vectors one pattern of taste, the strongest first; scores
    and fold-in stay the same.
    """
    _, axes = torch.linalg.eigh(users.T @ users + items.T @ items)
    return axes.flip(1)


def _targets(ratings: Ratings, method: Method, signal: Signal, weighted: bool) -> csr_array:
    """What the dot products aim at, (n_users, n_items): stars less their mean (PMF), 1 for a like (iALS), where the
    entry is what the like weighs, times alpha.
    """
    likes_only = method == "ials" and signal == "liked"
    rows = ratings.positives() if likes_only else ratings
    if len(rows) == 0:
        raise DataError(f"ratings must hold a {'like' if likes_only else 'rating'} to learn vectors from, got none")
    if method == "ials" and not weighted:
        return rows.matrix()
    values = (
        _weights_of(rows) if method == "ials" else (rows.ratings - rows.ratings.mean()) / np.float32(rows.scale.star)
    )
    return csr_array((values, (rows.users, rows.items)), shape=(rows.n_users, rows.n_items))


def _weights_of(rows: Ratings) -> NDArray[np.float32]:
    if rows.weights is None:
        raise DataError(
            "weighted must be False for data without weights; read how often with kind='counts', or give weights to "
            "Ratings.from_columns"
        )
    return rows.weights


def _solve_rows(targets: csr_array, factors: Tensor, penalty: _Penalty) -> Tensor:
    """The ridge regression of every row of `targets` (m, n) on `factors` (n, k): (m, k); a row without entries
    gets zeros.
    """
    k = factors.shape[1]
    identity = torch.eye(k, device=factors.device)
    base, weight = torch.zeros_like(identity), 1.0
    if penalty.method == "ials":
        base, weight = factors.T @ factors, penalty.alpha - 1
    weighted = penalty.method == "ials" and bool((targets.data != 1).any())
    penalties = penalty.of_rows(torch.from_numpy(np.diff(targets.indptr)).to(factors), targets.shape[1])
    padded = torch.cat([factors, factors.new_zeros(1, k)])  # the last row pads
    solution = factors.new_zeros(targets.shape[0], k)
    for rows, columns, values in _few_at_once(_padded_batches(targets), k):
        chosen = padded[torch.from_numpy(columns).to(factors.device)]  # (b, longest, k)
        goal = torch.from_numpy(values).to(factors.device) * (penalty.alpha if penalty.method == "ials" else 1.0)
        place = torch.from_numpy(rows).to(factors.device)
        ridge = penalties[place, None, None] * identity  # (b, k, k)
        each = (goal - 1)[:, None] if weighted else weight  # on top of what is missing; padding is 0 whatever it weighs
        matrices = base + ridge + each * chosen.transpose(1, 2) @ chosen  # (b, k, k)
        right = (goal[:, None] @ chosen).transpose(1, 2)  # (b, k, 1)
        solution[place] = _solved(matrices, right, penalty).squeeze(2)
    return solution


def _few_at_once(batches: Iterator[_Batch], k: int) -> Iterator[_Batch]:
    """The same batches in parts: many short rows would have many equations at once, each of k times k entries."""
    for batch in batches:
        most = max(1, ENTRIES // (k * max(k, batch[1].shape[1])))
        for start in range(0, len(batch[0]), most):
            part = slice(start, start + most)
            yield batch[0][part], batch[1][part], batch[2][part]


def _solved(matrices: Tensor, right: Tensor, penalty: _Penalty) -> Tensor:
    """Some kernels raise where others return numbers that are not finite."""
    try:
        solution = torch.linalg.solve(matrices, right)
    except RuntimeError as error:  # torch's LinAlgError
        raise _unsolvable(penalty) from error
    if not solution.isfinite().all():
        raise _unsolvable(penalty)
    return solution


def _unsolvable(penalty: _Penalty) -> ValueError:
    rule, values = "regularization must be larger", f"got regularization {penalty.regularization:g}"
    if penalty.method == "ials":
        rule, values = "alpha must be smaller, or regularization larger", f"{values} and alpha {penalty.alpha:g}"
    return ValueError(f"the equations of the vectors have no finite solution: {rule}, {values}")


def _padded_batches(table: csr_array) -> Iterator[_Batch]:
    """Rows of similar length together: row numbers (b,), their columns (b, longest) padded with n, their values
    padded with 0.
    """
    lengths = np.diff(table.indptr)
    order = np.argsort(lengths, kind="stable")
    order = order[lengths[order] > 0]
    while len(order):
        longest = lengths[order[-1]]
        rows = order[-max(1, CELLS // longest) :]
        order = order[: -len(rows)]
        places = table.indptr[rows, None] + np.arange(longest)
        inside = np.arange(longest) < lengths[rows, None]
        places = np.minimum(places, table.nnz - 1)
        columns = np.where(inside, table.indices[places], table.shape[1]).astype(np.int64)
        yield rows, columns, np.where(inside, table.data[places], 0).astype(np.float32)


def _check_settings(
    method: str, n_factors: int, regularization: float, alpha: float, n_iterations: int, count_power: float, signal: str
) -> None:
    if method not in ("ials", "pmf", "scratch"):
        raise ValueError(f"method must be 'ials', 'pmf' or 'scratch', got {method!r}")
    if signal not in ("liked", "rated"):
        raise ValueError(f"signal must be 'liked' or 'rated', got {signal!r}")
    if not 0 <= count_power <= 1:
        raise ValueError(f"count_power must be from 0 to 1, got {count_power}")
    for name, value, least in (("n_factors", n_factors, 1), ("n_iterations", n_iterations, 1), ("alpha", alpha, 1)):
        if not value >= least:
            raise ValueError(f"{name} must be at least {least}, got {value}")
    if not regularization > 0:
        raise ValueError(f"regularization must be above 0, got {regularization}")


def _check_start(start: Embeddings, ratings: Ratings) -> None:
    needed, got = (ratings.n_users, ratings.n_items), (len(start.users), len(start.items))
    if got != needed:
        raise ValueError(
            f"start must have vectors of {needed[0]} users and {needed[1]} items, got {got[0]} and {got[1]}; "
            "make it from ratings with the same ids"
        )
