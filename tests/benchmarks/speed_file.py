"""What the speed benchmarks measured, kept for the README: book/results/speed.json, written only when they are asked to --write."""

import platform
import sys
from pathlib import Path

import torch

from drr_tutorial.storage import read_json, write_json

RESULT = Path(__file__).parents[2] / "book" / "results" / "speed.json"


def record(name: str, value: float) -> None:
    """Keep a figure with the command that measured it and what its speed depends on."""
    if "--write" not in sys.argv:
        return
    figures = read_json(RESULT)["figures"] if RESULT.exists() else {}
    figures[name] = {
        "value": value,
        "command": f"python tests/benchmarks/{Path(sys.argv[0]).name} --write",
        "data": "ml-1m",
        "versions": {"python": platform.python_version(), "torch": torch.__version__},
        "machine": {"processor": platform.machine(), "torch threads": torch.get_num_threads()},
    }
    write_json(RESULT, {"figures": figures})
