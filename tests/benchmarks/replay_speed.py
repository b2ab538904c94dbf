"""How long drawing a batch of 512 and updating its priorities takes: cumulative sums against the sum tree.

Run: python tests/benchmarks/replay_speed.py [--write]

With --write the figures of buffers from 1,000 to 1,000,000 transitions go to book/results/replay-speed.json (chapter 5).
"""

import sys
import time
import timeit
from collections.abc import Callable
from pathlib import Path

import numpy as np

from drr_tutorial.provenance import particulars, peak_memory_mb
from drr_tutorial.storage import write_json
from drr_tutorial.training.replay import PrioritizedReplayBuffer, ReplayBuffer
from drr_tutorial.training.sum_tree import SumTree

BATCH, MEMORY_SIZE, ACTION_DIM = 512, 5, 8
CAPACITIES = (1_000, 10_000, 100_000, 1_000_000)
RESULTS = Path(__file__).parents[2] / "book" / "results" / "replay-speed.json"


class CumulativeSums:
    """The plain way to draw with given probabilities: a pass over all of them for each batch."""

    def __init__(self, capacity: int) -> None:
        self.priority = np.zeros(capacity)

    def update(self, index: np.ndarray, value: np.ndarray) -> None:
        self.priority[index] = value

    def search(self, uniform: np.ndarray) -> np.ndarray:
        sums = np.cumsum(self.priority)
        return np.searchsorted(sums, uniform * sums[-1], side="right")


def filled(buffer: ReplayBuffer, rng: np.random.Generator) -> ReplayBuffer:
    n = buffer.capacity
    memory = rng.integers(0, 3706, (n, MEMORY_SIZE))
    buffer.add(
        user=rng.integers(0, 6040, n),
        memory=memory,
        action=rng.uniform(-1, 1, (n, ACTION_DIM)),
        item=rng.integers(0, 3706, n),
        reward=rng.random(n),
        next_memory=memory,
        terminated=rng.random(n) < 0.01,
    )
    return buffer


def microseconds(call: Callable[[], object], n_calls: int = 100) -> float:
    """Median time of one call."""
    return 1e6 * float(np.median(timeit.repeat(call, number=1, repeat=n_calls)))


def measure(capacity: int) -> dict[str, float]:
    rng = np.random.default_rng(0)
    sums, tree = CumulativeSums(capacity), SumTree(capacity)
    everything, priority = np.arange(capacity), rng.gamma(0.5, 1.0, capacity) + 0.01
    for structure in (sums, tree):
        structure.update(everything, priority)
    uniform = filled(ReplayBuffer(capacity, MEMORY_SIZE, ACTION_DIM), rng)
    prioritized = filled(PrioritizedReplayBuffer(capacity, MEMORY_SIZE, ACTION_DIM), rng)
    prioritized.update_priorities(everything, priority)
    value = rng.random(BATCH)

    def anywhere() -> np.ndarray:
        return rng.integers(0, capacity, BATCH)

    return {
        "search: cumsum + searchsorted": microseconds(lambda: sums.search(rng.random(BATCH))),
        "search: sum tree": microseconds(lambda: tree.search(rng.random(BATCH) * tree.root)),
        "update: array": microseconds(lambda: sums.update(anywhere(), value)),
        "update: sum tree": microseconds(lambda: tree.update(anywhere(), value)),
        "ReplayBuffer.sample": microseconds(lambda: uniform.sample(BATCH, rng)),
        "PrioritizedReplayBuffer.sample": microseconds(lambda: prioritized.sample(BATCH, rng)),
        "PrioritizedReplayBuffer.update_priorities": microseconds(
            lambda: prioritized.update_priorities(anywhere(), value)
        ),
    }


def write(results: dict[int, dict[str, float]], seconds: float) -> None:
    """The figures for the book: of each method the median time of one call in microseconds, size by size."""
    names = results[CAPACITIES[0]]
    write_json(
        RESULTS,
        {
            **particulars(
                "python tests/benchmarks/replay_speed.py --write",
                data={},
                seeds=[0],
                seconds=seconds,
                peak_memory_mb=peak_memory_mb(),
            ),
            "batch": BATCH,
            "capacities": list(CAPACITIES),
            "microseconds": {name: [results[capacity][name] for capacity in CAPACITIES] for name in names},
        },
    )


def main() -> None:
    start = time.perf_counter()
    results = {capacity: measure(capacity) for capacity in CAPACITIES}
    print(f"microseconds for a batch of {BATCH} (median of 100)")
    print(f"{'transitions':<45}" + "".join(f"{capacity:>12,}" for capacity in CAPACITIES))
    for name in results[CAPACITIES[0]]:
        print(f"{name:<45}" + "".join(f"{results[capacity][name]:>12.0f}" for capacity in CAPACITIES))
    if "--write" in sys.argv[1:]:
        write(results, time.perf_counter() - start)


if __name__ == "__main__":
    main()
