"""What people like, as one normal distribution over the whole catalogue: who has answered a little can be guessed.

The likes x_u (n_items,) of the training users, 1 where liked and 0 elsewhere, have a mean and a covariance. The latter
is kept as its largest principal components and what each item varies by itself:

    x = mean + L z + noise,    z ~ N(0, I),    noise_i ~ N(0, noise_i)

Whoever has answered the items S with y has z given that, by the formula for conditioning a normal distribution.
Dislikes count as much as likes. Sources: Tipping & Bishop (1999), probabilistic principal component analysis, here with
a noise for each item; Rasmussen & Williams (2006), section 2.2, for the conditioning.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.linalg import LinearOperator, svds

Floats = NDArray[np.float32]
AT_ONCE = 1 << 24  # numbers in an array: 64 MB
LEAST_NOISE = 1e-4  # of an item that nobody likes, or everybody


class Taste(NamedTuple):
    """The distribution; r components."""

    mean: Floats  # (n_items,)
    loadings: Floats  # L (n_items, r)
    noise: Floats  # (n_items,), variances

    def given(self, answers: csr_array) -> "Guess":
        """z of m people by what they answered: (m, n_items), above 0 liked, below 0 not, nothing where not asked."""
        asked = answers.copy()
        asked.data = (answers.data != 0).astype(np.float32)
        liked = answers.copy()
        liked.data = (answers.data > 0).astype(np.float32)
        m, r = answers.shape[0], self.loadings.shape[1]
        weighed = self.loadings / self.noise[:, None]
        products = (self.loadings[:, :, None] * weighed[:, None]).reshape(-1, r * r)
        precision = np.eye(r, dtype=np.float32) + (asked @ products).reshape(m, r, r)
        surprise = liked @ weighed - asked @ (self.mean[:, None] * weighed)
        covariance: Floats = np.linalg.inv(precision).astype(np.float32)
        return Guess((covariance @ surprise[..., None]).squeeze(2).astype(np.float32), covariance)

    def moved(self, guess: "Guess", items: NDArray[np.int64], liked: NDArray[np.bool_]) -> "Guess":
        """The same after one more answer of each of m people, (m,) items: what `given` says with it, up to rounding."""
        loadings = self.loadings[items]  # (m, r)
        reach = (guess.covariance @ loadings[..., None]).squeeze(2)  # covariance of z and the answer
        variance = (reach * loadings).sum(axis=1) + self.noise[items]
        surprise = liked - self.mean[items] - (guess.z * loadings).sum(axis=1)
        gain = reach / variance[:, None]
        return Guess(
            (guess.z + gain * surprise[:, None]).astype(np.float32),
            guess.covariance - gain[:, :, None] * reach[:, None],
        )

    def nothing_known(self, m: int) -> "Guess":
        """Of m people who have answered nothing."""
        r = self.loadings.shape[1]
        return Guess(np.zeros((m, r), np.float32), np.repeat(np.eye(r, dtype=np.float32)[None], m, axis=0))

    def scores(self, z: Floats) -> Floats:
        """How much each of m people is expected to like each item, (m, n_items), for z (m, r)."""
        return self.mean + z @ self.loadings.T

    def deviations(self, covariance: Floats) -> Floats:
        """Standard deviations of those, (m, n_items), for covariances of z (m, r, r)."""
        variance = np.empty((len(covariance), len(self.loadings)), dtype=np.float32)
        at_once = max(1, AT_ONCE // max(1, self.loadings.size))  # people; each has an array of (n_items, r)
        for part in (slice(start, start + at_once) for start in range(0, len(covariance), at_once)):
            variance[part] = ((self.loadings @ covariance[part]) * self.loadings).sum(axis=2)
        return np.sqrt(variance)


class Guess(NamedTuple):
    """What is known of z of m people."""

    z: Floats  # (m, r)
    covariance: Floats  # (m, r, r)


def fit_taste(likes: csr_array, n_components: int, rng: np.random.Generator, noise_scale: float = 1.0) -> Taste:
    """The distribution of what the m rows of binary likes (m, n_items) say; `noise_scale` times their noise.

    Of few users or items there are fewer components than asked for; where all users like the same there is one, of
    zeros. Raises `ValueError` for less than one component, user or item.
    """
    m, n_items = likes.shape
    if min(m, n_items) < 1:
        raise ValueError(f"likes must be of at least one user and one item, got {likes.shape}")
    if n_components < 1:
        raise ValueError(f"n_components must be at least 1, got {n_components}")
    mean = np.asarray(likes.sum(axis=0)).ravel() / m
    centred = LinearOperator(
        (m, n_items), dtype=np.float64,
        matvec=lambda v: likes @ v - mean @ v, rmatvec=lambda u: likes.T @ u - mean * u.sum(),
        matmat=lambda v: likes @ v - mean @ v, rmatmat=lambda u: likes.T @ u - np.outer(mean, u.sum(axis=0)),
    )  # fmt: skip
    loadings = np.zeros((n_items, 1))
    if min(m, n_items) > 1 and (mean * (1 - mean)).any():  # ARPACK finds nothing where there is no variance at all
        _, sizes, components = svds(centred, k=min(n_components, min(m, n_items) - 1), random_state=rng)
        loadings = components.T * (sizes / np.sqrt(m))
    left = np.maximum(mean * (1 - mean) - (loadings**2).sum(axis=1), LEAST_NOISE)
    return Taste(*(np.ascontiguousarray(array, dtype=np.float32) for array in (mean, loadings, noise_scale * left)))


def taste_of_factors(users: Floats, items: Floats, likes: csr_array, noise_scale: float = 1.0) -> Taste:
    """The distribution that a factorization implies: tastes spread as the m vectors of users (m, r), what they like as
    dot products with those of items (n_items, r), and the noise that these leave of the likes (m, n_items). Raises
    `ValueError` for no users.
    """
    m, r = users.shape
    if m < 1:
        raise ValueError(f"users must be the vectors of at least one user, got {users.shape}")
    centre = users.mean(axis=0, dtype=np.float64)
    spread = np.cov(users.T.astype(np.float64)).reshape(r, r) if m > 1 else np.zeros((r, r))
    jitter = 1e-9 * np.trace(spread) * np.eye(r)
    root = np.linalg.cholesky(spread + jitter) if spread.any() else spread  # nobody differs from anybody
    explained = ((likes.T @ users) * items).sum(axis=1)  # (n_items,): likes times their dot products
    squares = ((items @ (users.T @ users)) * items).sum(axis=1)
    left = np.maximum((likes.sum(axis=0) - 2 * explained + squares) / m, LEAST_NOISE)
    return Taste(
        *(np.ascontiguousarray(a, dtype=np.float32) for a in (items @ centre, items @ root, noise_scale * left))
    )
