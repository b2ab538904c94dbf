"""Two more methods that sum what each liked item says for the others: a sparse regression and a random walk.

Both learn from the likes alone and score as EASE and item-kNN do: history (m, n_items) times weights (n_items,
n_items).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, diags_array

from drr_tutorial.data.ratings import Ratings
from drr_tutorial.recommenders.base import Scores
from drr_tutorial.recommenders.baselines import ItemToItem, require_at_least

Floats = NDArray[np.float32]
STIFFNESS = 3.0  # how hard ADMM pulls its two sides together, against the mean pull of the data: quickest on MovieLens
RELAXATION = 1.8  # steps go further than they aim (Boyd et al. 2011, section 3.4.3): half as many are needed


@dataclass
class SLIMRecommender(ItemToItem):
    """Sparse linear method (Ning & Karypis 2011, eq. 3): weights B >= 0 with a zero diagonal that minimize

        |X - X B|^2 / 2 + l2 |B|^2 / 2 + l1 |B|_1

    for the likes X (n_users, n_items). All columns at once by ADMM (Steck et al. 2020, section 3), until no weight
    moves or misses a condition by more than `tolerance`, at the latest after `n_iterations`.
    """

    name = "SLIM"
    l1: float = 0.5
    l2: float = 500.0
    n_iterations: int = 30
    tolerance: float = 1e-3

    def _fit(self, ratings: Ratings) -> None:
        require_at_least(0, l1=self.l1, tolerance=self.tolerance)
        require_at_least(1, n_iterations=self.n_iterations)
        if not self.l2 > 0:
            raise ValueError(f"l2 must be above 0, got {self.l2}")
        liked = ratings.positives().matrix()
        gram = (liked.T @ liked).toarray().astype(np.float32)
        self.weights = _admm(gram, self.l1, self.l2, self.n_iterations, self.tolerance)


def _admm(gram: Floats, l1: float, l2: float, n_iterations: int, tolerance: float) -> Floats:
    """SLIM's weights (n, n) from X'X (n, n): `free` solves a ridge regression, `allowed` is what SLIM allows of it,
    and the scaled multipliers pull the two together.
    """
    rho = np.float32(STIFFNESS * (l2 + gram.diagonal().mean()))
    inverse = _inverse(gram, l2 + float(rho))
    allowed, multipliers = np.zeros_like(gram), np.zeros_like(gram)
    for _ in range(n_iterations):
        free = inverse @ (gram + rho * (allowed - multipliers))
        free -= inverse * (free.diagonal() / inverse.diagonal())  # holds the diagonal at zero
        before, gap = allowed, np.abs(free - allowed).max()
        free = RELAXATION * free + (1 - RELAXATION) * before
        allowed = np.maximum(free + multipliers - np.float32(l1) / rho, 0)
        multipliers += free - allowed
        if max(gap, np.abs(allowed - before).max()) <= tolerance:
            break
    np.fill_diagonal(allowed, 0)
    return allowed


def _inverse(gram: Floats, ridge: float) -> Floats:
    matrix = gram.astype(np.float64)
    matrix[np.diag_indices_from(matrix)] += ridge
    return np.linalg.inv(matrix).astype(np.float32)


@dataclass
class RP3betaRecommender(ItemToItem):
    """A random walk of three steps, user to item to user to item (Cooper et al. 2014), where each step's probability
    is raised to `alpha`, and the end's popularity to `beta` divides (Paudel et al. 2017, section 4).

    Weights are the last two steps; the first weighs all likes of a user alike, so that leaving its factor out changes
    no ranking. Each item keeps the `n_neighbours` that say most for it.
    """

    name = "RP3beta"
    alpha: float = 0.6
    beta: float = 0.5
    n_neighbours: int = 200

    def _fit(self, ratings: Ratings) -> None:
        require_at_least(0, alpha=self.alpha, beta=self.beta)
        require_at_least(1, n_neighbours=self.n_neighbours)
        liked = ratings.positives().matrix()
        walk = (_step(csr_array(liked.T), self.alpha) @ _step(liked, self.alpha)).toarray()
        np.fill_diagonal(walk, 0)
        popularity = np.bincount(liked.indices, minlength=ratings.n_items)
        walk /= np.maximum(popularity, 1).astype(np.float32) ** np.float32(self.beta)
        self.weights = _nearest(walk, self.n_neighbours)


def _step(links: csr_array, alpha: float) -> csr_array:
    """Probabilities (m, n) of a step along one of a row's links (m, n), each as likely, raised to `alpha`."""
    chances = 1 / np.maximum(np.diff(links.indptr), 1).astype(np.float32)
    return csr_array(diags_array(chances ** np.float32(alpha)) @ links)


def _nearest(weights: Floats, n: int) -> Scores:
    """The n largest weights of each column, and those equal to the last of them; zero elsewhere."""
    if n >= len(weights):
        return weights
    least = np.partition(weights, -n, axis=0)[-n]
    return np.where(weights >= least, weights, 0)
