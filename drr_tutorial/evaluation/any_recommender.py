"""What an evaluation asks of a recommender: every `drr_tutorial.recommenders.base.Recommender` has it.

Evaluation stands below the recommenders and imports none of them, so it says here what it needs.
"""

from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array

from drr_tutorial.data.ratings import Ratings


class AnyRecommender(Protocol):
    """Anything that scores all items, for people of its training data and for others; higher is better."""

    @property
    def name(self) -> str:
        """Short name of the method."""

    @property
    def label(self) -> str:
        """What the rows of tables call it."""

    @property
    def ratings(self) -> Ratings:
        """The training data: whom and what it knows."""

    def scores(self, users: ArrayLike) -> NDArray[np.floating[Any]]:
        """(len(users), n_items) for original user ids of the training data."""

    def scores_for(self, histories: csr_array) -> NDArray[np.floating[Any]]:
        """(m, n_items) for m others, by what each liked: nonzeros of (m, n_items), in the order liked."""

    def scores_in_session(self, users: ArrayLike, likes: csr_array) -> NDArray[np.floating[Any]]:
        """(m, n_items) for people of the training data, by original id (m,), who in a session like something more:
        nonzeros of `likes` (m, n_items), in the order liked.
        """
