"""DDPG as `DRRAgent` trains by it: softmax over all items, returns over n steps, users who change, falling rates."""

import copy
import dataclasses
from typing import Any

import numpy as np
import pytest
import torch

from drr_tutorial.actor_critic.networks import ActorCritic, State
from drr_tutorial.config import PRESETS, AgentConfig
from drr_tutorial.training.ddpg import DDPG
from drr_tutorial.training.transitions import TransitionBatch

N_ITEMS, K, N, U, B, GAMMA = 6, 3, 2, 4, 8, 0.9
SETTINGS = dataclasses.replace(
    PRESETS["planning"].agent, memory_size=N, actor_hidden=(8,), critic_hidden=(8,), gamma=GAMMA
)


def make(**changes: Any) -> DDPG:
    config: AgentConfig = dataclasses.replace(SETTINGS, **changes)
    items = np.random.default_rng(0).normal(size=(N_ITEMS, K)).astype(np.float32)
    networks = ActorCritic(config, np.zeros((1, U), np.float32), items, torch.Generator().manual_seed(0))
    ddpg = DDPG(networks, config, torch.Generator().manual_seed(1))
    with torch.no_grad():  # targets that are not the online networks
        for parameter in (*ddpg.target_actor.parameters(), *ddpg.target_critic.parameters()):
            parameter.mul_(1.1)
    return ddpg


def batch(**changes: Any) -> TransitionBatch:
    rng = np.random.default_rng(3)

    def real(*shape: int) -> torch.Tensor:
        return torch.from_numpy(rng.normal(size=shape).astype(np.float32))

    fields = {
        "user": real(B, U), "memory": torch.from_numpy(rng.integers(2 * N_ITEMS + 1, size=(B, N))),
        "action": real(B, K), "item": torch.from_numpy(rng.integers(N_ITEMS, size=B)), "reward": real(B),
        "next_memory": torch.from_numpy(rng.integers(2 * N_ITEMS + 1, size=(B, N))),
        "terminated": (torch.arange(B) % 2).float(), "steps": 1.0 + torch.arange(B) % 5,
        "weight": torch.ones(B), "index": torch.arange(B), "next_user": real(B, U),
    }  # fmt: skip
    return TransitionBatch(**{**fields, **changes})


def chances(vector: torch.Tensor, items: torch.Tensor) -> list[float]:
    """softmax(vector . item / 0.05), in plain Python."""
    scores = [float(vector.double() @ item.double()) / 0.05 for item in items]
    weights = [np.exp(score - max(scores)) for score in scores]
    return [weight / sum(weights) for weight in weights]


def test_the_target_is_the_mean_q_of_all_items_by_the_target_actors_chances() -> None:
    ddpg, transitions = make(), batch()
    ddpg.value_limit = 1e3
    items = ddpg.online.item_vectors().detach()
    assert transitions.next_user is not None
    state = ddpg.online.see(transitions.next_user, transitions.next_memory)
    target_value, expected = ddpg.expected_value(transitions)
    for row in range(B):
        one = State(state.vector[row : row + 1], state.prior[row : row + 1])
        vector = ddpg.target_actor(*one)[0].detach()
        q = [float(ddpg.target_critic(one, item[None])) for item in items]
        value = sum(p * q_i for p, q_i in zip(chances(vector, items), q, strict=True))
        assert float(target_value[row]) == pytest.approx(value, rel=1e-3, abs=1e-4)
        lives, n = 1 - float(transitions.terminated[row]), int(transitions.steps[row])
        y = float(transitions.reward[row]) + GAMMA**n * lives * value
        assert float(expected[row]) == pytest.approx(y, rel=1e-3, abs=1e-4)


def test_the_next_state_is_that_of_the_next_user() -> None:
    ddpg, transitions = make(), batch()
    assert transitions.next_user is not None
    first = ddpg.target_value(transitions)
    assert not torch.allclose(first, ddpg.target_value(transitions._replace(next_user=None)))
    torch.testing.assert_close(
        first, ddpg.target_value(transitions._replace(user=transitions.next_user, next_user=None))
    )


def test_the_actors_loss_is_minus_the_mean_q_of_what_it_selects_and_moves_only_the_actor() -> None:
    ddpg, transitions = make(), batch()
    state = ddpg.online.see(transitions.user, transitions.memory)
    items, vectors = ddpg.online.item_vectors().detach(), ddpg.online.act(state)
    loss = ddpg.policy_loss(state, vectors, transitions)
    values = []
    for row in range(B):
        one = State(state.vector[row : row + 1], state.prior[row : row + 1])
        q = [ddpg.online.critic(one, item[None]).item() for item in items]
        values.append(sum(p * q_i for p, q_i in zip(chances(vectors[row].detach(), items), q, strict=True)))
    assert loss.item() == pytest.approx(-np.mean(values), rel=1e-3, abs=1e-4)
    loss.backward()  # type: ignore[no-untyped-call]
    assert all(parameter.grad is None for parameter in ddpg.online.critic.parameters())
    assert any(parameter.grad.abs().sum() > 0 for parameter in ddpg.online.actor.parameters())  # type: ignore[union-attr]


def test_no_slate_is_drawn_where_it_would_be_everything() -> None:
    ddpg = make()
    before = ddpg.generator.get_state()
    ddpg.update(batch())
    assert torch.equal(before, ddpg.generator.get_state())
    drawn = make(slate_size=N_ITEMS - 1)
    before = drawn.generator.get_state()
    drawn.update(batch())
    assert not torch.equal(before, drawn.generator.get_state())


@pytest.mark.parametrize("optimizer", ["adam", "adamw", "ranger"])
def test_rates_fall_together_and_nothing_moves_at_none(optimizer: str) -> None:
    ddpg = make(optimizer=optimizer, actor_lr=0.02, critic_lr=0.03, state_lr=0.04)
    ddpg.anneal(0.25)
    rates = {name: [group["lr"] for group in one.param_groups] for name, one in ddpg.optimizers.items()}
    assert rates == {"actor": [0.005], "critic": [0.0075], "state": [0.01]}
    ddpg.anneal(0.0)
    before = copy.deepcopy(ddpg.online.state_dict())
    for _ in range(7):  # ranger's slow weights move at each sixth
        ddpg.update(batch())
    assert all(torch.equal(value, before[name]) for name, value in ddpg.online.state_dict().items())
    ddpg.anneal(1.0)
    ddpg.update(batch())
    assert not all(torch.equal(value, before[name]) for name, value in ddpg.online.state_dict().items())


def test_a_resumed_training_goes_on_with_the_rates_it_had() -> None:
    first, second = make(), make()
    first.anneal(0.5)
    first.update(batch())
    second.load_state_dict(copy.deepcopy(first.state_dict()))
    for ddpg in (first, second):
        ddpg.update(batch())
        ddpg.anneal(0.25)
        ddpg.update(batch())
    assert [g["lr"] for g in second.optimizers["critic"].param_groups] == [0.25 * SETTINGS.critic_lr]
    for name, value in first.online.state_dict().items():
        assert torch.equal(value, second.online.state_dict()[name]), name
