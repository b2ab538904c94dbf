"""A bar for people of whom little is known: what their likes and dislikes say by a normal distribution of taste."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from drr_tutorial.data.ratings import Ratings
from drr_tutorial.environment.taste import Guess, Taste, fit_taste
from drr_tutorial.recommenders.base import Recommender, Scores
from drr_tutorial.recommenders.similar import cosine


@dataclass
class GaussianRecommender(Recommender):
    """A normal distribution of taste over the catalogue, and what likes *and* dislikes say by it: for people
    of whom little is known (`environment.taste`).

    `explore` is for sessions: "ucb" adds `width` standard deviations of what is not known yet to each score, as LinUCB
    does (Li et al. 2010); "thompson" plays a taste that is drawn, by `seed`, from what it may be (Thompson 1933).
    """

    name = "Gaussian"
    n_components: int = 32
    noise_scale: float = 1.5
    explore: Literal["no", "ucb", "thompson"] = "no"
    width: float = 0.3
    seed: int = 0

    def scores_for(self, histories: csr_array) -> Scores:
        """Scores (m, n_items) by likes alone: nonzeros of (m, n_items)."""
        return self.scores_after(_likes(histories))

    def scores_after(self, answers: csr_array) -> Scores:
        """Scores (m, n_items) for m people who are not in the data, by what each answered in a session: (m, n_items),
        1 liked, -1 not liked.
        """
        guess = self.taste.given(answers)
        if self.explore == "ucb":
            return self.taste.scores(guess.z) + np.float32(self.width) * self.taste.deviations(guess.covariance)
        if self.explore == "thompson":
            return self.taste.scores(self._drawn(guess, answers.nnz))
        return self.taste.scores(guess.z)

    def _fit(self, ratings: Ratings) -> None:
        if self.explore not in ("no", "ucb", "thompson"):
            raise ValueError(f"explore must be no, ucb or thompson, got {self.explore!r}")
        if not self.width >= 0:
            raise ValueError(f"width must be at least 0, got {self.width}")
        if not self.noise_scale > 0:
            raise ValueError(f"noise_scale must be above 0, got {self.noise_scale}")
        liked = ratings.positives()
        likes = liked.matrix()[np.unique(ratings.users)]
        self.taste = fit_taste(likes, self.n_components, np.random.default_rng(self.seed), self.noise_scale)

    def _scores_of(self, users: NDArray[np.integer[Any]]) -> Scores:
        return self.scores_for(self._liked[users])

    def _scores_in_session(self, users: NDArray[np.integer[Any]], likes: csr_array) -> Scores:
        """Likes of the session speak as those of the training data do."""
        return self.scores_for(self._liked[users] + _likes(likes))

    def _scores_by_answers(self, answers: csr_array) -> Scores:
        return self.scores_after(answers)

    def _similarities(self, items: NDArray[np.integer[Any]]) -> Scores:
        return cosine(self.taste.loadings, items)

    def _drawn(self, guess: Guess, step: int) -> NDArray[np.float32]:
        """A taste of each that may be hers; another one when more was answered."""
        rng = np.random.default_rng([self.seed, step])
        luck = rng.standard_normal((*guess.z.shape, 1), dtype=np.float32)
        return (guess.z + (np.linalg.cholesky(guess.covariance) @ luck).squeeze(2)).astype(np.float32)

    def _remember(self, ratings: Ratings) -> None:
        super()._remember(ratings)
        self._liked = ratings.positives().matrix()

    def _arrays(self) -> dict[str, NDArray[Any]]:
        return self.taste._asdict()

    def _load_arrays(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        self.taste = Taste(arrays["mean"], arrays["loadings"], arrays["noise"])


def _likes(histories: csr_array) -> csr_array:
    """Ones where there is an entry."""
    ones = np.ones(histories.nnz, dtype=np.float32)
    return csr_array((ones, histories.indices, histories.indptr), histories.shape)
