"""Listings are the code that runs, in lines that fit a page."""

import ast
import inspect
import textwrap

import pytest

from drr_tutorial.lab.listings import WIDTH, listing
from drr_tutorial.representation.states import DRRAtt, DRRAve, DRRp, DRRu


def example(number: int) -> str:  # what this function does does not matter, only that lines are too long here
    """A docstring of one line, longer than a page is wide, so that it must be broken into two or more lines."""
    # A comment on a line of its own, longer than a page is wide, so that it must be broken as well.
    text = "a # in a string  # and no comment"  # a comment at the end, which makes the line too long
    return text * number


def code(source: str) -> str:
    """What runs: without comments, and with docstrings in one line."""
    tree = ast.parse(textwrap.dedent(source))
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            node.value = " ".join(node.value.split())
    return ast.unparse(tree)


@pytest.mark.parametrize("thing", [example, DRRAtt.forward, DRRAve.forward, DRRp, DRRp._join, DRRu])
def test_what_runs_is_the_same_and_every_line_fits(thing: object) -> None:
    shown = listing(thing)
    assert code(shown) == code(inspect.getsource(thing))  # type: ignore[arg-type]
    assert max(map(len, shown.splitlines())) <= WIDTH
    assert not shown.startswith(" ")


def test_no_word_is_lost() -> None:
    shown = [word for word in listing(example).split() if word != "#"]
    assert sorted(shown) == sorted(word for word in inspect.getsource(example).split() if word != "#")
    assert "    # a comment at the end, which makes the line too long\n    text = " in listing(example)


def test_code_that_is_too_long_stays() -> None:
    assert listing(example, width=20).count('"a # in a string  # and no comment"') == 1
