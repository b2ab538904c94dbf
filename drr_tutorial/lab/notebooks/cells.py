"""The cells of a reader's notebook, from those of the book's own."""

import re
from collections.abc import Iterator

from drr_tutorial.lab.notebooks.glued import is_glued
from drr_tutorial.lab.notebooks.inline import Context, plain_paragraph
from drr_tutorial.lab.notebooks.markdown import caption, plain_markdown
from drr_tutorial.lab.notebooks.needs import needed_code
from drr_tutorial.lab.notebooks.numbering import figure_of
from drr_tutorial.lab.notebooks.source import Cell, code, is_prose, is_shown, is_solution, prose, text

# What a notebook starts with. In place of the name of the package, a reader can give pip a file or an address.
START = """\
# Installs the package where it is missing, as on Colab. If pip does not find it, \
put\n# the path or the address of its wheel (drr_tutorial-...-py3-none-any.whl) here.
import importlib.util
if importlib.util.find_spec("drr_tutorial") is None:
    %pip install -q drr_tutorial ipywidgets
%matplotlib inline"""
ANSWER = """\
# your answer
answer = ...

check("{number}", answer);"""
ASKED = re.compile(r"""\bcheck\(\s*["']([\d.]+)["']""")


def readers_cells(context: Context) -> list[Cell]:
    """All cells of the page's notebook."""
    cells = context.page.cells
    sources = needed_code(cells, is_shown)
    made = [each for cell, source in zip(cells, sources, strict=True) for each in _cells(cell, source, context)]
    return numbered(made)


def _cells(cell: Cell, source: str, context: Context) -> Iterator[Cell]:
    if is_prose(cell):
        yield prose(_with_links(plain_markdown(text(cell), context), context), cell["id"])
    elif is_solution(cell):
        for number in ASKED.findall(text(cell)):
            yield code(ANSWER.format(number=number), f"answer-{number.replace('.', '-')}")
    elif 'find_spec("drr_tutorial")' in text(cell):
        yield code(START, cell["id"])
    elif source:
        yield code(source, cell["id"], _outputs(cell) if is_shown(cell) else ())
        yield from _captions(cell, context)


def _with_links(words: str, context: Context) -> str:
    """Under the title where the page is published, under "Exercises" where the solutions are."""
    online = context.links.online(context.page)
    if online:
        words = re.sub(r"^(# .+)$", rf"\1\n\n[This page online]({online})", words, count=1, flags=re.MULTILINE)
    return re.sub(r"^(## Exercises)$", rf"\1\n\n{_where_solutions_are(context)}", words, flags=re.MULTILINE)


def _where_solutions_are(context: Context) -> str:
    if context.links.alone:
        return "The solutions are on the page; `drr-tutorial notebooks FOLDER` writes them beside the notebooks."
    return f"Answer in the empty cells. [The solutions](solutions/{context.page.name}.ipynb) are in a notebook of their own."


def _outputs(cell: Cell) -> list[Cell]:
    return [dict(output) for output in cell["outputs"] if not is_glued(output)]


def _captions(cell: Cell, context: Context) -> Iterator[Cell]:
    """What stands below a figure on the page."""
    figure = figure_of(cell) if is_shown(cell) else {}
    if figure:
        number = context.counter.figure()
        words = plain_paragraph(figure.get("caption", ""), context)
        yield prose(caption(number, words), f"{cell['id']}-caption")


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
