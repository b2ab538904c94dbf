"""Speed of evaluation on ML-1M: the 114,341 test positives of the original split, 99 negatives each.

    DRR_DATA_HOME=... python tests/benchmarks/evaluation_speed.py [--write]

Scores are given and negatives are sampled beforehand. Target: 0.6 s or less, also for a task's first
evaluation. Prints wall and processor seconds; sampling, bootstrap and the full catalogue are for comparison.
With --write the seconds of the protocol `unseen` go to book/results/speed.json, from which the README has them.
"""

import time
from collections.abc import Callable
from typing import Any, get_args

import numpy as np
from speed_file import record

from drr_tutorial.data.load import load_ratings
from drr_tutorial.data.splits import original_split
from drr_tutorial.evaluation.ranking import evaluate_scores
from drr_tutorial.evaluation.tasks import Protocol, ranking_task
from drr_tutorial.provenance import peak_memory_mb


def timed(label: str, action: Callable[[], Any]) -> Any:
    """Run once, print the seconds, keep those that the README shows."""
    wall, processor = time.perf_counter(), time.process_time()
    result = action()
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    print(f"{label:32} {wall:8.3f} s {processor:8.3f} s", flush=True)
    if label == "unseen: evaluate":
        record("evaluation", wall, wall)
    return result


def main() -> None:
    """Print the table."""
    split = original_split(load_ratings("ml-1m", progress=False))
    shape = (split.ratings.n_users, split.ratings.n_items)
    scores = np.random.default_rng(0).random(shape, dtype=np.float32)
    print(f"{len(split.test):,} test positives, scores {shape}\n{'':32} {'wall':>10} {'processor':>10}")
    for protocol in get_args(Protocol):
        task = timed(f"{protocol}: make the task", lambda p=protocol: ranking_task(split, p))
        report = timed(f"{protocol}: evaluate", lambda t=task: evaluate_scores(scores, t))
        timed(f"{protocol}: interval of nDCG@10", lambda r=report: r.interval("nDCG@10"))
    print(f"peak memory {peak_memory_mb():,} MB")


if __name__ == "__main__":
    main()
