"""Prioritized replay, the trees below it, and schedules; what all buffers share is in contracts/."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings, strategies as st
from hypothesis.extra.numpy import arrays

from drr_tutorial.training.replay import PrioritizedReplayBuffer, ReplayBuffer
from drr_tutorial.training.schedules import LinearSchedule
from drr_tutorial.training.sum_tree import MinTree, SumTree


def fill(buffer: ReplayBuffer, n: int, first: int = 0) -> None:
    """Add n transitions whose user is their running number."""
    number = np.arange(first, first + n)
    memory = np.repeat(number[:, None], 2, axis=1)
    buffer.add(
        user=number,
        memory=memory,
        action=np.zeros((n, 3)),
        item=number,
        reward=np.zeros(n),
        next_memory=memory,
        terminated=np.zeros(n, dtype=bool),
    )


def prioritized(
    n: int = 4, capacity: int = 8, alpha: float = 0.6, beta: float = 0.4, eps: float = 1e-2
) -> PrioritizedReplayBuffer:
    buffer = PrioritizedReplayBuffer(capacity, 2, 3, alpha=alpha, beta=LinearSchedule.constant(beta), eps=eps)
    fill(buffer, n)
    return buffer


# --- the trees ----------------------------------------------------------------------------------------------


@given(
    priorities=arrays(np.float64, st.integers(1, 40), elements=st.integers(0, 50).map(float)).filter(
        lambda p: p.sum() > 0
    ),
    seed=st.integers(0, 2**32 - 1),
)
def test_search_finds_the_same_leaf_as_cumulative_sums(priorities, seed):
    tree = SumTree(len(priorities))
    tree.update(np.arange(len(priorities)), priorities)
    mass = np.random.default_rng(seed).uniform(0, priorities.sum(), 30)  # whole numbers: their sums are exact
    np.testing.assert_array_equal(tree.search(mass), np.searchsorted(np.cumsum(priorities), mass, side="right"))


def test_search_at_the_borders_between_leaves():
    tree = SumTree(5)
    tree.update(np.arange(5), np.array([2.0, 0.0, 3.0, 1.0, 0.0]))
    mass = np.array([0.0, np.nextafter(2, 0), 2.0, np.nextafter(5, 0), 5.0, np.nextafter(6, 0)])
    assert tree.search(mass).tolist() == [0, 0, 2, 2, 3, 3]


def test_search_beyond_the_total_gives_the_last_leaf_above_zero():
    tree = SumTree(6)
    tree.update(np.arange(3), np.array([0.1, 0.2, 0.3]))
    assert tree.search(np.array([tree.root, 1e9])).tolist() == [2, 2]


@pytest.mark.parametrize(("tree_class", "combine"), [(SumTree, np.sum), (MinTree, np.min)])
@settings(max_examples=30)
@given(data=st.data())
def test_root_follows_any_sequence_of_updates(tree_class, combine, data):
    capacity = data.draw(st.integers(1, 17))
    tree, leaves = tree_class(capacity), np.full(capacity, 7.0)
    tree.update(np.arange(capacity), leaves)
    for _ in range(3):
        index = np.array(data.draw(st.lists(st.integers(0, capacity - 1), min_size=1, max_size=6)))
        value = np.array(data.draw(st.lists(st.integers(1, 99), min_size=len(index), max_size=len(index))), dtype=float)
        tree.update(index, value)
        for i, v in zip(index, value, strict=True):  # one by one: the last of repeated leaves stays
            leaves[i] = v
        assert tree.root == combine(leaves)
        np.testing.assert_array_equal(tree[np.arange(capacity)], leaves)


def test_sum_tree_keeps_no_trace_of_large_values_that_are_gone():
    tree = SumTree(8)
    tree.update(np.arange(8), np.full(8, 0.1))
    before = tree.root
    tree.update(np.array([3]), 1e18)
    tree.update(np.array([3]), 0.1)
    assert tree.root == before  # adding differences would leave a rounding error of about 100


def test_tree_needs_a_leaf():
    with pytest.raises(ValueError, match="capacity must be 1 or more, got 0"):
        SumTree(0)


# --- the schedule -------------------------------------------------------------------------------------------


def test_linear_schedule_endpoints_and_middle():
    beta = LinearSchedule(0.4, 1.0, 100)
    assert [beta(0), beta(50), beta(100), beta(10**9)] == pytest.approx([0.4, 0.7, 1.0, 1.0])
    assert LinearSchedule.constant(0.3)(0) == LinearSchedule.constant(0.3)(7) == 0.3


def test_linear_schedule_rejects_negative_steps():
    with pytest.raises(ValueError, match="n_steps must be 0 or more, got -1"):
        LinearSchedule(0.4, 1.0, -1)
    with pytest.raises(ValueError, match="step must be 0 or more, got -2"):
        LinearSchedule(0.4, 1.0, 10)(-2)


# --- prioritized replay -------------------------------------------------------------------------------------


def test_probabilities_are_powers_of_the_td_error():
    buffer = prioritized(n=3, alpha=0.5, eps=1.0)
    buffer.update_priorities(np.arange(3), np.array([0.0, -3.0, 8.0]))  # (|delta| + 1)^0.5 = 1, 2, 3
    np.testing.assert_allclose(buffer.probabilities(), [1 / 6, 2 / 6, 3 / 6])


def test_samples_have_the_promised_frequencies():
    buffer = prioritized(n=4, alpha=1.0, eps=1e-9)
    buffer.update_priorities(np.arange(4), np.array([1.0, 2.0, 3.0, 4.0]))
    index = buffer.sample(10_000, np.random.default_rng(0)).index.numpy()
    # Stratified: with 10,000 equal parts each share is right but for the two parts at its borders.
    np.testing.assert_allclose(np.bincount(index, minlength=4), [1000, 2000, 3000, 4000], atol=2)


def test_single_draws_have_the_promised_frequencies():
    buffer, rng, n = prioritized(n=2, alpha=1.0, eps=1e-9), np.random.default_rng(3), 4000
    buffer.update_priorities(np.arange(2), np.array([1.0, 3.0]))
    count = sum(int(buffer.sample(1, rng).index) for _ in range(n))
    assert abs(count - 0.75 * n) < 4 * np.sqrt(n * 0.75 * 0.25)  # four standard deviations


def test_importance_weights_by_hand():
    buffer = prioritized(n=3, alpha=1.0, beta=0.5, eps=1e-12)
    buffer.update_priorities(np.arange(3), np.array([1.0, 4.0, 16.0]))
    batch = buffer.sample(64, np.random.default_rng(0))
    weight_of = {0: 1.0, 1: 0.5, 2: 0.25}  # (p_i / min p)^-0.5
    assert set(batch.index.tolist()) == {0, 1, 2}
    assert batch.weight.tolist() == pytest.approx([weight_of[i] for i in batch.index.tolist()])


def test_weights_are_measured_against_the_whole_buffer_not_the_batch():
    buffer = prioritized(n=2, alpha=1.0, beta=1.0, eps=1e-9)
    buffer.update_priorities(np.arange(2), np.array([1.0, 1e6]))
    batch = buffer.sample(8, np.random.default_rng(0))
    assert batch.index.tolist() == [1] * 8
    assert batch.weight.tolist() == pytest.approx([1e-6] * 8)


def test_weighted_mean_is_unbiased_when_beta_is_one():
    buffer, rng = prioritized(n=8, alpha=1.0, beta=1.0), np.random.default_rng(0)
    buffer.update_priorities(np.arange(8), rng.uniform(0.1, 5, 8))
    batch = buffer.sample(200_000, rng)
    value = batch.user.double()  # any quantity of a transition; its plain mean is 3.5
    assert float((batch.weight * value).sum() / batch.weight.sum()) == pytest.approx(3.5, rel=1e-3)
    assert abs(float(value.mean()) - 3.5) > 0.1  # without the weights the mean is biased


def test_new_transitions_get_the_largest_error_so_far():
    buffer = prioritized(n=2, alpha=1.0, eps=1e-9)
    np.testing.assert_allclose(buffer.probabilities(), [0.5, 0.5])
    buffer.update_priorities(np.array([0, 1]), np.array([3.0, 5.0]))
    buffer.update_priorities(np.array([1]), np.array([0.5]))  # the largest so far stays 5
    fill(buffer, 1, first=2)
    np.testing.assert_allclose(buffer.probabilities(), np.array([3.0, 0.5, 5.0]) / 8.5)


def test_overwritten_transitions_lose_their_priority():
    buffer = prioritized(n=2, capacity=2, alpha=1.0, eps=1e-9)
    buffer.update_priorities(np.array([0, 1]), np.array([0.25, 1.0]))
    fill(buffer, 1, first=2)  # over row 0
    np.testing.assert_allclose(buffer.probabilities(), [0.5, 0.5])


def test_alpha_zero_is_uniform_replay():
    buffer = prioritized(n=4, alpha=0.0, beta=1.0)
    buffer.update_priorities(np.arange(4), np.array([0.0, 1.0, 10.0, 100.0]))
    np.testing.assert_allclose(buffer.probabilities(), 0.25)
    assert buffer.sample(16, np.random.default_rng(0)).weight.tolist() == [1.0] * 16


def test_the_sign_of_the_error_does_not_count_and_tensors_are_taken():
    one, other = prioritized(), prioritized()
    one.update_priorities(torch.arange(4), torch.tensor([-1.0, 2.0, -3.0, 4.0], requires_grad=True))
    other.update_priorities([0, 1, 2, 3], [1.0, 2.0, 3.0, 4.0])
    np.testing.assert_array_equal(one.probabilities(), other.probabilities())


def test_beta_moves_one_step_a_sample_and_comes_back_after_a_resume():
    buffer = PrioritizedReplayBuffer(8, 2, 3, beta=LinearSchedule(0.4, 1.0, 4))
    fill(buffer, 4)
    rng, betas = np.random.default_rng(0), []
    for _ in range(3):
        betas.append(buffer.beta)
        buffer.sample(2, rng)
    assert betas == pytest.approx([0.4, 0.55, 0.7])
    resumed = PrioritizedReplayBuffer(8, 2, 3, beta=LinearSchedule(0.4, 1.0, 4))
    resumed.load_state_dict(buffer.state_dict())
    assert resumed.beta == buffer.beta == pytest.approx(0.85)


def test_a_prioritized_buffer_does_not_take_the_state_of_a_uniform_one():
    uniform = ReplayBuffer(8, 2, 3)
    fill(uniform, 4)
    with pytest.raises(
        ValueError,
        match=r"not the state of a PrioritizedReplayBuffer: missing \['max_error', 'n_samples', 'priority'\]",
    ):
        prioritized().load_state_dict(uniform.state_dict())
    with pytest.raises(ValueError, match=r"not the state of a ReplayBuffer: missing \[\], unknown \['max_error'"):
        uniform.load_state_dict(prioritized().state_dict())


@pytest.mark.parametrize(("name", "bad"), [("max_error", np.nan), ("max_error", 0.0), ("n_samples", -1)])
def test_damaged_numbers_are_refused(name, bad):
    state = {**prioritized().state_dict(), name: np.array(bad)}
    with pytest.raises(ValueError, match="damaged: max_error must be above 0 and n_samples 0 or more"):
        prioritized().load_state_dict(state)


@pytest.mark.parametrize("bad", [np.nan, np.inf, 0.0, -1.0])
def test_damaged_priorities_are_refused(bad):
    state = prioritized().state_dict()
    state["priority"][1] = bad
    with pytest.raises(ValueError, match="damaged: priority must be \\(4,\\) numbers above 0"):
        prioritized().load_state_dict(state)


@pytest.mark.parametrize(
    ("index", "error", "message"),
    [
        ([0, 1], [1.0], r"must both be \(B,\), got \(2,\) and \(1,\)"),
        ([[0]], [[1.0]], r"must both be \(B,\), got \(1, 1\) and \(1, 1\)"),
        ([0], [np.nan], "td_error must be finite; training has diverged"),
        ([0], [np.inf], "td_error must be finite; training has diverged"),
        ([-1], [1.0], r"index must lie in 0 .. 3, got -1 .. -1"),
        ([0, 4], [1.0, 1.0], r"index must lie in 0 .. 3, got 0 .. 4"),
    ],
)
def test_bad_priorities(index, error, message):
    with pytest.raises(ValueError, match=message):
        prioritized(n=4).update_priorities(np.array(index), np.array(error))


def test_no_priorities_to_update_is_fine():
    buffer = prioritized()
    before = buffer.probabilities()
    buffer.update_priorities(np.array([], dtype=int), np.array([]))
    np.testing.assert_array_equal(buffer.probabilities(), before)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"alpha": 1.5}, "alpha must lie in 0 .. 1, got 1.5"),
        ({"beta": LinearSchedule(0.4, 1.1, 10)}, "beta must stay in 0 .. 1"),
        ({"eps": 0.0}, "eps must be above 0, got 0.0"),
    ],
)
def test_bad_settings(setting, message):
    with pytest.raises(ValueError, match=message):
        PrioritizedReplayBuffer(8, 2, 3, **setting)
