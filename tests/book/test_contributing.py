"""What CONTRIBUTING shows works: every example runs, every path exists, every target is one of the Makefile."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
EXAMPLES = {
    section.splitlines()[0]: code
    for section in TEXT.split("\n## ")
    for code in re.findall(r"```python\n(.*?)```", section, re.DOTALL)
}


@pytest.mark.parametrize("title", EXAMPLES)
def test_the_example_runs(title: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", EXAMPLES[title]], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


def test_the_agent_of_the_simulators_example_is_above_the_bar_beside_it() -> None:
    done = subprocess.run(
        [sys.executable, "-c", EXAMPLES["Add a simulator"]], capture_output=True, text=True, check=True
    )
    assert ast.literal_eval(done.stdout)["return"] > 4.2


def test_there_is_an_example_of_each_extension() -> None:
    things = ("state representation", "reward", "world", "simulator", "recommender", "data source")
    assert {f"Add a {thing}" for thing in things} == set(EXAMPLES)


def test_every_path_exists() -> None:
    named = set(re.findall(r"`((?:[\w.]+/)+[\w.]*|[\w/]+\.(?:py|md|cff|yml|lock))`", TEXT))
    places = [ROOT, ROOT / "drr_tutorial", ROOT / "tests", ROOT / ".github" / "workflows"]
    assert len(named) > 20
    assert not [name for name in named if not any((place / name).exists() for place in places)]


def test_every_folder_of_the_package_is_on_the_map() -> None:
    folders = {path.name for path in (ROOT / "drr_tutorial").iterdir() if path.is_dir() and path.name.isidentifier()}
    on_the_map = re.findall(r"^\| `(\w+)/`", TEXT, re.MULTILINE)
    assert folders - {"__pycache__", "book"} == set(on_the_map) | {"cli"}
