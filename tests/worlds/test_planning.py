"""The planning world's users: what the formulas of its docstring say, by hand."""

import math

import numpy as np
import pytest

from drr_tutorial.worlds.planning import PlanningUsers, PlanningWorld


def _one(world: PlanningWorld, seed: int = 0) -> PlanningUsers:
    users = world.users(1)
    users.arrive(np.array([0]), [np.random.default_rng(seed)])
    return users


def _by_hand(world: PlanningWorld, users: PlanningUsers, item: int) -> float:
    u, b, x = users.taste[0], users.boredom[0], users.interest[0]
    v, h = world.items.topics[item], world.items.depths[item]
    return 1 / (1 + math.exp(-3 * (u @ v + x @ v - 0.35 * (b @ v) - 0.2 * h - 0.2)))


def test_the_items_are_those_of_the_design() -> None:
    rng = np.random.default_rng(0)
    corners = np.linalg.qr(rng.normal(size=(8, 8)))[0]
    topics = corners[np.arange(200) % 8] + 0.35 * rng.normal(size=(200, 8)) / np.sqrt(8)
    topics /= np.linalg.norm(topics, axis=1, keepdims=True)
    depths = rng.uniform(-1, 1, 200)
    world = PlanningWorld()
    np.testing.assert_allclose(world.item_vectors, np.column_stack([topics, depths / 2]), rtol=1e-6)
    assert world.item_vectors.shape == (200, 9)
    np.testing.assert_array_equal(PlanningWorld(world_seed=1).item_vectors, PlanningWorld(world_seed=1).item_vectors)
    assert not np.array_equal(PlanningWorld(world_seed=1).item_vectors, world.item_vectors)


def test_a_taste_has_unit_length_and_few_topics() -> None:
    world = PlanningWorld()
    users = world.users(2000)
    users.arrive(np.arange(2000), [np.random.default_rng(seed) for seed in range(2000)])
    np.testing.assert_allclose(np.linalg.norm(users.taste, axis=1), 1)
    weights = users.taste @ world.items.corners.T  # (user, topic), as drawn but for the length
    assert weights.min() >= -1e-12
    strongest = np.sort(weights, axis=1)[:, -1]
    assert 0.65 < strongest.mean() < 0.85


def test_chances_follow_the_formula_along_a_session() -> None:
    world = PlanningWorld()
    users = _one(world)
    rng = np.random.default_rng(1)
    for item in rng.integers(200, size=40):
        assert users.chance(np.array([item]))[0] == pytest.approx(_by_hand(world, users, item))
        assert users.chances()[0, item] == pytest.approx(_by_hand(world, users, item))
        users.see(np.array([item]), rng.random(1) < 0.5)


@pytest.mark.parametrize("liked", [False, True])
def test_boredom_follows_what_is_shown_and_interest_what_is_liked(liked: bool) -> None:
    world = PlanningWorld()
    deep, shallow = int(world.items.depths.argmax()), int(world.items.depths.argmin())
    users = _one(world)
    users.see(np.array([deep]), np.array([liked]))
    users.see(np.array([shallow]), np.array([liked]))
    v, h = world.items.topics, world.items.depths
    np.testing.assert_allclose(users.boredom[0], 0.85 * v[deep] + v[shallow])
    np.testing.assert_allclose(users.interest[0], 0.98 * 0.8 * h[deep] * v[deep] if liked else np.zeros(8))


def test_interest_has_an_end() -> None:
    world = PlanningWorld()
    users, deep = _one(world), np.array([int(world.items.depths.argmax())])
    for _ in range(30):
        users.see(deep, np.array([True]))
    assert np.linalg.norm(users.interest) == pytest.approx(1.5)


def test_who_dislikes_leaves_ten_times_as_often() -> None:
    liked = np.array([True, False])
    assert PlanningWorld().users(2).leave_chance(liked).tolist() == [0.01, 0.10]
    assert PlanningWorld(leaving=False).users(2).leave_chance(liked).tolist() == [0, 0]


@pytest.mark.parametrize("effect", ["boredom", "growth"])
def test_a_switch_turns_one_effect_off(effect: str) -> None:
    users = _one(PlanningWorld(**{effect: False}))  # type: ignore[arg-type]
    deep = np.array([int(users.items.depths.argmax())])
    users.see(deep, np.array([True]))
    assert (users.boredom == 0).all() == (effect == "boredom")
    assert (users.interest == 0).all() == (effect == "growth")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"n_items": 7}, r"PlanningWorld.n_items must be greater than or equal to 8, got 7"),
        ({"max_steps": 0}, r"PlanningWorld.max_steps must be greater than 0, got 0"),
        ({"world_seed": -1}, r"PlanningWorld.world_seed .* got -1"),
        ({"grwth": False}, r"PlanningWorld.grwth"),
    ],
)
def test_a_world_that_cannot_be_is_refused(wrong: dict[str, int], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        PlanningWorld(**wrong)  # type: ignore[arg-type]
