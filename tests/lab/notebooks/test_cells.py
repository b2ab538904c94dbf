"""The cells of a reader's notebook and of its solutions, from a chapter that has one of each kind."""

import dataclasses
from typing import Any

from drr_tutorial.lab.notebooks.cells import readers_cells
from drr_tutorial.lab.notebooks.glued import glued_values
from drr_tutorial.lab.notebooks.links import Links
from drr_tutorial.lab.notebooks.solutions import solution_cells
from drr_tutorial.lab.notebooks.source import Cell, Page, code, prose
from drr_tutorial.lab.notebooks.start import first_cell
from tests.lab.notebooks.book import CHAPTER, context, page, printed, tagged


def made(**changes: Any) -> list[Cell]:
    return readers_cells(context(CHAPTER, values=glued_values(CHAPTER.cells), **changes))


def test_a_chapter_cell_by_cell() -> None:
    assert [cell["source"] for cell in made()] == [
        "# Training\n\nChapter 5 of the book *Deep reinforcement recommendation*.\n\nTime: about 10 minutes.",
        first_cell(),
        "See Figure 5.2.\n\n![A \\[b\\].](images/a.svg)\n\n**Figure 5.1.** A *drawing*.",
        "fit(data)",
        "**Figure 5.2.** A curve by Bellman (1957).",
        "from x import twice\nn = twice(1)\n\nprint(n)",
        "## Exercises\n\nAnswer in the empty cells. [The solutions](solutions/05_training.ipynb) are in a notebook of their own.",
        "### Exercise 5.1: By hand\n\nAdd $1$.\n\n<details>\n<summary>Hint</summary>\n\nOne.\n\n</details>",
        'from drr_tutorial.lab.exercises import check\n\n# your answer\nanswer = ...\n\ncheck("5.1", answer);',
        "## Check yourself",
    ]


def test_outputs_stay_but_for_stored_numbers_and_counts_are_in_order() -> None:
    code_cells = [cell for cell in made() if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in code_cells] == [1, 2, 3, None]
    assert [[output["output_type"] for output in cell["outputs"]] for cell in code_cells] == [
        [],
        ["execute_result"],
        ["stream"],
        [],
    ]
    assert code_cells[1]["outputs"][0]["execution_count"] == 2
    assert not any(cell["metadata"] for cell in made())


def test_making_it_changes_nothing_of_the_books_own() -> None:
    before = repr(CHAPTER)
    assert made() == made()
    assert repr(CHAPTER) == before


def test_check_is_not_imported_twice() -> None:
    cells = (*CHAPTER.cells[:-1], CHAPTER.cells[-2], CHAPTER.cells[-1])
    again = readers_cells(context(dataclasses.replace(CHAPTER, cells=cells), values=glued_values(cells)))
    assert sum("import check" in cell["source"] for cell in again) == 1
    assert sum('check("5.1", answer)' in cell["source"] for cell in again) == 2


def test_what_is_folded_on_the_page_is_folded_here_and_its_outputs_wait_for_a_run() -> None:
    cells = [tagged(code("print(1)", tag, [printed("1")]), tag) for tag in ("hide-cell", "hide-input")]
    whole, source = readers_cells(context(page(*cells)))
    assert whole["metadata"] == source["metadata"] == {"jupyter": {"source_hidden": True}}
    assert whole["outputs"] == []
    assert [output["text"] for output in source["outputs"]] == ["1"]


def test_a_published_page_is_linked_and_a_notebook_alone_says_where_solutions_are() -> None:
    cells = [cell["source"] for cell in made(links=Links(address="https://b.example"))]
    assert cells[0].startswith(
        "# Training\n\nChapter 5 of the book *Deep reinforcement recommendation*: "
        "[this page online](https://b.example/book/05_training.html).\n\n"
    )
    words = Page("05_training", ".ipynb", (prose("## Exercises", "a"),), {})
    (alone,) = readers_cells(context(words, links=Links(address="", alone=True)))
    assert "`drr-tutorial notebooks FOLDER` writes them" in alone["source"]


def test_a_page_with_one_exercise_says_where_its_solution_is() -> None:
    (words,) = readers_cells(context(page(prose("## Exercise", "a"), name="deeper_ties")))
    assert words["source"].startswith(
        "## Exercise\n\nAnswer in the empty cells. [The solutions](solutions/deeper_ties.ipynb)"
    )


def test_a_page_that_is_not_published_says_which_one_it_is() -> None:
    cells = [cell["source"] for cell in made(links=Links(address=""))]
    assert cells[0].startswith("# Training\n\nChapter 5 of the book *Deep reinforcement recommendation*.\n\n")
    of = page(prose("# Ties\n\n# Not a title", "a"), name="deeper_ties")
    (deeper,) = readers_cells(context(of, links=Links(address="")))
    named = "A page of the book *Deep reinforcement recommendation*."
    assert deeper["source"] == f"# Ties\n\n{named}\n\n# Not a title"


def test_solutions_hold_exercise_answer_and_what_that_needs_folded() -> None:
    cells = solution_cells(context(CHAPTER, values=glued_values(CHAPTER.cells), links=Links(address="", up="../")))
    head, start, words, needed, asked, answer = cells
    assert head["source"].startswith(
        "# Solutions: Training\n\nTry the exercises of [Training](../05_training.ipynb) first."
    )
    assert (start["source"], needed["source"]) == (first_cell(), "from x import twice\nn = twice(1)")
    assert words["source"].startswith("## What the answers need")
    assert asked["source"] == "### Exercise 5.1: By hand\n\nAdd $1$."
    assert answer["source"].startswith("# solution\n")
    assert "secret = n + 1" in answer["source"]
    assert answer["metadata"] == {"jupyter": {"source_hidden": True}}
    assert answer["outputs"][0]["text"] == "right"
    assert [cell["execution_count"] for cell in (start, needed, answer)] == [1, 2, 3]


def test_no_solutions_where_nothing_is_asked() -> None:
    assert solution_cells(context()) == []
