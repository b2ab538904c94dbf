"""The bars to beat: random, popularity, average rating, item-kNN, EASE, iALS, BPR, all behind the recommender
protocol (chapter 6). Implicit-feedback methods learn from the positives (the likes). BPR comes from the library
`implicit` (extra `baselines`).
"""

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, csr_matrix, vstack

from drr_tutorial.data.merge import Merged
from drr_tutorial.data.ratings import Ratings
from drr_tutorial.evaluation.blocks import blocks
from drr_tutorial.recommenders.base import Recommender, Scores
from drr_tutorial.recommenders.item_to_item import ItemToItem as ItemToItem, MostLiked, binary as binary, most_liked
from drr_tutorial.recommenders.room import require_square
from drr_tutorial.recommenders.similar import cosine
from drr_tutorial.representation.answers import fold_in_answers
from drr_tutorial.representation.embeddings import ALPHA, Embeddings, factorize
from drr_tutorial.representation.growth import grown

Arrays = dict[str, NDArray[Any]]
EASE_BYTES = 36  # for each pair of items, where its inverse is computed: four squares of doubles and one of singles


def _repeated(row: NDArray[Any], times: int) -> Scores:
    return np.repeat(row[None].astype(np.float32), times, axis=0)


def require_at_least(least: float, **settings: float) -> None:
    """Raises `ValueError` for the first setting below `least`."""
    for name, value in settings.items():
        if not value >= least:
            raise ValueError(f"{name} must be at least {least}, got {value}")


class _SameForAll(Recommender):
    """One score an item, whoever asks."""

    item_scores: Scores

    def scores_for(self, histories: csr_array) -> Scores:
        return _repeated(self.item_scores, histories.shape[0])

    def _scores_of(self, users: NDArray[np.integer[Any]]) -> Scores:
        return _repeated(self.item_scores, len(users))

    def _arrays(self) -> Arrays:
        return {"item_scores": self.item_scores}

    def _load_arrays(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        self.item_scores = arrays["item_scores"]


class Factors(Recommender):
    """Scores are dot products of user and item vectors."""

    embeddings: Embeddings

    def scores_for(self, histories: csr_array) -> Scores:
        """Scores (m, n_items) of the vectors that nonzeros of (m, n_items) are folded in to."""
        return self.embeddings.fold_in(histories) @ self.embeddings.items.T

    def _scores_of(self, users: NDArray[np.integer[Any]]) -> Scores:
        return self.embeddings.users[users] @ self.embeddings.items.T

    def _scores_in_session(self, users: NDArray[np.integer[Any]], likes: csr_array) -> Scores:
        """The user's own vector moves by what the session's likes change in a fold-in.

        A fold-in alone would forget what it cannot know, as how BPR's samples or a dislike's stars moved the vector.
        """
        vectors, moved = self.embeddings.users[users].copy(), np.diff(likes.indptr) > 0
        if moved.any():
            before, after = self._liked[users[moved]], self._liked[users[moved]] + binary(likes)[moved]
            vectors[moved] += self.embeddings.fold_in(after) - self.embeddings.fold_in(before)
        return vectors @ self.embeddings.items.T

    def _remember(self, ratings: Ratings) -> None:
        super()._remember(ratings)
        self._liked = ratings.positives().matrix()

    def _arrays(self) -> Arrays:
        return {"users": self.embeddings.users, "items": self.embeddings.items}

    def _scores_by_answers(self, answers: csr_array) -> Scores:
        """Likes alone are folded in; with dislikes, both are."""
        if not (answers.data < 0).any():
            return self.scores_for(answers)
        return fold_in_answers(self.embeddings, self._liked, answers) @ self.embeddings.items.T

    def _similarities(self, items: NDArray[np.integer[Any]]) -> Scores:
        return cosine(self.embeddings.items, items)

    def _partial_fit(self, merged: Merged) -> None:
        """New users and items are folded in, known users' vectors move; see `representation.growth`."""
        self.embeddings = grown(self.embeddings, merged)


@dataclass
class RandomRecommender(Recommender):
    """A score for each user and item, drawn once from `seed`; people who are not in the data all get the same."""

    name = "random"
    seed: int = 0

    def scores_for(self, histories: csr_array) -> Scores:
        """The same scores (m, n_items) in every row, whatever was liked."""
        return _repeated(self._draw(-1), histories.shape[0])

    def _fit(self, ratings: Ratings) -> None: ...

    def _scores_of(self, users: NDArray[np.integer[Any]]) -> Scores:
        rows = [self._draw(int(user)) for user in users]  # a baseline that nobody waits for
        return np.array(rows, dtype=np.float32).reshape(len(users), self.ratings.n_items)

    def _draw(self, user: int) -> Scores:
        return np.random.default_rng([self.seed, user + 1]).random(self.ratings.n_items, dtype=np.float32)

    def _arrays(self) -> Arrays:
        return {}

    def _load_arrays(self, arrays: Mapping[str, NDArray[Any]]) -> None: ...


@dataclass
class PopularityRecommender(_SameForAll):
    """How many users like the item: the bar that the original notebook did not clear."""

    name = "popularity"

    def _fit(self, ratings: Ratings) -> None:
        liked = ratings.positives()
        self.item_scores = np.bincount(liked.items, minlength=ratings.n_items).astype(np.float32)


@dataclass
class AverageRatingRecommender(_SameForAll):
    """The item's mean rating, drawn towards the overall mean as if `damping` users had given that."""

    name = "average rating"
    damping: float = 5.0

    def _fit(self, ratings: Ratings) -> None:
        require_at_least(0, damping=self.damping)
        sums = np.bincount(ratings.items, ratings.ratings, minlength=ratings.n_items)
        counts = np.bincount(ratings.items, minlength=ratings.n_items)
        mean = float(ratings.ratings.mean())
        self.item_scores = ((sums + self.damping * mean) / np.maximum(counts + self.damping, 1e-12)).astype(np.float32)


@dataclass
class ItemKNNRecommender(ItemToItem):
    """Cosine similarity of the users who like two items, shrunk where few like both; each item keeps its
    `n_neighbours` nearest, in a sparse array: items times items are looked at a block of rows at a time.
    """

    name = "item-kNN"
    n_neighbours: int = 100
    shrinkage: float = 10.0

    def _fit(self, ratings: Ratings) -> None:
        require_at_least(1, n_neighbours=self.n_neighbours)
        require_at_least(0, shrinkage=self.shrinkage)
        liked = ratings.positives().matrix()
        by_item = csr_array(liked.T)
        norms = np.sqrt(np.maximum(np.diff(by_item.indptr).astype(np.float32), 1e-12))
        near = [self._neighbours(by_item, liked, norms, part) for part in blocks(ratings.n_items, ratings.n_items)]
        self.nearest = csr_array(vstack(near).T)

    def _neighbours(self, by_item: csr_array, liked: csr_array, norms: Scores, part: slice) -> csr_array:
        """How similar the nearest neighbours of some items are to them, (m, n_items)."""
        both = (by_item[part] @ liked).toarray()  # how many users like both
        similarity = both / (norms[part, None] * norms + self.shrinkage)
        similarity[np.arange(len(both)), np.arange(part.start, part.stop)] = 0
        if self.n_neighbours < similarity.shape[1]:
            least = np.partition(similarity, -self.n_neighbours, axis=1)[:, -self.n_neighbours]
            similarity[similarity < least[:, None]] = 0
        return csr_array(similarity.astype(np.float32))

    def scores_for(self, histories: csr_array) -> Scores:
        """Scores (m, n_items) by nonzeros of (m, n_items), in any order."""
        scores: Scores = (binary(histories) @ self.nearest).toarray()
        scores[np.diff(histories.indptr) == 0] = self._popularity
        return scores

    def _similarities(self, items: NDArray[np.integer[Any]]) -> Scores:
        found: Scores = self.nearest[items].toarray()
        return found

    def _arrays(self) -> Arrays:
        return {name: getattr(self.nearest, name) for name in ("data", "indices", "indptr")}

    def _load_arrays(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        if "weights" in arrays:  # as saved by version 0.1
            self.nearest = csr_array(arrays["weights"])
            return
        shape = (len(arrays["indptr"]) - 1,) * 2
        self.nearest = csr_array((arrays["data"], arrays["indices"], arrays["indptr"]), shape=shape)


@dataclass
class EASERecommender(MostLiked):
    """A linear autoencoder in closed form (Steck 2019): B = I - P / diag(P), P = (X'X + lambda I)^-1, lambda =
    `regularization`. Where memory has no room for all items, it learns from the `max_items` most liked ones.
    """

    name = "EASE"
    regularization: float = 500.0
    max_items: int | None = None

    @property
    def label(self) -> str:
        """The name and, where there is a limit, of how many items."""
        return self.name if self.max_items is None else f"{self.name} of {self.max_items:,} items"

    def require_room(self, ratings: Ratings) -> None:
        """Items times items, as many as it learns from, must fit into memory. Raises `DataError` before anything is
        computed, and `ValueError` for `max_items` below 1.
        """
        most = ratings.n_items if self.max_items is None else self.max_items
        if self.max_items is not None:
            require_at_least(1, max_items=most)
        require_square(min(most, ratings.n_items), EASE_BYTES, self.name)

    def _fit(self, ratings: Ratings) -> None:
        if not self.regularization > 0:
            raise ValueError(f"regularization must be above 0, got {self.regularization}")
        self.require_room(ratings)
        liked = ratings.positives().matrix()
        self.items = most_liked(liked, self.max_items)
        liked = liked[:, self.items]
        gram = (liked.T @ liked).toarray().astype(np.float64)
        gram[np.diag_indices_from(gram)] += self.regularization
        inverse = np.linalg.inv(gram)
        weights = -inverse / inverse.diagonal()
        np.fill_diagonal(weights, 0)
        self.weights = weights.astype(np.float32)


@dataclass
class IALSRecommender(Factors):
    """Implicit alternating least squares (Hu et al. 2008); see `embeddings.factorize`."""

    name = "iALS"
    n_factors: int = 64
    regularization: float = 100.0
    alpha: float = ALPHA
    n_iterations: int = 15
    seed: int = 0
    count_power: float = 0.0
    weighted: bool = False

    def _fit(self, ratings: Ratings) -> None:
        self.embeddings = factorize(
            ratings,
            n_factors=self.n_factors,
            regularization=self.regularization,
            alpha=self.alpha,
            n_iterations=self.n_iterations,
            count_power=self.count_power,
            weighted=self.weighted,
            rng=np.random.default_rng(self.seed),
        )

    def _load_arrays(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        users, items = arrays["users"], arrays["items"]
        settings = (self.regularization, self.alpha, self.count_power, self.weighted)
        self.embeddings = Embeddings(users, items, "ials", *settings)


@dataclass
class BPRRecommender(Factors):
    """Bayesian personalized ranking (Rendle et al. 2009), by the library `implicit`; newcomers are folded in by
    least squares.

    The library draws its negatives from all interactions, so in proportion to popularity, and what it learns is taste
    beyond popularity. `popularity_weight` times the log of an item's likes gives that part back; 1 undoes the sampling.
    Items that `partial_fit` brings get vectors by least squares, which fit the library's poorly: fit anew for them.
    """

    name = "BPR"
    n_factors: int = 64
    learning_rate: float = 0.05
    regularization: float = 0.01
    n_iterations: int = 100
    seed: int = 0
    popularity_weight: float = 0.0

    def _fit(self, ratings: Ratings) -> None:
        try:
            library = importlib.import_module("implicit.bpr")
        except ImportError as error:
            raise ImportError(
                "BPR needs the library implicit; install it with: pip install 'drr_tutorial[baselines]'"
            ) from error
        model = library.BayesianPersonalizedRanking(
            factors=self.n_factors, learning_rate=self.learning_rate, regularization=self.regularization,
            iterations=self.n_iterations, random_state=self.seed, num_threads=1, use_gpu=False,
        )  # fmt: skip
        liked = ratings.positives().matrix()
        model.fit(csr_matrix(liked), show_progress=False)
        popularity = np.log1p(np.bincount(liked.indices, minlength=ratings.n_items)).astype(np.float32)
        weight = np.full((ratings.n_users, 1), self.popularity_weight, dtype=np.float32)
        users, items = np.hstack([model.user_factors, weight]), np.column_stack([model.item_factors, popularity])
        self._load_arrays({"users": users, "items": items})

    def _partial_fit(self, merged: Merged) -> None:
        super()._partial_fit(merged)
        liked = merged.ratings.items[merged.ratings.liked]
        popularity = np.log1p(np.bincount(liked, minlength=merged.ratings.n_items)).astype(np.float32)
        self.embeddings.items[merged.new_items, -1] = popularity[merged.new_items]
        self.embeddings.users[:, -1] = self.popularity_weight

    def _load_arrays(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        self.embeddings = Embeddings(arrays["users"], arrays["items"], "ials", max(self.regularization, 1e-6), 10.0)
