"""Checks of chapter 16: right answers pass, usual wrong ones get their hint."""

import re
from typing import Any

import numpy as np
import pytest

from drr_tutorial.evaluation.beyond_accuracy import gini, self_information
from drr_tutorial.lab.exercises import check
from drr_tutorial.lab.exercises.chapter_16 import CHECKS


def test_right_answers_are_those_of_the_package() -> None:
    assert check("16.1", gini([[2, 3], [2, 3], [3, -1], [3, -1], [3, -1], [3, -1]], 4))
    assert check("16.2", self_information([50], 800)[0])
    assert check("16.3", np.mean(np.array([2, 8, 11, 15]) > 10))


@pytest.mark.parametrize(
    ("number", "answer", "hint"),
    [
        ("16.1", 0.375, "1 minus"),
        ("16.1", 0.75, "the highest"),
        ("16.1", 0.5, "coverage"),
        ("16.1", 20, "Divide"),
        ("16.2", 0.0625, "share of people"),
        ("16.2", 16, "logarithm to base 2"),
        ("16.2", np.log(16), "natural"),
        ("16.2", np.log10(16), "base 10"),
        ("16.2", -4, "sign"),
        ("16.3", 2, "Divide"),
        ("16.3", 50, "percentage"),
        ("16.3", 0.25, "not one"),
        ("16.3", 0.75, "is known"),
    ],
)
def test_usual_mistakes_get_their_hint(number: str, answer: Any, hint: str) -> None:
    found = CHECKS[number](answer)
    assert found is not None
    assert re.search(hint, found), found
