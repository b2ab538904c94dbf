"""Speed and memory of training, playing and recommending on ML-1M, printed. Run: python tests/benchmarks/training_speed.py [part ...] [--write]

Parts: environment, recommend, import, default, whole (some minutes), original (up to 20 minutes). Needs the ML-1M files or a network.
With --write the figures go to book/results/speed.json, from which the README has them.
"""

import dataclasses
import os
import statistics
import subprocess
import sys
import time

import numpy as np
import torch
from speed_file import record

from drr_tutorial.config import PRESETS
from drr_tutorial.data.load import load_ratings
from drr_tutorial.data.ratings import Ratings
from drr_tutorial.data.splits import original_split, rated_split
from drr_tutorial.environment.vector_env import RecommendationVectorEnv
from drr_tutorial.provenance import peak_memory_mb
from drr_tutorial.recommenders.drr import DRRRecommender


def environment(train: Ratings) -> None:
    """256 users at once, embeddings of 32: score, mask, pick, step, reset."""
    rng, n_steps = np.random.default_rng(0), 1000
    env = RecommendationVectorEnv(train, 256)
    items = torch.from_numpy(rng.normal(size=(32, train.n_items)).astype(np.float32))
    actions = torch.from_numpy(rng.normal(size=(train.n_users, 32)).astype(np.float32))
    observation, _ = env.reset(seed=0)
    torch.set_num_threads(1)  # as in training
    start = time.perf_counter()
    for _ in range(n_steps):
        vectors = actions[torch.from_numpy(observation["user"])]
        chosen = torch.addmm(torch.from_numpy(env.penalty), vectors, items).numpy().argmax(axis=1)
        observation, _, terminated, truncated, _ = env.step(chosen)
        finished = terminated | truncated
        if finished.any():
            observation, _ = env.reset(options={"reset_mask": finished})
    seconds = time.perf_counter() - start
    rate = n_steps * env.num_envs / seconds
    print(f"environment: {rate:,.0f} steps a second (target: 100,000 or more)")
    record("environment", rate, seconds)


def default(train: Ratings) -> DRRRecommender:
    """One pass of the default preset with learning; the embeddings are timed apart."""
    config = dataclasses.replace(
        PRESETS["default"], training=dataclasses.replace(PRESETS["default"].training, passes=1.0)
    )
    start = time.perf_counter()
    agent = DRRRecommender(config, progress=False).fit(train)
    seconds = time.perf_counter() - start
    print(f"default preset, one pass, embeddings and validation included: {seconds:.1f} s (target: 60 or less)")
    record("default pass", seconds, seconds)
    return agent


def whole() -> None:
    """The default preset from files to a finished agent: reading, embeddings, training, tempering, embeddings again."""
    torch.set_num_threads(os.cpu_count() or 1)  # for the embeddings; training takes one
    start = time.perf_counter()
    DRRRecommender("default").fit(rated_split(load_ratings("ml-1m")).train)
    seconds = time.perf_counter() - start
    print(f"default preset, whole training: {seconds:.1f} s (target: 180 or less)")
    record("whole training", seconds, seconds)
    record("memory", peak_memory_mb() / 1000, seconds)


def original(train: Ratings) -> None:
    """The original's 439,657 steps with one update of batch 512 each, sizes 8 and 16, Ranger."""
    config = PRESETS["original"]
    config = dataclasses.replace(config, training=dataclasses.replace(config.training, validation_share=0.0))
    start = time.perf_counter()
    DRRRecommender(config, progress=True).fit(train)
    seconds = time.perf_counter() - start
    print(f"original preset, one pass: {seconds / 60:.1f} min (target: 20 or less)")
    record("original pass", seconds / 60, seconds)


def recommend(agent: DRRRecommender) -> None:
    """Latency of `recommend` for one user, list of 10."""
    times = []
    for user in agent.ratings.user_ids[:500]:
        start = time.perf_counter()
        agent.recommend(user, 10)
        times.append(time.perf_counter() - start)
    print(
        f"recommend: median {1000 * statistics.median(times):.2f} ms, 95 % below {1000 * np.quantile(times, 0.95):.2f} ms (target: 1)"
    )
    record("recommend", 1000 * statistics.median(times), sum(times))


def importing() -> None:
    """What `import drr_tutorial` adds to `import torch`."""
    code = "import time, torch; start = time.perf_counter(); import drr_tutorial; print(time.perf_counter() - start)"
    seconds = [float(subprocess.check_output([sys.executable, "-c", code])) for _ in range(3)]
    print(f"import drr_tutorial after torch: {statistics.median(seconds):.3f} s (target: 0.3 or less)")
    record("import", statistics.median(seconds), sum(seconds))


def main() -> None:
    parts = [part for part in sys.argv[1:] if part != "--write"] or [
        "environment",
        "recommend",
        "import",
        "default",
        "whole",
        "original",
    ]
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads")
    train = original_split(load_ratings("ml-1m")).train
    if "import" in parts:
        importing()
    if "environment" in parts:
        environment(train)
    if "default" in parts or "recommend" in parts:
        recommend(default(train))
    if "whole" in parts:
        whole()
    if "original" in parts:
        original(train)
    print(f"peak memory: {peak_memory_mb() / 1000:.2f} GB (target: below 3)")


if __name__ == "__main__":
    main()
