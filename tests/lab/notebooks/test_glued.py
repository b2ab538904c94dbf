"""Numbers out of stored outputs."""

import pytest

from drr_tutorial.lab.notebooks.glued import glued_values, is_glued, shown
from drr_tutorial.lab.notebooks.source import code, prose
from tests.lab.notebooks.book import glue, printed


def test_values_of_all_cells_the_last_one_of_a_name() -> None:
    cells = [
        code("", "a", [glue("n", "1"), printed("2")]),
        prose("", "b"),
        code("", "c", [glue("n", "3"), glue("s", "'t'")]),
    ]
    assert glued_values(cells) == {"n": "3", "s": "'t'"}
    assert [is_glued(output) for output in cells[0]["outputs"]] == [True, False]


@pytest.mark.parametrize(
    ("reference", "words"),
    [
        ("x:.3f", "0.123"),
        ("x", "0.12345"),
        ("n:,", "1,682"),
        ("s", "a 'word'"),
        ("none:.1f", "nan"),
        ("n:+.0f", "+1682"),
    ],
)
def test_formats(reference: str, words: str) -> None:
    values = {"x": "0.12345", "n": "1682", "s": "\"a 'word'\"", "none": "nan"}
    assert shown(reference, values) == words
