"""The cells of a reader's notebook, from those of the book's own."""

import re
from collections.abc import Iterable

from drr_tutorial.lab.notebooks.glued import is_glued
from drr_tutorial.lab.notebooks.inline import Context, plain_paragraph
from drr_tutorial.lab.notebooks.links import TITLE
from drr_tutorial.lab.notebooks.markdown import caption, plain_markdown
from drr_tutorial.lab.notebooks.needs import needed_code
from drr_tutorial.lab.notebooks.numbering import figure_of
from drr_tutorial.lab.notebooks.source import (
    FOLDED,
    Cell,
    code,
    folds,
    is_prose,
    is_shown,
    is_solution,
    prose,
    text,
)
from drr_tutorial.lab.notebooks.start import first_cell
from drr_tutorial.lab.notebooks.statements import statements

CHECK = "from drr_tutorial.lab.exercises import check"
ANSWER = """\
# your answer
answer = ...

check("{number}", answer);"""
ASKED = re.compile(r"""\bcheck\(\s*["']([\d.]+)["']""")


def readers_cells(context: Context) -> list[Cell]:
    """All cells of the page's notebook."""
    cells = context.page.cells
    made = Made(context)
    for cell, source in zip(cells, needed_code(cells, is_shown), strict=True):
        if is_prose(cell):
            made.prose(cell)
        elif is_solution(cell):
            made.answers(cell)
        elif 'find_spec("drr_tutorial")' in text(cell):
            made.code(first_cell(), cell["id"])
        elif source and is_shown(cell):
            made.shown(cell, source)
        elif source:
            made.carried.append(source)
    return numbered(made.cells)


class Made:
    """The cells made so far, and the code of hidden ones that the next shown one carries."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.cells: list[Cell] = []
        self.carried: list[str] = []

    def code(self, source: str, name: str, outputs: Iterable[Cell] = ()) -> None:
        """A cell of code, with what hidden ones before it have left."""
        before, self.carried = "\n".join(self.carried), []
        self.cells.append(code(f"{before}\n\n{source}" if before else source, name, outputs))

    def prose(self, cell: Cell) -> None:
        """Words without markup."""
        words = plain_markdown(text(cell), self.context)
        self.cells.append(prose(_with_links(words, self.context), cell["id"]))

    def shown(self, cell: Cell, source: str) -> None:
        """A cell of the page, folded as there, and below a figure what stands there on the page. Where outputs are
        folded, too, they show once the cell is run.
        """
        outputs = [dict(output) for output in cell["outputs"] if not is_glued(output)]
        self.code(source, cell["id"], () if "hide-cell" in folds(cell) else outputs)
        if folds(cell):
            self.cells[-1]["metadata"] = FOLDED
        figure = figure_of(cell)
        if figure:
            number = self.context.counter.figure()
            words = plain_paragraph(figure.get("caption", ""), self.context)
            self.cells.append(prose(caption(number, words), f"{cell['id']}-caption"))

    def answers(self, cell: Cell) -> None:
        """An empty cell for each answer that a solution gives; before the first one, `check` is imported."""
        for number in ASKED.findall(text(cell)):
            written = [*(text(each) for each in self.cells if not is_prose(each)), *self.carried]
            if not any("check" in part.made for source in written for part in statements(source)):
                self.carried.append(CHECK)
            self.code(ANSWER.format(number=number), f"answer-{number.replace('.', '-')}")


def _with_links(words: str, context: Context) -> str:
    """Under the title which page it is and where it is published, under "Exercises" where the solutions are."""
    words = re.sub(r"^(# .+)$", rf"\1\n\n{_which_page(context)}", words, count=1, flags=re.MULTILINE)
    return re.sub(r"^(## Exercises?)$", rf"\1\n\n{_where_solutions_are(context)}", words, flags=re.MULTILINE)


def _which_page(context: Context) -> str:
    page, online = context.page, context.links.online(context.page)
    which = f"Chapter {page.chapter}" if page.chapter else "The first page" if page.title == TITLE else "A page"
    return f"{which} of the book *{TITLE}*" + (f": [this page online]({online})." if online else ".")


def _where_solutions_are(context: Context) -> str:
    if context.links.alone:
        return "The solutions are on the page; `drr-tutorial notebooks FOLDER` writes them beside the notebooks."
    solutions = f"[The solutions](solutions/{context.page.name}.ipynb)"
    return f"Answer in the empty cells. {solutions} are in a notebook of their own."


def numbered(cells: list[Cell]) -> list[Cell]:
    """The cells as if run in order; answers, which nobody has given yet, are not."""
    count = 0
    for cell in cells:
        if cell["cell_type"] != "code" or cell["id"].startswith("answer-"):
            continue
        count += 1
        cell["execution_count"] = count
        for output in cell["outputs"]:
            if output["output_type"] == "execute_result":
                output["execution_count"] = count
    return cells
