"""What the speed benchmarks measured, kept for the README: book/results/speed.json, written only when they are asked to --write."""

import sys
from functools import cache
from pathlib import Path

from drr_tutorial.data.load import load_ratings
from drr_tutorial.provenance import particulars, peak_memory_mb
from drr_tutorial.storage import read_json, write_json

RESULT = Path(__file__).parents[2] / "book" / "results" / "speed.json"
SEED = 0  # the default of agents, and what the benchmarks name


def record(name: str, value: float, seconds: float) -> None:
    """Keep a figure with the command that measured it and what it depends on; `seconds`: what measuring it took."""
    if "--write" not in sys.argv:
        return
    about = particulars(
        " ".join(["python", f"tests/benchmarks/{Path(sys.argv[0]).name}", *sys.argv[1:]]),
        data={"ml-1m": fingerprint()},
        seeds=[SEED],
        seconds=seconds,
        peak_memory_mb=peak_memory_mb(),
    )
    figures = read_json(RESULT)["figures"] if RESULT.exists() else {}
    write_json(RESULT, {"figures": figures | {name: {"value": value, **about}}})


@cache
def fingerprint() -> str:
    """Of the data that all of them measure on."""
    return load_ratings("ml-1m", progress=False).fingerprint()
