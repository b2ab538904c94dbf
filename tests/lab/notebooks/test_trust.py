"""Notebooks that the command wrote are trusted by the same user's Jupyter, and by nobody else's."""

import sys
from pathlib import Path

import pytest

from drr_tutorial.lab.notebooks import write_notebooks
from drr_tutorial.lab.notebooks.trust import trust


def test_jupyter_trusts_what_was_signed_until_it_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sign = pytest.importorskip("nbformat.sign", reason="needs the extra 'book'")
    nbformat = pytest.importorskip("nbformat")
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "jupyter"))
    path = next(path for path in write_notebooks(tmp_path / "new") if path.stem == "runtimes")
    notebook = nbformat.read(path, as_version=4)
    assert not sign.NotebookNotary().check_signature(notebook)
    assert trust([path])
    assert sign.NotebookNotary().check_signature(notebook)
    notebook.cells[0].source += "!"
    assert not sign.NotebookNotary().check_signature(notebook)


def test_without_jupyter_nothing_is_signed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "nbformat", None)
    assert not trust([tmp_path / "none.ipynb"])


def test_a_notebook_that_cannot_be_read_stops_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("nbformat", reason="needs the extra 'book'")
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "jupyter"))
    assert not trust([tmp_path / "none.ipynb"])
