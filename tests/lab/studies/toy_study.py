"""A study of two rows that take no time; the third waits, so that it can be killed, and the fourth fails."""

import os
import signal
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from drr_tutorial.lab.studies import Row, Study


def number(value: int, log: Path | None = None) -> dict[str, Any]:
    if log is not None:
        with log.open("a") as file:
            file.write(f"{value}\n")
    return {"value": value, "threads": os.environ["OMP_NUM_THREADS"], "detail": [value] * 3}


def nested(value: int) -> dict[str, Any]:
    return {"value": value, "before": {"value": value - 1, "detail": [value] * 3}, "detail": [value]}


def slow(log: Path) -> dict[str, Any]:
    with log.open("a") as file:
        file.write("slow\n")
    log.with_name("slow-pid").write_text(str(os.getpid()))
    if log.with_name("wait").exists():
        time.sleep(60)
    return {"value": 3}


def fail() -> dict[str, Any]:
    raise ArithmeticError("this row cannot be computed")


def killed() -> dict[str, Any]:
    os.kill(os.getpid(), signal.SIGKILL)
    return {}


def interrupted(log: Path) -> dict[str, Any]:
    """Ctrl-C, as the process that waits for this row gets it."""
    number(0, log)
    os.kill(int(log.with_name("pid").read_text()), signal.SIGINT)
    time.sleep(1)
    return {"value": 0}


def total(figures: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    return {"total": sum(row["value"] for row in figures.values()), "keys": list(figures)}


def study(*rows: Row, name: str = "toy") -> Study:
    return Study(name, "A toy", lambda: rows, total, data=("synthetic",), seeds=(0, 1))


def logging_study(log: Path) -> Study:
    return study(
        Row("one", partial(number, 1, log)), Row("two", partial(number, 2, log)), Row("slow", partial(slow, log))
    )
