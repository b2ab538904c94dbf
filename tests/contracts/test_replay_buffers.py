"""Every replay buffer keeps the latest transitions whole, samples, resumes exactly, and refuses bad input."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings, strategies as st

from drr_tutorial.training.replay import PrioritizedReplayBuffer, ReplayBuffer, TransitionBatch

N, D = 3, 4
BUFFERS = [ReplayBuffer, PrioritizedReplayBuffer]
pytestmark = pytest.mark.parametrize("buffer_class", BUFFERS)


def transitions(n, first=0):
    """n transitions in which every field can be computed from the running number of the transition."""
    number = np.arange(first, first + n)
    return {
        "user": number,
        "memory": 10 * number[:, None] + np.arange(N),
        "action": (number[:, None] + np.arange(D) / 8).astype(np.float32),
        "item": number + 5,
        "reward": number / 2,
        "next_memory": 10 * number[:, None] + np.arange(N) + 1,
        "terminated": number % 2 == 1,
        "steps": 1 + number % 3,
    }


def filled(buffer_class, n, capacity=16):
    buffer = buffer_class(capacity, N, D)
    buffer.add(**transitions(n))
    return buffer


@pytest.mark.parametrize(("n", "capacity", "kept"), [(10, 16, 10), (40, 16, 16), (40, 7, 7)])
def test_what_another_holds_is_taken_over_the_latest_first(buffer_class, n, capacity, kept):
    buffer = buffer_class(capacity, N, D)
    buffer.take_over(many(buffer_class, n))
    buffer.add(**transitions(1, first=n))
    there = sorted(set(buffer.sample(2000, np.random.default_rng(0)).user.tolist()))
    assert there == list(range(n + 1 - min(kept + 1, capacity), n + 1))


def many(buffer_class, n):
    buffer = buffer_class(16, N, D)
    for first in range(0, n, 10):
        buffer.add(**transitions(10, first=first))
    return buffer


def assert_same(one: TransitionBatch, other: TransitionBatch):
    for name, a, b in zip(TransitionBatch._fields, one, other, strict=True):
        assert (a is None and b is None) or (a.dtype == b.dtype and torch.equal(a, b)), name


def test_a_sample_is_whole_transitions_in_the_documented_types(buffer_class):
    batch = filled(buffer_class, 9).sample(64, np.random.default_rng(0))
    number = batch.user.numpy()
    assert set(number) == set(range(9))
    expected = {name: values[number] for name, values in transitions(9).items()}
    for name, values in expected.items():
        np.testing.assert_array_equal(getattr(batch, name).numpy(), values, err_msg=name)
    shapes = [tuple(tensor.shape) for tensor in batch if tensor is not None]
    assert shapes == [(64,), (64, N), (64, D), (64,), (64,), (64, N), (64,), (64,), (64,), (64,)]
    assert batch.next_user is None
    integers = {"user", "memory", "item", "next_memory", "index"}
    for name, tensor in batch._replace(next_user=batch.weight)._asdict().items():
        assert tensor.dtype == (torch.int64 if name in integers else torch.float32), name
        assert tensor.is_contiguous(), name
    assert ((batch.weight > 0) & (batch.weight <= 1)).all()


def test_the_index_says_where_a_transition_lies(buffer_class):
    buffer = filled(buffer_class, 9)
    batch = buffer.sample(32, np.random.default_rng(0))
    assert torch.equal(batch.index, batch.user)  # not yet wrapped around: row = running number


@settings(max_examples=25)
@given(sizes=st.lists(st.integers(0, 7), min_size=1, max_size=8))
def test_the_latest_transitions_stay_however_they_were_added(buffer_class, sizes):
    buffer, total = buffer_class(7, N, D), 0
    for size in sizes:
        buffer.add(**transitions(size, first=total))
        total += size
    assert len(buffer) == min(total, 7)
    if total:
        batch = buffer.sample(300, np.random.default_rng(0))
        assert set(batch.user.tolist()) == set(range(max(0, total - 7), total))
        assert torch.equal(batch.item, batch.user + 5)


def test_adding_at_once_or_one_by_one_is_the_same(buffer_class):
    at_once, one_by_one = filled(buffer_class, 11, capacity=16), buffer_class(16, N, D)
    for i in range(11):
        one_by_one.add(**transitions(1, first=i))
    assert_same(at_once.sample(20, np.random.default_rng(1)), one_by_one.sample(20, np.random.default_rng(1)))


def test_one_seed_one_sample_and_the_global_generators_do_not_matter(buffer_class):
    samples = []
    for global_seed in (0, 1):
        torch.manual_seed(global_seed)
        samples.append(filled(buffer_class, 9).sample(32, np.random.default_rng(7)))
    assert_same(*samples)
    other = filled(buffer_class, 9).sample(32, np.random.default_rng(8))
    assert not torch.equal(samples[0].index, other.index)


def test_a_sample_is_a_copy(buffer_class):
    buffer = filled(buffer_class, 1)
    buffer.sample(4, np.random.default_rng(0)).action.fill_(99.0)
    assert buffer.sample(4, np.random.default_rng(0)).action.max() < 99


@pytest.mark.parametrize("n_added", [0, 5, 16, 23])
def test_resume_is_exact(buffer_class, n_added):
    def train(buffer, rng, first, n_steps):
        batches = []
        for step in range(n_steps):
            buffer.add(**transitions(2, first=first + 2 * step))
            batch = buffer.sample(6, rng)
            buffer.update_priorities(batch.index, batch.reward - 3.3)
            batches.append(batch)
        return batches

    buffer = buffer_class(16, N, D)
    for i in range(n_added):
        buffer.add(**transitions(1, first=i))
    train(buffer, np.random.default_rng(0), n_added, 3 if n_added else 0)
    resumed = buffer_class(16, N, D)
    resumed.add(**transitions(13, first=500))  # whatever it held before is gone
    resumed.load_state_dict(buffer.state_dict())
    assert len(resumed) == len(buffer)
    goes_on = train(buffer, np.random.default_rng(1), 100, 12)
    comes_back = train(resumed, np.random.default_rng(1), 100, 12)
    for one, other in zip(goes_on, comes_back, strict=True):
        assert_same(one, other)


def test_the_state_is_a_snapshot_of_stored_transitions_only(buffer_class):
    buffer = filled(buffer_class, 3, capacity=1000)
    state = buffer.state_dict()
    assert all(array.size <= 3 * D for array in state.values())
    before = {name: array.copy() for name, array in state.items()}
    buffer.add(**transitions(3, first=50))
    buffer.update_priorities(np.arange(3), np.full(3, 9.0))
    for name, array in state.items():
        np.testing.assert_array_equal(array, before[name], err_msg=name)


def test_the_state_passes_through_safetensors(buffer_class, tmp_path):
    from safetensors.numpy import load_file, save_file

    buffer = filled(buffer_class, 5)
    save_file(buffer.state_dict(), tmp_path / "replay.safetensors")
    resumed = buffer_class(16, N, D)
    resumed.load_state_dict(load_file(tmp_path / "replay.safetensors"))
    assert_same(buffer.sample(20, np.random.default_rng(1)), resumed.sample(20, np.random.default_rng(1)))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"capacity": np.array(32)}, "capacity is 16 here, but the saved buffer had 32"),
        ({"next": np.array(9)}, "damaged: next row 9, 5 stored, capacity 16"),
        ({"next": np.array(-1)}, "damaged: next row -1"),
        ({"next": np.zeros(2)}, "damaged: .* must be single numbers"),
        ({"user": np.array(3)}, r"user must have shape|damaged: next row 5, 1 stored"),
        ({"reward": np.zeros(4)}, r"reward must have shape \(5,\), got \(4,\)"),
        ({"action": np.zeros((5, D + 1))}, r"action must have shape \(5, 4\), got \(5, 5\)"),
        ({"action": np.full((5, D), np.nan)}, "action must be finite, got nan"),
        ({"terminated": np.zeros(5)}, "terminated must be booleans, got float64"),
        ({"surprise": np.zeros(5)}, r"missing \[\], unknown \['surprise'\]"),
    ],
)
def test_a_foreign_or_damaged_state_is_refused_and_changes_nothing(buffer_class, change, message):
    state = {**filled(buffer_class, 5).state_dict(), **change}
    buffer = filled(buffer_class, 9)
    with pytest.raises(ValueError, match=message):
        buffer.load_state_dict(state)
    assert_same(
        buffer.sample(9, np.random.default_rng(0)),
        filled(buffer_class, 9).sample(9, np.random.default_rng(0)),
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"memory": np.zeros((2, N + 1), int)}, r"memory must have shape \(2, 3\), got \(2, 4\)"),
        ({"action": np.zeros((2, D - 1))}, r"action must have shape \(2, 4\), got \(2, 3\)"),
        ({"reward": np.zeros((2, 1))}, r"reward must have shape \(2,\), got \(2, 1\)"),
        ({"item": np.zeros(3, int)}, r"item must have shape \(2,\), got \(3,\)"),
        ({"user": np.array(1)}, r"user must have shape \(1,\), got \(\)"),
        ({"reward": np.array([0.0, np.nan])}, "reward must be finite, got nan"),
        ({"action": np.full((2, D), np.inf)}, "action must be finite, got inf"),
        ({"item": np.array([0.0, 1.0])}, r"item must be integers \(indices\), got float64"),
        (
            {"terminated": np.array([0.0, 1.0])},
            "terminated must be booleans, got float64; is it another field",
        ),
        ({"steps": np.array([1.0, 2.0])}, "steps must be integers, got float64"),
        ({"steps": np.array([1, 0])}, "steps must be from 1 to 255, got 0"),
        ({"steps": np.array([1, 256])}, "steps must be from 1 to 255, got 256"),
    ],
)
def test_bad_transitions_are_refused_and_nothing_is_stored(buffer_class, change, message):
    buffer = filled(buffer_class, 3)
    with pytest.raises(ValueError, match=message):
        buffer.add(**{**transitions(2), **change})
    assert len(buffer) == 3


def test_more_transitions_than_places(buffer_class):
    buffer = buffer_class(4, N, D)
    buffer.add(**transitions(4))
    with pytest.raises(ValueError, match="5 transitions do not fit: capacity is 4; use a larger buffer"):
        buffer.add(**transitions(5))


def test_nothing_to_sample(buffer_class):
    with pytest.raises(ValueError, match=r"cannot sample from an empty replay buffer; call add\(\.\.\.\) first"):
        buffer_class(4, N, D).sample(1, np.random.default_rng(0))
    with pytest.raises(ValueError, match="batch_size must be 1 or more, got 0"):
        filled(buffer_class, 3).sample(0, np.random.default_rng(0))


@pytest.mark.parametrize("name", ["capacity", "memory_size", "action_dim"])
def test_bad_sizes(buffer_class, name):
    with pytest.raises(ValueError, match=f"{name} must be 1 or more, got 0"):
        buffer_class(**{"capacity": 4, "memory_size": N, "action_dim": D, name: 0})
