"""The check of the notebooks notices deliberate defects: planted in the kernel as it starts, never in the package.

Each runs a few cells of a real notebook, by nbval as `make notebooks` does.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[2]
BOOK = ROOT / "book"
NBVAL = ["--nbval", "--nbval-current-env", "--nbval-sanitize-with", str(ROOT / "tests" / "sanitize.cfg")]
TARGET = """
import functools
from drr_tutorial.training.ddpg import DDPG
healthy = DDPG.expected_value

@functools.wraps(healthy)  # the page prints its source
def expected_value(self, batch):
    target_critic, self.target_critic = self.target_critic, self.online.critic
    value, _ = healthy(self, batch)
    self.target_critic = target_critic
    return -value, batch.reward - self.config.gamma * (1 - batch.terminated.float()) * value

DDPG.expected_value = expected_value
"""
SPLIT_SEED = """
from drr_tutorial.data import splits
splits.original_split.__kwdefaults__["seed"] += 1
"""
CUT = """
from functools import partial
from drr_tutorial.evaluation import ranking

def at_nine(metric, ranks, k, lists=None):
    return metric(ranks, min(k, 9), lists)

for name, metric in ranking.METRICS.items():
    ranking.METRICS[name] = partial(at_nine, metric)
"""
CELLS = {  # those that must fail, and what they need
    "01_problem": ["c01-07", "c01-08", "c01-42", "c01-44", "c01-45"],
    "05_training": ["c5-02", "c5-06", "c5-24", "c5-26", "c5-28", "c5-30"],
}
DEFECTS = {  # what is planted, the notebook, and the cells that must fail
    "target with the online critic's sign turned": (TARGET, "05_training", {"c5-30"}),
    "seed of the split": (SPLIT_SEED, "01_problem", {"c01-44", "c01-45"}),
    "metric cut at 9": (CUT, "01_problem", {"c01-44", "c01-45"}),
}


@pytest.mark.parametrize("defect", DEFECTS)
def test_a_planted_defect_is_noticed(defect: str, ml_100k: object, tmp_path: Path) -> None:
    planted, notebook, expected = DEFECTS[defect]
    output, failed = check(notebook, tmp_path, planted)
    assert failed == expected, output
    differ = set(re.findall(r"Cell (\d+): Cell outputs differ", output))
    assert len(differ) == len(expected), output


@pytest.mark.parametrize("notebook", CELLS)
def test_the_same_cells_pass_without_a_defect(notebook: str, ml_100k: object, tmp_path: Path) -> None:
    output, failed = check(notebook, tmp_path, planted="")
    assert not failed and f"{len(CELLS[notebook])} passed" in output, output


def check(name: str, folder: Path, planted: str) -> tuple[str, set[str]]:
    """nbval's output for `CELLS` of a notebook, and the ids of those that failed."""
    startup = folder / "ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "defect.py").write_text(planted)
    notebook = nbformat.read(BOOK / f"{name}.ipynb", as_version=4)  # type: ignore[no-untyped-call]
    notebook.cells = [cell for cell in notebook.cells if cell.id in CELLS[name]]
    for part in ("conftest.py", "tolerances.json"):
        shutil.copy(BOOK / part, folder)
    nbformat.write(notebook, folder / f"{name}.ipynb")  # type: ignore[no-untyped-call]
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        *NBVAL,
        f"{name}.ipynb",
        "--rootdir",
        ".",
    ]
    variables = os.environ | {"IPYTHONDIR": str(folder / "ipython"), "OMP_NUM_THREADS": "1"}
    found = subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True).stdout
    places = set(re.findall(r"^FAILED .*::Cell (\d+)", found, re.MULTILINE))
    return found, {notebook.cells[int(place)].id for place in places}
