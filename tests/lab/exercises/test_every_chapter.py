"""What the checks of all chapters have in common: an answer of the wrong kind gets a hint, and nothing is raised."""

import importlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from drr_tutorial.lab.exercises import CHAPTERS

CHECKS: dict[str, Callable[[Any], str | None]] = {
    number: check
    for chapter in CHAPTERS
    for number, check in importlib.import_module(f"drr_tutorial.lab.exercises.chapter_{chapter}").CHECKS.items()
}
NO_ANSWERS = [
    None,
    "abc",
    [],
    {},
    [[1]],
    {"A": []},
    object(),
    float("nan"),
    [float("nan")] * 4,
    np.zeros((2, 2)),
    np.zeros(3),
    3,
    True,
    [1, 2],
    10**400,
    [10**400] * 2,
]


def test_every_chapter_has_three_exercises_or_more() -> None:
    counts = [sum(number.startswith(f"{chapter}.") for number in CHECKS) for chapter in CHAPTERS]
    assert min(counts) >= 3


@pytest.mark.parametrize("number", CHECKS)
@pytest.mark.parametrize("answer", NO_ANSWERS, ids=lambda answer: repr(answer).partition(" at 0x")[0])
def test_answers_of_a_wrong_kind_get_a_hint(number: str, answer: Any) -> None:
    assert CHECKS[number](answer)
