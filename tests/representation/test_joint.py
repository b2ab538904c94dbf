"""Joint embeddings: scores are weighted sums of the parts', people fold in, one part stays as it is."""

import numpy as np
import pytest
from scipy.sparse import csr_array

from drr_tutorial.config import EmbeddingConfig
from drr_tutorial.data.ratings import Ratings
from drr_tutorial.representation.embeddings import factorize
from drr_tutorial.representation.joint import STARS_WEIGHT, JointEmbeddings, part_settings, pretrain

CONFIG = EmbeddingConfig(n_factors=6, rated_factors=5, stars_factors=4, n_iterations=3)


@pytest.fixture(scope="module")
def made(synthetic: Ratings) -> JointEmbeddings:
    return pretrain(synthetic, CONFIG, seed=0)


def test_shapes_and_parts(made: JointEmbeddings, synthetic: Ratings) -> None:
    assert [kind.method for kind in part_settings(CONFIG)] == ["ials", "ials", "pmf"]
    assert made.users.shape == (synthetic.n_users, CONFIG.length)
    assert made.items.shape == (synthetic.n_items, CONFIG.length)
    assert CONFIG.length == 15


def test_scores_are_the_parts_scores_in_their_sizes(made: JointEmbeddings) -> None:
    expected = 0
    for part, weight in zip(made.parts, (1.0, 1.0, STARS_WEIGHT), strict=True):
        scores = part.users @ part.items.T
        expected = expected + weight * scores / np.sqrt(scores.var(axis=1).mean())
    np.testing.assert_allclose(made.users @ made.items.T, expected, rtol=1e-3, atol=1e-4)


def test_one_part_stays_as_it_is(synthetic: Ratings) -> None:
    plain = EmbeddingConfig(n_factors=6, n_iterations=3)
    made = pretrain(synthetic, plain, seed=4)
    alone = factorize(
        synthetic, n_factors=6, regularization=plain.regularization, n_iterations=3, rng=np.random.default_rng([4, 2])
    )
    assert np.array_equal(made.users, alone.users)
    assert np.array_equal(made.items, alone.items)


def test_the_second_part_knows_what_was_not_liked(synthetic: Ratings) -> None:
    likes = pretrain(synthetic.positives(), CONFIG, seed=0)
    everything = pretrain(synthetic, CONFIG, seed=0)
    assert np.array_equal(likes.parts[0].users, everything.parts[0].users)
    assert not np.allclose(likes.parts[1].users, everything.parts[1].users)


def test_people_are_folded_in_part_by_part(made: JointEmbeddings, synthetic: Ratings) -> None:
    histories = csr_array(synthetic.positives().matrix()[:7])
    folded = made.fold_in(histories)
    assert folded.shape == (7, CONFIG.length)
    ends = np.cumsum([0, *(part.n_factors for part in made.parts)])
    for part, start, end in zip(made.parts, ends[:-1], ends[1:], strict=True):
        own, joined = part.fold_in(histories), folded[:, start:end]
        np.testing.assert_allclose(joined / joined.std(), own / own.std(), rtol=1e-3, atol=1e-5)


def test_going_on_from_a_start_keeps_the_axes(made: JointEmbeddings, synthetic: Ratings) -> None:
    after = pretrain(synthetic, CONFIG, seed=0, start=made)
    for one, other in zip(made.parts, after.parts, strict=True):
        cosine = (one.items * other.items).sum() / np.linalg.norm(one.items) / np.linalg.norm(other.items)
        assert cosine > 0.9


def test_stars_that_are_all_alike_say_nothing(synthetic: Ratings) -> None:
    liked = synthetic.positives()
    fives = Ratings(
        **{**{f: getattr(liked, f) for f in liked.__dataclass_fields__}, "ratings": np.full(len(liked), 5, np.float32)}
    )
    made = pretrain(fives, CONFIG, seed=0)
    assert np.isfinite(made.users).all()
    assert np.isfinite(made.items).all()


def test_a_weight_for_each_part(made: JointEmbeddings) -> None:
    with pytest.raises(ValueError, match="parts must be one or more, with a weight each, got 3"):
        JointEmbeddings(made.parts, (1.0,))
