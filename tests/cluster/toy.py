"""Rows of a study that can be killed, and what tells where they ran."""

import os
import signal
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from drr_tutorial.lab.studies import Row, Study


def drawn(seed: int) -> dict[str, Any]:
    """Figures that every processor gives alike, and one thread's."""
    values = np.random.default_rng(seed).integers(0, 1000, 1000)
    return {"value": int(values.sum()), "share": float(np.mean(values < 500)), "threads": os.environ["OMP_NUM_THREADS"]}


def killed_once(seed: int, mark: Path) -> dict[str, Any]:
    """The process dies in the middle, the first time that it is made."""
    if not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return drawn(seed)


def killed_while(seed: int, mark: Path) -> dict[str, Any]:
    """The process dies as long as there is a mark."""
    if mark.exists():
        os.kill(os.getpid(), signal.SIGKILL)
    return drawn(seed)


def waits_until(seed: int, starts: Path, gone: Path) -> dict[str, Any]:
    """Says on which node it runs, and takes until `gone` is there, or a minute."""
    import ray

    (starts / f"{seed}-{ray.get_runtime_context().get_node_id()}").touch()
    deadline = time.monotonic() + 60
    while not gone.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    return drawn(seed)


def fails_while(seed: int, mark: Path) -> dict[str, Any]:
    """An error of its own as long as there is a mark."""
    if mark.exists():
        raise ArithmeticError("this row cannot be computed")
    return drawn(seed)


def total(figures: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    return {"total": sum(row["value"] for row in figures.values()), "keys": list(figures)}


def study(rows: Mapping[str, Callable[[], dict[str, Any]]], data: tuple[str, ...] = ("synthetic",)) -> Study:
    """A study of these rows."""
    listed = [Row(key, compute) for key, compute in rows.items()]
    return Study("toy", "A toy", lambda: listed, total, data=data, seeds=(0,))


def plain(n: int) -> dict[str, Callable[[], dict[str, Any]]]:
    """Rows in which nothing happens."""
    return {f"row-{seed}": partial(drawn, seed) for seed in range(n)}
