"""The folder of notebooks that a reader gets, of the real book."""

import ast
import builtins
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from drr_tutorial.lab import cli
from drr_tutorial.lab.notebooks import export, replace_downloads, write_notebooks
from drr_tutorial.lab.notebooks.links import TITLE
from drr_tutorial.lab.notebooks.needs import unmet_names
from drr_tutorial.lab.notebooks.start import first_cell
from drr_tutorial.lab.notebooks.statements import for_readers, statements
from drr_tutorial.storage import StorageError

BOOK = Path(__file__).parents[3] / "book"
NAMES = sorted(path.stem for path in BOOK.glob("*.ipynb"))
IMPORTS = (ast.Import, ast.ImportFrom)
SOLVED = [name for name in NAMES if '"solution"' in (BOOK / f"{name}.ipynb").read_text(encoding="utf-8")]
LEFT = re.compile(
    r"\{(?:doc|glue[:\w]*|cite[:\w]*|numref|eq|ref|term|py:\w+)\}`|:::|\{\{ *time_|\$\$ *\(eq-|^\([\w-]+\)=",
    re.MULTILINE,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reader") / "notebooks"
    write_notebooks(folder)
    return folder


def read(path: Path) -> list[Any]:
    notebook = json.loads(path.read_text(encoding="utf-8"))
    assert (notebook["nbformat"], notebook["metadata"]["kernelspec"]["name"]) == (4, "python3")
    return notebook["cells"]


def sources(cells: list[Any], kind: str) -> list[str]:
    return [cell["source"] for cell in cells if cell["cell_type"] == kind]


def labels(name: str) -> list[str]:
    own = "".join(
        "".join(cell["source"]) for cell in json.loads((BOOK / f"{name}.ipynb").read_text(encoding="utf-8"))["cells"]
    )
    return [number.replace("-", ".") for number in re.findall(r"^:label: ex-(\d+-\d+)", own, re.MULTILINE)]


def test_all_pages_are_there_with_what_they_show(folder: Path) -> None:
    assert sorted(path.stem for path in folder.glob("*.ipynb")) == NAMES
    assert sorted(path.stem for path in (folder / "solutions").glob("*.ipynb")) == SOLVED
    assert len(SOLVED) >= 15
    assert {"glossary.md", "notation.md", "ledger.md", "bibliography.md"} <= {path.name for path in folder.glob("*.md")}
    for part in ("images", "results"):
        assert sorted(path.name for path in (folder / part).iterdir()) == sorted(
            path.name for path in (BOOK / part).iterdir()
        )


def brought_too_early(made: str, own: str) -> list[str]:
    """Statements that a reader's cell has beside the page's own ones, though these need them neither straight nor by others."""
    theirs = {part.lines.strip() for part in statements(for_readers(own))}
    parts = statements(made)
    brought = [part for part in parts if part.lines.strip() not in theirs and not isinstance(part.node, IMPORTS)]
    needed = set[str]().union(*(part.used for part in parts if part.lines.strip() in theirs))
    for part in reversed(brought):
        needed |= part.used if part.made & needed else set()
    return [part.lines for part in brought if not part.made & needed]


@pytest.mark.parametrize("name", NAMES)
def test_hidden_code_comes_with_the_cell_that_needs_it(folder: Path, name: str) -> None:
    own = {cell["id"]: cell for cell in json.loads((BOOK / f"{name}.ipynb").read_text(encoding="utf-8"))["cells"]}
    for cell in read(folder / f"{name}.ipynb"):
        if cell["cell_type"] == "code" and cell["source"] != first_cell() and cell["id"] in own:
            assert not brought_too_early(cell["source"], "".join(own[cell["id"]]["source"]))


@pytest.mark.parametrize("name", [*NAMES, *(f"solutions/{name}" for name in SOLVED)])
class TestEveryNotebook:
    def test_nothing_is_left_that_only_the_books_tools_read(self, folder: Path, name: str) -> None:
        cells = read(folder / f"{name}.ipynb")
        assert not LEFT.findall("\n".join(sources(cells, "markdown")))
        summaries = re.findall(r"<summary>(.*?)</summary>", "\n".join(sources(cells, "markdown")))
        assert not [summary for summary in summaries if re.search(r"[$`*]", summary)], (
            "not every viewer reads these there"
        )
        code = "\n".join(sources(cells, "code"))
        assert not re.findall(r"\b(?:claim|glue)\b|progress=False|InlineBackend", code)
        assert not any(
            "papermill" in kind
            for cell in cells
            for output in cell.get("outputs", ())
            for kind in output.get("data", {})
        )

    def test_every_name_is_made_before_it_is_used(self, folder: Path, name: str) -> None:
        code = sources(read(folder / f"{name}.ipynb"), "code")
        assert unmet_names(code) <= set(dir(builtins))

    def test_it_is_a_notebook_that_was_run_in_order(self, folder: Path, name: str) -> None:
        cells = read(folder / f"{name}.ipynb")
        counts = [cell["execution_count"] for cell in cells if cell["cell_type"] == "code"]
        assert [count for count in counts if count] == list(range(1, len(counts) - counts.count(None) + 1))
        ids = [cell["id"] for cell in cells]
        assert len(set(ids)) == len(ids)
        assert all(re.fullmatch(r"[\w-]{1,64}", each) for each in ids)
        results = [(cell["execution_count"], output["execution_count"]) for cell in cells for output in cell.get("outputs", ())
                   if output["output_type"] == "execute_result"]  # fmt: skip
        assert all(cell == output for cell, output in results)

    def test_links_and_pictures_are_there(self, folder: Path, name: str) -> None:
        path = folder / f"{name}.ipynb"
        targets = re.findall(r"\]\(([^)\s]+)\)", "\n".join(sources(read(path), "markdown")))
        inside = [target for target in targets if not target.startswith(("http", "#"))]
        assert not [target for target in inside if not (path.parent / target).exists()]


def test_links_of_pages_are_there(folder: Path) -> None:
    for path in folder.glob("*.md"):
        text = path.read_text(encoding="utf-8")
        assert not LEFT.findall(text), path
        assert not [
            link
            for link in re.findall(r"\]\(([^)\s]+)\)", text)
            if not link.startswith(("http", "#")) and not (folder / link).exists()
        ]


@pytest.mark.parametrize("name", SOLVED)
class TestEveryChapter:
    def test_every_exercise_has_a_heading_and_below_it_an_empty_answer(self, folder: Path, name: str) -> None:
        cells = read(folder / f"{name}.ipynb")
        numbers = labels(name)
        assert len(numbers) >= (3 if name[0].isdigit() else 0)
        headings = [
            found
            for source in sources(cells, "markdown")
            for found in re.findall(r"^### Exercise ([\d.]+): \S", source, re.MULTILINE)
        ]
        answers = [cell for cell in cells if cell["cell_type"] == "code" and "# your answer" in cell["source"]]
        assert headings == numbers
        assert [
            re.findall(r'\nanswer = \.\.\.\n\ncheck\("([\d.]+)", answer\);$', cell["source"]) for cell in answers
        ] == [[n] for n in numbers]
        assert not any(cell["outputs"] for cell in answers)

    def test_questions_can_be_answered_before_the_answer_is_opened(self, folder: Path, name: str) -> None:
        words = "\n".join(sources(read(folder / f"{name}.ipynb"), "markdown"))
        folded = re.sub(r"<details>.*?</details>", "", words, flags=re.DOTALL)
        assert not re.search(r"(?:Right|Wrong), because", folded)
        assert words.count("<summary>Answer</summary>") == len(
            re.findall(r"^- a\) .*[.?!]\n- b\) ", folded, re.MULTILINE)
        )
        assert ("## Check yourself" in words) <= (words.count("<summary>Answer</summary>") >= 3)

    def test_no_solution_is_given_away(self, folder: Path, name: str) -> None:
        own = json.loads((BOOK / f"{name}.ipynb").read_text(encoding="utf-8"))["cells"]
        solved: dict[bool, set[str]] = {solution: set() for solution in (True, False)}
        for cell in own:
            solved["solution" in cell["metadata"].get("tags", ())] |= set("".join(cell["source"]).splitlines())
        secret = solved[True] - solved[False]
        reader = read(folder / f"{name}.ipynb")
        lines = set("\n".join(cell["source"] for cell in reader).splitlines())
        assert len(secret) >= 3
        assert not {line for line in secret if not line.startswith(("import ", "from "))} & lines
        assert not re.search(r"Exercise [\d.]+: right", json.dumps(reader))

    def test_the_solutions_are_whole(self, folder: Path, name: str) -> None:
        cells = read(folder / "solutions" / f"{name}.ipynb")
        code = "\n".join(sources(cells, "code"))
        said = "".join("".join(output.get("text", "")) for cell in cells for output in cell.get("outputs", ()))
        for number in labels(name):
            assert f"### Exercise {number}: " in "\n".join(sources(cells, "markdown"))
            assert f'check("{number}"' in code
            assert f"Exercise {number}: right." in said

    def test_check_is_imported_in_sight(self, folder: Path, name: str) -> None:
        code = sources(read(folder / f"{name}.ipynb"), "code")
        imports = [
            place for place, source in enumerate(code) if re.search(r"^from .* import check$", source, re.MULTILINE)
        ]
        asked = [place for place, source in enumerate(code) if "# your answer" in source]
        assert len(imports) == 1
        assert imports[0] <= asked[0]


def test_every_notebook_leads_to_its_published_page(tmp_path: Path) -> None:
    write_notebooks(tmp_path / "new", "https://book.example/")
    for name in NAMES:
        title, *_ = sources(read(tmp_path / "new" / f"{name}.ipynb"), "markdown")
        assert f"[this page online](https://book.example/book/{name}.html)." in title.splitlines()[2]
    with pytest.raises(ValueError, match="address must begin with https:// or http://; got 'book.example'"):
        write_notebooks(tmp_path / "other", "book.example")
    assert not (tmp_path / "other").exists()


def test_the_book_has_the_title_of_its_pages() -> None:
    assert f"title: {TITLE}\n" in (BOOK.parent / "_config.yml").read_text(encoding="utf-8")


def test_twice_the_same(folder: Path, tmp_path: Path) -> None:
    again = tmp_path / "again"
    write_notebooks(again)
    files = sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    assert files == sorted(path.relative_to(again) for path in again.rglob("*") if path.is_file())
    assert all((folder / path).read_bytes() == (again / path).read_bytes() for path in files)


def test_the_command_overwrites_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "jupyter"))
    assert cli.main(["notebooks", str(tmp_path / "new")]) == 0
    assert capsys.readouterr().out.count(".ipynb") == len(NAMES) + len(SOLVED)
    with pytest.raises(StorageError, match="is not empty; give a new folder"):
        write_notebooks(tmp_path / "new")
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    with pytest.raises(StorageError, match="is a file; give a new folder"):
        write_notebooks(tmp_path / "file")
    with pytest.raises(StorageError, match="cannot write .*; check the permissions and the free space"):
        write_notebooks(tmp_path / "file" / "below")


def test_what_fails_half_way_leaves_an_empty_folder_for_the_next_try(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[Path] = []

    def fails_at_the_third(path: Path, content: str) -> Path:
        if len(written) == 2:
            raise OSError(28, "No space left on device")
        written.append(path)
        return write(path, content)

    write = export._write
    monkeypatch.setattr(export, "_write", fails_at_the_third)
    with pytest.raises(StorageError, match="No space left on device; check the permissions and the free space"):
        export.write_notebooks(tmp_path)
    assert len(written) == 2 and list(tmp_path.iterdir()) == []
    monkeypatch.undo()
    assert all(path.parent == tmp_path or path.parent.name == "solutions" for path in export.write_notebooks(tmp_path))
    assert {"images", "results", "solutions"} == {path.name for path in tmp_path.iterdir() if path.is_dir()}


def test_downloads_of_pages_become_readers_notebooks(tmp_path: Path) -> None:
    shutil.copy2(BOOK / "05_training.ipynb", tmp_path)
    (tmp_path / "somebody_elses.ipynb").write_text("{}", encoding="utf-8")
    (tmp_path / "glossary.md").write_text("{term}`a`", encoding="utf-8")
    (written,) = replace_downloads(tmp_path, "https://book.example")
    assert written == tmp_path / "05_training.ipynb"
    words = "\n".join(sources(read(written), "markdown"))
    assert not LEFT.findall(words)
    assert "](data:image/svg+xml;base64," in words
    assert "](https://book.example/book/02_environment.html)" in words
    assert "](images/" not in words
    assert (tmp_path / "glossary.md").read_text(encoding="utf-8") == "{term}`a`"
    unpublished = tmp_path / "05_training.ipynb"
    replace_downloads(tmp_path)
    assert not [
        target
        for target in re.findall(r"\]\(([^)\s]+)\)", "\n".join(sources(read(unpublished), "markdown")))
        if not target.startswith("data:")
    ]
