"""Mult-VAE: its two losses in closed form, what its input may and may not change, and a world of blocks."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy.sparse import csr_array

from drr_tutorial.data.ratings import Ratings
from drr_tutorial.lab.bars.autoencoder import MultVAE, MultVAERecommender, kl_to_standard_normal, multinomial_loss
from drr_tutorial.recommenders.base import Recommender
from tests.toy import block_ratings

SMALL: dict[str, Any] = {"n_hidden": 32, "n_latent": 8}


@pytest.fixture(scope="module")
def blocks() -> Ratings:
    return block_ratings(n_blocks=2)


@pytest.fixture(scope="module")
def fitted(blocks: Ratings) -> MultVAERecommender:
    return MultVAERecommender(**SMALL, learning_rate=0.01, n_epochs=60).fit(blocks)


def test_the_kl_term_is_that_of_two_normal_distributions() -> None:
    generator = torch.Generator().manual_seed(0)
    mean, log_variance = torch.randn(2, 5, 3, generator=generator)
    normal = torch.distributions.Normal
    divergence = torch.distributions.kl_divergence(normal(mean, (log_variance / 2).exp()), normal(0.0, 1.0))
    torch.testing.assert_close(kl_to_standard_normal(mean, log_variance), divergence.sum(dim=1).mean())
    assert kl_to_standard_normal(torch.zeros(2, 3), torch.zeros(2, 3)) == 0


def test_the_likelihood_is_a_multinomials() -> None:
    logits = torch.tensor([[0.0, np.log(2), np.log(5)], [0.0, 0.0, 0.0]])  # shares 1/8, 2/8, 5/8 and thirds
    likes = torch.tensor([[1.0, 0.0, 1.0], [0.0, 1.0, 0.0]])
    expected = (-np.log(1 / 8) - np.log(5 / 8) - np.log(1 / 3)) / 2
    assert multinomial_loss(logits, likes).item() == pytest.approx(expected, rel=1e-6)
    multinomial = torch.distributions.Multinomial(2, logits=logits[0])
    constant = np.log(2)  # two orders of two likes
    assert multinomial_loss(logits[:1], likes[:1]).item() == pytest.approx(
        constant - multinomial.log_prob(likes[0]).item(), rel=1e-6
    )


@torch.no_grad()
def test_a_taste_is_drawn_from_what_was_encoded() -> None:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = MultVAE(6, 16, 2, dropout=0.0)
        network.decoder = torch.nn.Identity()
        likes = torch.tensor([[1.0, 0, 0, 1, 0, 1]]).expand(40_000, 6)
        taste, mean, log_variance = network(likes)
    torch.testing.assert_close(taste.mean(dim=0), mean[0], atol=0.03, rtol=0)
    torch.testing.assert_close(taste.var(dim=0), log_variance[0].exp(), atol=0.03, rtol=0)
    torch.testing.assert_close(network.encode(2 * likes[:1]), network.encode(likes[:1]))  # by direction, not length


def test_blocks_are_recommended_to_their_users(fitted: MultVAERecommender, blocks: Ratings) -> None:
    for user in (0, 1, 17):
        unseen = 20 - int((blocks.users == user).sum())  # of the own block
        assert (fitted.recommend(user, unseen)["item_id"] % 2 == user % 2).all()
    for item in (4, 5):
        assert (fitted.recommend_for([item, item + 10], 10)["item_id"] % 2 == item % 2).all()


def test_likes_of_a_session_speak_as_those_of_the_training_data(fitted: MultVAERecommender, blocks: Ratings) -> None:
    own = blocks.matrix()[[5, 6]]
    new = int(np.flatnonzero(own.toarray().sum(axis=0) == 0)[0])
    session = csr_array((np.ones(1, np.float32), [new], [0, 1, 1]), own.shape)
    scores = fitted.scores_in_session(blocks.user_ids[[5, 6]], session)
    np.testing.assert_allclose(scores, fitted.scores_for(own + session), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(scores[1], fitted.scores(6)[0], rtol=1e-4, atol=1e-4)
    assert np.abs(scores[0] - fitted.scores(5)[0]).max() > 1e-3


def test_a_history_counts_as_likes_whatever_its_values(fitted: MultVAERecommender, blocks: Ratings) -> None:
    own = blocks.matrix()[[5]]
    np.testing.assert_array_equal(fitted.scores_for(own * 5), fitted.scores_for(own))


def test_the_kl_term_draws_tastes_together(blocks: Ratings) -> None:
    spread = {}
    for weight in (0.0, 20.0):
        settings: dict[str, Any] = SMALL | {"learning_rate": 0.01, "n_epochs": 30, "kl_weight": weight}
        scores = MultVAERecommender(**settings).fit(blocks).scores(blocks.user_ids)
        spread[weight] = scores.std(axis=0).mean()
    assert spread[20.0] < 0.2 * spread[0.0]


def test_a_save_is_loaded(fitted: MultVAERecommender, blocks: Ratings, tmp_path: Path) -> None:
    fitted.save(tmp_path / "model")
    loaded = Recommender.load(tmp_path / "model")
    assert loaded == fitted
    np.testing.assert_array_equal(loaded.scores(blocks.user_ids), fitted.scores(blocks.user_ids))


def test_one_seed_one_result_and_other_draws_as_they_were(blocks: Ratings) -> None:
    state = torch.get_rng_state()
    one, again, other = (MultVAERecommender(**SMALL, n_epochs=2, seed=s).fit(blocks).scores([0]) for s in (1, 1, 2))
    assert torch.equal(torch.get_rng_state(), state)
    np.testing.assert_array_equal(one, again)
    assert np.abs(one - other).max() > 1e-3


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"n_hidden": 0}, "n_hidden must be a whole number of at least 1, got 0"),
        ({"n_latent": 2.0}, "n_latent must be a whole number, got 2.0"),
        ({"kl_weight": -1}, "kl_weight must be at least 0, got -1"),
        ({"kl_weight": float("nan")}, "kl_weight must be a number, got nan"),
        ({"n_epochs": 0}, "n_epochs must be a whole number of at least 1, got 0"),
        ({"dropout": 1}, "dropout must be from 0 to below 1, got 1"),
    ],
    ids=str,
)
def test_settings_out_of_range(settings: dict[str, Any], text: str, blocks: Ratings) -> None:
    with pytest.raises(ValueError, match=text):
        MultVAERecommender(**settings).fit(blocks)


@pytest.mark.parametrize("n_epochs", range(1, 21))
def test_a_training_may_have_any_number_of_steps(n_epochs: int, blocks: Ratings) -> None:
    """The learning rate rises for a tenth of the steps, of which there may be less than one."""
    scores = MultVAERecommender(n_epochs=n_epochs, batch_size=1000).fit(blocks).scores(blocks.user_ids[:2])
    assert np.isfinite(scores).all()
