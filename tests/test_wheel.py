"""What a user installs: the wheel, in a new environment away from the repository, runs a notebook and has its types.

It is built and tried with tools of development: where these are missing, nothing here runs.
"""

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

yaml = pytest.importorskip("yaml", reason="needs the extra 'dev'")
for tool in ("build", "hatchling", "ipykernel", "mypy", "nbconvert"):
    pytest.importorskip(tool, reason="needs the extra 'dev'")

ROOT = Path(__file__).parents[1]

SCRIPT = '''"""Recommend a shop's items, and try a recommender of one's own."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from drr_tutorial import PRESETS, DRRRecommender, Ratings, Recommender, compare, evaluate_ranking, make_split


@dataclass
class Constant(Recommender):
    name = "constant"

    def _fit(self, ratings: Ratings) -> None:
        self.n = ratings.n_items

    def _scores_of(self, users: np.ndarray) -> np.ndarray:
        return np.zeros((len(users), self.n), dtype=np.float32)

    def scores_for(self, histories: Any) -> np.ndarray:
        return np.zeros((histories.shape[0], self.n), dtype=np.float32)

    def _arrays(self) -> dict[str, np.ndarray]:
        return {}

    def _load_arrays(self, arrays: Mapping[str, np.ndarray]) -> None:
        return None


def best(users: list[str], items: list[str], user: str) -> list[str]:
    ratings = Ratings.from_columns(users, items, [5.0] * len(items))
    config = replace(PRESETS["simple"], agent=replace(PRESETS["simple"].agent, state="drr-u"))
    agent = DRRRecommender(config, progress=False).fit(ratings)
    split = make_split("random", ratings)
    print(compare([evaluate_ranking(method, split) for method in (agent, Constant())]))
    return list(agent.recommend(user=user, k=2)["title"])
'''
# What a user gets wrong, and what a type checker says of it.
WRONG = {
    "agent.recommend(user=42, k='ten')": "arg-type",
    "agent.suggest(42)": "attr-defined",
    "load_ratings(['ml-100k'])": "arg-type",
    "compare(agent)": "arg-type",
}
IMPORTS = "from drr_tutorial import DRRRecommender, compare, load_ratings\nagent = DRRRecommender()\n"


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a release uploads: the sdist, and the wheel that is built from it."""
    folder = tmp_path_factory.mktemp("dist")
    run([sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)], ROOT)
    return folder


@pytest.fixture(scope="module")
def programs(dist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the programs of a new environment, into which the wheel is installed."""
    folder = tmp_path_factory.mktemp("installed")
    home = new_environment(folder / "home")
    python = str(home / Path(sys.executable).name)
    install = [sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", "--no-index"]
    run([*install, *map(str, dist.glob("*.whl"))], folder)
    where = run([python, "-c", "import drr_tutorial; print(drr_tutorial.__file__)"], folder)
    assert where.startswith(str(folder / "home"))
    return home


def test_what_is_uploaded_passes_the_checks_of_make_dist(dist: Path) -> None:
    for tool in ("twine", "check_wheel_contents"):
        pytest.importorskip(tool, reason="needs the extra 'dev'")
    files = sorted(map(str, dist.iterdir()))
    assert [Path(file).suffix for file in files] == [".whl", ".gz"]
    said = run([sys.executable, "-m", "twine", "--no-color", "check", "--strict", *files], dist)
    assert said.count("PASSED") == 2
    assert run([sys.executable, "-m", "check_wheel_contents", files[0]], dist).strip().endswith("OK")


def test_a_notebook_runs(programs: Path, tmp_path: Path) -> None:
    run([str(programs / "drr-tutorial"), "notebooks", "copy"], tmp_path)
    execute = ["-m", "nbconvert", "--to", "notebook", "--execute", "--inplace"]
    for name in ("copy/03_state.ipynb", "copy/solutions/03_state.ipynb"):
        run([str(programs / Path(sys.executable).name), *execute, name], tmp_path)
        notebook = (tmp_path / name).read_text(encoding="utf-8")
        assert '"execution_count": 3' in notebook
        assert "{doc}`" not in notebook


def test_what_the_release_tries_works(programs: Path, tmp_path: Path) -> None:
    """The commands of the workflow that publishes, with the wheel of this commit."""
    release = yaml.safe_load((ROOT / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8"))
    steps = [step["run"].split() for step in release["jobs"]["check"]["steps"] if "run" in step]
    said = [run([str(programs / step[0]), *step[1:]], tmp_path) for step in steps if step[0] == "drr-tutorial"]
    assert len(said) == 3
    assert all(said)


def test_a_users_script_is_type_checked(programs: Path, tmp_path: Path) -> None:
    """mypy --strict finds nothing in a script that is right, and what is wrong in one that is not."""
    (tmp_path / "right.py").write_text(SCRIPT, encoding="utf-8")
    (tmp_path / "wrong.py").write_text(IMPORTS + "\n".join(WRONG), encoding="utf-8")
    python = programs / Path(sys.executable).name
    command = [sys.executable, "-m", "mypy", "--strict", "--python-executable", str(python), "right.py", "wrong.py"]
    done = subprocess.run(command, cwd=tmp_path, env=clean(), capture_output=True, text=True, check=False)
    errors = [line for line in done.stdout.splitlines() if ": error:" in line]
    expected = [(f"wrong.py:{line}", code) for line, code in enumerate(WRONG.values(), IMPORTS.count("\n") + 1)]
    assert [(line.split(": error:")[0], line.rsplit("[", 1)[-1][:-1]) for line in errors] == expected, done.stdout


def new_environment(folder: Path) -> Path:
    """A virtual environment that has the libraries of this one, but not its drr_tutorial; the folder of its programs."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    paths = sysconfig.get_paths(vars={"base": str(folder), "platbase": str(folder)})
    Path(paths["purelib"], "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return Path(paths["scripts"])


def clean() -> dict[str, str]:
    """The variables of this environment but for those that lead back to the repository."""
    leads_back = ("PYTHONPATH", "VIRTUAL_ENV", "JUPYTER_PATH", "MYPYPATH")
    return {name: value for name, value in os.environ.items() if name not in leads_back}


def run(command: list[str], folder: Path) -> str:
    """What it prints; a failure shows what it said."""
    environment = clean() | {"DRR_BUDGET": "smoke", "OMP_NUM_THREADS": "1", "JUPYTER_DATA_DIR": str(folder / "jupyter")}
    done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
