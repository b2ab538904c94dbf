"""The stored notebooks: run in order, without errors, in the shape that the book promises."""

import ast
import dataclasses
import importlib
import itertools
import json
import re
import statistics
from pathlib import Path
from typing import Any

import nbformat
import pytest

from drr_tutorial.config import PRESETS

BOOK = Path(__file__).parents[2] / "book"
NOTEBOOKS = sorted(BOOK.glob("*.ipynb"))
CHAPTERS = sorted(BOOK.glob("[0-9][0-9]_*.ipynb"))
DEEPER = sorted(BOOK.glob("deeper_*.ipynb"))
SHORT = {1, 2, 3, 4, 5, 6}  # the core chapters that are to be read in half an hour
CLINIC = 14  # which shows much of the package's own code
SHORT_OR_SECOND = {*SHORT, 7, 8, 9, 10, 11}  # with those of part II
WORDS = 2000  # of such a chapter, exercises and questions included; formulas and code are none
WIDTH = 80  # of its code, and of what that prints
SETTING = re.compile(r"`(\w+)=([^`]+)`")
SETTINGS = {
    name: {
        field.name: getattr(part, field.name)
        for part in (preset.agent, preset.training, preset.embedding)
        for field in dataclasses.fields(part)
    }
    for name, preset in PRESETS.items()
}


def read(path: Path) -> Any:
    return nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]


def code_cells(path: Path) -> list[Any]:
    return [cell for cell in read(path).cells if cell.cell_type == "code" and cell.source.strip()]


def prose(path: Path) -> str:
    return "\n\n".join(cell.source for cell in read(path).cells if cell.cell_type == "markdown")


def tags(cell: Any) -> set[str]:
    return set(cell.metadata.get("tags", []))


def number(path: Path) -> int:
    return int(path.stem[:2])


def exercises(path: Path) -> list[str]:
    """The numbers of a page's exercises, such as "5.7"."""
    return [f"{chapter}.{place}" for chapter, place in re.findall(r"label: ex-(\d+)-(\d+)", prose(path))]


def shown_text(output: Any) -> str:
    """What stands on the page as text: a table, whose box scrolls, a formula or a picture does not."""
    data = output.get("data", {})
    return output.get("text") or ("" if any(kind != "text/plain" for kind in data) else data.get("text/plain", ""))


def narrow(path: Path) -> bool:
    return path in DEEPER or (path in CHAPTERS and number(path) in {*SHORT, CLINIC})


def wrong_settings(path: Path) -> list[tuple[str, str]]:
    """In a section whose heading speaks of the simple or the default agent, `name=value` is a setting of it: those
    that are not."""
    parts = re.split(r"^## ", prose(path), flags=re.MULTILINE)
    return [
        (name, value)
        for preset in ("simple", "default")
        for part in parts
        if f"{preset} agent" in part.partition("\n")[0]
        for name, value in SETTING.findall(part)
        if ast.literal_eval(value) != SETTINGS[preset][name]
    ]


def test_there_are_chapters() -> None:
    assert CHAPTERS


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
class TestEveryNotebook:
    def test_outputs_are_stored_in_order_and_without_errors(self, path: Path) -> None:
        notebook = read(path)
        nbformat.validate(notebook)  # type: ignore[no-untyped-call]
        assert notebook.metadata.kernelspec.name == "python3"
        cells = code_cells(path)
        assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1)), "run all cells, in order"
        outputs = [output for cell in cells for output in cell.outputs]
        assert not [output for output in outputs if output.output_type == "error"]
        assert not any("widget" in kind for output in outputs for kind in output.get("data", {})), (
            "widgets need a network"
        )

    def test_the_first_cell_installs_the_package_where_it_is_missing(self, path: Path) -> None:
        first = code_cells(path)[0]
        assert 'find_spec("drr_tutorial") is None' in first.source
        assert '%pip install -q {".." if clone else "drr_tutorial"}' in first.source
        assert "remove-cell" in tags(first)

    def test_code_cells_are_short_and_stand_between_prose(self, path: Path) -> None:
        lengths = [len([line for line in cell.source.splitlines() if line.strip()]) for cell in code_cells(path)]
        assert statistics.median(lengths) <= 8 or path.stem == "whole_agent"  # it is there for its code
        assert max(lengths) <= 25
        visible = [cell for cell in read(path).cells if not tags(cell) & {"remove-cell"}]
        pairs = list(itertools.pairwise(visible))
        assert not [b.source for a, b in pairs if a.cell_type == b.cell_type == "code"], (
            "two code cells without prose between"
        )

    def test_no_logic(self, path: Path) -> None:
        """But on the page that shows the whole agent."""
        visible = [
            cell.source
            for cell in code_cells(path)
            if not tags(cell) & {"solution", "whole-agent", "whole-agent-plays"}
        ]
        assert not [source for source in visible if re.search(r"^\s*(class |def |while )", source, re.MULTILINE)]

    def test_no_path_of_a_machine(self, path: Path) -> None:
        assert not re.search(r"/(home|root|Users|work|tmp)/\w", json.dumps(read(path)))

    def test_figures_have_captions_and_alternative_texts(self, path: Path) -> None:
        for cell in code_cells(path):
            if any(
                "image/svg+xml" in output.get("data", {}) or "image/png" in output.get("data", {})
                for output in cell.outputs
            ):
                mystnb = cell.metadata.get("mystnb", {})
                assert mystnb.get("figure", {}).get("caption"), cell.source
                alternative = mystnb.get("image", {}).get("alt", "")
                assert len(alternative) > 40 and alternative.strip().endswith("."), cell.source

    def test_no_figure_is_a_word(self, path: Path) -> None:
        """Without `%matplotlib inline` a figure is stored as "<Figure size ...>"."""
        data = [output.get("data", {}) for cell in code_cells(path) for output in cell.outputs]
        assert not [kinds for kinds in data if kinds.get("text/plain", "").startswith("<Figure") and len(kinds) == 1]

    def test_numbers_in_prose_are_glued(self, path: Path) -> None:
        """Measured-looking numbers (three or more decimals) may not be typed."""
        text = re.sub(r":{3,}\{dropdown\}.*?\n:{3,}", "", prose(path), flags=re.DOTALL)  # hints reckon by hand
        text = re.sub(r"\$[^$]*\$|```.*?```|`[^`]*`|\{[^}]*\}", "", text, flags=re.DOTALL)
        assert not re.findall(r"(?<![\d.:/])0\.\d{3,}(?!\d*/)", text)


@pytest.mark.parametrize("path", [*CHAPTERS, *DEEPER], ids=lambda path: path.stem)
def test_every_exercise_has_a_hint_a_check_and_a_solution_that_passes(path: Path) -> None:
    found = exercises(path)
    assert len(re.findall(r":{3,}\{dropdown\} Hint", prose(path))) >= len(found)
    solutions = "\n".join(cell.source for cell in code_cells(path) if "solution" in tags(cell))
    assert all(f'check("{exercise}"' in solutions for exercise in found)
    shown = "\n".join(output.get("text", "") for cell in code_cells(path) for output in cell.outputs)
    assert all(f"Exercise {exercise}: right." in shown for exercise in found)


def words(path: Path) -> int:
    """Of the prose, as a reader counts them."""
    text = re.sub(r"\$\$.*?\$\$|\$[^$]*\$|```(?:python|sh|text)\n.*?```", "", prose(path), flags=re.DOTALL)
    return len(re.findall(r"[^\W\d_][\w'.-]*", re.sub(r"\{[\w:]+\}`([^`]*)`", r"\1", text)))


@pytest.mark.parametrize("path", [p for p in CHAPTERS if number(p) in SHORT_OR_SECOND], ids=lambda path: path.stem)
def test_a_chapter_of_the_first_two_parts_has_at_most_2000_words(path: Path) -> None:
    assert words(path) <= WORDS


@pytest.mark.parametrize("path", [path for path in CHAPTERS if number(path) in SHORT], ids=lambda path: path.stem)
class TestEveryCoreChapter:
    def test_its_first_screen_has_a_picture(self, path: Path) -> None:
        """Beside what the reader will learn."""
        assert "```{figure}" in "".join(prose(path).split("\n## ")[:2])


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_number_of_an_equation_has_one_pair_of_parentheses(path: Path) -> None:
    """It brings its own: "(8.2)"."""
    assert "({eq}`" not in prose(path)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_code_and_what_it_prints_are_at_most_80_wide(path: Path) -> None:
    cells = [cell for cell in code_cells(path) if "remove-cell" not in tags(cell)]
    texts = [cell.source for cell in cells] + [shown_text(output) for cell in cells for output in cell.outputs]
    assert not [line for text in texts for line in text.splitlines() if len(line) > WIDTH]


@pytest.mark.parametrize("path", [path for path in NOTEBOOKS if narrow(path)], ids=lambda path: path.stem)
def test_tables_are_not_broken(path: Path) -> None:
    """As a text, too, a data frame that is wider than a page goes on below, after a backslash."""
    texts = [output.get("data", {}).get("text/plain", "") for cell in code_cells(path) for output in cell.outputs]
    assert not [line for text in texts for line in text.splitlines() if len(line) > WIDTH or line.endswith("\\")]


def text_sizes(picture: str) -> list[float]:
    """In points, of a drawing of matplotlib, which draws a text by scaling letters that are 100 points high."""
    return [
        100 * float(scale)
        for scale in re.findall(r"<!-- .*? -->\s*<g[^>]*transform=\"[^\"]*scale\(([\d.]+)", picture, re.DOTALL)
    ]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_text_in_figures_can_be_read_on_a_phone(path: Path) -> None:
    """Where a figure is five inches wide (lab/figures/style.py) and shown at 0.71 of its size: 8.5 pixels."""
    drawings = [output.get("data", {}).get("image/svg+xml") for cell in code_cells(path) for output in cell.outputs]
    for drawing in filter(None, drawings):
        sizes = text_sizes(drawing)
        assert len(sizes) > 3
        assert min(sizes) >= 9


@pytest.mark.parametrize("path", sorted((BOOK / "images").glob("*.svg")), ids=lambda path: path.stem)
def test_text_in_drawings_can_be_read_on_a_phone(path: Path) -> None:
    """As wide as static/drr.css makes them there; what matplotlib drew is shown as the figures of cells are."""
    styles, drawing = (BOOK / "static" / "drr.css").read_text(encoding="utf-8"), path.read_text(encoding="utf-8")
    if drawn := text_sizes(drawing):
        assert min(drawn) >= 9
        return
    rules = re.findall(r"figure img(.*?) \{ min-width: ([\d.]+)rem", styles)
    (rem,) = [float(rem) for chosen, rem in rules if f"{path.stem}.svg" in chosen] or [
        float(rem) for chosen, rem in rules if not chosen
    ]
    width = float(re.findall(r'viewBox="0 0 ([\d.]+)', drawing)[0])
    sizes = [float(size) for size in re.findall(r'font-size[=:]\s*"?([\d.]+)', drawing)]
    assert min(sizes) * 16 * rem / width >= 8.5


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_no_answer_stands_open_below_its_exercise(path: Path) -> None:
    """What follows a solution is another exercise, a heading or code: a reason belongs into the solution, folded."""
    cells = read(path).cells
    after = [cell for before, cell in itertools.pairwise(cells) if "solution" in tags(before)]
    open_words = [cell.source for cell in after if cell.cell_type == "markdown"]
    assert not [words for words in open_words if not words.startswith((":::", "#"))]


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
class TestEveryChapter:
    @pytest.mark.parametrize(
        "heading", ["What you will learn", "Exercises", "Check yourself", "What to remember", "Further reading"]
    )
    def test_the_shape(self, path: Path, heading: str) -> None:
        assert f"\n## {heading}" in prose(path)

    def test_its_times_are_those_that_were_measured(self, path: Path) -> None:
        assert f"Time: {{{{ time_{int(path.stem[:2])} }}}}." in prose(path)

    def test_settings_that_it_names_as_a_presets_are(self, path: Path) -> None:
        assert not wrong_settings(path)

    def test_three_exercises_of_its_own(self, path: Path) -> None:
        found = exercises(path)
        assert len(found) >= 3
        assert {exercise.partition(".")[0] for exercise in found} == {str(number(path))}

    def test_each_of_its_checks_is_asked_for_on_one_page(self, path: Path) -> None:
        """On its own or on a deeper one."""
        module = importlib.import_module(f"drr_tutorial.lab.exercises.chapter_{number(path)}")
        pages = [path, *DEEPER]
        asked = [exercise for page in pages for exercise in exercises(page)]
        assert sorted(exercise for exercise in asked if exercise in module.CHECKS) == sorted(module.CHECKS)
        assert set(exercises(path)) <= set(module.CHECKS)

    def test_it_says_where_its_other_exercises_are(self, path: Path) -> None:
        """A number that is missing on the page stands on a deeper one."""
        section = prose(path).split("\n## Exercises")[1].split(":::{exercise}")[0]
        for page in DEEPER:
            for exercise in exercises(page):
                if exercise.partition(".")[0] == str(number(path)):
                    assert re.search(rf"\{{doc\}}`{page.stem}`[^`]*\b{re.escape(exercise)}\b", section), exercise

    def test_its_last_line_leads_on(self, path: Path) -> None:
        for following in CHAPTERS:
            if number(following) == number(path) + 1:
                assert f"Next: {{doc}}`{following.stem}`" in prose(path).split("\n\n")[-1]

    def test_each_solution_of_the_first_two_parts_has_a_reason(self, path: Path) -> None:
        """In a comment: code shows how, not why."""
        theirs = [page for page in DEEPER if exercises(page) and exercises(page)[0].startswith(f"{number(path)}.")]
        cells = [cell for page in (path, *theirs) for cell in code_cells(page) if "solution" in tags(cell)]
        silent = [cell.source for cell in cells if "# " not in cell.source]
        assert number(path) not in SHORT_OR_SECOND or not silent

    def test_what_you_will_learn_is_a_list_of_sentences(self, path: Path) -> None:
        points = re.split(r"^- ", prose(path).split("## What you will learn")[1].split("\n\n")[1], flags=re.MULTILINE)[
            1:
        ]
        assert len(points) >= 3
        assert not [point for point in points if not re.fullmatch(r"[A-Z].*[.?]", point.strip(), re.DOTALL)]

    def test_three_questions(self, path: Path) -> None:
        section = prose(path).split("## Check yourself")[1].split("\n## ")[0]
        assert len(re.findall(r":{3,}\{dropdown\}", section)) >= 3
        assert section.count("Right") >= 3
        assert section.count("Wrong") >= 3
        reasons = re.findall(r"\. — \*(?:Right|Wrong), because\* ", section)
        assert len(reasons) == section.count("Right") + section.count("Wrong"), "reasons look alike in all chapters"


@pytest.mark.parametrize("path", DEEPER, ids=lambda path: path.stem)
class TestEveryDeeperPage:
    def test_the_shape(self, path: Path) -> None:
        text = prose(path)
        assert "\n\nAfter this page you can " in text
        assert "\n## What to remember" in text

    def test_it_and_a_chapter_lead_to_each_other(self, path: Path) -> None:
        chapters = [chapter for chapter in CHAPTERS if f"{{doc}}`{chapter.stem}`" in prose(path)]
        assert any(f"{{doc}}`{path.stem}`" in prose(chapter) for chapter in chapters)

    def test_settings_that_it_names_as_a_presets_are(self, path: Path) -> None:
        assert not wrong_settings(path)
