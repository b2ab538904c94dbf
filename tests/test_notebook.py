"""What the notebooks lean on: budget, glue, copies that run from an installed package."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from drr_tutorial import cli, exercises
from drr_tutorial.notebook import budget, copy_notebooks, glue
from drr_tutorial.storage import StorageError

ROOT = Path(__file__).parents[1]


def test_the_budget_is_normal_unless_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DRR_BUDGET", raising=False)
    assert budget(10, 1) == 10
    monkeypatch.setenv("DRR_BUDGET", "smoke")
    assert budget(10, 1) == 1
    monkeypatch.setenv("DRR_BUDGET", "large")
    with pytest.raises(ValueError, match="DRR_BUDGET must be normal or smoke, got 'large'"):
        budget(10, 1)


def test_glue_is_silent_without_the_books_tools(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "myst_nb", None)
    glue("n", 3)


def test_copies_are_whole_and_overwrite_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    copied = copy_notebooks(tmp_path / "book")
    assert [path.name for path in copied] == sorted(path.name for path in (ROOT / "book").glob("*.ipynb"))
    assert (tmp_path / "book" / "results").is_dir()
    with pytest.raises(StorageError, match="is not empty; give a new folder"):
        copy_notebooks(tmp_path / "book")
    assert cli.main(["notebooks", str(tmp_path / "other")]) == 0
    assert capsys.readouterr().out.count(".ipynb") == len(copied)


def test_a_notebook_runs_from_an_installed_package(tmp_path: Path) -> None:
    """The wheel, unpacked away from the repository, copies its notebooks, and one of them runs there."""
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path), str(ROOT)],
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    site = tmp_path / "site"
    subprocess.run([sys.executable, "-m", "zipfile", "-e", str(wheel), str(site)], check=True)
    environment = os.environ | {"PYTHONPATH": str(site), "DRR_BUDGET": "smoke", "OMP_NUM_THREADS": "1"}
    where = "import drr_tutorial; print(drr_tutorial.__file__)"
    found = subprocess.check_output([sys.executable, "-c", where], env=environment, cwd=tmp_path, text=True)
    assert found.startswith(str(site))
    run = [sys.executable, "-m", "drr_tutorial.cli", "notebooks", "copy"]
    subprocess.run(run, env=environment, cwd=tmp_path, check=True, capture_output=True)
    execute = [sys.executable, "-m", "nbconvert", "--to", "notebook", "--execute", "--inplace", "copy/03_state.ipynb"]
    done = subprocess.run(execute, env=environment, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("number", "text"), [("99.1", "a chapter, one of"), ("1.99", "one of"), ("", "a chapter"), ("x", "a chapter")]
)
def test_no_such_exercise(number: str, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        exercises.check(number, None)
