"""Replay of users who are vectors, not indices: what every buffer does with them."""

from typing import Any

import numpy as np
import pytest
import torch

from drr_tutorial.config import TrainingConfig
from drr_tutorial.training.parts import make_replay
from drr_tutorial.training.replay import PrioritizedReplayBuffer, ReplayBuffer

N, D, U = 3, 4, 2
Buffer = type[ReplayBuffer]
pytestmark = pytest.mark.parametrize("kind", [ReplayBuffer, PrioritizedReplayBuffer])


def transitions(n: int, u: int = U) -> dict[str, Any]:
    """n transitions in which every field follows from the running number."""
    number = np.arange(n)
    return {
        "user": (number[:, None] + np.arange(u) / 8).astype(np.float32),
        "memory": 10 * number[:, None] + np.arange(N),
        "action": np.zeros((n, D), dtype=np.float32),
        "item": number,
        "reward": number / 2,
        "next_memory": 10 * number[:, None] + np.arange(N) + 1,
        "terminated": number % 2 == 1,
        "next_user": (-number[:, None] - np.arange(u) / 8).astype(np.float32),
    }


def filled(kind: Buffer, n: int = 5) -> ReplayBuffer:
    buffer = kind(16, N, D, user_dim=U)
    buffer.add(**transitions(n))
    return buffer


def test_a_sample_says_what_was_seen_of_the_user_before_and_after(kind: Buffer) -> None:
    batch = filled(kind).sample(64, np.random.default_rng(0))
    whole = transitions(5)
    assert set(batch.item.tolist()) == set(range(5))
    for name in ("user", "next_user", "memory", "next_memory", "terminated"):
        np.testing.assert_array_equal(getattr(batch, name).numpy(), whole[name][batch.item.numpy()], err_msg=name)
    assert batch.user.dtype == torch.float32 and batch.next_user is not None
    assert batch.next_user.dtype == torch.float32


def test_who_is_not_seen_afterwards_is_as_before(kind: Buffer) -> None:
    buffer = kind(16, N, D, user_dim=U)
    buffer.add(**{name: value for name, value in transitions(4).items() if name != "next_user"})
    batch = buffer.sample(16, np.random.default_rng(0))
    assert batch.next_user is not None and torch.equal(batch.user, batch.next_user)


def test_nothing_may_be_seen_of_a_user(kind: Buffer) -> None:
    buffer = kind(16, N, D, user_dim=0)
    buffer.add(**transitions(4, u=0))
    batch = buffer.sample(8, np.random.default_rng(0))
    assert batch.user.shape == (8, 0) and batch.memory.shape == (8, N)


def test_what_was_saved_comes_back(kind: Buffer) -> None:
    first, second = filled(kind), kind(16, N, D, user_dim=U)
    state = first.state_dict()
    assert set(state) == first.state_dict_names() >= {"user", "next_user"}
    second.load_state_dict(state)
    one, other = (buffer.sample(32, np.random.default_rng(3)) for buffer in (first, second))
    for name, a, b in zip(one._fields, one, other, strict=True):
        assert a is not None and b is not None and torch.equal(a, b), name


def test_users_of_another_kind_are_refused(kind: Buffer) -> None:
    buffer, before = filled(kind), len(filled(kind))
    with pytest.raises(ValueError, match=r"missing \['next_user'\]"):
        buffer.load_state_dict(kind(16, N, D).state_dict())
    with pytest.raises(ValueError, match=r"unknown \['next_user'\]"):
        kind(16, N, D).load_state_dict(buffer.state_dict())
    assert len(buffer) == before


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"user": np.zeros((3, U + 1))}, r"user must have shape \(3, 2\), got \(3, 3\)"),
        ({"user": np.arange(3)}, r"user must have shape \(3, 2\), got \(3,\)"),
        ({"user": np.full((3, U), np.nan)}, "user must be finite, got nan"),
        ({"next_user": np.full((3, U), np.inf)}, "next_user must be finite, got inf"),
        ({"next_user": np.zeros((2, U))}, r"next_user must have shape \(3, 2\), got \(2, 2\)"),
    ],
)
def test_bad_vectors_are_refused_and_nothing_is_stored(kind: Buffer, change: dict[str, Any], message: str) -> None:
    buffer = filled(kind)
    with pytest.raises(ValueError, match=message):
        buffer.add(**{**transitions(3), **change})
    assert len(buffer) == 5


def test_the_settings_say_kind_and_size(kind: Buffer) -> None:
    name = "uniform" if kind is ReplayBuffer else "prioritized"
    sizes = {"memory_size": N, "action_dim": D, "user_dim": U}

    def capacity(num_envs: int = 4, **settings: int) -> int:
        made = make_replay(TrainingConfig(replay=name, **settings), total_steps=50, num_envs=num_envs, **sizes)  # type: ignore[arg-type]
        assert type(made) is kind
        return made.capacity

    assert capacity(batch_size=8) == 54  # all that a training brings
    assert capacity(batch_size=8, capacity=20) == 20
    assert capacity(batch_size=32, capacity=20) == 32  # a batch
    assert capacity(batch_size=8, capacity=20, num_envs=40) == 40  # a step of all users
