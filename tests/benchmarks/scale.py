"""Memory and time by the number of ratings: rows for each shape, printed. Run: python tests/benchmarks/scale.py [shape ...] [options]

    python tests/benchmarks/scale.py small 1M                     # two shapes
    python tests/benchmarks/scale.py 1M 2M 4M --passes 0.25       # doublings: the exponents of all stages are printed below

With --write the rows of each shape go to book/results/scale.json, from which the page at_a_glance has them.

Shapes: small (610 users, 9,700 items), 1M, 2M, 4M, 8M, 20M, 32M, 50M, or USERSxITEMSxRATINGS. The data are invented: users and items by
Zipf's law, as many ratings as asked for, the same for the same shape. Each shape runs in a process of its own. Times are processor
seconds of all threads and, in brackets, those of the clock; memory is the most that the process has held by then. Stages: invented (the
columns), table, split, vectors and training of the default preset (at most ten million steps), lists (of 20,000 users, 99 negatives
each) and their evaluation; all is their sum but for what was invented.
"""

import argparse
import dataclasses
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch

from drr_tutorial.config import PRESETS, ExperimentConfig
from drr_tutorial.data.ratings import Ratings
from drr_tutorial.data.splits import Split, make_split
from drr_tutorial.evaluation.ranking import evaluate_ranking
from drr_tutorial.evaluation.tasks import ranking_task
from drr_tutorial.provenance import particulars, peak_memory_mb
from drr_tutorial.recommenders.drr import DRRRecommender
from drr_tutorial.storage import read_json, write_json
from drr_tutorial.training.trainer import Trainer


class Shape(NamedTuple):
    """How large the data are."""

    n_users: int
    n_items: int
    n_ratings: int


SHAPES = {
    "small": Shape(610, 9_700, 100_000),
    "1M": Shape(6_900, 2_800, 1_000_000),
    "2M": Shape(13_800, 4_000, 2_000_000),
    "4M": Shape(27_700, 8_000, 4_000_000),
    "8M": Shape(55_400, 13_400, 8_000_000),
    "20M": Shape(138_493, 26_744, 20_000_000),
    "32M": Shape(200_948, 84_432, 32_000_000),
    "50M": Shape(1_000_000, 100_000, 50_000_000),
}
RESULT = Path(__file__).parents[2] / "book" / "results" / "scale.json"
ROWS = "rows: "  # how a process tells what it measured
N_TESTED = 20_000  # users of the evaluation
MOST_STEPS = 10_000_000
GENRES = 8  # hidden tastes, so that there is something to learn


def columns(shape: Shape, seed: int = 0) -> dict[str, np.ndarray]:
    """Columns of that many different pairs: counts of users and popularity of items fall by Zipf's law.

    Drawn with some to spare; what is drawn twice is left out, whatever is too much as well.
    """
    n_users, n_items, n_ratings = shape
    if n_ratings > n_users * n_items // 4:
        raise ValueError(
            f"n_ratings must be at most a quarter of all pairs, {n_users * n_items // 4:,}, got {n_ratings:,}"
        )
    rng = np.random.default_rng(seed)
    pairs = np.zeros(0, dtype=np.int64)
    while len(pairs) < n_ratings:
        n = int(1.3 * (n_ratings - len(pairs))) + 1000
        drawn = _zipf(n, n_users, 0.6, rng) * n_items + _zipf(n, n_items, 0.8, rng)
        pairs = np.unique(np.concatenate([pairs, drawn]))
    pairs = pairs[np.sort(rng.permutation(len(pairs))[:n_ratings])] if len(pairs) > n_ratings else pairs
    users, items = (pairs // n_items).astype(np.int32), (pairs % n_items).astype(np.int32)
    liked = (users % GENRES == items % GENRES) | (rng.random(n_ratings, dtype=np.float32) < 0.4)
    ratings = np.where(liked, 4, 2).astype(np.int8)
    return {"users": users, "items": items, "ratings": ratings, "timestamps": rng.integers(10**9, size=n_ratings)}


def _zipf(n: int, size: int, power: float, rng: np.random.Generator) -> np.ndarray:
    """n numbers below `size`, the r-th in proportion to r^-power, in an order of their own."""
    reach = np.cumsum(np.arange(1, size + 1, dtype=np.float64) ** -power)
    found = np.searchsorted(reach, rng.random(n) * reach[-1], side="right")
    return rng.permutation(size)[np.minimum(found, size - 1)]


class Clock:
    """Runs stages, and prints what each took."""

    def __init__(self) -> None:
        self.rows: dict[str, tuple[float, int]] = {}

    def __call__(self, name: str, action: Callable[[], Any]) -> Any:
        """What the action returns."""
        wall, processor = time.perf_counter(), time.process_time()
        result = action()
        seconds, peak = time.process_time() - processor, peak_memory_mb()
        self.rows[name] = (seconds, peak)
        print(f"  {name:12} {seconds:9.1f} s ({time.perf_counter() - wall:9.1f} s) {peak:8,} MB", flush=True)
        return result


def run(shape: Shape, config: ExperimentConfig, steps: int) -> dict[str, tuple[float, int]]:
    """All stages of one shape; seconds and peak memory of each, and of all of them but the invention."""
    print(f"{shape.n_users:,} users, {shape.n_items:,} items, {shape.n_ratings:,} ratings", flush=True)
    clock = Clock()
    clock("start", lambda: None)  # what libraries take before there are any data
    invented = [clock("invented", lambda: columns(shape))]
    clock("all", lambda: _all(clock, invented, config, steps))
    return clock.rows


def _all(clock: Clock, invented: list[dict[str, np.ndarray]], config: ExperimentConfig, steps: int) -> None:
    """From the columns, which are taken out of the list, to figures."""
    ratings: Ratings = clock("table", lambda: Ratings.from_columns(**invented.pop(), name="scale"))
    split: Split = clock("split", lambda: make_split("random", ratings))
    agent = _Timed(config, clock, steps)
    clock("fit", lambda: agent.fit(split.train))
    task = clock("lists", lambda: ranking_task(_of_some_users(split), "unseen"))
    report = clock("evaluation", lambda: evaluate_ranking(agent, task))
    print(
        f"  nDCG@10 {report.mean('nDCG@10'):.3f} of {len(report.users):,} lists after {agent.steps:,} steps of training",
        flush=True,
    )


class _Timed(DRRRecommender):
    """The agent, with its vectors and its training timed apart, and no more steps than asked for."""

    name = "DRR, timed"

    def __init__(self, config: ExperimentConfig, clock: Clock, steps: int) -> None:
        super().__init__(config, progress=False)
        self.clock, self.most, self.steps = clock, steps, 0

    def _pretrain(self, *arguments: Any) -> Any:
        number = 1 + sum(name.startswith("vectors") for name in self.clock.rows)
        return self.clock(f"vectors {number}", lambda: super(_Timed, self)._pretrain(*arguments))

    def _fit(self, ratings: Ratings) -> None:
        run_training, clock, most = Trainer.run, self.clock, self.most

        def timed(trainer: Trainer) -> Any:
            trainer.total_steps = self.steps = min(trainer.total_steps, most)
            return clock("training", lambda: run_training(trainer))

        Trainer.run = timed  # type: ignore[method-assign]
        try:
            super()._fit(ratings)
        finally:
            Trainer.run = run_training  # type: ignore[method-assign]


def _of_some_users(split: Split) -> Split:
    """The same split, of whose test part at most 20,000 users are left."""
    some = np.unique(split.test.users)
    some = np.sort(np.random.default_rng(0).permutation(some)[:N_TESTED])
    rows = split.test_rows[np.isin(split.ratings.users[split.test_rows], some)]
    return dataclasses.replace(split, test_rows=rows)


def exponents(found: dict[Shape, dict[str, tuple[float, int]]]) -> None:
    """The slopes of log seconds and log memory over log ratings, stage by stage: 1 is in proportion to the ratings."""
    logs = np.log([shape.n_ratings for shape in found])
    for name in next(iter(found.values())):
        seconds, memory = (
            np.polyfit(logs, np.log([max(rows[name][place], 1e-3) for rows in found.values()]), 1)[0]
            for place in (0, 1)
        )
        print(f"{name:12} seconds ~ ratings^{seconds:.2f}, memory ~ ratings^{memory:.2f}")


def keep(shape: Shape, rows: dict[str, tuple[float, int]]) -> None:
    """The rows of a shape into the result file, with the command that measured them."""
    about = particulars(
        " ".join(["python tests/benchmarks/scale.py", *sys.argv[1:]]).removesuffix(" --rows"),
        data={},
        seeds=[0],
        seconds=rows["all"][0],
        peak_memory_mb=rows["all"][1],
    )
    figures = read_json(RESULT)["figures"] if RESULT.exists() else {}
    name = "x".join(map(str, shape))
    write_json(RESULT, {"figures": figures | {name: {"value": {"stages": rows}, **about}}})


def apart(shape: str, options: list[str]) -> dict[str, tuple[float, int]]:
    """`run` in a process of its own, so that its memory is of this shape alone."""
    rows = {}
    command = [sys.executable, __file__, shape, *options, "--rows"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout or ():
            if line.startswith(ROWS):
                rows = json.loads(line.removeprefix(ROWS))
            else:
                print(line, end="", flush=True)
    if process.returncode:
        sys.exit(process.returncode)
    return rows


def shape_of(text: str) -> Shape:
    """A name of `SHAPES`, or three numbers."""
    if text in SHAPES:
        return SHAPES[text]
    try:
        return Shape(*map(int, text.lower().split("x")))
    except (TypeError, ValueError) as error:
        raise argparse.ArgumentTypeError(
            f"a shape is one of {', '.join(SHAPES)} or USERSxITEMSxRATINGS, got {text!r}"
        ) from error


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shapes", nargs="*", default=["small", "1M"])
    parser.add_argument("--passes", type=float, default=1.0, help="passes of training over all users (1)")
    parser.add_argument("--steps", type=int, default=MOST_STEPS, help="steps of training at most (ten million)")
    parser.add_argument("--sweeps", type=int, default=PRESETS["default"].embedding.n_iterations, help="of the vectors")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1, help="of the vectors (all processors)")
    parser.add_argument("--write", action="store_true", help="keep the rows for the book")
    parser.add_argument("--rows", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if len(given.shapes) > 1:
        options = [text for text in sys.argv[1:] if text not in given.shapes]
        found = {shape_of(text): apart(text, options) for text in given.shapes}
        exponents(found)
        return
    config = PRESETS["default"]
    config = dataclasses.replace(
        config,
        training=dataclasses.replace(config.training, passes=given.passes),
        embedding=dataclasses.replace(config.embedding, n_iterations=given.sweeps),
    )
    torch.set_num_threads(given.threads)
    shape = shape_of(given.shapes[0])
    rows = run(shape, config, given.steps)
    if given.write:
        keep(shape, rows)
    if given.rows:
        print(ROWS, json.dumps(rows), sep="", flush=True)


if __name__ == "__main__":
    main()
