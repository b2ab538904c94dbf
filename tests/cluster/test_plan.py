"""The arithmetic of a cluster, in cases that can be reckoned by hand."""

import math

import numpy as np
import pytest

from drr_tutorial.cluster.plan import (
    Prices,
    Size,
    index_bytes,
    lists_hours,
    memory,
    memory_cost,
    scan_seconds,
    search_seconds,
    sent_bytes,
    shard_bytes,
)
from drr_tutorial.environment.vector_env import RecommendationVectorEnv
from drr_tutorial.recommenders.index import NEIGHBOURS
from drr_tutorial.training.replay import ReplayBuffer
from tests.toy import block_ratings

SIZE = Size(users=100, items=10, length=4, ratings=7, memory=3, capacity=50, at_play=8, weights=25)


def in_bytes(machines: int, candidates: int | None = None) -> dict[str, int]:
    return {part.name: part.bytes for part in memory(SIZE, machines, candidates)}


def test_memory_by_hand() -> None:
    whole = in_bytes(1)
    assert whole["ratings"] == 100 * 7 * 12
    assert whole["user vectors"] == 100 * 4 * 4
    assert whole["item vectors"] == 11 * 4 * 4  # with the one that pads memories
    assert whole["users at play"] == 8 * 10 * 9
    assert whole["index"] == 0
    halves = in_bytes(2, candidates=5)
    assert halves["users at play"] == 4 * 5 * 9
    assert halves["index"] == 10 * (4 * 4 + 2 * NEIGHBOURS * 4) == index_bytes(SIZE)
    for part in memory(SIZE, 2):
        assert part.bytes == (math.ceil(whole[part.name] / 2) if part.shared else whole[part.name])
    assert shard_bytes(SIZE, 2) == sum(in_bytes(2)[name] for name in ("ratings", "user vectors", "item vectors"))


def test_memory_is_that_of_the_packages_own_arrays() -> None:
    assert in_bytes(1)["replay"] == ReplayBuffer(50, 3, 4)._rows.nbytes
    env = RecommendationVectorEnv(block_ratings(20, 10), 8)
    size = SIZE._replace(items=env.ratings.n_items)
    held = env.reward_of.nbytes + env.available.nbytes + env.penalty.nbytes
    assert {part.name: part.bytes for part in memory(size, 1)}["users at play"] == held


@pytest.mark.parametrize(("machines", "expected"), [(1, 0), (2, 100), (4, 150), (1000, 200)])
def test_what_is_sent(machines: int, expected: int) -> None:
    """25 weights of 4 bytes: all of them once for two machines, nearly twice for many."""
    assert sent_bytes(SIZE, machines) == expected


def test_seconds_carried_over() -> None:
    """A search costs 1 ms and 2 ms more for each factor e; what is scored whole grows with the items."""
    measured = {n: 0.001 + 0.002 * math.log(n) for n in (100, 1000, 5000)}
    assert search_seconds(measured, 10**7) == pytest.approx(0.001 + 0.002 * math.log(10**7))
    assert scan_seconds({10: 5.0, 100: 2.0}, 1000) == pytest.approx(20.0)
    with pytest.raises(ValueError, match="measured must hold two sizes at least, got"):
        search_seconds({5: 1.0}, 10)


def test_cost_and_hours() -> None:
    cost = memory_cost(memory(SIZE, 2), 2, hours=3, prices=Prices(gigabyte_hour=1e9, processor_hour=0))
    assert cost["item vectors"] == pytest.approx(2 * 3 * 11 * 16)
    assert cost["user vectors"] == pytest.approx(3 * 100 * 16)
    assert lists_hours(SIZE, seconds=72.0, processors=2) == pytest.approx(1.0)
    assert np.isclose(lists_hours(SIZE, 36.0, 1), lists_hours(SIZE, 72.0, 2))
