"""A word about a difference rests on all intervals that are known of it, and first screens say what a log can teach.

`verdict` sees one interval. Where a result has one over users and one over seeds, `sentences.standing` reads both.
"""

import ast
import re
from pathlib import Path

import nbformat
import pytest

from drr_tutorial.lab.notebooks.statements import MAGIC

ROOT = Path(__file__).parents[2]
BOOK = ROOT / "book"
NOTEBOOKS = sorted(BOOK.glob("*.ipynb"))
ONE_INTERVAL = {
    "intro": "one training on the page: there are no seeds, and the sentence says so",
    "14_clinic": "the study has intervals over seeds only, and the page says so",
}
ON_LOGS = ("01_problem", "05_training", "07_tiny_world", "10_cold_start", "12_fair_table", "15_winning")


def cells(path: Path, kind: str) -> list[str]:
    notebook = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    return [cell.source for cell in notebook.cells if cell.cell_type == kind]


def of_one_interval(code: str) -> list[str]:
    """Calls such as `verdict(row["low"], row["high"], ...)`, which see no other interval of `row`."""
    calls = [
        node
        for node in ast.walk(ast.parse(MAGIC.sub(r"\1pass", code)))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "verdict"
    ]
    bounds = [[ast.unparse(argument) for argument in call.args] for call in calls]
    return [low for low, high in bounds if re.sub("low", "high", low) == high and re.search(r"\blow\b", low)]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_words_rest_on_users_and_seeds(path: Path) -> None:
    found = [low for code in cells(path, "code") for low in of_one_interval(code)]
    assert bool(found) == (path.stem in ONE_INTERVAL), f"{found}: take the word from sentences.standing"


def test_a_planted_word_of_one_interval_is_found() -> None:
    assert of_one_interval('glue("a", verdict(row["low"], row["high"], above="a", level="b", below="c"))')
    assert of_one_interval("verdict(gain.low, gain.high, above='a', level='b', below='c')")
    assert not of_one_interval("verdict(min(low, seeds_low), max(high, seeds_high), above='a', level='b', below='c')")


@pytest.mark.parametrize("name", ON_LOGS)
def test_the_first_screen_says_what_a_log_can_teach(name: str) -> None:
    screen = "\n\n".join(cells(BOOK / f"{name}.ipynb", "markdown")).split("\n## ")[0]
    assert "contextual bandit" in screen
    assert "08_planning" in screen or "planning pays" in screen, "and where planning pays"


def test_the_readme_says_it_before_its_first_heading() -> None:
    screen = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split("\n## ")[0].split())
    assert "contextual bandit" in re.sub(r"\*", "", screen) and "planning pays" in screen
