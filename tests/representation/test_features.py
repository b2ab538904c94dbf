"""Features of items, and the parts of a state that speak of items: a critic that mixes them is linear in the item."""

import numpy as np
import pytest
import torch

from drr_tutorial.actor_critic.networks import LinearCritic, State
from drr_tutorial.representation.features import ItemParts, features, n_features
from drr_tutorial.representation.traces import DECAYS, Traces

PARTS = ItemParts(start=2, number=3, size=5)


@pytest.mark.parametrize("k", [2, 16, 17])
def test_features_are_as_many_as_is_said(k: int) -> None:
    assert features(torch.ones(4, k)).shape == (4, n_features(k))


def test_parts_are_found_in_a_state_and_mixed() -> None:
    state = torch.arange(2 * 20.0).reshape(2, 20)
    assert PARTS.of(state)[1].tolist() == [[22, 23, 24, 25, 26], [27, 28, 29, 30, 31], [32, 33, 34, 35, 36]]
    outputs = torch.tensor([[1.0, 2, 3, 4, 5, 0, 0, 0], [0, 0, 0, 0, 0, 1, 0, -2]])
    assert PARTS.mixed(outputs, state).tolist() == [[1, 2, 3, 4, 5], [-42, -43, -44, -45, -46]]


def test_the_parts_of_a_state_of_traces_are_the_traces() -> None:
    rng, generator = np.random.default_rng(0), torch.Generator().manual_seed(0)
    vectors = rng.normal(size=(30, 4)).astype(np.float32)
    traces = Traces(4, 6, generator, user_dim=3)
    traces.read(vectors)
    items, answers = torch.from_numpy(vectors[:6])[None], torch.tensor([[0, 1, -1, 1, 1, -1]])
    state = traces(torch.ones(1, 3), items * (answers != 0)[:, :, None], answers)
    shown, liked = traces.item_parts.of(state).unflatten(1, (2, len(DECAYS)))[0]
    rated, ages = answers[0] != 0, torch.arange(5, -1, -1)
    for place, decay in enumerate(DECAYS):
        fading = (decay**ages)[:, None] * features(items[0]) * traces.scale[place]
        torch.testing.assert_close(shown[place], fading[rated].sum(dim=0))
        torch.testing.assert_close(liked[place], fading[answers[0] > 0].sum(dim=0))


def test_a_critic_that_mixes_says_the_same_of_one_item_and_of_all() -> None:
    critic = LinearCritic(20, 3, (8,), torch.Generator().manual_seed(0), parts=PARTS)
    state, vectors = State(torch.randn(4, 20), torch.zeros(4, 0)), torch.randn(6, 3)
    untrained = LinearCritic(20, 3, (8,), torch.Generator().manual_seed(0), parts=ItemParts(5, 3, 5))
    torch.testing.assert_close(critic.over_items(state, vectors), untrained.over_items(state, vectors))  # none at first
    with torch.no_grad():
        critic.layers[-1].bias[-3:] = torch.tensor([1.0, 0.0, -2.0])  # type: ignore[operator]
    values = critic.over_items(state, vectors)
    torch.testing.assert_close(critic.over_items(state, vectors.expand(4, -1, -1)), values)
    each = torch.stack([critic(state, vector.expand(4, -1)) for vector in vectors], dim=1)
    torch.testing.assert_close(each, values)
    parts = PARTS.of(state.vector)
    added = (parts[:, 0] - 2 * parts[:, 2]) @ features(vectors).T
    torch.testing.assert_close(values - untrained.over_items(state, vectors), added, atol=1e-5, rtol=1e-4)
