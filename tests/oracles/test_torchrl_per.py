"""Oracle: the same priorities, probabilities and importance weights as torchrl's PrioritizedSampler.

torchrl's rules for priorities and weights are Python, its trees a compiled extension that loads only beside
the torch release it was built for. Where it does not load, plain arrays stand in for the trees, and torchrl's
rules are still what is compared with.
"""

import numpy as np
import pytest
import torch

from drr_tutorial.training.replay import PrioritizedReplayBuffer
from drr_tutorial.training.schedules import LinearSchedule

torchrl_data = pytest.importorskip("torchrl.data", reason="torchrl is a development oracle: pip install -e '.[dev]'")
PrioritizedSampler = torchrl_data.replay_buffers.samplers.PrioritizedSampler
SAMPLER_MODULE = PrioritizedSampler._init.__globals__  # where it looks for its trees


class PlainTree:
    """What torchrl's sampler asks of a tree, by passes over a plain array."""

    def __init__(self, capacity, combine, neutral):
        self.values, self.combine = torch.full((capacity,), neutral, dtype=torch.float64), combine

    def __getitem__(self, index):
        return self.values[index]

    def __setitem__(self, index, value):
        self.values[index] = torch.as_tensor(value, dtype=torch.float64)

    def query(self, left, right):
        return float(self.combine(self.values[left:right]))

    def scan_lower_bound(self, mass):
        return torch.searchsorted(self.values.cumsum(0), torch.as_tensor(mass, dtype=torch.float64))


@pytest.fixture(autouse=True)
def trees(monkeypatch):
    if SAMPLER_MODULE["SumSegmentTreeFp64"] is None:
        for name in ("SumSegmentTreeFp32", "SumSegmentTreeFp64"):
            monkeypatch.setitem(SAMPLER_MODULE, name, lambda capacity: PlainTree(capacity, torch.sum, 0.0))
        for name in ("MinSegmentTreeFp32", "MinSegmentTreeFp64"):
            monkeypatch.setitem(SAMPLER_MODULE, name, lambda capacity: PlainTree(capacity, torch.min, torch.inf))


CAPACITY, N_STORED, EPS = 50, 37, 1e-2


def pair(alpha, beta, n=N_STORED, capacity=CAPACITY):
    """The same n transitions in our buffer and in torchrl's."""
    ours = PrioritizedReplayBuffer(capacity, 1, 1, alpha=alpha, beta=LinearSchedule.constant(beta), eps=EPS)
    sampler = PrioritizedSampler(capacity, alpha=alpha, beta=beta, eps=EPS)
    sampler._rng = torch.Generator().manual_seed(0)  # else it uses numpy's global generator
    theirs = torchrl_data.ReplayBuffer(storage=torchrl_data.LazyTensorStorage(capacity), sampler=sampler)
    add(ours, theirs, np.arange(n))
    return ours, theirs


def add(ours, theirs, number):
    n = len(number)
    column = number[:, None]
    ours.add(
        user=number,
        memory=column,
        action=np.zeros((n, 1)),
        item=number,
        reward=np.zeros(n),
        next_memory=column,
        terminated=np.zeros(n, dtype=bool),
    )
    theirs.extend(torch.as_tensor(number))


def their_probabilities(theirs):
    priority = np.array([theirs.sampler._sum_tree[i] for i in range(len(theirs))])
    return priority / priority.sum()


@pytest.mark.parametrize("alpha", [0.0, 0.6, 1.0])
@pytest.mark.parametrize("beta", [0.0, 0.4, 1.0])
def test_probabilities_and_weights_agree(alpha, beta):
    ours, theirs = pair(alpha, beta)
    np.testing.assert_allclose(ours.probabilities(), their_probabilities(theirs), rtol=1e-5)
    error = np.random.default_rng(5).gamma(0.5, 2.0, N_STORED)
    ours.update_priorities(np.arange(N_STORED), error)
    theirs.update_priority(torch.arange(N_STORED), torch.as_tensor(error, dtype=torch.float32))
    np.testing.assert_allclose(ours.probabilities(), their_probabilities(theirs), rtol=1e-5)

    _, info = theirs.sample(400, return_info=True)
    their_weight = dict(zip(info["index"].tolist(), info["priority_weight"].tolist(), strict=True))
    batch = ours.sample(400, np.random.default_rng(0))
    both = [
        (w, their_weight[i])
        for i, w in zip(batch.index.tolist(), batch.weight.tolist(), strict=True)
        if i in their_weight
    ]
    assert len(both) > 200
    np.testing.assert_allclose(*zip(*both, strict=True), rtol=1e-5)


def test_they_agree_after_many_updates_and_a_wrap_around():
    ours, theirs = pair(alpha=0.6, beta=0.5)
    rng = np.random.default_rng(1)
    for step in range(40):
        add(ours, theirs, np.arange(3) + 100 * step)  # new ones get the largest error so far, in both
        index = rng.permutation(len(ours))[:10]
        error = rng.gamma(0.5, 3.0, 10)
        ours.update_priorities(index, error)
        theirs.update_priority(torch.as_tensor(index), torch.as_tensor(error, dtype=torch.float32))
    assert len(ours) == len(theirs) == CAPACITY
    np.testing.assert_allclose(ours.probabilities(), their_probabilities(theirs), rtol=1e-5)


def test_both_draw_with_these_probabilities():
    ours, theirs = pair(alpha=1.0, beta=0.4, n=6)
    error = np.array([0.1, 0.5, 1.0, 2.0, 4.0, 8.0])
    ours.update_priorities(np.arange(6), error)
    theirs.update_priority(torch.arange(6), torch.as_tensor(error, dtype=torch.float32))
    n, p = 20_000, ours.probabilities()
    our_counts = np.bincount(ours.sample(n, np.random.default_rng(0)).index, minlength=6)
    their_counts = np.bincount(theirs.sample(n, return_info=True)[1]["index"], minlength=6)
    for counts in (our_counts, their_counts):  # theirs are independent draws, ours stratified (less variance)
        assert ((counts - n * p) ** 2 / (n * p)).sum() < 20.5  # chi-square, 5 degrees of freedom, p = 0.001
