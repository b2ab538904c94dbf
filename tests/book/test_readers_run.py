"""Readers' notebooks run from a folder that holds nothing else, with the small budget: no hidden cell is missed.

Solutions, whose code is cut from the chapters', are run by `make smoke`; here the one that leans most on its chapter.
"""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from drr_tutorial.lab.notebooks import write_notebooks
from drr_tutorial.lab.pages import book_folder

NAMES = sorted(path.stem for path in book_folder().glob("*.ipynb"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reader") / "notebooks"
    write_notebooks(folder)
    return folder


@pytest.fixture(autouse=True)
def small_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DRR_BUDGET", "smoke")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


@pytest.mark.parametrize("name", [*NAMES, "solutions/03_state"])
def test_it_runs(name: str, folder: Path) -> None:
    path = folder / f"{name}.ipynb"
    notebook = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    nbformat.validate(notebook)  # type: ignore[no-untyped-call]
    NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(path.parent)}}).execute()
    said = "".join(output.get("text", "") for cell in notebook.cells for output in cell.get("outputs", ()))
    answers = [cell for cell in notebook.cells if "# your answer" in cell.source]
    assert "IProgress" not in said, "a warning about widgets, which nobody needs"
    assert said.count(": no answer yet. ") == len(answers), "an empty answer gives no hint away"
    if name.startswith("solutions"):
        assert said.count(": right.") >= 3
