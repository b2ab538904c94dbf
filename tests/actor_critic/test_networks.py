"""Actor, critic and tables: shapes, bounds, warm start, padding."""

import dataclasses
from typing import Any

import numpy as np
import pytest
import torch

from drr_tutorial.actor_critic.networks import Actor, ActorCritic, Critic, State
from drr_tutorial.actor_critic.warm_start import LIMIT
from drr_tutorial.config import PRESETS, AgentConfig
from drr_tutorial.representation.states import STATES


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def networks(config: AgentConfig, n_users: int = 6, n_items: int = 9, k: int = 4) -> ActorCritic:
    rng = np.random.default_rng(0)
    users, items = (rng.normal(size=(n, k)).astype(np.float32) for n in (n_users, n_items))
    return ActorCritic(config, users, items, generator())


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("preset", PRESETS)
def test_shapes_for_every_state_and_preset(state: str, preset: str) -> None:
    model = networks(dataclasses.replace(PRESETS[preset].agent, state=state, memory_size=5))
    seen = model.see(torch.tensor([0, 5]), torch.tensor([[9, 9, 9, 1, 2], [0, 1, 2, 3, 4]]))
    action = model.act(seen)
    assert action.shape == (2, 4)
    assert model.value(seen, action).shape == (2,)


def test_a_warm_start_ranks_as_the_users_vectors_do() -> None:
    model = networks(AgentConfig(warm_start=True))
    users = torch.arange(6)
    action = model.act(model.see(users, torch.full((6, 5), 9)))
    vectors = model.users.weight
    expected = LIMIT * vectors / vectors.abs().amax(dim=1, keepdim=True)
    torch.testing.assert_close(action, expected)
    ranking = (action @ model.item_vectors().T).argsort(dim=1)
    assert ranking.equal((vectors @ model.item_vectors().T).argsort(dim=1))


def test_bounded_actions_stay_in_the_box_whatever_the_state() -> None:
    actor = Actor(3, 4, (8,), generator())
    state = 1e4 * torch.randn(100, 3, generator=generator())
    assert actor(state, torch.zeros(100, 4)).abs().max() <= 1
    unbounded = Actor(3, 4, (8,), generator(), actions="free")
    assert unbounded(state, torch.zeros(100, 4)).abs().max() > 100


def test_the_originals_sizes() -> None:
    model = networks(PRESETS["original"].agent, k=8)
    sizes = {name: tuple(p.shape) for name, p in model.named_parameters() if name.startswith(("actor", "critic"))}
    assert [shape for shape in sizes.values() if len(shape) == 2] == [(16, 24), (8, 16), (16, 32), (1, 16)]


def test_the_critic_depends_on_state_and_action() -> None:
    critic = Critic(3, 2, (8,), (8,), generator())
    vector, action = torch.randn(5, 3, generator=generator()), torch.randn(5, 2, generator=generator())
    state = State(vector, torch.zeros(5, 2))
    assert critic(state, action).shape == (5,)
    assert not torch.allclose(critic(state, action), critic(state, action + 1))
    assert not torch.allclose(critic(state, action), critic(State(vector + 1, state.prior), action))
    assert torch.equal(critic(state, action), critic(State(vector, state.prior + 1), action))  # no products


def test_a_critic_with_products_sees_the_warm_start_times_the_action() -> None:
    critic = Critic(3, 2, (), (), generator(), products=True)  # linear: one weight for each input
    vector, prior, action = (torch.randn(5, size, generator=generator()) for size in (3, 2, 2))
    layer = critic.layers[0]
    inputs = torch.cat([vector, action, prior * action], dim=1)
    torch.testing.assert_close(critic(State(vector, prior), action), (inputs @ layer.weight.T + layer.bias).squeeze(1))


def test_gates_scale_the_entries_of_the_warm_start() -> None:
    actor = Actor(3, 4, (), generator(), residual=True, gates=True)
    state, prior = torch.randn(6, 3, generator=generator()), torch.rand(6, 4, generator=generator()) * 1.6 - 0.8
    prior[:, 1] = 0
    torch.testing.assert_close(actor(state, prior), prior)  # untrained
    torch.nn.init.constant_(actor.layers[-1].bias, 0.5)
    torch.testing.assert_close(actor(state, prior), torch.tanh(1.5 * torch.atanh(prior)))
    torch.nn.init.normal_(actor.layers[-1].weight, generator=generator())
    assert actor(state, prior)[:, 1].abs().max() == 0  # gates invent nothing


def test_padding_is_zero_and_learns_nothing() -> None:
    model = networks(AgentConfig())
    memory = torch.full((6, 5), 9)
    model.see(torch.arange(6), memory).vector.pow(2).sum().backward()
    assert model.items.weight[9].abs().sum() == 0
    assert model.items.weight.grad is not None
    assert model.items.weight.grad[9].abs().sum() == 0
    assert model.item_vectors().shape == (9, 4)


@pytest.mark.parametrize("products", [True, False])
@pytest.mark.parametrize("hidden", [(), (7,), (7, 5)])
def test_the_critic_over_items_is_the_critic_of_each_pair(products: bool, hidden: tuple[int, ...]) -> None:
    rng = torch.Generator().manual_seed(0)
    critic = Critic(6, 3, (4,) if hidden else (), hidden, rng, products=products)
    state = State(torch.randn(5, 6, generator=rng), torch.rand(5, 3, generator=rng))
    vectors = torch.randn(5, 8, 3, generator=rng)
    pairs = State(*(part.repeat_interleave(8, dim=0) for part in state))
    torch.testing.assert_close(critic.over_items(state, vectors), critic(pairs, vectors.flatten(0, 1)).view(5, 8))


@pytest.mark.parametrize("gates", [True, False])
def test_a_tempered_actor_lies_between_the_warm_start_and_what_it_learned(gates: bool) -> None:
    rng = torch.Generator().manual_seed(0)
    actor = Actor(6, 3, (), rng, residual=True, gates=gates)
    torch.nn.init.normal_(actor.layers[-1].weight, generator=rng)
    state, prior = torch.randn(5, 6, generator=rng), 0.9 * torch.rand(5, 3, generator=rng)
    learned = torch.atanh(actor(state, prior).detach())
    with actor.tempered(0.25):
        part = torch.atanh(actor(state, prior).detach())
    torch.testing.assert_close(part, 0.75 * torch.atanh(prior) + 0.25 * learned, rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(torch.atanh(actor(state, prior).detach()), learned)
    actor.temper(0.0)
    torch.testing.assert_close(actor(state, prior).detach(), prior)


def test_shared_gates_are_one_vector_for_all_states_which_scales_the_prior() -> None:
    rng = torch.Generator().manual_seed(0)
    actor = Actor(6, 3, (), rng, residual=True, gates=True, shared=True)
    states, prior = torch.randn(5, 6, generator=rng), 0.9 * torch.rand(5, 3, generator=rng)
    torch.testing.assert_close(actor(states, prior).detach(), prior)
    assert [tuple(parameter.shape) for parameter in actor.parameters()] == [(3,)]
    output = torch.tensor([0.5, 0.0, -1.0])
    actor.load_state_dict({"layers.0.output": output})
    torch.testing.assert_close(actor(states, prior).detach(), torch.tanh(torch.atanh(prior) * (1 + output)))
    torch.testing.assert_close(actor(states.flip(0), prior), actor(states, prior))
    with actor.tempered(0.5):
        torch.testing.assert_close(actor(states, prior).detach(), torch.tanh(torch.atanh(prior) * (1 + output / 2)))
    actor(states, prior).sum().backward()
    assert (actor.layers[0].output.grad != 0).all()


@pytest.mark.parametrize("settings", [{"warm_start": False}, {"actor_hidden": (8,)}])
def test_shared_gates_need_a_warm_start_and_no_hidden_layer(settings: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"AgentConfig.correction must be 'sum' or 'gates' unless"):
        AgentConfig(correction="shared gates", **settings)
