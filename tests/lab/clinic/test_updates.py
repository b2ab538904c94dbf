"""Each defect of update, replay and environment does what the chapter says, and its healthy partner does not."""

import dataclasses
from typing import Any

import numpy as np
import pytest
import torch

from drr_tutorial.actor_critic.networks import ActorCritic
from drr_tutorial.environment.vector_env import RecommendationVectorEnv
from drr_tutorial.lab.clinic.environments import TimeLimitIsTheEnd
from drr_tutorial.lab.clinic.patient import REFERENCE
from drr_tutorial.lab.clinic.replays import InertPriorities, PowersAtEverySample, RewardInDoneSlot
from drr_tutorial.lab.clinic.updates import MinusQInState, NoEndOfEpisode, RawVectors, TargetNotDetached
from drr_tutorial.training.ddpg import DDPG
from drr_tutorial.training.replay import PrioritizedReplayBuffer, TransitionBatch
from tests.toy import block_ratings

N_USERS, N_ITEMS, K, N, B = 5, 30, 3, 2, 16


def make(kind: type[DDPG], **changes: Any) -> DDPG:
    config = dataclasses.replace(REFERENCE.agent, memory_size=N, slate_size=N_ITEMS, **changes)
    rng = np.random.default_rng(0)
    users, items = (rng.uniform(-0.9, 0.9, size=(n, K)).astype(np.float32) for n in (N_USERS, N_ITEMS))
    networks = ActorCritic(config, users, items, torch.Generator().manual_seed(0))
    return kind(networks, config, torch.Generator().manual_seed(1))


def batch(**changes: Any) -> TransitionBatch:
    rng = np.random.default_rng(0)
    fields = {
        "user": torch.from_numpy(rng.integers(N_USERS, size=B)),
        "memory": torch.from_numpy(rng.integers(N_ITEMS, size=(B, N))),
        "action": torch.from_numpy(rng.uniform(-1, 1, size=(B, K)).astype(np.float32)),
        "item": torch.from_numpy(rng.integers(N_ITEMS, size=B)),
        "reward": torch.from_numpy(rng.integers(2, size=B).astype(np.float32)),
        "next_memory": torch.from_numpy(rng.integers(N_ITEMS, size=(B, N))),
        "terminated": torch.ones(B),
        "steps": torch.ones(B),
        "weight": torch.ones(B),
        "index": torch.arange(B),
    }
    return TransitionBatch(**{**fields, **changes})


def gradients(ddpg: DDPG, loss: torch.Tensor, module: torch.nn.Module) -> float:
    ddpg.online.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    return sum(float(p.grad.abs().sum()) for p in module.parameters() if p.grad is not None)


def test_no_end_of_episode_looks_ahead_where_nothing_follows() -> None:
    transitions = batch()
    _, healthy = make(DDPG).expected_value(transitions)
    target_value, defective = make(NoEndOfEpisode).expected_value(transitions)
    assert torch.equal(healthy, transitions.reward)
    torch.testing.assert_close(defective, transitions.reward + 0.9 * target_value)
    assert target_value.abs().min() > 0


@pytest.mark.parametrize("sees", ["item", "action"])
def test_minus_q_reaches_the_state_past_the_action(sees: str) -> None:
    found = {}
    for kind in (DDPG, MinusQInState):
        ddpg = make(kind, critic_sees=sees)  # the untrained actor has gates of zero: it is deaf to the state
        transitions = batch()
        state = ddpg.online.see(transitions.user, transitions.memory)
        loss = ddpg.policy_loss(state, ddpg.online.act(state), transitions)
        found[kind] = (loss.item(), gradients(ddpg, loss, ddpg.online.state))
        state = ddpg.online.see(transitions.user, transitions.memory)
        loss = ddpg.policy_loss(state, ddpg.online.act(state), transitions)
        assert gradients(ddpg, loss, ddpg.online.critic) == 0
    assert found[MinusQInState][0] == pytest.approx(found[DDPG][0], abs=1e-6)
    assert found[DDPG][1] == 0 < found[MinusQInState][1]


def test_a_raw_vector_gains_by_growing_what_an_item_does_not() -> None:
    raw, healthy = make(RawVectors), make(DDPG)
    transitions = batch()
    assert torch.equal(raw.taken_action(transitions), transitions.action)
    assert torch.equal(healthy.taken_action(transitions), healthy.online.items(transitions.item))
    state = raw.online.see(transitions.user, transitions.memory)
    with torch.no_grad():
        for ddpg in (raw, healthy):  # gates of 9: ten times the warm start
            ddpg.online.actor.layers[-1].bias.fill_(9.0)
        action, bounded = raw.online.act(state), healthy.online.act(state)
        assert action.abs().max() > 5 and bounded.abs().max() <= 1
        items = raw.online.item_vectors()
        assert torch.equal((action @ items.T).argmax(1), (action / 10 @ items.T).argmax(1))  # what is shown is the same
        critic = raw.online.critic
        assert (critic(state, action) - critic(state, action / 10)).abs().min() > 0  # what the critic says is not


def test_the_target_of_the_classic_bug_carries_gradients() -> None:
    found = {}
    for kind in (DDPG, TargetNotDetached):
        ddpg = make(kind)
        transitions = batch(terminated=torch.zeros(B))
        _, expected = ddpg.expected_value(transitions)
        state = ddpg.online.see(transitions.user, transitions.memory)
        error = expected - ddpg.online.value(state, ddpg.taken_action(transitions))
        found[kind] = (expected.requires_grad, gradients(ddpg, error.square().mean(), ddpg.online.actor))
    assert found[DDPG] == (False, 0)
    assert found[TargetNotDetached][0] and found[TargetNotDetached][1] > 0


def test_the_target_of_the_classic_bug_follows_the_online_critic_at_once() -> None:
    for kind, follows in ((DDPG, False), (TargetNotDetached, True)):
        ddpg, transitions = make(kind), batch(terminated=torch.zeros(B))
        before = ddpg.expected_value(transitions)[1].detach()
        with torch.no_grad():
            ddpg.online.critic.layers[-1].bias += 1.0  # type: ignore[operator]
        change = (ddpg.expected_value(transitions)[1].detach() - before).mean().item()
        assert change == pytest.approx(0.9 if follows else 0.0, abs=1e-4)


def filled(kind: type[PrioritizedReplayBuffer], n: int = 4) -> PrioritizedReplayBuffer:
    buffer = kind(n, 1, 1, alpha=1.0, eps=1e-6)
    column = np.zeros((n, 1), dtype=np.int64)
    buffer.add(
        user=np.arange(n), memory=column, action=column, item=np.arange(n), reward=np.arange(n) % 2,
        next_memory=column, terminated=np.zeros(n, dtype=np.bool_),
    )  # fmt: skip
    return buffer


def test_inert_priorities_stay_uniform() -> None:
    for kind, expected in ((PrioritizedReplayBuffer, [0.7, 0.1, 0.1, 0.1]), (InertPriorities, [0.25] * 4)):
        buffer = filled(kind)
        buffer.update_priorities(np.arange(4), [7.0, 1.0, -1.0, 1.0])
        np.testing.assert_allclose(buffer.probabilities(), expected, atol=1e-4)
        batch = buffer.sample(1000, np.random.default_rng(0))
        np.testing.assert_allclose(np.bincount(batch.index) / 1000, expected, atol=0.05)
    assert (batch.weight == 1).all()


def test_the_reward_lies_in_the_done_slot() -> None:
    for kind, same in ((PrioritizedReplayBuffer, False), (RewardInDoneSlot, True)):
        batch = filled(kind).sample(100, np.random.default_rng(0))
        assert torch.equal(batch.terminated, batch.reward) is same


def test_powers_at_every_sample_draw_the_same_and_take_longer() -> None:
    counts = {}
    for kind in (PrioritizedReplayBuffer, PowersAtEverySample):
        buffer = filled(kind)
        buffer.update_priorities(np.arange(4), [5.0, 3.0, 1.0, 1.0])
        batch = buffer.sample(20_000, np.random.default_rng(0))
        counts[kind] = np.bincount(batch.index) / 20_000
        largest = batch.weight.max().item()
        assert largest == pytest.approx(1, abs=1e-4)
    np.testing.assert_allclose(counts[PowersAtEverySample], counts[PrioritizedReplayBuffer], atol=0.02)


def test_the_time_limit_ends_what_it_only_interrupts() -> None:
    ratings = block_ratings(n_users=6)
    for kind, ends in ((RecommendationVectorEnv, False), (TimeLimitIsTheEnd, True)):
        env = kind(ratings, 6, max_steps=2)
        _, info = env.reset(seed=0)
        for _ in range(2):
            _observation, _, terminated, truncated, info = env.step(info["action_mask"].argmax(axis=1))
        assert truncated.all()
        assert terminated.all() == ends == terminated.any()
