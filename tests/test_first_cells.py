"""The first cell of a notebook brings the package, run by a kernel in a new environment: before a release, when the index
does not have it, and after one. The index is a folder of wheels, the repository one of git's on this machine.
"""

import json
import shutil
import sys
import sysconfig
from pathlib import Path
from typing import Any

import pytest

from drr_tutorial import __version__
from drr_tutorial.lab.notebooks.start import first_cell
from tests.test_wheel import ROOT, new_environment, run

pytestmark = pytest.mark.skipif(
    sys.platform == "win32" or shutil.which("git") is None, reason="needs git and links to folders"
)
NOWHERE = "file:///nowhere"
OWN = "".join(json.loads((ROOT / "book" / "05_training.ipynb").read_text(encoding="utf-8"))["cells"][0]["source"])


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with this version of the package, tagged."""
    folder = tmp_path_factory.mktemp("clone")
    for name in ("drr_tutorial", "book"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    somebody = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    for command in (["init", "-q"], ["add", "."], [*somebody, "commit", "-qm", "a"], ["tag", f"v{__version__}"]):
        run(["git", *command], folder)
    return folder


@pytest.fixture(scope="module")
def released(clone: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What an index has after the release: the wheel."""
    folder = tmp_path_factory.mktemp("released")
    run([sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(clone)], clone)
    return folder


@pytest.fixture
def python(tmp_path: Path) -> Path:
    """The Python of an environment with the libraries of this one, and nothing of the package."""
    libraries = tmp_path / "libraries"
    libraries.mkdir()
    for path in Path(sysconfig.get_path("purelib")).iterdir():
        if "drr_tutorial" not in path.name:
            (libraries / path.name).symlink_to(path)
    programs = new_environment(tmp_path / "home")
    (linked,) = (tmp_path / "home").rglob("libraries.pth")
    linked.write_text(f"{libraries}\n", encoding="utf-8")
    return programs / Path(sys.executable).name


def where_from(python: Path, source: str, index: Path, folder: Path) -> tuple[Path, dict[str, Any]]:
    """A notebook of that first cell, run in the folder: where the package then is, and what pip notes of its source."""
    note = (
        "from importlib.metadata import distribution\nprint(distribution('drr_tutorial').read_text('direct_url.json'))"
    )
    cells = [
        {"cell_type": "code", "id": str(n), "metadata": {}, "outputs": [], "execution_count": None, "source": code}
        for n, code in enumerate([source, "import drr_tutorial\nprint(drr_tutorial.__file__)", note])
    ]
    notebook = folder / "first_cell_runs.ipynb"
    notebook.write_text(
        json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}), encoding="utf-8"
    )
    command = [str(python), "-m", "nbconvert", "--to", "notebook", "--execute", "--inplace", notebook.name]
    settings = ("NO_INDEX=1", f"FIND_LINKS={index}", "NO_DEPS=1", "NO_BUILD_ISOLATION=0", "CONFIG_FILE=/dev/null")
    run(["env", *(f"PIP_{setting}" for setting in settings), *command], folder)
    ran = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    path, noted = ("".join(cell["outputs"][0]["text"]).strip() for cell in ran[1:])
    return Path(path), {} if noted == "None" else json.loads(noted)


@pytest.mark.parametrize("of_a_commit", [False, True])
def test_a_readers_notebook_before_the_release(
    of_a_commit: bool, clone: Path, python: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The index has nothing: the repository brings the version's tag, or the commit that the notebook was made of."""
    monkeypatch.setenv("BOOK_REPOSITORY", f"file://{clone}")
    revision = run(["git", "rev-parse", "HEAD"], clone).strip() if of_a_commit else ""
    monkeypatch.setenv("BOOK_REVISION", revision)
    (tmp_path / "index").mkdir()
    path, noted = where_from(python, first_cell(), tmp_path / "index", tmp_path)
    assert path.is_relative_to(tmp_path / "home")
    assert (noted["url"], noted["vcs_info"]["requested_revision"]) == (f"file://{clone}", revision or f"v{__version__}")


def test_a_readers_notebook_after_the_release(
    released: Path, python: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The index has it: the repository, which is nowhere, is not asked."""
    monkeypatch.setenv("BOOK_REPOSITORY", NOWHERE)
    path, noted = where_from(python, first_cell(), released, tmp_path)
    assert path.is_relative_to(tmp_path / "home")
    assert not noted


def test_the_books_own_notebook_in_a_clone(clone: Path, python: Path, tmp_path: Path) -> None:
    (tmp_path / "index").mkdir()
    path, noted = where_from(python, OWN, tmp_path / "index", clone / "book")
    assert path.is_relative_to(tmp_path / "home")
    assert noted["url"] == f"file://{clone}"


def test_the_books_own_notebook_alone_after_the_release(released: Path, python: Path, tmp_path: Path) -> None:
    path, noted = where_from(python, OWN, released, tmp_path)
    assert path.is_relative_to(tmp_path / "home")
    assert not noted


def test_without_an_address_the_cell_says_what_to_write(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BOOK_REPOSITORY", raising=False)
    monkeypatch.setattr("drr_tutorial.lab.notebooks.start.REPOSITORY", "")
    assert "write the path of a clone of the book, or of its wheel, below" in first_cell()
    assert "git+" not in first_cell()
    monkeypatch.setattr("drr_tutorial.lab.notebooks.start.REPOSITORY", "https://forge.example/a/book/")
    assert f"%pip install -q git+https://forge.example/a/book@v{__version__}\n" in first_cell()
