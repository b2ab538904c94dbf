"""A fold-in by likes and dislikes: the fold-in of chapter 10 that uses both, for any vectors of users and items.

The users' vectors are taken as drawn from one normal distribution, a like as 1, anything else as 0, with the noise that
the vectors leave of each item. Who has answered some items has the mean of the vector given the answers.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from drr_tutorial.environment.taste import Taste, taste_of_factors
from drr_tutorial.representation.embeddings import Vectors
from drr_tutorial.representation.growth import solved
from drr_tutorial.representation.joint import JointEmbeddings

Floats = NDArray[np.float32]
NOISE_SCALE = 0.5  # chosen by the search of the study `cold-start`


def fold_in_answers(vectors: Vectors, likes: csr_array, answers: csr_array) -> Floats:
    """Vectors (m, k) of people by answers (m, n_items): above 0 liked, below 0 not.

    `likes` (n_users, n_items) are those of the users that the vectors were made of.
    """
    users, k = vectors.users, vectors.users.shape[1]
    taste = taste_of_factors(users, vectors.items, likes, NOISE_SCALE)
    asked = np.unique(answers.indices)
    about = Taste(taste.mean[asked], taste.loadings[asked], taste.noise[asked])
    z = about.given(csr_array(answers[:, asked])).z
    nothing = csr_array(np.zeros((len(users), k), dtype=np.float32))
    axes = taste_of_factors(users, np.eye(k, dtype=np.float32), nothing)  # its means and loadings: centre and root
    found: Floats = (axes.mean + z @ axes.loadings.T).astype(np.float32)
    return found


def fold_in_jointly(embeddings: JointEmbeddings, likes: csr_array, answers: csr_array) -> Floats:
    """The same for joint vectors, each part by what made it: likes against the rest, all that was answered, and stars,
    a like as one above the mean and a dislike as one below.
    """
    first, *others = embeddings.parts
    vectors = [
        fold_in_answers(first, likes, answers) if first.method == "ials" else solved(answers, first.items, first)
    ]
    vectors += [solved(answers, p.items, p) if p.method == "pmf" else p.fold_in(answers) for p in others]
    return embeddings._join_users(vectors)
