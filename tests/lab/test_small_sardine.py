"""SARDINE's rules with our own items: the rules are SARDINE's, boredom and drift are what chapter 9 says of them."""

from typing import Any

import gymnasium as gym
import numpy as np
import pytest

from drr_tutorial.lab import small_sardine
from drr_tutorial.lab.small_sardine import drift, one_session, small_world
from drr_tutorial.worlds.planners import myopic, play
from drr_tutorial.worlds.sardine_oracles import rotating
from drr_tutorial.worlds.sardine_users import SardineWorld


def test_the_rules_are_sardines() -> None:
    pytest.importorskip("sardine", reason="needs the extra 'worlds'")
    theirs: Any = gym.make("sardine/SingleItem-BoredInf-v0").unwrapped
    assert {name: getattr(theirs, name) for name in small_sardine.RULES} == small_sardine.RULES
    assert theirs.omega == small_world().rules.omega and theirs.max_score == pytest.approx(1.0)
    assert vars(SardineWorld(gym.make("sardine/SingleItem-BoredInf-v0"))).keys() == vars(small_world()).keys()


def test_what_chapter_9_says_of_sardine_is_so() -> None:
    """Items of two or three topics and length 1; tastes of three to five; the same step in all topics; the end."""
    pytest.importorskip("sardine", reason="needs the extra 'worlds'")
    theirs: Any = gym.make("sardine/SingleItem-BoredInf-v0").unwrapped
    assert set((theirs.item_embedd > 0).sum(axis=1)) == {2, 3} and len(theirs.item_embedd) == 1000
    np.testing.assert_allclose(np.linalg.norm(theirs.item_embedd, axis=1), 1, atol=1e-6)
    assert (theirs.item_embedd @ np.full(10, 10**-0.5)).max() < 0.6  # a flat taste matches no item
    seen, _ = theirs.reset(seed=0)
    assert set(seen) == {"slate", "clicks", "hist"}  # no clock
    before = theirs.user_embedd.copy()
    assert 3 <= (before > 0.02).sum() <= 5
    best = np.array([(theirs.item_embedd @ before).argmax()])
    _, clicks, *_ = theirs.step(best)
    moved = theirs.user_embedd - before * theirs.user_embedd.dot(before) / before.dot(before)
    assert clicks == 1 and np.ptp(theirs.user_embedd[before < 0.02]) < 0.02 and moved[before < 0.02].min() > 0
    ends = [theirs.step(best)[2:4] for _ in range(99)]
    assert ends == [(False, False)] * 98 + [(True, False)]


def test_items_have_length_one_and_a_main_topic_each() -> None:
    world = small_world()
    assert world.n_items == 90 and np.bincount(world.topics).tolist() == [9] * 10
    np.testing.assert_allclose(np.linalg.norm(world.embeddings, axis=1), 1)
    np.testing.assert_array_equal(world.embeddings.argmax(axis=1), world.topics)


def test_greed_is_bored_half_of_the_time_and_two_topics_in_turn_never() -> None:
    world = small_world(1.0)
    assert play(world, myopic, 64, seed=0).likes.mean() == pytest.approx(50, abs=0.5)
    assert play(world, rotating, 64, seed=0).likes.mean() > 98
    greedy, turns = (one_session(world, policy, 1) for policy in (myopic, rotating))
    assert greedy.clicked[:5].all() and greedy.bored[5:10].all() and greedy.clicked[10:15].all()
    assert (greedy.clicked != greedy.bored).all() and not turns.bored.any()
    assert len(set(turns.topics)) == 2 and turns.clicked.all()


def test_a_session_is_the_same_for_the_same_seed() -> None:
    first, again, other = (one_session(small_world(), myopic, seed) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_a_number_flattens_a_taste_and_a_vector_draws_it_to_the_item() -> None:
    item = small_world().embeddings[0]
    by_number, by_vector = (drift(item, to, 200, 0.95) for to in (np.full(10, item.mean()), item))
    assert by_number.shape == (201, 10)
    np.testing.assert_allclose(np.linalg.norm(by_number, axis=1), 1)
    np.testing.assert_allclose(by_vector[-1], item)
    assert np.ptp(by_number[-1]) < 0.2 * np.ptp(item)


@pytest.mark.parametrize("omega", [-0.1, 1.5, float("nan")])
def test_an_omega_that_is_no_share_is_refused(omega: float) -> None:
    with pytest.raises(ValueError, match="omega must be from 0 to 1"):
        small_world(omega)
