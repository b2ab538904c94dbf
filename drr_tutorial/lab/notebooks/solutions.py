"""The notebook of a chapter's solutions: each exercise with its answer, and the code that these need."""

import re
from collections.abc import Iterator

from drr_tutorial.lab.notebooks.cells import numbered
from drr_tutorial.lab.notebooks.inline import Context
from drr_tutorial.lab.notebooks.markdown import plain_markdown
from drr_tutorial.lab.notebooks.needs import needed_code
from drr_tutorial.lab.notebooks.source import FOLDED, Cell, code, is_prose, is_solution, prose, text
from drr_tutorial.lab.notebooks.start import first_cell

HEAD = """\
# Solutions: {title}

Try the exercises of {link} first. Each answer is folded: open its cell to read it."""
SETUP = """\
## What the answers need

Code of the chapter, as far as the answers use it. Run it first."""
EXERCISE = re.compile(r"^(?P<fence>:{3,}|`{3,})\{exercise\}.*?^(?P=fence)\s*$", re.MULTILINE | re.DOTALL)
FIRST = "# solution\n"  # a folded cell still shows its first line


def solution_cells(context: Context) -> list[Cell]:
    """All cells; none where the page has no exercises."""
    if not any(is_solution(cell) for cell in context.page.cells):
        return []
    title = context.page.title
    head = prose(HEAD.format(title=title, link=context.links.to(context.page, title)), "head")
    return numbered([head, code(first_cell(), "start"), *_setup(context), *_answers(context)])


def _setup(context: Context) -> list[Cell]:
    cells = context.page.cells
    needed = zip(cells, needed_code(cells, is_solution, cautious=True), strict=True)
    source = "\n".join(source for cell, source in needed if source and not is_solution(cell))
    return [prose(SETUP, "setup"), code(source, "needed")] if source else []


def _answers(context: Context) -> Iterator[Cell]:
    asked: list[str] = []
    for cell in context.page.cells:
        if is_prose(cell):
            asked += [found[0] for found in EXERCISE.finditer(text(cell))]
        elif is_solution(cell):
            if asked:
                yield prose(plain_markdown("\n\n".join(asked), context), f"{cell['id']}-asked")
            yield code(FIRST + text(cell), cell["id"], map(dict, cell["outputs"])) | {"metadata": FOLDED}
            asked = []
