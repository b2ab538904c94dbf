"""A small book to convert, and what the tests say of its pages."""

import dataclasses
from typing import Any

from drr_tutorial.lab.notebooks.inline import Context
from drr_tutorial.lab.notebooks.links import Links
from drr_tutorial.lab.notebooks.numbering import Counter, labels_of
from drr_tutorial.lab.notebooks.source import Cell, Page, code, prose

SOURCES = {
    "one": {"author": "Bellman, Richard", "year": "1957", "title": "Programming"},
    "two": {"author": "Watkins, Chris and Dayan, Peter", "year": "1992", "title": "Q", "journal": "Learning"},
    "many": {"author": "Liu, Feng and Tang, Rui and Li, Xu", "year": "2018", "title": "DRR"},
}
TIMES = {"time_5": "about 10 minutes"}
VALUES = {"hits": "0.12345", "films": "1682", "gain": "0.5", "words": "'more than ever'"}


def glue(name: str, written: str) -> Cell:
    """An output that stores a value."""
    data = {"application/papermill.record/text/plain": written}
    return {"output_type": "display_data", "data": data, "metadata": {"scrapbook": {"name": name}}}


def printed(text: str) -> Cell:
    """An output of `print`."""
    return {"output_type": "stream", "name": "stdout", "text": text}


def tagged(cell: Cell, *tags: str, **metadata: Any) -> Cell:
    """The cell with tags and more in its metadata."""
    return cell | {"metadata": {"tags": list(tags)} | metadata}


def page(*cells: Cell, name: str = "05_training") -> Page:
    """A notebook of these cells."""
    return Page(name, ".ipynb", cells, {"kernelspec": {"name": "python3"}, "jupytext": {}})


def context(of: Page | None = None, **changes: Any) -> Context:
    """What `of` can refer to: a chapter on the loop, a glossary, three sources."""
    of = of or page(prose("# Training", "a"))
    others = (page(prose("# The loop\n\n$$ a $$ (eq-1-a)\n", "b"), name="01_loop"), glossary())
    pages = {each.name: each for each in (of, *others)}
    made = Context(of, pages, labels_of(pages), SOURCES, TIMES, VALUES, Links(address=""), Counter(of.chapter))
    return dataclasses.replace(made, **changes)


def glossary() -> Page:
    return Page("glossary", ".md", (prose("# Glossary\n", "glossary"),), {})


CHAPTER = page(
    prose("# Training\n\nTime: {{ time_5 }}.", "title"),
    tagged(code('import importlib.util\nif importlib.util.find_spec("drr_tutorial") is None:\n    %pip install x', "i"), "remove-cell"),
    tagged(code("%matplotlib inline", "m"), "remove-cell"),
    prose("See {numref}`fig-5-b`.\n\n```{figure} images/a.svg\n:name: fig-5-a\n:alt: A [b].\n\nA *drawing*.\n```", "p"),
    tagged(
        code("fit(data, progress=False)", "f", [{"output_type": "execute_result", "data": {}, "execution_count": 9}]),
        mystnb={"figure": {"caption": "A curve by {cite:t}`one`.", "name": "fig-5-b"}},
    ),
    tagged(code("from x import claim, twice\nn = twice(1)\nglue('films', n)", "h", [glue("films", "1682")]), "remove-cell"),
    code("claim(n > 1, 'so')\nprint(n)", "s", [printed("2\n"), glue("n", "2")]),
    prose("## Exercises", "e"),
    prose(":::{exercise} By hand\n:label: ex-5-1\nAdd $1$.\n:::\n\n:::{dropdown} Hint\nOne.\n:::", "x"),
    tagged(code("from drr_tutorial.lab.exercises import check\nsecret = n + 1\n_ = check('5.1', secret)", "y", [printed("right")]), "solution"),
    prose("## Check yourself", "z"),
)  # fmt: skip
